"""Ephemerides of the registry: where a known artificial object stands on the sky, how bright, and how surely.

Directions are astrometric (ICRF, light time corrected, no aberration, no bending of light), as star catalogues give
them and the Minor Planet Center's observers report them; times are UTC. The uncertainty is that of clones of the
published orbit, carried by n-body integration (:mod:`aneos.artificial.follow`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.follow import follow
from aneos.artificial.known import load_known, resolve
from aneos.artificial.known_tables import KnownObject
from aneos.artificial.registry_orbits import FORCES, usable_orbits, why_none
from aneos.astrometry.stations import GEOCENTRE, station_list, station_name, station_position_km
from aneos.constants import AU_KM, AU_PER_DAY_KMS, GM_SUN_AU3_D2, J2000_TDB_JD
from aneos.dynamics import body_states
from aneos.dynamics.bodies import EARTH
from aneos.dynamics.earth_rotation import earth_fixed_to_icrf
from aneos.dynamics.ephemeris import TO_ECLIPTIC
from aneos.dynamics.timescales import utc_to_tdb_jd
from aneos.errors import InputError

__all__ = ["Ephemeris", "NotPlaced", "ephemeris", "not_placed", "observe", "observer_states"]

FloatArray = npt.NDArray[np.float64]

LIGHT_AU_D: Final = 173.144_632_674_240_3
ARCSEC_PER_RAD: Final = 648_000.0 / np.pi
SLOPE: Final = 0.15
LARGEST_PHASE_DEG: Final = 120.0
DEFAULT_CLONES: Final = 32
MOST_TIMES: Final = 100_000


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """A registry object that can be placed at no time, and why."""

    object_id: str
    name: str
    cospar: str | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, eq=False)
class Sky:
    """What an observer sees at m times, each (m,): degrees, au, km/s, arcseconds a minute on the sky, magnitudes.

    ``sigma_major_arcsec``, ``sigma_minor_arcsec``, ``sigma_angle_deg``: 1-sigma ellipse on the sky, its longer axis
    counted from north through east. NaN where the object cannot be placed, ``V`` also where no H is known.
    """

    ra_deg: FloatArray
    dec_deg: FloatArray
    range_au: FloatArray
    range_rate_kms: FloatArray
    ra_rate_arcsec_min: FloatArray
    dec_rate_arcsec_min: FloatArray
    sun_distance_au: FloatArray
    elongation_deg: FloatArray
    phase_deg: FloatArray
    V: FloatArray
    sigma_major_arcsec: FloatArray
    sigma_minor_arcsec: FloatArray
    sigma_angle_deg: FloatArray
    sigma_range_km: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Ephemeris:
    """One object from one place at m times (UTC). ``reason`` (m,) says why a time has no place, "" where it has one;
    ``missing`` names what is not known at all; ``orbits`` are the sources behind it."""

    object_id: str
    name: str
    cospar: str | None
    observer: str
    observer_name: str | None
    time_utc_jd: FloatArray
    sky: Sky
    reason: tuple[str, ...]
    fit_epoch_tdb_jd: FloatArray
    H: float | None
    missing: tuple[str, ...]
    orbits: tuple[str, ...]
    provenance: dict[str, Any]

    def to_table(self) -> pl.DataFrame:
        """One row a time; null where unknown."""
        columns: dict[str, Any] = {
            "object_id": [self.object_id] * len(self.time_utc_jd),
            "name": [self.name] * len(self.time_utc_jd),
            "time_utc": [iso_second(jd) for jd in self.time_utc_jd],
            "jd_utc": self.time_utc_jd,
        }
        columns |= {f.name: getattr(self.sky, f.name) for f in fields(self.sky)}
        columns |= {"fit_epoch_tdb_jd": self.fit_epoch_tdb_jd, "reason": list(self.reason)}
        return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the object, and one mapping a time under ``points``."""
        return {
            "object_id": self.object_id,
            "name": self.name,
            "cospar": self.cospar,
            "observer": {"code": self.observer, "name": self.observer_name},
            "frame": "ICRF, astrometric",
            "H": self.H,
            "missing": list(self.missing),
            "orbits": list(self.orbits),
            "provenance": self.provenance,
            "points": self.to_table().drop("object_id", "name").to_dicts(),
        }


