"""The MOID against two other methods, known values and degenerate pairs."""

from __future__ import annotations

import distlink
import numpy as np
import pytest

from aneos.errors import InputError
from aneos.orbits import (
    CometaryElements,
    KeplerianElements,
    earth_elements,
    earth_moid,
    moid,
    state_at_true_anomaly,
)
from tests.orbits.samples import orbit, random_orbits


def grid_minimum(one: KeplerianElements, other: KeplerianElements, n: int = 720) -> float:
    """Least distance between points evenly spread in true anomaly (inside the asymptotes)."""
    limit = 180.0 if one.e[0] < 1.0 else np.degrees(np.arccos(-1.0 / one.e[0])) * 0.999
    angles = np.linspace(-limit, limit, n)
    first, _ = state_at_true_anomaly(one.take(np.zeros(n, dtype=int)), angles)
    angles = np.linspace(-180.0, 180.0, n)
    second, _ = state_at_true_anomaly(other.take(np.zeros(n, dtype=int)), angles)
    return float(np.sqrt(((first[:, None, :] - second[None, :, :]) ** 2).sum(axis=2).min()))


def distlink_moid(one: KeplerianElements, other: KeplerianElements, row: int) -> float:
    def convert(x: KeplerianElements) -> distlink.COrbitData:
        k = row if len(x) > 1 else 0
        angles = np.radians([x.i_deg[k], x.peri_deg[k], x.node_deg[k]])
        return distlink.COrbitData(x.a_au[k], x.e[k], *angles)

    options = distlink.detect_suitable_options()[:2]
    return float(distlink.MOID_fast(convert(one), convert(other), *options).distance)


def test_agrees_with_the_roots_of_the_polynomial() -> None:
    orbits = random_orbits(300, seed=1)
    ours = moid(orbits, orbit(1.0, 0.0167, 0.001, 10.0, 90.0))
    theirs = [distlink_moid(orbits, orbit(1.0, 0.0167, 0.001, 10.0, 90.0), k) for k in range(300)]
    np.testing.assert_allclose(ours.moid_au, theirs, rtol=0, atol=1e-12)


def test_agrees_with_the_roots_of_the_polynomial_on_eccentric_pairs() -> None:
    orbits, others = random_orbits(100, seed=2), random_orbits(100, seed=3)
    theirs = [distlink_moid(orbits, others, k) for k in range(100)]
    np.testing.assert_allclose(moid(orbits, others).moid_au, theirs, rtol=0, atol=1e-11)


@pytest.mark.parametrize("hyperbolic", [False, True])
def test_no_grid_finds_a_smaller_distance(hyperbolic: bool) -> None:
    orbits = random_orbits(25, seed=4, hyperbolic=hyperbolic)
    earth = earth_elements(2461000.5)
    found = earth_moid(orbits).moid_au
    grid = np.array([grid_minimum(orbits.take([k]), earth) for k in range(len(orbits))])
    assert np.all(found <= grid + 1e-12)
    assert np.all(found >= grid - 0.02)


def test_every_minimum_is_certified() -> None:
    found = earth_moid(random_orbits(2000, seed=5))
    assert np.all(found.moid_au - found.lower_bound_au <= 1.0000001e-9)
    assert np.all(found.moid_au >= found.lower_bound_au)


def test_positions_lie_at_the_distance_returned() -> None:
    found = earth_moid(random_orbits(500, seed=6))
    gap = np.linalg.norm(found.position_au - found.reference_position_au, axis=1)
    np.testing.assert_allclose(gap, found.moid_au, rtol=0, atol=1e-13)


def test_identical_orbits_touch() -> None:
    same = orbit(1.1, 0.1)
    assert moid(same, same).moid_au[0] < 1e-12


def test_concentric_circles_are_apart_by_the_difference_of_their_radii() -> None:
    found = moid(orbit(1.5, 0.0, 0.0), orbit(1.0, 0.0, 0.0))
    assert found.moid_au[0] == pytest.approx(0.5, abs=1e-14)
    assert found.lower_bound_au[0] >= 0.5 - 1e-6


def test_equal_circles_meet_at_the_mutual_node() -> None:
    found = moid(orbit(1.0, 0.0, 10.0, node_deg=33.0), orbit(1.0, 0.0, 0.0))
    assert found.moid_au[0] < 1e-14
    longitude = np.degrees(np.arctan2(found.position_au[0, 1], found.position_au[0, 0]))
    assert longitude % 180.0 == pytest.approx(33.0, abs=1e-9)


def test_coplanar_ellipses_touch_at_the_common_perihelion() -> None:
    found = moid(orbit(2.0, 0.5, 0.0, 0.0, 25.0), orbit(1.25, 0.2, 0.0, 0.0, 25.0))
    assert found.moid_au[0] < 1e-9


def test_a_circle_over_the_pole_misses_by_its_smaller_radius() -> None:
    found = moid(orbit(0.7, 0.0, 90.0), orbit(1.0, 0.0, 0.0))
    assert found.moid_au[0] == pytest.approx(0.3, abs=1e-14)


def test_nearly_parabolic_orbits_on_both_sides_agree() -> None:
    e = np.array([1.0 - 1e-9, 1.0, 1.0 + 1e-9])
    comets = CometaryElements(
        np.full(3, 0.8), e, *(np.full(3, x) for x in (60.0, 40.0, 70.0, 0.0, 2461000.5))
    )
    found = earth_moid(comets).moid_au
    assert found[1] > 0.01
    np.testing.assert_allclose(found, found[1], rtol=0, atol=1e-9)


def test_a_distance_limit_changes_no_smaller_moid() -> None:
    orbits = random_orbits(3000, seed=7)
    free, limited = earth_moid(orbits), earth_moid(orbits, max_distance_au=0.05)
    near = free.moid_au < 0.05
    assert near.sum() > 50
    np.testing.assert_allclose(limited.moid_au[near], free.moid_au[near], rtol=0, atol=1e-14)
    assert np.all(np.isposinf(limited.moid_au[~near]))
    assert np.all(np.isnan(limited.true_anomaly_deg[~near]))


def test_rows_that_are_no_orbit_give_nan() -> None:
    bad = KeplerianElements(*np.array([[np.nan, 1.0, -1.0], [0.1, -0.1, 0.1], *np.ones((5, 3))]))
    assert np.all(np.isnan(earth_moid(bad).moid_au))


def test_threads_change_nothing() -> None:
    orbits = random_orbits(3000, seed=8)
    np.testing.assert_array_equal(
        earth_moid(orbits, threads=1).moid_au, earth_moid(orbits, threads=3).moid_au
    )


def test_no_orbits_give_no_moids() -> None:
    assert len(earth_moid(random_orbits(0, seed=9))) == 0


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="3 orbits cannot be paired with 2"):
        moid(random_orbits(3, seed=1), random_orbits(2, seed=1))


def test_a_limit_that_is_nan_is_refused() -> None:
    with pytest.raises(InputError, match="max_distance_au"):
        earth_moid(orbit(), max_distance_au=float("nan"))
