"""The registry on the sky: tracks of known artificial objects for :func:`aneos.astrometry.match_tracks`.

A track is integrated from the stored state nearest to the times asked for. Objects without stored states (semi-major
axis about the Earth below 250,000 km, no usable orbit) have no track: :func:`without_track` names them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.known_tables import KnownObject
from aneos.artificial.registry_nodes import Nodes, cartesian_slope, in_force, load_nodes
from aneos.artificial.registry_orbits import FORCES
from aneos.astrometry.sky_match import SkyMatch, Track, match_tracks
from aneos.dynamics import body_states, sample
from aneos.dynamics.ephemeris import TO_ECLIPTIC

__all__ = ["registry_tracks", "sky_matches", "without_track"]

FloatArray = npt.NDArray[np.float64]


def sky_matches(observations: pl.DataFrame) -> list[SkyMatch]:
    """Known objects that agree with the observations of one object in place and motion, most telling first.

    Raises InputError where no observation can be placed.
    """
    return match_tracks(observations, registry_tracks())


@lru_cache(maxsize=1)
def registry_tracks() -> tuple[Track, ...]:
    """One track for each object with stored states."""
    nodes = load_nodes()
    return tuple(_track(nodes, int(number)) for number in np.unique(nodes.object))


def without_track() -> tuple[KnownObject, ...]:
    """The registry objects that cannot be matched on the sky."""
    nodes = load_nodes()
    held = set(nodes.object.tolist())
    return tuple(item for number, item in enumerate(nodes.known) if number not in held)


def _track(nodes: Nodes, number: int) -> Track:
    rows = np.flatnonzero(nodes.object == number)
    known = nodes.known[number]
    return Track(known.name, known.cospar, _positions(nodes, rows), _sigma(nodes, rows))


def _nearest(nodes: Nodes, rows: npt.NDArray[np.intp], times: FloatArray) -> int | None:
    away = np.abs(nodes.states.epoch_tdb_jd[rows] - float(np.median(times)))
    best = int(np.argmin(away))
    row = int(rows[best])
    near = away[best] <= nodes.reach_days[row]
    return row if near and in_force(nodes, row, float(np.median(times))) else None


def _positions(nodes: Nodes, rows: npt.NDArray[np.intp]) -> Callable[[FloatArray], FloatArray]:
    def positions(times: FloatArray) -> FloatArray:
        row = _nearest(nodes, rows, times)
        if row is None:
            return np.full((times.size, 3), np.nan)
        moved = sample(nodes.states.take([row]), times, forces=FORCES, threads=1).position_au[0]
        sun, _ = body_states("Sun", times, centre=None, frame="equatorial")
        return np.asarray(moved @ TO_ECLIPTIC + sun)

    return positions


def _sigma(nodes: Nodes, rows: npt.NDArray[np.intp]) -> Callable[[FloatArray], FloatArray]:
    def sigma(times: FloatArray) -> FloatArray:
        row = _nearest(nodes, rows, times)
        if row is None:
            return np.full(times.size, np.nan)
        slope = cartesian_slope(nodes.states.take([row]), nodes.geocentric[[row]])
        inverse = np.linalg.inv(slope)
        place = (inverse @ nodes.covariance[row] @ inverse.T)[:3, :3]
        return np.full(times.size, float(np.sqrt(np.trace(place))))

    return sigma
