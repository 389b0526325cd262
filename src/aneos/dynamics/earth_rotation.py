"""Where a point of the Earth's surface is in space: the orientation of ITRF93 from NAIF's Earth kernels.

The two binary PCKs (measured since 1962, predicted beyond) hold three Euler angles, 3-1-3, that turn the ecliptic of
J2000 into the rotating frame, precession, nutation, UT1 and polar motion included. They are read without kete, whose
import takes seconds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from jplephem.pck import PCK

from aneos.constants import AU_KM
from aneos.dynamics.ephemeris import TO_ECLIPTIC
from aneos.dynamics.kernels import earth_orientation_paths
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]

_ITRF93: Final = 3000
_DAY_S: Final = 86_400.0


def earth_fixed_to_icrf(positions_km: FloatArray, epochs_tdb_jd: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Geocentric position (au) and velocity (au/d), (m, 3) along ICRF axes, of points fixed to the Earth.

    ``positions_km`` (m, 3) or (3,) in the ITRF. Raises InputError for epochs that the Earth kernels do not cover.
    """
    epochs = np.atleast_1d(np.asarray(epochs_tdb_jd, dtype=np.float64))
    place = np.broadcast_to(np.asarray(positions_km, dtype=np.float64), (epochs.size, 3)) / AU_KM
    angles, rates = _angles(epochs)
    phi, delta, w = angles
    turn = _z(w) @ _x(delta) @ _z(phi)
    position = np.einsum("mji,mj->mi", turn, place)
    # The poles wander by 1e-7 of the daily turn: the velocity is that of the turn about the axis alone.
    axis = np.zeros_like(place)
    axis[:, 2] = rates[2] + rates[0] * np.cos(delta)
    velocity = np.einsum("mji,mj->mi", turn, np.cross(axis, place)) * _DAY_S
    return position @ TO_ECLIPTIC, velocity @ TO_ECLIPTIC


def _angles(epochs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Euler angles phi, delta, w (3, m) and their rates (rad, rad/s); measured before predicted."""
    angles, rates = np.full((3, epochs.size), np.nan), np.full((3, epochs.size), np.nan)
    for kernel in _kernels():
        for segment in kernel.segments:
            inside = (epochs >= segment.initial_jd) & (epochs <= segment.final_jd) & np.isnan(angles[0])
            if segment.body == _ITRF93 and inside.any():
                days = epochs[inside]
                whole = np.floor(days)
                angles[:, inside], rates[:, inside] = segment.compute(whole, days - whole)
    lacking = np.isnan(angles[0])
    if lacking.any():
        raise InputError(
            f"the Earth's orientation is not known at JD {epochs[lacking][0]:.1f} TDB; "
            "the geocentre (500) needs none",
            source="observer",
        )
    return angles, rates


@lru_cache(maxsize=1)
def _kernels() -> tuple[PCK, ...]:
    return tuple(PCK.open(str(path)) for path in earth_orientation_paths())


def _z(angle: FloatArray) -> FloatArray:
    c, s, o, i = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    return np.moveaxis(np.array([[c, s, o], [-s, c, o], [o, o, i]]), 2, 0)


def _x(angle: FloatArray) -> FloatArray:
    c, s, o, i = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    return np.moveaxis(np.array([[i, o, o], [o, c, s], [o, -s, c]]), 2, 0)
