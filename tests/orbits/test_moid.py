"""The MOID against two other methods, known values and degenerate pairs."""

from __future__ import annotations

import json
from pathlib import Path

import distlink
import erfa
import numpy as np
import numpy.typing as npt
import pytest

from aneos.constants import OBLIQUITY_J2000_DEG
from aneos.errors import InputError
from aneos.orbits import (
    CometaryElements,
    KeplerianElements,
    all_minima,
    earth_elements,
    earth_moid,
    mutual_moid,
    state_at_true_anomaly,
    state_to_elements,
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
    ours = mutual_moid(orbits, orbit(1.0, 0.0167, 0.001, 10.0, 90.0))
    theirs = [distlink_moid(orbits, orbit(1.0, 0.0167, 0.001, 10.0, 90.0), k) for k in range(300)]
    np.testing.assert_allclose(ours.moid_au, theirs, rtol=0, atol=1e-12)


def test_agrees_with_the_roots_of_the_polynomial_on_eccentric_pairs() -> None:
    orbits, others = random_orbits(100, seed=2), random_orbits(100, seed=3)
    theirs = [distlink_moid(orbits, others, k) for k in range(100)]
    np.testing.assert_allclose(mutual_moid(orbits, others).moid_au, theirs, rtol=0, atol=1e-11)


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
    assert mutual_moid(same, same).moid_au[0] < 1e-12


def test_concentric_circles_are_apart_by_the_difference_of_their_radii() -> None:
    found = mutual_moid(orbit(1.5, 0.0, 0.0), orbit(1.0, 0.0, 0.0))
    assert found.moid_au[0] == pytest.approx(0.5, abs=1e-14)
    assert found.lower_bound_au[0] >= 0.5 - 1e-6


def test_equal_circles_meet_at_the_mutual_node() -> None:
    found = mutual_moid(orbit(1.0, 0.0, 10.0, node_deg=33.0), orbit(1.0, 0.0, 0.0))
    assert found.moid_au[0] < 1e-14
    longitude = np.degrees(np.arctan2(found.position_au[0, 1], found.position_au[0, 0]))
    assert longitude % 180.0 == pytest.approx(33.0, abs=1e-9)


def test_coplanar_ellipses_touch_at_the_common_perihelion() -> None:
    found = mutual_moid(orbit(2.0, 0.5, 0.0, 0.0, 25.0), orbit(1.25, 0.2, 0.0, 0.0, 25.0))
    assert found.moid_au[0] < 1e-9


def test_a_circle_over_the_pole_misses_by_its_smaller_radius() -> None:
    found = mutual_moid(orbit(0.7, 0.0, 90.0), orbit(1.0, 0.0, 0.0))
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
        mutual_moid(random_orbits(3, seed=1), random_orbits(2, seed=1))


def test_a_limit_that_is_nan_is_refused() -> None:
    with pytest.raises(InputError, match="max_distance_au"):
        earth_moid(orbit(), max_distance_au=float("nan"))


def test_both_nodes_have_their_minimum() -> None:
    found = all_minima(orbit(1.0, 0.0, 10.0, node_deg=33.0), orbit(1.0, 0.0, 0.0))
    longitudes = np.degrees(np.arctan2(found.position_au[:, 1], found.position_au[:, 0])) % 360.0
    np.testing.assert_allclose(np.sort(longitudes), [33.0, 213.0], atol=1e-6)


def test_the_nearest_of_all_minima_is_the_moid() -> None:
    orbits, others = random_orbits(50, seed=10), random_orbits(50, seed=11)
    nearest = [all_minima(orbits.take([k]), others.take([k])).moid_au[0] for k in range(50)]
    np.testing.assert_allclose(nearest, mutual_moid(orbits, others).moid_au, rtol=0, atol=1e-11)


def test_all_minima_do_not_depend_on_the_order_of_the_pair() -> None:
    for k in range(40):
        one, other = random_orbits(40, seed=12).take([k]), random_orbits(40, seed=13).take([k])
        forth, back = all_minima(one, other), all_minima(other, one)
        np.testing.assert_allclose(forth.moid_au, back.moid_au, rtol=0, atol=1e-9)


def test_minima_of_a_row_that_is_no_orbit_are_refused() -> None:
    with pytest.raises(InputError, match="no minimum"):
        all_minima(orbit(e=-0.1), orbit())


# JPL SBDB, 2026-07-04: (name, a, e, i, node, peri, epoch, Earth MOID as published with six digits)
JPL = [
    ("1566 Icarus", 1.077994212612045, 0.8270188506567441, 22.80164022873813, 87.94856454873877,
     31.44439446567389, 2461200.5, 0.0338047),
    ("1862 Apollo", 1.47071514163711, 0.5601800481273319, 6.35217898608049, 35.50294307848998,
     286.0977380387027, 2461200.5, 0.0263183),
    ("1981 Midas", 1.776231868547232, 0.6504314469810176, 39.82205969987218, 356.7889936471771,
     267.8452607062967, 2461200.5, 0.00384584),
    ("4179 Toutatis", 2.543047155641573, 0.6246302247178447, 0.4480836624628189, 125.3654799655549,
     277.8615384113277, 2461200.5, 0.00650597),
    ("3753 Cruithne", 0.9977971735208009, 0.5149036012417524, 19.80238134214697, 126.1886918534789,
     43.88301575828439, 2461200.5, 0.0707397),
    ("433 Eros", 1.458243716760167, 0.2228779627700761, 10.82854410314273, 304.2679713350896,
     178.9181319135911, 2461200.5, 0.148798),
    ("99942 Apophis", 0.9223592206975018, 0.1911492279663492, 3.340996879880978, 203.8936514240762,
     126.6795706895841, 2461200.5, 0.000107917),
    ("101955 Bennu", 1.126391025894812, 0.2037450762416414, 6.03494377024794, 2.06086619569642,
     66.22306084084298, 2455562.5, 0.0032228),
]  # fmt: skip


@pytest.mark.parametrize(("name", "a", "e", "i", "node", "peri", "epoch", "published"), JPL)
def test_jpls_moid_with_jpls_earth(
    name: str, a: float, e: float, i: float, node: float, peri: float, epoch: float, published: float
) -> None:
    """JPL takes the osculating orbit of the Earth itself at the epoch of the elements."""
    found = mutual_moid(orbit(a, e, i, node, peri), osculating_earth(epoch)).moid_au[0]
    assert found == pytest.approx(published, abs=1e-6), name


@pytest.mark.parametrize(("name", "a", "e", "i", "node", "peri", "epoch", "published"), JPL)
def test_jpls_moid_with_the_mean_earth(
    name: str, a: float, e: float, i: float, node: float, peri: float, epoch: float, published: float
) -> None:
    """The mean orbit leaves out the monthly swing of the osculating one: some 1e-4 au."""
    found = earth_moid(orbit(a, e, i, node, peri, epoch_tdb_jd=epoch)).moid_au[0]
    assert found == pytest.approx(published, abs=1e-3), name


@pytest.mark.shared
def test_every_moid_of_jpl_with_jpls_earth(shared_data: Path) -> None:
    listed = json.loads((shared_data / "catalogue/jpl_sbdb_pha_plus_bright_2026-07-04.json").read_text())[
        "objects"
    ]
    rows = [x for x in listed if x["moid"] is not None and x["e"] < 1.0]
    names = ("a", "e", "i", "om", "w", "ma", "epoch")
    elements = KeplerianElements(*(np.array([x[name] for x in rows]) for name in names))
    found = mutual_moid(elements, osculating_earth(elements.epoch_tdb_jd)).moid_au
    assert len(rows) > 4000
    np.testing.assert_allclose(found, [x["moid"] for x in rows], rtol=0, atol=1e-6)


def osculating_earth(epoch_tdb_jd: npt.ArrayLike) -> KeplerianElements:
    """Heliocentric elements of the Earth's centre by the IAU SOFA routine epv00."""
    epoch = np.atleast_1d(epoch_tdb_jd)
    earth = erfa.epv00(epoch, 0.0)[0]
    tilt = np.radians(OBLIQUITY_J2000_DEG)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    return state_to_elements(earth["p"] @ turn, earth["v"] @ turn, epoch)