def ephemeris(
    which: str | KnownObject,
    times_utc_jd: npt.ArrayLike,
    *,
    observer: str = GEOCENTRE,
    clones: int = DEFAULT_CLONES,
    seed: int = 0,
    threads: int | None = None,
) -> Ephemeris:
    """The ephemeris of a registry object, by any of its names, at UTC Julian dates, from an MPC observatory code.

    Raises UnknownDesignationError for a name that the registry does not have, InputError for an object without an
    orbit that can be integrated, an unknown code or one without a fixed place, and times outside 1900 to 2100.
    """
    known = resolve(which) if isinstance(which, str) else which
    lacking = why_none(known)
    if lacking is not None:
        raise InputError(f"{known.name} cannot be placed: {lacking}", source=known.id)
    times = np.atleast_1d(np.asarray(times_utc_jd, dtype=np.float64))
    if times.ndim != 1 or not times.size or times.size > MOST_TIMES:
        raise InputError(f"between 1 and {MOST_TIMES:,} times are needed, not {times.size:,}", source="times")
    epochs = utc_to_tdb_jd(times)
    place = observer_states(observer, epochs)
    followed = follow(known, epochs, clones=clones, seed=seed, threads=threads)
    H = absolute_magnitude(known)
    seen = observe(epochs, followed.position_au, followed.velocity_au_d, place, H)
    placed = usable_orbits(known)
    used = sorted({int(number) for number in followed.orbit if number >= 0})
    missing = _without_magnitude(H, seen)
    return Ephemeris(
        known.id,
        known.name,
        known.cospar,
        observer,
        station_name(observer),
        times,
        seen,
        followed.reason,
        followed.fit_epoch_tdb_jd,
        H,
        missing,
        tuple(f"JD {placed[k].orbit.epoch_tdb_jd:.1f}: {placed[k].orbit.source}" for k in used),
        {"clones": clones, "seed": seed, "forces": FORCES.to_dict()},
    )


def not_placed(known: Iterable[KnownObject] | None = None) -> tuple[NotPlaced, ...]:
    """The registry objects of which no ephemeris can be made, and why."""
    objects = load_known() if known is None else known
    reasons = [(item, why_none(item)) for item in objects]
    return tuple(NotPlaced(item.id, item.name, item.cospar, why) for item, why in reasons if why is not None)


