"""D criteria against sbpy, worked examples and their own symmetries."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from aneos.errors import InputError
from aneos.orbits import KeplerianElements, drummond, jopek, similarity_matrix, southworth_hawkins
from tests.orbits.samples import orbit, random_orbits

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # sbpy names its missing optional parts on import
    import astropy.units as u
    from sbpy.data import Orbit


def sbpy_orbits(orbits: KeplerianElements) -> Orbit:
    return Orbit.from_dict(
        {
            "q": orbits.q_au * u.au,
            "a": orbits.a_au * u.au,
            "e": orbits.e,
            "incl": orbits.i_deg * u.deg,
            "Omega": orbits.node_deg * u.deg,
            "w": orbits.peri_deg * u.deg,
        }
    )


@pytest.mark.parametrize(("ours", "version"), [(southworth_hawkins, "sh"), (drummond, "d"), (jopek, "h")])
def test_agrees_with_sbpy(ours, version: str) -> None:  # type: ignore[no-untyped-def]
    one, other = random_orbits(200, seed=51), random_orbits(200, seed=52)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sbpy_orbits(one).D_criterion(sbpy_orbits(other), version=version)
    np.testing.assert_allclose(ours(one, other), np.asarray(theirs, dtype=float), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("criterion", [southworth_hawkins, drummond, jopek])
def test_an_orbit_is_like_itself_and_the_order_does_not_matter(criterion) -> None:  # type: ignore[no-untyped-def]
    one, other = random_orbits(300, seed=53), random_orbits(300, seed=54)
    np.testing.assert_allclose(criterion(one, one), 0.0, atol=1e-9)
    np.testing.assert_allclose(criterion(one, other), criterion(other, one), rtol=1e-12)


@pytest.mark.parametrize("criterion", [southworth_hawkins, drummond, jopek])
def test_whole_turns_change_nothing(criterion) -> None:  # type: ignore[no-untyped-def]
    one, other = random_orbits(300, seed=53), random_orbits(300, seed=54)
    turned = KeplerianElements(
        other.a_au, other.e, other.i_deg, other.node_deg + 360.0, other.peri_deg - 360.0, other.mean_anomaly_deg,
        other.epoch_tdb_jd,
    )  # fmt: skip
    np.testing.assert_allclose(criterion(one, turned), criterion(one, other), rtol=1e-9)


def test_worked_example_in_one_plane() -> None:
    """Same plane, perihelia 60 degrees apart, e = 0.5 both: the apsis term is 0.5 * 2 sin 30 deg."""
    one, other = orbit(2.0, 0.5, 0.0, 0.0, 0.0), orbit(2.2, 0.5, 0.0, 0.0, 60.0)
    assert southworth_hawkins(one, other)[0] == pytest.approx(np.hypot(0.1, 0.5))
    assert jopek(one, other)[0] == pytest.approx(np.hypot(0.1 / 2.1, 0.5))
    assert drummond(one, other)[0] == pytest.approx(np.hypot(0.1 / 2.1, 0.5 / 3.0))


def test_worked_example_of_tilted_planes() -> None:
    """Circles 40 degrees apart: D = 2 sin 20 deg, and 40/180 for Drummond."""
    one, other = orbit(1.0, 0.0, 10.0, 70.0, 0.0), orbit(1.0, 0.0, 50.0, 70.0, 0.0)
    assert southworth_hawkins(one, other)[0] == pytest.approx(2.0 * np.sin(np.radians(20.0)))
    assert drummond(one, other)[0] == pytest.approx(40.0 / 180.0)


def test_opposite_motion_in_one_plane_stays_finite() -> None:
    assert np.isfinite(southworth_hawkins(orbit(i_deg=0.0), orbit(i_deg=180.0)))[0]
    assert drummond(orbit(1.0, 0.0, 0.0), orbit(1.0, 0.0, 180.0))[0] == pytest.approx(1.0)


def test_one_is_held_against_many() -> None:
    one, many = orbit(), random_orbits(20, seed=55)
    expected = [southworth_hawkins(one, many.take([k]))[0] for k in range(20)]
    np.testing.assert_array_equal(southworth_hawkins(one, many), expected)


@pytest.mark.parametrize("name", ["southworth_hawkins", "drummond", "jopek"])
def test_the_matrix_holds_all_pairs(name) -> None:  # type: ignore[no-untyped-def]
    one, other = random_orbits(4, seed=56), random_orbits(7, seed=57)
    criterion = {"southworth_hawkins": southworth_hawkins, "drummond": drummond, "jopek": jopek}[name]
    matrix = similarity_matrix(one, other, name)
    assert matrix.shape == (4, 7)
    np.testing.assert_allclose(matrix[2], criterion(one.take([2]), other), rtol=1e-14)


def test_an_unknown_criterion_is_refused() -> None:
    with pytest.raises(InputError, match="unknown criterion 'dsh'"):
        similarity_matrix(orbit(), orbit(), "dsh")  # type: ignore[arg-type]


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="3 orbits cannot be paired with 2"):
        drummond(random_orbits(3, seed=1), random_orbits(2, seed=1))
