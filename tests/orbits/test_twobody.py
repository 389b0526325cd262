"""States and elements: round trips, conserved quantities and states by JPL."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aneos.constants import GM_SUN_AU3_D2
from aneos.errors import InputError
from aneos.orbits import (
    CometaryElements,
    elements_to_state,
    propagate_state,
    state_at_true_anomaly,
    state_to_cometary,
    state_to_elements,
)
from aneos.orbits.twobody import orbit_normal, perifocal_axes
from tests.orbits.samples import orbit, random_orbits

angle = st.one_of(st.sampled_from([0.0, 90.0, 180.0, 270.0]), st.floats(0.0, 360.0))
tilt = st.one_of(st.sampled_from([0.0, 1e-9, 90.0, 179.9999999, 180.0]), st.floats(0.0, 180.0))
roundness = st.one_of(
    st.sampled_from([0.0, 1e-12, 1e-6, 0.9999999, 1.0, 1.0000001]), st.floats(0.0, 0.99), st.floats(1.01, 5.0)
)


def cometary(q: float, e: float, i: float, node: float, peri: float, days: float) -> CometaryElements:
    return CometaryElements(*(np.array([x]) for x in (q, e, i, node, peri, -days, 0.0)))


@given(st.floats(0.05, 5.0), roundness, tilt, angle, angle, st.floats(-300.0, 300.0))
def test_states_survive_the_way_to_elements_and_back(
    q: float, e: float, i: float, node: float, peri: float, days: float
) -> None:
    r, v = elements_to_state(cometary(q, e, i, node, peri, days))
    r2, v2 = elements_to_state(state_to_cometary(r, v, 0.0))
    assert np.linalg.norm(r2 - r) < 1e-11 * (1.0 + np.linalg.norm(r))
    assert np.linalg.norm(v2 - v) < 1e-11 * (1.0 + np.linalg.norm(v))


@given(st.floats(0.3, 3.0), st.floats(0.001, 0.95), st.floats(0.01, 179.0), angle, angle, angle)
def test_keplerian_elements_survive_the_way_to_states_and_back(
    a: float, e: float, i: float, node: float, peri: float, mean: float
) -> None:
    before = orbit(a, e, i, node, peri, mean, 2461000.5)
    after = state_to_elements(*elements_to_state(before), 2461000.5)
    assert after.a_au[0] == pytest.approx(a, rel=1e-11)
    assert after.e[0] == pytest.approx(e, abs=1e-12)
    assert after.i_deg[0] == pytest.approx(i, abs=1e-9)
    for name in ("node_deg", "peri_deg", "mean_anomaly_deg"):
        off = (getattr(after, name)[0] - getattr(before, name)[0] + 180.0) % 360.0 - 180.0
        assert abs(off) < 2e-6, name


@pytest.mark.parametrize(("e", "i"), [(0.0, 0.0), (0.0, 30.0), (0.3, 0.0), (0.0, 180.0), (0.3, 180.0)])
def test_angles_without_meaning_are_set_to_zero(e: float, i: float) -> None:
    found = state_to_elements(*elements_to_state(orbit(1.0, e, i, 50.0, 60.0, 70.0)), 2461000.5)
    if i in (0.0, 180.0):
        assert found.node_deg[0] == 0.0
        assert found.i_deg[0] == i
    if e == 0.0:
        assert found.e[0] < 1e-15
    r, v = elements_to_state(orbit(1.0, e, i, 50.0, 60.0, 70.0))
    r2, v2 = elements_to_state(found)
    np.testing.assert_allclose(r2, r, atol=1e-14)
    np.testing.assert_allclose(v2, v, atol=1e-15)


@pytest.mark.parametrize("hyperbolic", [False, True])
def test_energy_and_angular_momentum_fit_the_elements(hyperbolic: bool) -> None:
    orbits = random_orbits(500, seed=31, hyperbolic=hyperbolic)
    r, v = elements_to_state(orbits, orbits.epoch_tdb_jd + np.linspace(-2000.0, 2000.0, 500))
    distance = np.linalg.norm(r, axis=1)
    energy = 0.5 * np.sum(v * v, axis=1) - GM_SUN_AU3_D2 / distance
    np.testing.assert_allclose(
        energy, -0.5 * GM_SUN_AU3_D2 / orbits.a_au, atol=1e-12 * GM_SUN_AU3_D2 / distance.min()
    )
    momentum = np.sqrt(GM_SUN_AU3_D2 * orbits.q_au * (1.0 + orbits.e))[:, None] * orbit_normal(orbits)
    np.testing.assert_allclose(np.cross(r, v), momentum, atol=1e-14)


def test_velocity_is_the_derivative_of_position() -> None:
    orbits = random_orbits(200, seed=32)
    orbits = orbits.take(orbits.e < 0.8)
    step = 1e-3
    ahead, _ = elements_to_state(orbits, orbits.epoch_tdb_jd + step)
    behind, _ = elements_to_state(orbits, orbits.epoch_tdb_jd - step)
    _, v = elements_to_state(orbits)
    np.testing.assert_allclose((ahead - behind) / (2.0 * step), v, atol=1e-5)


def test_propagation_is_undone_by_its_reverse() -> None:
    r, v = elements_to_state(random_orbits(300, seed=33))
    days = np.linspace(-4000.0, 4000.0, 300)
    back = propagate_state(*propagate_state(r, v, days), -days)
    np.testing.assert_allclose(back[0], r, atol=1e-8)
    np.testing.assert_allclose(back[1], v, atol=1e-8)


def test_propagating_a_state_is_moving_along_its_elements() -> None:
    orbits = random_orbits(300, seed=34, hyperbolic=True)
    r, v = elements_to_state(orbits)
    np.testing.assert_allclose(
        propagate_state(r, v, 400.0)[0], elements_to_state(orbits, orbits.epoch_tdb_jd + 400.0)[0], atol=1e-7
    )


# JPL Horizons, heliocentric, ecliptic J2000: (a, e, i, node, peri, M, epoch), then state in au and au/d.
HORIZONS = {
    "433 Eros": (
        (1.458269315549998, 0.2228078944584036, 10.82918382607819, 304.4010273379536, 178.6653267763727,
         326.3704760365538, 2453311.5),
        (0.3739742611161106, 1.144246711324373, 0.1826889728202128,
         -0.01640089070798141, 0.003004398326903981, -0.00226389512727029),
    ),
    "163693 Atira": (
        (0.7410891805022722, 0.3221401559223497, 25.61905381032924, 103.9096602309078, 252.9325589798731,
         332.1191821257271, 2457696.5),
        (0.2888849036826195, -0.4697682431794915, -0.08031397745354059,
         0.01591096461699323, 0.01788446535131942, -0.009467655023221206),
    ),
    "1I/'Oumuamua": (
        (-1.272345007428081, 1.201133796102373, 122.7417062847286, 24.5969095552324, 241.8105360304898,
         51.15761979385627, 2458080.5),
        (1.889136186533479, 0.6815829716216527, 0.259065170725899,
         0.0210650228586455, 0.003903782164346327, 0.008115468208135282),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HORIZONS)
def test_elements_and_states_of_jpl_belong_together(name: str) -> None:
    elements, state = HORIZONS[name]
    r, v = elements_to_state(orbit(*elements))
    np.testing.assert_allclose(r[0], state[:3], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(v[0], state[3:], rtol=1e-9, atol=1e-11)
    back = state_to_elements(state[:3], state[3:], elements[6])
    for field, value in zip(fields(back), elements, strict=True):
        assert getattr(back, field.name)[0] == pytest.approx(value, rel=1e-8), field.name


def test_perifocal_axes_are_square_to_each_other_and_to_the_normal() -> None:
    orbits = random_orbits(200, seed=35)
    toward, ahead = perifocal_axes(orbits)
    np.testing.assert_allclose(np.cross(toward, ahead), orbit_normal(orbits), atol=1e-15)


def test_state_at_perihelion_and_aphelion() -> None:
    both = orbit().take([0, 0])
    r, v = state_at_true_anomaly(both, [0.0, 180.0])
    np.testing.assert_allclose(np.linalg.norm(r, axis=1), [0.96, 1.44], rtol=1e-15)
    np.testing.assert_allclose(np.sum(r * v, axis=1), 0.0, atol=1e-17)


def test_beyond_the_asymptote_there_is_no_state() -> None:
    r, _ = state_at_true_anomaly(orbit(-1.0, 2.0), [130.0])
    assert np.all(np.isnan(r))


def test_motion_along_a_line_is_refused() -> None:
    with pytest.raises(InputError, match="state 1 moves along a line"):
        state_to_elements([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], [[0.0, 0.01, 0.0], [0.01, 0.0, 0.0]], 0.0)


def test_states_that_are_not_finite_are_refused() -> None:
    with pytest.raises(InputError, match="state 0 is not finite"):
        state_to_elements([np.nan, 0.0, 0.0], [0.0, 0.01, 0.0], 0.0)


def test_states_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        state_to_elements(np.ones((2, 2)), np.ones((2, 2)), 0.0)
