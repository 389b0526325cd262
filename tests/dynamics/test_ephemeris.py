"""Places of the massive bodies from the kernels."""

from __future__ import annotations

import numpy as np
import pytest

from aneos.constants import AU_KM, OBLIQUITY_J2000_DEG
from aneos.dynamics import body_states
from aneos.dynamics.bodies import ASTEROIDS, EARTH, MOON, PLANETS
from aneos.dynamics.ephemeris import FIRST_JD, LAST_JD, load_field
from aneos.dynamics.kernels import planets_path
from aneos.errors import InputError

CERES_J2000_KM = (-355_942_359.527, 81_631_232.297, 110_885_750.080)
EPOCHS = np.array([FIRST_JD, 2_440_423.5, 2_451_545.0, 2_460_000.123, LAST_JD])


def test_states_are_those_of_jplephem() -> None:
    """The same kernel read by the package jplephem: Earth = its barycentre + the Earth about it."""
    from jplephem.spk import SPK

    kernel = SPK.open(str(planets_path()))
    try:
        barycentre_r, barycentre_v = kernel[0, 3].compute_and_differentiate(EPOCHS)
        earth_r, earth_v = kernel[3, 399].compute_and_differentiate(EPOCHS)
    finally:
        kernel.close()
    position, velocity = body_states("Earth", EPOCHS, centre=None, frame="equatorial")
    np.testing.assert_allclose(position * AU_KM, (barycentre_r + earth_r).T, atol=2e-3, rtol=0.0)
    np.testing.assert_allclose(velocity * AU_KM, (barycentre_v + earth_v).T, rtol=1e-9)


def test_velocity_is_the_slope_of_position() -> None:
    for name in ("Sun", "Moon", "Jupiter", "Ceres"):
        step = 2.0**-6  # exact in a Julian date
        epochs = np.array([2_458_849.5 - step, 2_458_849.5, 2_458_849.5 + step])
        position, velocity = body_states(name, epochs, centre=None)
        slope = (position[2] - position[0]) / (2.0 * step)
        np.testing.assert_allclose(velocity[1], slope, rtol=0.0, atol=5e-9)


def test_frames_differ_by_the_obliquity() -> None:
    equatorial, _ = body_states("Mars", EPOCHS, frame="equatorial")
    ecliptic, _ = body_states("Mars", EPOCHS)
    tilt = np.radians(OBLIQUITY_J2000_DEG)
    np.testing.assert_allclose(
        ecliptic[:, 2], np.cos(tilt) * equatorial[:, 2] - np.sin(tilt) * equatorial[:, 1], atol=1e-14
    )
    np.testing.assert_allclose(
        np.linalg.norm(ecliptic, axis=1), np.linalg.norm(equatorial, axis=1), rtol=1e-14
    )


def test_the_moon_keeps_its_distance_from_the_earth() -> None:
    position, _ = body_states("Moon", np.linspace(FIRST_JD, LAST_JD, 5000), centre="Earth")
    distance = np.linalg.norm(position, axis=1) * AU_KM
    assert 356_000 < distance.min() < 357_500
    assert 405_500 < distance.max() < 407_000


def test_asteroids_are_where_jpl_has_them() -> None:
    """Ceres at J2000 from JPL's sb441-n16 (heliocentric, ICRF, km; read with jplephem from the source kernel)."""
    position, _ = body_states("Ceres", [2_451_545.0], frame="equatorial")
    jpl = np.array(CERES_J2000_KM)
    assert np.linalg.norm(position[0] * AU_KM - jpl) < 1.0


@pytest.mark.parametrize("epoch", [FIRST_JD - 1.0, LAST_JD + 1.0, np.nan, np.inf])
def test_epochs_outside_the_kernels_are_refused_with_the_span(epoch: float) -> None:
    with pytest.raises(InputError, match="1900-01-01 to 2100-02-09"):
        body_states("Earth", [2_451_545.0, epoch])


def test_an_unknown_body_is_refused() -> None:
    with pytest.raises(InputError, match="no body 'Vulcan'"):
        body_states("Vulcan", [2_451_545.0])


def test_the_field_starts_with_sun_earth_and_moon() -> None:
    field = load_field((1, 704))
    names = [body.name for body in field.bodies]
    assert names[:3] == ["Sun", EARTH.name, MOON.name]
    assert len(names) == 3 + len(PLANETS) + 2
    assert names[-1] == ASTEROIDS[704].name
