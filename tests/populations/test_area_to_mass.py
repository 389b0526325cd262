"""Area-to-mass populations, against published medians and the physics of radiation pressure."""

import numpy as np
import pytest

from aneos.populations.area_to_mass import LOG10_AMR, artificial_density, likelihood, natural_density


def median(density) -> float:
    cumulative = np.cumsum(density) * 0.02
    return float(10.0 ** np.interp(0.5, cumulative, LOG10_AMR))


def test_artificial_median_is_the_published_one() -> None:
    assert median(artificial_density()) == pytest.approx(0.0136, rel=0.3)


def test_natural_median_falls_with_size() -> None:
    """AMR = 1.5/(ρD): five magnitudes brighter is ten times larger and ten times harder to push."""
    small, large = natural_density(np.array([30.0, 25.0]))
    assert median(small) / median(large) == pytest.approx(10.0, rel=0.02)


def test_natural_of_unknown_size_has_the_published_median() -> None:
    assert median(natural_density(np.array([np.nan]))[0]) == pytest.approx(3.3e-4, rel=0.05)


def test_densities_integrate_to_one() -> None:
    assert artificial_density().sum() * 0.02 == pytest.approx(1.0)
    assert natural_density(np.array([25.0, 32.0])).sum(axis=1) * 0.02 == pytest.approx(1.0)


def one(amr: float, sigma: float, H: float, transverse: int = -1):
    return likelihood(
        np.array([amr]), np.array([sigma]), np.array([H]), np.array([transverse], dtype=np.int8)
    )


def test_stage_is_likelier_artificial_and_rock_likelier_natural() -> None:
    stage, rock = one(0.0134, 2e-5, 28.0), one(3e-4, 5e-5, 28.0)
    assert stage.artificial[0] > 1000 * stage.natural[0]
    assert rock.natural[0] > 30 * rock.artificial[0]


def test_a_useless_measurement_says_nothing() -> None:
    vague = one(0.0, 1e3, 28.0)
    assert vague.artificial[0] / vague.natural[0] == pytest.approx(1.0, abs=0.05)


def test_a_push_toward_the_sun_is_not_hardware() -> None:
    inward = one(-0.01, 3e-4, 28.0)
    assert inward.artificial[0] < 1e-3 * inward.natural[0]


def test_transverse_dominance_points_to_a_dark_comet() -> None:
    radial, transverse = one(0.01, 1e-3, 26.0, 0), one(0.01, 1e-3, 26.0, 1)
    ratio = transverse.artificial[0] / transverse.natural[0]
    assert ratio < 0.05 * radial.artificial[0] / radial.natural[0]


def test_tails_are_probabilities() -> None:
    for amr in (-1.0, 0.0, 1e-4, 1e-2, 1.0, 500.0):
        like = one(amr, 1e-3, 28.0)
        for tail in (like.p_natural, like.p_inert, like.p_artificial):
            assert 0.0 <= tail[0] <= 1.0 + 1e-12