def iso_second(jd_utc: float) -> str:
    """A UTC Julian date to the second: ``2029-04-13T21:46:00Z``."""
    moment = datetime(2000, 1, 1, 12, tzinfo=UTC) + timedelta(days=float(jd_utc) - J2000_TDB_JD)
    return (moment + timedelta(microseconds=500_000)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _without_magnitude(H: float | None, seen: Sky) -> tuple[str, ...]:
    if H is None:
        return ("V: no absolute magnitude or size of it is known",)
    if np.any(seen.phase_deg > LARGEST_PHASE_DEG):
        return (
            f"V where the phase angle is beyond {LARGEST_PHASE_DEG:g}°: the H, G system does not reach there",
        )
    return ()


def absolute_magnitude(known: KnownObject) -> float | None:
    """H of the latest published orbit that has one; None where none has."""
    values = [orbit.H for orbit in known.orbits if orbit.H is not None]
    return values[-1] if values else None


def observe(
    epochs_tdb_jd: FloatArray,
    position_au: FloatArray,
    velocity_au_d: FloatArray,
    observer: FloatArray,
    H: float | None,
) -> Sky:
    """What observers with barycentric ICRF states (m, 6) in au and au/d see of a path and its clones.

    Positions and velocities (n, m, 3) are heliocentric ecliptic at m epochs (TDB); the first of n rows is the path.
    """
    epochs = epochs_tdb_jd
    sun = barycentric("Sun", epochs)
    place = position_au @ TO_ECLIPTIC + sun[None, :, :3]
    speed = velocity_au_d @ TO_ECLIPTIC + sun[None, :, 3:]
    line = light_corrected(place, speed, epochs, sun, observer[:, :3])
    distance = np.linalg.norm(line, axis=2)
    toward = line[0] / distance[0][:, None]
    ra, dec = np.arctan2(toward[:, 1], toward[:, 0]), np.arcsin(np.clip(toward[:, 2], -1.0, 1.0))
    east = np.stack([-np.sin(ra), np.cos(ra), np.zeros_like(ra)], axis=1)
    north = np.cross(toward, east)
    relative = speed[0] - observer[:, 3:]
    rates = [
        np.sum(relative * axis, axis=1) / distance[0] * ARCSEC_PER_RAD / 1440.0 for axis in (east, north)
    ]
    from_sun = line[0] + observer[:, :3] - sun[:, :3]
    r = np.linalg.norm(from_sun, axis=1)
    to_sun = sun[:, :3] - observer[:, :3]
    elongation = _angle(to_sun, line[0])
    phase = _angle(from_sun, line[0])
    major, minor, angle = _ellipse(line, east, north)
    spread = np.full(epochs.size, np.nan)
    alive = np.isfinite(distance).sum(axis=0) > 2
    spread[alive] = np.sqrt(np.nanmean((distance[1:, alive] - distance[0, alive]) ** 2, axis=0)) * AU_KM
    return Sky(
        np.degrees(ra) % 360.0,
        np.degrees(dec),
        distance[0],
        np.sum(relative * toward, axis=1) * AU_PER_DAY_KMS,
        rates[0],
        rates[1],
        r,
        np.degrees(elongation),
        np.degrees(phase),
        apparent_magnitude(H, r, distance[0], phase),
        major,
        minor,
        angle,
        spread,
    )


def apparent_magnitude(
    H: float | None, sun_distance_au: FloatArray, range_au: FloatArray, phase_rad: FloatArray
) -> FloatArray:
    """V by the H, G system (Bowell et al. 1989) with G = 0.15; NaN where H is None, and at phase angles beyond
    :data:`LARGEST_PHASE_DEG`, for which the system was not made."""
    if H is None:
        return np.full(np.shape(range_au), np.nan)
    half = np.tan(0.5 * np.where(phase_rad <= np.radians(LARGEST_PHASE_DEG), phase_rad, np.nan))
    phi = (1.0 - SLOPE) * np.exp(-3.33 * half**0.63) + SLOPE * np.exp(-1.87 * half**1.22)
    return np.asarray(H + 5.0 * np.log10(sun_distance_au * range_au) - 2.5 * np.log10(phi))


def observer_states(code: str, epochs_tdb_jd: FloatArray) -> FloatArray:
    """Barycentric ICRF states (m, 6) of an MPC station. InputError for an unknown code or one without a fixed place."""
    if code not in station_list():
        raise InputError(f"the observatory code {code!r} is unknown", source="observer")
    place_km = station_position_km(code)
    if place_km is None:
        raise InputError(f"{code} ({station_name(code)}) has no fixed place", source="observer")
    earth = barycentric("Earth", epochs_tdb_jd)
    return earth if not place_km.any() else earth + np.hstack(earth_fixed_to_icrf(place_km, epochs_tdb_jd))


def barycentric(body: str, epochs_tdb_jd: FloatArray) -> FloatArray:
    """Barycentric ICRF states (m, 6) of a body."""
    return np.hstack(body_states(body, epochs_tdb_jd, centre=None, frame="equatorial"))


def light_corrected(
    place: FloatArray, speed: FloatArray, epochs: FloatArray, sun: FloatArray, observer: FloatArray
) -> FloatArray:
    """Vectors (n, m, 3) from observers (m, 3) to where n objects were when their light left; barycentric ICRF."""
    earth = barycentric("Earth", epochs)[:, :3]
    pull = _pull(place - sun[None, :, :3], GM_SUN_AU3_D2) + _pull(place - earth[None], EARTH.gm_au3_d2)
    delay = np.zeros(place.shape[:2])
    for _ in range(4):
        line = place - speed * delay[..., None] + 0.5 * pull * delay[..., None] ** 2 - observer[None]
        delay = np.linalg.norm(line, axis=2) / LIGHT_AU_D
    return line


# -- below: steps ----------------------------------------------------------------------------------


def _pull(away: FloatArray, gm: float) -> FloatArray:
    return np.asarray(-gm * away / np.linalg.norm(away, axis=2)[..., None] ** 3)


def _angle(one: FloatArray, other: FloatArray) -> FloatArray:
    """Angle between vectors (m, 3) in radians."""
    return np.asarray(np.arctan2(np.linalg.norm(np.cross(one, other), axis=1), np.sum(one * other, axis=1)))


def _ellipse(
    line: FloatArray, east: FloatArray, north: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Semi-axes (arcsec) and direction (deg, north through east) of the clones' scatter about the nominal place.

    Offsets are angles from the nominal direction, so that a cloud that goes round the sky is not folded.
    """
    unit = line / np.linalg.norm(line, axis=2)[..., None]
    off = np.stack([np.sum(unit * east, axis=2), np.sum(unit * north, axis=2)], axis=-1)
    sine = np.linalg.norm(off, axis=2)
    angle = np.arctan2(sine, np.sum(unit * unit[:1], axis=2))
    off = off * np.where(sine > 1e-12, angle / np.maximum(sine, 1e-300), 1.0)[..., None]
    major, minor, turn = (np.full(line.shape[1], np.nan) for _ in range(3))
    for column in range(line.shape[1]):
        cloud = off[1:, column]
        cloud = cloud[np.isfinite(cloud).all(axis=1)]
        if len(cloud) < 3:
            continue
        values, vectors = np.linalg.eigh(cloud.T @ cloud / len(cloud))
        minor[column], major[column] = np.sqrt(np.maximum(values, 0.0)) * ARCSEC_PER_RAD
        turn[column] = np.degrees(np.arctan2(vectors[0, 1], vectors[1, 1])) % 180.0
    return major, minor, turn
