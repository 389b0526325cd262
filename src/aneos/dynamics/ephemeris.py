"""Where the Sun, the Moon and the planets are: states from the kernels, whole arrays of times at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from jplephem.spk import SPK

from aneos.constants import AU_KM, J2000_TDB_JD, OBLIQUITY_J2000_DEG
from aneos.dynamics import _nbody
from aneos.dynamics.bodies import ASTEROIDS, EARTH, MOON, PLANETS, SUN, Body
from aneos.dynamics.kernels import asteroids_path, planets_path
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]
Frame = Literal["ecliptic", "equatorial"]
_Track = tuple[float, float, int, FloatArray]
"""First time and length of the records in days (J2000), number of the centre's track, coefficients."""

FIRST_JD: Final = 2_415_020.5
LAST_JD: Final = 2_488_108.5
"""Span that all kernels share, TDB: 1900-01-01 to 2100-02-09."""

_COS, _SIN = np.cos(np.radians(OBLIQUITY_J2000_DEG)), np.sin(np.radians(OBLIQUITY_J2000_DEG))
TO_ECLIPTIC: Final[FloatArray] = np.array([[1.0, 0.0, 0.0], [0.0, _COS, _SIN], [0.0, -_SIN, _COS]])
"""Rotation from ICRF axes to the mean ecliptic of J2000: vectors as rows, ``v @ TO_ECLIPTIC.T``."""

_SSB: Final = 0
_EMB: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """The massive bodies as the compiled kernel takes them: tracks of Chebyshev series, and bodies on them."""

    bodies: tuple[Body, ...]
    tracks: list[_Track]
    columns: list[tuple[int, float, float]]


def check_span(epochs_tdb_jd: npt.ArrayLike, source: str = "epoch") -> FloatArray:
    """The epochs as an array. Raises InputError for one that is not finite or that the kernels do not cover."""
    epochs = np.asarray(epochs_tdb_jd, dtype=np.float64)
    bad = ~((epochs >= FIRST_JD) & (epochs <= LAST_JD))
    if bad.any():
        worst = np.atleast_1d(epochs)[np.flatnonzero(np.atleast_1d(bad))[0]]
        raise InputError(
            f"JD {worst:.10g} TDB lies outside the kernels, which span JD {FIRST_JD} to {LAST_JD} "
            "(1900-01-01 to 2100-02-09)",
            source=source,
        )
    return epochs


def body_states(
    name: str, epochs_tdb_jd: npt.ArrayLike, *, centre: str | None = "Sun", frame: Frame = "ecliptic"
) -> tuple[FloatArray, FloatArray]:
    """Position (au) and velocity (au/d) of a body, shape (n, 3), at n epochs (TDB JD).

    ``name`` and ``centre``: Sun, Mercury … Pluto, Earth, Moon or one of the sixteen asteroids, in any case;
    ``centre=None`` is the barycentre of the solar system. Axes: mean ecliptic of J2000, or ICRF. Raises InputError
    for an unknown body and for epochs outside the kernels.
    """
    epochs = np.atleast_1d(check_span(epochs_tdb_jd))
    field = load_field(tuple(sorted(ASTEROIDS)))
    states = _barycentric(field, name, epochs)
    if centre is not None:
        states = states - _barycentric(field, centre, epochs)
    position, velocity = states[:, :3], states[:, 3:]
    if frame == "ecliptic":
        return position @ TO_ECLIPTIC.T, velocity @ TO_ECLIPTIC.T
    return position, velocity


@lru_cache(maxsize=8)
def load_field(asteroids: tuple[int, ...]) -> Field:
    """The massive bodies with some of the asteroids. Order: Sun, Earth, Moon, planets, asteroids."""
    planets, small = _planet_tracks(), _asteroid_tracks() if asteroids else {}
    index = {naif_id: number for number, naif_id in enumerate(planets)}
    tracks = list(planets.values())
    for number in asteroids:
        naif_id = ASTEROIDS[number].naif_id
        index[naif_id] = len(tracks)
        start, length, _, coefficients = small[naif_id]
        tracks.append((start, length, index[SUN.naif_id], coefficients))
    bodies = (SUN, EARTH, MOON, *PLANETS, *(ASTEROIDS[number] for number in asteroids))
    columns = [(index[body.naif_id], body.gm_au3_d2, body.radius_km / AU_KM) for body in bodies]
    return Field(bodies, tracks, columns)


@lru_cache(maxsize=1)
def _planet_tracks() -> dict[int, _Track]:
    """Tracks of the planetary kernel by NAIF id, read once a process."""
    centres = {SUN.naif_id: _SSB, _EMB: _SSB, EARTH.naif_id: _EMB, MOON.naif_id: _EMB}
    centres |= {body.naif_id: _SSB for body in PLANETS}
    index = {_SSB: -1} | {target: number for number, target in enumerate(centres)}
    kernel = SPK.open(str(planets_path()))
    try:
        return {target: _track(kernel, centre, target, index[centre]) for target, centre in centres.items()}
    finally:
        kernel.close()


@lru_cache(maxsize=1)
def _asteroid_tracks() -> dict[int, _Track]:
    """Tracks of the asteroid kernel by NAIF id, relative to the Sun."""
    kernel = SPK.open(str(asteroids_path()))
    try:
        return {body.naif_id: _track(kernel, SUN.naif_id, body.naif_id, 0) for body in ASTEROIDS.values()}
    finally:
        kernel.close()


def _track(kernel: SPK, centre: int, target: int, centre_index: int) -> _Track:
    """One segment cut to the common span: first time and record length in days, coefficients (records, 3, n)."""
    start_jd, length, coefficients = kernel[centre, target].load_array()
    first = max(int((FIRST_JD - start_jd) // length), 0)
    last = min(int((LAST_JD - start_jd) // length) + 1, coefficients.shape[1])
    cut = np.ascontiguousarray(np.moveaxis(coefficients[:, first:last, :], 0, 1)) / AU_KM
    return float(start_jd + first * length - J2000_TDB_JD), float(length), centre_index, cut


def _barycentric(field: Field, name: str, epochs: FloatArray) -> FloatArray:
    for number, body in enumerate(field.bodies):
        if body.name.lower() == name.lower():
            out = np.empty((epochs.size, 6))
            _nbody.body_states(field.tracks, field.columns, number, epochs - J2000_TDB_JD, out)
            return out
    raise InputError(
        f"no body {name!r}; there are {', '.join(body.name for body in field.bodies)}", source="body"
    )
