"""Size from brightness, and the speed change that a rendezvous from low Earth orbit would take."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aneos.orbits.elements import FloatArray

LEO_SPEED = 7.727 / 29.784
"""Circular speed 300 km above the Earth in units of the Earth's own speed about the Sun."""


@np.errstate(all="ignore")
def diameter_km(absolute_magnitude: npt.ArrayLike, albedo: npt.ArrayLike) -> FloatArray:
    """Diameter of a sphere of absolute magnitude H and geometric albedo p_V: 1329 / sqrt(p_V) 10^(-H/5) km.

    Arguments broadcast; NaN where the albedo is not positive. Fowler & Chillemi 1992; Pravec & Harris 2007,
    Icarus 190, 250.
    """
    magnitude = np.asarray(absolute_magnitude, dtype=np.float64)
    reflectivity = np.asarray(albedo, dtype=np.float64)
    reflectivity = np.where(reflectivity > 0.0, reflectivity, np.nan)
    return np.asarray(1329.0 / np.sqrt(reflectivity) * 10.0 ** (-0.2 * magnitude))


@np.errstate(all="ignore")
def albedo_from_diameter(absolute_magnitude: npt.ArrayLike, diameter: npt.ArrayLike) -> FloatArray:
    """Geometric albedo of a sphere of absolute magnitude H and ``diameter`` in km; NaN where that is not > 0."""
    magnitude = np.asarray(absolute_magnitude, dtype=np.float64)
    width = np.asarray(diameter, dtype=np.float64)
    width = np.where(width > 0.0, width, np.nan)
    return np.asarray((1329.0 / width * 10.0 ** (-0.2 * magnitude)) ** 2)


@np.errstate(all="ignore")
def rendezvous_delta_v_kms(a_au: npt.ArrayLike, e: npt.ArrayLike, i_deg: npt.ArrayLike) -> FloatArray:
    """Least speed change from low Earth orbit (300 km) to a rendezvous, in km/s: Shoemaker & Helin 1978.

    A transfer orbit touches the Earth's circular orbit and meets the object at its aphelion, each of two
    burns turning the plane by half the inclination; for Atens (a < 1) the transfer has a = 1. The figure of
    merit F is the sum of the burns in units of the Earth's speed; the result is 30 F + 0.5 km/s. Only the
    shape and tilt of the orbit enter, not the dates.

    Arguments broadcast. NaN outside the formula's range: e >= 1, an orbit wholly inside the Earth's
    (Q < 0.983), or an Aten with Q >= 2.

    References: Shoemaker & Helin 1978, NASA CP-2053, 245; checked against L. Benner's list (JPL).
    """
    a, ecc = np.asarray(a_au, dtype=np.float64), np.asarray(e, dtype=np.float64)
    cos_half = np.cos(0.5 * np.radians(np.asarray(i_deg, dtype=np.float64)))
    a, ecc, cos_half = np.broadcast_arrays(a, ecc, cos_half)
    aphelion = a * (1.0 + ecc)
    aten, amor = a < 1.0, (a >= 1.0) & (a * (1.0 - ecc) > 1.0)
    # the transfer orbit: its energy term -1/a, and its angular momentum
    inverse_a = np.where(aten, 1.0, 2.0 / (aphelion + 1.0))
    momentum = np.where(
        aten, np.sqrt(aphelion * (2.0 - aphelion)), np.sqrt(2.0 * aphelion / (aphelion + 1.0))
    )
    leave = 3.0 - inverse_a - 2.0 * momentum * cos_half
    circle = 2.0 / aphelion * aphelion**-0.5
    coast = 3.0 / aphelion - inverse_a - circle * momentum * np.where(amor, cos_half, 1.0)
    target = 3.0 / aphelion - 1.0 / a - circle * np.sqrt(a * (1.0 - ecc**2)) * np.where(amor, 1.0, cos_half)
    first = np.sqrt(leave + 2.0 * LEO_SPEED**2) - LEO_SPEED
    second = np.abs(np.sqrt(np.maximum(coast, 0.0)) - np.sqrt(np.maximum(target, 0.0)))
    speed = 30.0 * (first + second) + 0.5
    valid = (ecc >= 0.0) & (ecc < 1.0) & (a > 0.0) & (aphelion >= 0.983) & ~(aten & (aphelion >= 2.0))
    return np.where(valid, speed, np.nan)
