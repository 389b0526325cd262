"""The Earth's orbit against the IAU SOFA routines (pyerfa)."""

from __future__ import annotations

import erfa
import numpy as np

from aneos.constants import OBLIQUITY_J2000_DEG
from aneos.orbits import earth_elements, elements_to_state

EPOCHS = np.linspace(2415100.5, 2488000.5, 400)  # 1900 to 2100
_TILT = np.radians(OBLIQUITY_J2000_DEG)
TO_ECLIPTIC = np.array([[1, 0, 0], [0, np.cos(_TILT), np.sin(_TILT)], [0, -np.sin(_TILT), np.cos(_TILT)]])


def test_the_barycentre_is_where_sofa_puts_it() -> None:
    """plan94 adds the periodic perturbations by planets, which the mean orbit leaves out."""
    theirs = erfa.plan94(EPOCHS, 0.0, 3)["p"] @ TO_ECLIPTIC.T
    ours, _ = elements_to_state(earth_elements(EPOCHS))
    assert np.abs(ours - theirs).max() < 1.5e-4


def test_the_earth_stays_within_the_moons_pull_of_the_mean_orbit() -> None:
    """Full theory (epv00): the Earth itself, 3.1e-5 au from the barycentre, with all perturbations."""
    theirs = erfa.epv00(EPOCHS, 0.0)[0]["p"] @ TO_ECLIPTIC.T
    ours, _ = elements_to_state(earth_elements(EPOCHS))
    assert np.abs(ours - theirs).max() < 2e-4


def test_velocity_is_the_barycentres() -> None:
    theirs = erfa.plan94(EPOCHS, 0.0, 3)["v"] @ TO_ECLIPTIC.T
    _, ours = elements_to_state(earth_elements(EPOCHS))
    assert np.abs(ours - theirs).max() < 3e-6


def test_the_plane_of_j2000_is_the_ecliptic() -> None:
    assert earth_elements(2451545.0).i_deg[0] == 0.0


def test_the_orbit_turns_smoothly_through_j2000() -> None:
    before, after = earth_elements(2451544.0), earth_elements(2451546.0)
    r1, _ = elements_to_state(before, 2451545.0)
    r2, _ = elements_to_state(after, 2451545.0)
    # the planets' pull turns the mean ellipse 2.9e-6 degrees a day faster than two bodies with the Sun's GM
    np.testing.assert_allclose(r1, r2, atol=1.2e-7)
