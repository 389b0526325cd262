"""Speed and direction at the MOID, and what the elements alone say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aneos.constants import AU_PER_DAY_KMS, EARTH_SPEED_KMS
from aneos.errors import InputError
from aneos.orbits import (
    all_minima,
    earth_elements,
    earth_moid,
    encounter_geometry,
    opik_speed_kms,
    state_at_true_anomaly,
    synodic_period_yr,
    tangency_au,
    tisserand_earth,
    v_z_kms,
)
from tests.orbits.samples import orbit, random_orbits

J2000 = 2451545.0
CIRCLE = orbit(1.0, 0.0, 0.0)


def test_components_make_up_the_speed() -> None:
    met = encounter_geometry(random_orbits(500, seed=41))
    parts = np.sqrt(met.v_along_kms**2 + met.v_radial_kms**2 + met.v_normal_kms**2)
    np.testing.assert_allclose(parts, met.v_rel_kms, rtol=1e-13)
    np.testing.assert_allclose(np.linalg.norm(met.v_rel_ecliptic_kms, axis=1), met.v_rel_kms, rtol=1e-13)


def test_the_vector_is_the_difference_of_the_two_velocities() -> None:
    orbits = random_orbits(100, seed=42)
    met, at = encounter_geometry(orbits), earth_moid(orbits)
    _, v = state_at_true_anomaly(orbits, at.true_anomaly_deg)
    np.testing.assert_allclose(
        v * AU_PER_DAY_KMS - met.earth_velocity_kms, met.v_rel_ecliptic_kms, atol=1e-13
    )


def test_a_tilted_circle_meets_the_earth_across_its_motion() -> None:
    """Two circles of 1 au, 10 degrees apart: 2 v sin 5 deg, mostly along the normal, a little backwards."""
    tilted = orbit(1.0, 0.0, 10.0, node_deg=33.0)
    at = encounter_geometry(tilted, all_minima(tilted, CIRCLE), earth=CIRCLE)
    np.testing.assert_allclose(at.v_rel_kms, 2.0 * EARTH_SPEED_KMS * np.sin(np.radians(5.0)), rtol=1e-8)
    np.testing.assert_allclose(at.v_along_kms, EARTH_SPEED_KMS * (np.cos(np.radians(10.0)) - 1.0), rtol=1e-7)
    np.testing.assert_allclose(np.sort(at.v_normal_kms), EARTH_SPEED_KMS * np.sin(np.radians([-10.0, 10.0])))
    np.testing.assert_allclose(at.v_radial_kms, 0.0, atol=1e-9)


def test_a_tangent_orbit_overtakes_at_its_perihelion() -> None:
    """Perihelion on the Earth's circle: v = v_E (sqrt(1 + e) - 1), all along the motion."""
    met = encounter_geometry(
        orbit(1.25, 0.2, 0.0), earth_moid(orbit(1.25, 0.2, 0.0)), earth=earth_elements(J2000)
    )
    assert met.v_rel_kms.shape == (1,)
    touching = orbit(1.25, 0.2, 0.0)
    at = encounter_geometry(touching, all_minima(touching, CIRCLE), earth=CIRCLE)
    assert at.v_along_kms[0] == pytest.approx(EARTH_SPEED_KMS * (np.sqrt(1.2) - 1.0), rel=1e-6)
    assert abs(at.v_radial_kms[0]) < 1e-4


def test_inward_motion_is_negative_radial() -> None:
    """An orbit through 1 au before perihelion falls towards the Sun."""
    crossing = orbit(1.0, 0.3, 0.0)
    at = all_minima(crossing, CIRCLE)
    inbound = np.sin(np.radians(at.true_anomaly_deg)) < 0.0
    radial = encounter_geometry(crossing, at, earth=CIRCLE).v_radial_kms
    assert inbound.sum() == 1
    assert radial[inbound] < -5.0
    assert radial[~inbound] > 5.0


