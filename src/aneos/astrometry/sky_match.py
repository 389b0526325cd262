"""Is a known object at this place of the sky, moving this way? Observations held against ephemerides.

No orbit is needed: a night's tracklet is enough. Ephemerides come from the caller as :class:`Track` (the registry of
artificial objects makes them), about the Earth or the Sun alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from aneos.astrometry.arc import ARCSEC, Arc, make_arc
from aneos.astrometry.prediction import LIGHT_AU_D
from aneos.astrometry.table import conform
from aneos.dynamics.fitting import FloatArray

WITHIN_SIGMA: Final = 4.0
MEASURED_ARCSEC: Final = 5.0
"""Least width of a match: astrometry of fast movers and the rounding of published orbits."""

SLOWEST_ARCSEC_MIN: Final = 0.5
ARCSEC_MIN: Final = ARCSEC * 1440.0
"""One arcsecond a minute in radians a day."""

NIGHTS_MOST: Final = 12
"""Nights of a longer record that are tried, evenly spread."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A known object: ``positions`` takes TDB Julian dates (m,) and gives barycentric equatorial positions (m, 3) in
    au, NaN where it does not know; ``sigma_au`` likewise gives 1σ of position (m,)."""

    name: str
    cospar: str | None
    positions: Callable[[FloatArray], FloatArray]
    sigma_au: Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class SkyMatch:
    """A known object near the observed place: offset (arcsec) and its σ, difference of motion (arcsec/min), topocentric
    distance (au), and the probability that one of all the tracks lies this near in place and motion by chance.

    ``motion_arcsec_min`` is the observed motion and ``motion_sigma_arcsec_min`` 1σ of its difference (null for a single
    instant); ``tried`` counts the tracks times the nights that were tried, which the chance allows for."""

    name: str
    cospar: str | None
    offset_arcsec: float
    sigma_arcsec: float
    motion_offset_arcsec_min: float
    distance_au: float
    chance_probability: float
    motion_arcsec_min: float
    motion_sigma_arcsec_min: float | None
    tried: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "cospar": self.cospar,
            "offset_arcsec": self.offset_arcsec,
            "sigma_arcsec": self.sigma_arcsec,
            "motion_offset_arcsec_min": self.motion_offset_arcsec_min,
            "distance_au": self.distance_au,
            "chance_probability": self.chance_probability,
            "motion_arcsec_min": self.motion_arcsec_min,
            "motion_sigma_arcsec_min": self.motion_sigma_arcsec_min,
            "tried": self.tried,
        }


def match_tracks(table: pl.DataFrame, tracks: Sequence[Track]) -> list[SkyMatch]:
    """Known objects that agree with the observations of one object within 4σ in place and motion, most telling first.

    Each night stands for itself, as published orbits do not know what an object with engines does later: the most
    telling night of each track counts, of at most NIGHTS_MOST. The motion is compared where the observations span more
    than a minute. Tracks without a position then are passed over. Raises InputError where no observation can be placed.
    """
    arc, _ = make_arc(conform(table))
    nights = _nights(arc.take(arc.optical))
    tried = len(tracks) * len(nights)
    found: dict[str, SkyMatch] = {}
    for night in nights:
        for track in tracks:
            match = _match(night, track, tried)
            if match is not None and (
                track.name not in found or match.chance_probability < found[track.name].chance_probability
            ):
                found[track.name] = match
    return sorted(found.values(), key=lambda match: match.chance_probability)


def _nights(arc: Arc) -> list[Arc]:
    """Runs of observations no more than six hours apart and no longer than a day, in order of time."""
    if not len(arc):
        return []
    arc = arc.take(np.argsort(arc.time, kind="stable"))
    starts = [0]
    for row in range(1, len(arc)):
        if arc.time[row] - arc.time[row - 1] > 0.25 or arc.time[row] - arc.time[starts[-1]] > 1.0:
            starts.append(row)
    ends = [*starts[1:], len(arc)]
    chosen = np.unique(np.linspace(0, len(starts) - 1, min(NIGHTS_MOST, len(starts))).round().astype(int))
    return [arc.take(np.arange(starts[night], ends[night])) for night in chosen]


def _match(arc: Arc, track: Track, count: int) -> SkyMatch | None:
    position = track.positions(arc.time)
    if not np.all(np.isfinite(position)):
        return None
    distance = np.linalg.norm(position - arc.observer[:, :3], axis=1)
    emitted = track.positions(arc.time - distance / LIGHT_AU_D)
    line = emitted - arc.observer[:, :3]
    distance = np.linalg.norm(line, axis=1)
    toward = line / distance[:, None]
    cosine = np.clip(np.sum(toward * arc.direction, axis=1), -1.0, 1.0)
    if float(np.median(cosine)) < 0.5:
        return None
    east = -np.sum(toward * arc.east, axis=1) / cosine
    north = -np.sum(toward * arc.north, axis=1) / cosine
    sigma = float(np.median(track.sigma_au(arc.time) / distance)) + MEASURED_ARCSEC * ARCSEC
    offset = float(np.hypot(np.median(east), np.median(north)))
    if offset > WITHIN_SIGMA * sigma:
        return None
    drift, motion, drift_sigma = _drift(arc, east, north, sigma)
    if drift > WITHIN_SIGMA * drift_sigma:
        return None
    # One degree of place and motion each: expected number of tracks at least this near, Poisson.
    place = 0.5 * (1.0 - np.cos(max(offset, sigma)))
    pace = 1.0 if not np.isfinite(drift_sigma) else min(1.0, (max(drift, drift_sigma) / motion) ** 2)
    chance = float(-np.expm1(-count * place * pace))
    return SkyMatch(
        track.name,
        track.cospar,
        offset / ARCSEC,
        sigma / ARCSEC,
        drift / ARCSEC_MIN,
        float(np.median(distance)),
        chance,
        motion / ARCSEC_MIN,
        drift_sigma / ARCSEC_MIN if np.isfinite(drift_sigma) else None,
        count,
    )


def _drift(arc: Arc, east: FloatArray, north: FloatArray, sigma: float) -> tuple[float, float, float]:
    """Difference of motion, observed motion, and σ of the difference, rad/d; no σ (infinite) for a single instant."""
    lag = arc.time - arc.time.mean()
    spread = float(np.sum(lag**2))
    span = float(lag.max() - lag.min())
    if span < 1.0 / 1440.0:
        return 0.0, SLOWEST_ARCSEC_MIN * ARCSEC_MIN, np.inf
    drift = float(np.hypot(lag @ east, lag @ north)) / spread
    middle = arc.direction[len(arc) // 2]
    moved = arc.direction - middle
    motion = float(np.linalg.norm(lag @ moved)) / spread
    measured = float(np.sqrt(np.max(arc.covariance[:, 0, 0]) / spread))
    # An ephemeris that is off by its σ in distance is off in motion by about the same part.
    known = motion * min(sigma / max(span * motion, sigma), 1.0)
    floor = SLOWEST_ARCSEC_MIN * ARCSEC_MIN
    return drift, max(motion, floor), float(np.hypot(measured, known))


__all__ = ["SkyMatch", "Track", "match_tracks"]
