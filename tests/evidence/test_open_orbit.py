from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aneos.astrometry import FitResult, fit_one
from aneos.astrometry.rivals import Rival
from aneos.dynamics.fitting import EARTH_ID, body_state
from aneos.evidence.base import Evidence
from aneos.evidence.open_orbit import allowed_orbits, averaged, is_open
from tests.astrometry.synthetic import geocentric, observe

SLOW = geocentric((2_000_000.0, -1_200_000.0, 400_000.0), (0.5, 0.4, -0.1))
"""A body that drifts away from the Earth at 0.6 km/s, as stages do."""


@pytest.fixture(scope="module")
def fit() -> FitResult:
    days = np.array([start + step for start in (0.0, 1.0, 3.0) for step in (0.0, 0.02, 0.04)])
    return fit_one(observe(SLOW, days))


def with_errors(fit: FitResult, place_au: float, speed_au_d: float) -> FitResult:
    """The fit with these σ in every direction."""
    covariance = np.diag([place_au**2] * 3 + [speed_au_d**2] * 3 + [0.0] * 3)
    part = Rival(0.01, 0.0, fit.state, covariance)
    return replace(fit, covariance=covariance, alternatives=(part,))


def line(name: str, value: float) -> Evidence:
    return Evidence(name, "measured", value, (value - 0.4, value + 0.4), "Said of the best orbit.")


def test_an_orbit_known_well_is_not_open_and_one_of_a_few_positions_is(fit: FitResult) -> None:
    assert not is_open(with_errors(fit, 1e-9, 1e-9))
    assert is_open(with_errors(fit, 1e-4, 1e-3))


def test_over_one_orbit_the_average_is_that_orbit(fit: FitResult) -> None:
    sharp = with_errors(fit, 1e-12, 1e-12)
    (got,) = averaged(sharp, (line("orbit", 9.9),))
    wide = with_errors(fit, 1e-5, 4e-3)
    (spread,) = averaged(wide, (line("orbit", 9.9),))
    assert got.inputs["averaged_over_orbits"] == 600
    assert got.log10_bayes_factor > 2.0
    assert spread.log10_bayes_factor < got.log10_bayes_factor - 1.0
    assert spread.inputs["log10_bayes_factor_of_best_orbit"] == 9.9
    low, high = spread.interval
    assert low < spread.log10_bayes_factor < high


def test_an_orbit_that_looks_natural_by_chance_of_the_fit_may_still_be_slow(fit: FitResult) -> None:
    """The best of many orbits is fast; among those that are allowed are slow ones: nothing is ruled out."""
    fast = fit.state + np.array([0.0, 0.0, 0.0, 0.006, 0.0, 0.0])
    covariance = np.diag([1e-10] * 3 + [0.004**2, 1e-12, 1e-12] + [0.0] * 3)
    part = Rival(0.01, 0.0, fast, covariance)
    (best,) = averaged(
        replace(fit, state=fast, alternatives=(Rival(0.01, 0.0, fast, covariance * 1e-8),)),
        (line("orbit", 0.0),),
    )
    (got,) = averaged(
        replace(fit, state=fast, covariance=covariance, alternatives=(part,)), (line("orbit", 0.0),)
    )
    assert got.log10_bayes_factor > best.log10_bayes_factor + 0.5


def test_the_size_follows_the_distance(fit: FitResult) -> None:
    assert fit.H is None
    earth = body_state(EARTH_ID, fit.epoch_tdb_jd)
    farther = earth + 2.0 * (fit.state - earth)
    blank = np.zeros((9, 9))
    parts = (Rival(0.01, 0.0, fit.state, blank), Rival(0.02, 0.0, farther, blank))
    two = allowed_orbits(replace(fit, H=28.0, alternatives=parts))["H"].round(6).unique().sort()
    assert two.len() == 2
    assert two[1] == pytest.approx(28.0)
    assert two[0] == pytest.approx(28.0 - 5.0 * np.log10(2.0), abs=0.1)


def test_lines_that_do_not_rest_on_the_orbit_are_left_alone(fit: FitResult) -> None:
    given = (line("area_to_mass", 1.0), Evidence("physical", "missing", 0.0, (0.0, 0.0), "No H."))
    assert averaged(with_errors(fit, 1e-5, 1e-3), given) == given