def test_the_earths_speed_follows_its_ellipse() -> None:
    speeds = np.linalg.norm(encounter_geometry(random_orbits(2000, seed=43)).earth_velocity_kms, axis=1)
    assert speeds.min() == pytest.approx(29.29, abs=0.01)
    assert speeds.max() == pytest.approx(30.29, abs=0.01)


@given(st.floats(0.5, 1.0), st.floats(0.0, 60.0), st.floats(1.0001, 1.9))
def test_opik_speed_is_the_encounter_speed_with_a_circular_earth(q: float, i: float, aphelion: float) -> None:
    """An orbit whose node lies where it crosses the Earth's circle meets it with U = v_E sqrt(3 - T)."""
    a, e = 0.5 * (q + aphelion), (aphelion - q) / (aphelion + q)
    at_crossing = (a * (1.0 - e * e) - 1.0) / e
    peri = -np.degrees(np.arccos(np.clip(at_crossing, -1.0, 1.0)))
    one = orbit(a, e, i, 0.0, peri)
    at = all_minima(one, CIRCLE)
    speeds = encounter_geometry(one, at, earth=CIRCLE).v_rel_kms
    tisserand = 1.0 / a + 2.0 * np.sqrt(a * (1.0 - e * e)) * np.cos(np.radians(i))
    assert np.abs(speeds[at.moid_au < 1e-7] - EARTH_SPEED_KMS * np.sqrt(3.0 - tisserand)).min() < 0.02


def test_opik_speed_is_undefined_above_three() -> None:
    assert np.isnan(opik_speed_kms(3.0000001))
    assert opik_speed_kms(3.0) == 0.0
    assert opik_speed_kms(2.0) == pytest.approx(EARTH_SPEED_KMS)


def test_tisserand_of_the_earth_is_three() -> None:
    assert tisserand_earth(1.0000010178, 0.0, 0.0) == pytest.approx(3.0, abs=1e-15)


def test_v_z_of_a_circular_orbit() -> None:
    assert v_z_kms(1.0, 0.0, 30.0) == pytest.approx(EARTH_SPEED_KMS / 2.0)


def test_tangency_is_the_gap_of_the_nearer_apsis() -> None:
    earth = orbit(1.0, 0.0, 0.0)
    assert tangency_au(orbit(1.3, 0.2, 5.0), earth)[0] == pytest.approx(0.04)
    assert tangency_au(orbit(0.9, 0.1, 5.0), earth)[0] == pytest.approx(0.01)


def test_tangency_knows_the_earths_own_ellipse() -> None:
    along = earth_elements(J2000)
    touching = orbit(1.3, 1.0 - (along.a_au[0] * (1.0 - along.e[0])) / 1.3, 0.0, 0.0, 102.93734808)
    assert tangency_au(touching, along)[0] < 1e-12


def test_synodic_period() -> None:
    assert synodic_period_yr(1.523679) == pytest.approx(2.135, abs=1e-3)  # Mars: 780 days
    assert np.isposinf(synodic_period_yr(1.0000010178))
    assert np.isnan(synodic_period_yr(-1.0))


def test_a_minimum_that_was_not_found_has_no_speed() -> None:
    far = orbit(3.0, 0.1)
    met = encounter_geometry(far, earth_moid(far, max_distance_au=0.05))
    assert np.isposinf(met.moid_au[0])
    assert np.isnan(met.v_rel_kms[0])


def test_minima_of_other_orbits_are_refused() -> None:
    with pytest.raises(InputError, match="3 orbits cannot be paired with 2 minima"):
        encounter_geometry(random_orbits(3, seed=1), earth_moid(random_orbits(2, seed=1)))


def test_hyperbolas_have_an_encounter_speed() -> None:
    """1I/'Oumuamua (JPL Horizons elements of 2017): MOID 0.096 au."""
    visitor = orbit(
        -1.272345007428081, 1.201133796102373, 122.7417062847286, 24.5969095552324, 241.8105360304898
    )
    met = encounter_geometry(visitor)
    assert met.moid_au[0] == pytest.approx(0.0958, abs=5e-4)
    assert 50.0 < met.v_rel_kms[0] < 70.0
