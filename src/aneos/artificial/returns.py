"""The calendar of returns: when each object of the registry comes back to the Earth, how near, how bright, how surely.

Every object is carried as a cloud of clones from its latest published orbit, and every minimum of the distance from
the Earth is recorded. Minima of clones that lie within sixty days of each other are one approach. An object is
followed until its clones no longer tell where it is (:mod:`aneos.artificial.follow`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.ephemerides import absolute_magnitude, barycentric, iso_second, observe
from aneos.artificial.follow import Followed, follow
from aneos.artificial.known import load_known, resolve
from aneos.artificial.known_tables import KnownObject
from aneos.artificial.registry_orbits import (
    FORCES,
    arc_of,
    choose,
    clones_of,
    usable_orbits,
    why_none,
    why_not_then,
)
from aneos.constants import AU_KM
from aneos.dynamics import Encounters, check_span, find_encounters, sample
from aneos.dynamics.native import available_cores
from aneos.dynamics.timescales import tdb_to_utc_jd
from aneos.errors import InputError

__all__ = ["Approach", "Calendar", "ObjectReturns", "returns", "returns_of"]

FloatArray = npt.NDArray[np.float64]

WITHIN_AU: Final = 0.1
SAME_APPROACH_DAYS: Final = 60.0
LEAST_FRACTION: Final = 0.1
"""Approaches of fewer clones than this share, without the nominal path, are left out."""
DEFAULT_CLONES: Final = 32
CHECK_DAYS: Final = 30.0
AROUND_DAYS: Final = 90.0
AROUND_STEP_DAYS: Final = 2.0
CAPTURED_AU: Final = 0.02
OBSERVABLE_ELONGATION_DEG: Final = 60.0
LEAST_CLONES: Final = 8


@dataclass(frozen=True, slots=True)
class Approach:
    """One approach to the Earth, geocentric.

    Nominal values, and of the clones: ``sigma_days`` of the time, the middle 90% of the distance
    (``distance_low_au``, ``distance_high_au``), ``sigma_v_inf_kms``, and the ``fraction`` that comes within the chosen
    distance. ``nominal`` is False where the nominal path itself does not: medians stand then, and V and elongation
    are None. ``v_inf_kms`` is None where the speed is below that of escape; ``captured`` says that this is so within
    0.02 au. ``brightest_mag`` is the brightest V within 90 days at more than 60 degrees from the Sun, on
    ``brightest_utc``.
    """

    time_utc: str
    epoch_tdb_jd: float
    sigma_days: float
    distance_au: float
    distance_low_au: float
    distance_high_au: float
    speed_kms: float
    v_inf_kms: float | None
    sigma_v_inf_kms: float | None
    captured: bool
    V: float | None
    elongation_deg: float | None
    brightest_mag: float | None
    brightest_utc: str | None
    fraction: float
    nominal: bool

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class ObjectReturns:
    """The approaches of one object. ``status``: ``"followed"`` to the end of the calendar; ``"lost"`` or ``"ends"`` (it
    strikes a body) before; ``"not followed"`` (it could manoeuvre, circles low, has ended); ``"no orbit"``. ``reason``
    explains all but the first; ``followed_until_tdb_jd`` is None where it is not followed at all."""

    object_id: str
    name: str
    cospar: str | None
    status: str
    reason: str
    H: float | None
    fit_epoch_tdb_jd: float | None
    followed_until_tdb_jd: float | None
    approaches: tuple[Approach, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        own = {name: getattr(self, name) for name in self.__slots__ if name != "approaches"}
        return own | {"approaches": [item.to_dict() for item in self.approaches]}


@dataclass(frozen=True, slots=True)
class Calendar:
    """All objects, in the registry's order, between two TDB Julian dates."""

    since_tdb_jd: float
    until_tdb_jd: float
    objects: tuple[ObjectReturns, ...]
    provenance: dict[str, Any]

    def to_table(self) -> pl.DataFrame:
        """One row an approach in order of time; objects without any are not in it."""
        rows = [
            {"object_id": item.object_id, "name": item.name, "cospar": item.cospar, **approach.to_dict()}
            for item in self.objects
            for approach in item.approaches
        ]
        return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("epoch_tdb_jd", maintain_order=True)

    def only(self, object_id: str) -> Calendar:
        """The part of the calendar that is of one object."""
        kept = tuple(item for item in self.objects if item.object_id == object_id)
        return Calendar(self.since_tdb_jd, self.until_tdb_jd, kept, self.provenance)

    def between(self, since_tdb_jd: float, until_tdb_jd: float) -> Calendar:
        """The part of the calendar between two times."""
        from dataclasses import replace

        kept = tuple(
            replace(
                item,
                approaches=tuple(
                    approach
                    for approach in item.approaches
                    if since_tdb_jd <= approach.epoch_tdb_jd <= until_tdb_jd
                ),
            )
            for item in self.objects
        )
        return Calendar(since_tdb_jd, until_tdb_jd, kept, self.provenance)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "since_tdb_jd": self.since_tdb_jd,
            "until_tdb_jd": self.until_tdb_jd,
            "provenance": self.provenance,
            "objects": [item.to_dict() for item in self.objects],
        }


