"""Size from brightness, and the rendezvous speed change against Benner's published list."""

from __future__ import annotations

import numpy as np
import pytest

from aneos.orbits import albedo_from_diameter, diameter_km, rendezvous_delta_v_kms

# (designation, delta-v by L. Benner (JPL, "Near-Earth asteroid delta-v for spacecraft rendezvous", 2013),
#  a, e, i of the MPC at epoch 2025-11-21)
BENNER = [
    ("2000 SG344", 4.156, 0.9773979, 0.0668828, 0.11311),
    ("1998 SF36 Itokawa", 4.632, 1.3241352, 0.2801501, 1.62094),
    ("1999 JU3 Ryugu", 4.646, 1.1909211, 0.1910626, 5.86655),
    ("1989 ML", 4.888, 1.2727571, 0.1369, 4.3791),
    ("1982 DB Nereus", 4.979, 1.4849992, 0.3587883, 1.45354),
    ("1999 RQ36 Bennu", 5.087, 1.1260025, 0.2036974, 6.03279),
]


@pytest.mark.parametrize(("name", "published", "a", "e", "i"), BENNER)
def test_delta_v_is_the_published_one(name: str, published: float, a: float, e: float, i: float) -> None:
    assert rendezvous_delta_v_kms(a, e, i) == pytest.approx(published, abs=0.012), name


@pytest.mark.parametrize(
    ("a", "e", "i"),
    [(0.5, 0.1, 3.0), (-1.5, 1.2, 3.0), (1.2, -0.1, 3.0), (0.99, 1.0, 3.0), (np.nan, 0.1, 3.0)],
)
def test_outside_its_range_the_formula_gives_nan(a: float, e: float, i: float) -> None:
    assert np.isnan(rendezvous_delta_v_kms(a, e, i))


def test_the_earths_own_orbit_costs_the_escape_and_the_reserve() -> None:
    """From 7.727 km/s in orbit to sqrt(2) times that, scaled as the paper does (30 for 29.784), and 0.5 km/s."""
    expected = 7.727 * (np.sqrt(2.0) - 1.0) * 30.0 / 29.784 + 0.5
    assert rendezvous_delta_v_kms(1.0, 0.0, 0.0) == pytest.approx(expected, rel=1e-12)


def test_inclination_costs() -> None:
    costs = rendezvous_delta_v_kms(1.3, 0.2, [0.0, 5.0, 20.0])
    assert np.all(np.diff(costs) > 0.0)


def test_size_of_bennu() -> None:
    """H = 20.21, p_V = 0.046 (JPL SBDB): 0.49 km, the size that OSIRIS-REx measured."""
    assert diameter_km(20.21, 0.046) == pytest.approx(0.56, abs=0.01)


def test_a_sphere_of_magnitude_zero() -> None:
    assert diameter_km(0.0, 1.0) == pytest.approx(1329.0)
    assert diameter_km(5.0, 1.0) == pytest.approx(132.9)


def test_albedo_and_size_undo_each_other() -> None:
    albedo = np.array([0.03, 0.14, 0.5])
    np.testing.assert_allclose(albedo_from_diameter(22.0, diameter_km(22.0, albedo)), albedo, rtol=1e-13)


def test_no_size_without_a_positive_albedo() -> None:
    assert np.isnan(diameter_km(20.0, [0.0, -0.1, np.nan])).all()
    assert np.isnan(albedo_from_diameter(20.0, 0.0))