SCHEMA: Final[dict[str, pl.DataType]] = {
    "object_id": pl.String(),
    "name": pl.String(),
    "cospar": pl.String(),
    "time_utc": pl.String(),
    "epoch_tdb_jd": pl.Float64(),
    "sigma_days": pl.Float64(),
    "distance_au": pl.Float64(),
    "distance_low_au": pl.Float64(),
    "distance_high_au": pl.Float64(),
    "speed_kms": pl.Float64(),
    "v_inf_kms": pl.Float64(),
    "sigma_v_inf_kms": pl.Float64(),
    "captured": pl.Boolean(),
    "V": pl.Float64(),
    "elongation_deg": pl.Float64(),
    "brightest_mag": pl.Float64(),
    "brightest_utc": pl.String(),
    "fraction": pl.Float64(),
    "nominal": pl.Boolean(),
}


def returns(
    names: Iterable[str] | None = None,
    *,
    since_tdb_jd: float,
    until_tdb_jd: float,
    clones: int = DEFAULT_CLONES,
    within_au: float = WITHIN_AU,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Calendar:
    """Compute the calendar of some objects (any of their names), or of the whole registry, on all cores.

    Raises UnknownDesignationError for a name that the registry does not have, InputError for times outside the
    kernels or in the wrong order and for fewer than eight clones.
    """
    check_span([since_tdb_jd, until_tdb_jd], "span of the calendar")
    if until_tdb_jd <= since_tdb_jd:
        raise InputError("the calendar ends before it begins", source="until")
    if clones < LEAST_CLONES:
        raise InputError(f"at least {LEAST_CLONES} clones are needed, not {clones}", source="clones")
    objects = load_known() if names is None else tuple(resolve(name) for name in names)

    def work(known: KnownObject) -> ObjectReturns:
        found = returns_of(
            known, since_tdb_jd, until_tdb_jd, clones=clones, within_au=within_au, seed=seed, threads=1
        )
        if progress is not None:
            progress(known.id)
        return found

    with ThreadPoolExecutor(available_cores()) as pool:
        found = tuple(pool.map(work, objects))
    provenance = {"clones": clones, "seed": seed, "within_au": within_au, "forces": FORCES.to_dict()}
    return Calendar(since_tdb_jd, until_tdb_jd, found, provenance)


def returns_of(
    known: KnownObject,
    since_tdb_jd: float,
    until_tdb_jd: float,
    *,
    clones: int = DEFAULT_CLONES,
    within_au: float = WITHIN_AU,
    seed: int = 0,
    threads: int | None = None,
) -> ObjectReturns:
    """The approaches of one registry entry between two TDB Julian dates."""
    H = absolute_magnitude(known)
    lacking = why_none(known)
    if lacking is not None:
        return ObjectReturns(known.id, known.name, known.cospar, "no orbit", lacking, H, None, None, ())
    last = int(choose(known, np.array([until_tdb_jd]))[0])
    if last < 0:
        reach = [arc_of(item.orbit)[1] + item.reach_days for item in usable_orbits(known)]
        end = float(max(reach)) if np.isfinite(reach).all() else None
        reason = why_not_then(known, until_tdb_jd)
        return ObjectReturns(known.id, known.name, known.cospar, "not followed", reason, H, None, end, ())
    item = usable_orbits(known)[last]
    fit = item.orbit.epoch_tdb_jd
    cloud = clones_of(item, clones, seed=seed)
    start = max(float(cloud.epoch_tdb_jd[0]), since_tdb_jd)
    grid = np.append(np.arange(start, until_tdb_jd, CHECK_DAYS), until_tdb_jd)
    path = follow(known, grid, clones=clones, seed=seed, threads=threads)
    end, status, reason = _end(path)
    if end is None:
        return ObjectReturns(known.id, known.name, known.cospar, status, reason, H, fit, None, ())
    met = find_encounters(
        cloud, end, earth_au=within_au, moon_au=0.0, captures=False, threads=threads
    ).encounters
    met = met.take((met.epoch_tdb_jd >= start) & (met.body == "Earth") & (met.kind == "minimum"))
    approaches = tuple(_approach(met.take(rows), clones) for rows in _grouped(met, clones))
    seen = _with_brightness(known, approaches, H, end, threads)
    return ObjectReturns(known.id, known.name, known.cospar, status, reason, H, fit, end, seen)


# -- below: steps ----------------------------------------------------------------------------------


def _end(path: Followed) -> tuple[float | None, str, str]:
    """Until when the object is followed, its status, and why it ends."""
    placed = path.placed
    if placed.all():
        return float(path.epoch_tdb_jd[-1]), "followed", ""
    first = int(np.flatnonzero(~placed)[0])
    reason = path.reason[first]
    status = "ends" if "strikes" in reason else "lost" if "lost" in reason else "not followed"
    return (float(path.epoch_tdb_jd[first - 1]) if first else None), status, reason


def _grouped(met: Encounters, clones: int) -> list[npt.NDArray[np.intp]]:
    """Rows of each approach: minima in order of time, cut where nothing happens for sixty days."""
    if not len(met):
        return []
    order = np.argsort(met.epoch_tdb_jd, kind="stable")
    cuts = np.flatnonzero(np.diff(met.epoch_tdb_jd[order]) > SAME_APPROACH_DAYS) + 1
    groups = np.split(order, cuts)
    return [
        rows
        for rows in groups
        if (met.row[rows] == 0).any() or np.unique(met.row[rows]).size >= LEAST_FRACTION * clones
    ]


def _approach(met: Encounters, clones: int) -> Approach:
    """One approach from its minima; of a clone with several the nearest counts."""
    order = np.argsort(met.distance_km, kind="stable")
    _, first = np.unique(met.row[order], return_index=True)
    met = met.take(order[first])
    nominal = bool((met.row == 0).any())
    index = int(np.flatnonzero(met.row == 0)[0]) if nominal else -1
    time, distance, speed = met.epoch_tdb_jd, met.distance_km / AU_KM, met.v_inf_kms
    middle = float(time[index]) if nominal else float(np.median(time))
    v_inf = float(speed[index]) if nominal else float(np.median(speed))
    middle_distance = float(distance[index] if nominal else np.median(distance))
    low, high = np.quantile(distance, (0.05, 0.95))
    open_speeds = speed[np.isfinite(speed)]
    return Approach(
        time_utc=iso_second(float(tdb_to_utc_jd(middle))),
        epoch_tdb_jd=middle,
        sigma_days=float(np.sqrt(np.mean((time - middle) ** 2))),
        distance_au=middle_distance,
        distance_low_au=float(low),
        distance_high_au=float(high),
        speed_kms=float(met.speed_kms[index] if nominal else np.median(met.speed_kms)),
        v_inf_kms=v_inf if np.isfinite(v_inf) else None,
        sigma_v_inf_kms=float(open_speeds.std()) if open_speeds.size > 1 else None,
        captured=not np.isfinite(v_inf) and middle_distance < CAPTURED_AU,
        V=None,
        elongation_deg=None,
        brightest_mag=None,
        brightest_utc=None,
        fraction=float(np.unique(met.row).size / clones),
        nominal=nominal,
    )


def _with_brightness(
    known: KnownObject, approaches: tuple[Approach, ...], H: float | None, end: float, threads: int | None
) -> tuple[Approach, ...]:
    """V and elongation at the approaches of the nominal path, and the best night around each."""
    from dataclasses import replace

    around = np.arange(-AROUND_DAYS, AROUND_DAYS + 0.1, AROUND_STEP_DAYS)
    times = np.array([item.epoch_tdb_jd + around for item in approaches if item.nominal])
    if not times.size:
        return approaches
    flat = times.ravel()
    item = usable_orbits(known)[int(choose(known, np.array([end]))[0])]
    nominal = clones_of(item, LEAST_CLONES).take([0])
    moved = sample(nominal, flat, threads=threads, forces=FORCES)
    sky = observe(flat, moved.position_au, moved.velocity_au_d, barycentric("Earth", flat), H)
    V = sky.V.reshape(times.shape)
    elongation = sky.elongation_deg.reshape(times.shape)
    out, row = [], 0
    for approach in approaches:
        if not approach.nominal:
            out.append(approach)
            continue
        centre = times.shape[1] // 2
        dark = np.where((elongation[row] > OBSERVABLE_ELONGATION_DEG) & np.isfinite(V[row]), V[row], np.inf)
        best = int(np.argmin(dark))
        seen = bool(np.isfinite(dark[best]))
        out.append(
            replace(
                approach,
                V=float(V[row, centre]) if np.isfinite(V[row, centre]) else None,
                elongation_deg=float(elongation[row, centre])
                if np.isfinite(elongation[row, centre])
                else None,
                brightest_mag=float(dark[best]) if seen else None,
                brightest_utc=iso_second(float(tdb_to_utc_jd(times[row, best])))[:10] if seen else None,
            )
        )
        row += 1
    return tuple(out)
