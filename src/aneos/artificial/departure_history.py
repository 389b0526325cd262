"""The past of a cloud of clones: every approach to the Earth, and the date before which the cloud says nothing.

Clones of one object part from each other as they are carried backward: slowly between encounters, by large factors
at each. Once their scatter is as large as their distance from the Earth, where the object was is not known, and no
launch before that can be told. An object in a temporary capture loses its history within years, one far from the
Earth not in centuries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aneos.constants import AU_KM, AU_PER_DAY_KMS, J2000_TDB_JD
from aneos.dynamics import Encounters, ForceModel, States, body_states, native
from aneos.dynamics.encounters import BODIES, KINDS

FloatArray = npt.NDArray[np.float64]

LOST_FROM: Final = 0.5
"""Scatter of the clones over their distance from the Earth, from which on the history counts as lost."""
FOUND_AGAIN_DAYS: Final = 1100.0
"""An excess that ends within this time further back is a passage near the Earth, not a loss."""
CAPTIVE_DAYS: Final = 240.0
CAPTIVE_AU: Final = 0.03
FIRST_SPAN, LATER_SPAN = 500.0, 2500.0
DENSE_DAYS, DENSE_STEP, STEP = 3000.0, 20.0, 120.0
"""The scatter is looked at every 20 days in the last 3000 days, every 120 before."""
GROUND_KM: Final = 7000.0
"""A clone that comes this near the Earth's centre has come from its surface: what it did before is not asked."""
LEAST_LEFT: Final = 0.5
"""Share of clones still in flight below which the cloud has come from the Earth, and no scatter is measured."""


@dataclass(frozen=True, slots=True, eq=False)
class CloneHistory:
    """What n clones did between their epoch and ``until_tdb_jd``, backward.

    ``encounters``: minima of the distance to the Earth and collisions with it, within ``within_au``; ``row`` is the
    clone. ``scatter`` (m,) is the median distance of the clones from their middle over their median distance
    from the Earth (``distance_au``), at ``sampled_tdb_jd`` (latest first), 0 once half the clones have come from it.
    ``grounded`` (n,) marks clones that came from the Earth's surface (nothing is told of what they did before),
    ``failed`` (n,) those whose integration did not converge.
    """

    n: int
    until_tdb_jd: float
    within_au: float
    encounters: Encounters
    sampled_tdb_jd: FloatArray
    scatter: FloatArray
    distance_au: FloatArray
    grounded: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]

    @property
    def lost_before_tdb_jd(self) -> float | None:
        """The date before which the clones do not tell where the object was; None where they tell to the end."""
        return lost_before(self.sampled_tdb_jd, self.scatter, self.distance_au)


def lost_before(sampled_tdb_jd: FloatArray, scatter: FloatArray, distance_au: FloatArray) -> float | None:
    """When (going back) a cloud is lost for good: the first time from which on its scatter stays beyond LOST_FROM.

    It must stay so for FOUND_AGAIN_DAYS, or for CAPTIVE_DAYS while the cloud is held within CAPTIVE_AU of the
    Earth, where no mere passage stays so long; or until the last sample.
    """
    beyond = scatter > LOST_FROM
    for number in np.flatnonzero(beyond):
        back = sampled_tdb_jd[number] - sampled_tdb_jd
        further = (back >= 0.0) & (back <= FOUND_AGAIN_DAYS)
        soon = (back >= 0.0) & (back <= CAPTIVE_DAYS)
        captive = bool((distance_au[soon] < CAPTIVE_AU).all()) and back.max() >= CAPTIVE_DAYS
        if beyond[further].all() or (captive and beyond[soon].all()):
            return float(sampled_tdb_jd[number])
    return None


def trace_back(
    clones: States,
    until_tdb_jd: float,
    *,
    within_au: float,
    forces: ForceModel,
    threads: int | None = None,
    while_known: bool = True,
) -> CloneHistory:
    """Carry clones (one object, one epoch) backward to ``until_tdb_jd``, each no further than the Earth's surface.

    With ``while_known`` the whole cloud is stopped once its history is lost; the result's ``until_tdb_jd`` is then
    how far it was carried. Raises InputError for epochs outside the kernels or before ``until_tdb_jd``.
    """
    n, start = len(clones), float(clones.epoch_tdb_jd.max())
    samples = sample_times(start, until_tdb_jd)
    places = np.full((n, samples.size, 3), np.nan)
    failed, grounded = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    parts: list[Encounters] = []
    flying, rows = clones, np.arange(n)
    reached, scatter, distance = start, np.empty(0), np.empty(0)
    for end in _stops(start, until_tdb_jd):
        now = (samples < reached) & (samples >= end)
        chunks = list(
            native.integrate(
                flying, end, forces, samples_tdb_jd=samples[now], within_au=(within_au, 0.0), threads=threads
            )
        )
        status = np.concatenate([chunk.rows[:, 11] for chunk in chunks])
        seen = np.concatenate([chunk.sampled[:, :, :3] for chunk in chunks])
        met, ended = _until_ground(_joined([_encounters(chunk) for chunk in chunks]), rows.size)
        seen[samples[now][None, :] < ended[:, None]] = np.nan
        places[np.ix_(rows, np.flatnonzero(now))] = seen
        parts.append(replace(met, row=rows[met.row]))
        failed[rows[status == native.FAILED]] = True
        grounded[rows[np.isfinite(ended) | (status == native.STRUCK)]] = True
        left = (status == native.DONE) & ~np.isfinite(ended)
        reached = end
        scatter, distance = _scatter(places, samples[samples >= end])
        if not left.any() or (while_known and lost_before(samples[samples >= end], scatter, distance)):
            break
        flying, rows = _states(chunks).take(left), rows[left]
    kept = samples >= reached
    return CloneHistory(
        n, reached, within_au, _together(parts), samples[kept], scatter, distance, grounded, failed
    )


def trace_from(
    clones: States,
    first_seen_tdb_jd: float,
    until_tdb_jd: float,
    *,
    within_au: float,
    forces: ForceModel,
    threads: int | None = None,
) -> CloneHistory:
    """:func:`trace_back` from the first observation, where that is later than the epoch of the elements.

    Elements may be given for a date before the launch (fits of the first days are); the object left the Earth between
    that date and the first observation, and what a clone does before it left means nothing. Clones are carried
    forward to the first observation, and back from there; those that the Earth stops on the way came from it.
    """
    if first_seen_tdb_jd <= float(clones.epoch_tdb_jd.max()):
        return trace_back(clones, until_tdb_jd, within_au=within_au, forces=forces, threads=threads)
    n = len(clones)
    chunks = list(
        native.integrate(clones, first_seen_tdb_jd, forces, within_au=(within_au, 0.0), threads=threads)
    )
    status = np.concatenate([chunk.rows[:, 11] for chunk in chunks])
    met, ended = _until_ground(_joined([_encounters(chunk) for chunk in chunks]), n)
    grounded = np.isfinite(ended) | (status == native.STRUCK)
    flying = np.flatnonzero((status == native.DONE) & ~grounded)
    told = met.take(grounded[met.row])
    none = CloneHistory(
        n,
        until_tdb_jd,
        within_au,
        told,
        np.empty(0),
        np.empty(0),
        np.empty(0),
        grounded,
        status == native.FAILED,
    )
    if flying.size <= LEAST_LEFT * n:
        return none
    back = trace_back(
        _states(chunks).take(flying), until_tdb_jd, within_au=within_au, forces=forces, threads=threads
    )
    failed = none.failed.copy()
    failed[flying[back.failed]] = True
    grounded[flying[back.grounded]] = True
    met = _together([told, replace(back.encounters, row=flying[back.encounters.row])])
    return replace(back, n=n, encounters=met, grounded=grounded, failed=failed)


def sample_times(start: float, until: float) -> FloatArray:
    """Epochs at which the scatter is measured, latest first."""
    dense = np.arange(start - DENSE_STEP, max(start - DENSE_DAYS, until), -DENSE_STEP)
    rest = np.arange(start - DENSE_DAYS, until, -STEP)
    return np.concatenate([dense, rest])


def force_record(forces: ForceModel) -> dict[str, Any]:
    """Engine, tolerance, forces and kernels, as they stand beside a result."""
    return {"engine": "aneos Gauss-Radau 15", "tolerance": native.TOLERANCE, **forces.to_dict()}


def _stops(start: float, until: float) -> list[float]:
    """Where to look whether the history is lost: every FIRST_SPAN days as long as it is dense, then LATER_SPAN."""
    stops = []
    at = start
    while at > until:
        at = max(at - (FIRST_SPAN if start - at < DENSE_DAYS else LATER_SPAN), until)
        stops.append(at)
    return stops


def _states(chunks: list[native.Chunk]) -> States:
    """The rows of the kernel as states again, to be carried on."""
    rows = np.concatenate([chunk.rows for chunk in chunks])
    epoch = rows[:, 10] + J2000_TDB_JD
    position, velocity = native.to_heliocentric_ecliptic(rows[:, :6], epoch)
    return States(position, velocity, epoch, rows[:, 6], rows[:, 7], rows[:, 8])


def _scatter(places: FloatArray, samples: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scatter over distance, and median distance from the Earth in au, at each sample."""
    earth, _ = body_states("Earth", samples, centre=None, frame="equatorial")
    out = np.zeros(samples.size)
    distance = np.full(samples.size, np.inf)
    for number in range(samples.size):
        here = places[:, number] - earth[number]
        here = here[np.isfinite(here).all(axis=1)]
        if here.shape[0] <= LEAST_LEFT * places.shape[0]:
            break
        middle = np.median(here, axis=0)
        distance[number] = float(np.median(np.linalg.norm(here, axis=1)))
        out[number] = float(np.median(np.linalg.norm(here - middle, axis=1))) / distance[number]
    return out, distance


def _until_ground(met: Encounters, n: int) -> tuple[Encounters, FloatArray]:
    """Encounters up to and with the first within GROUND_KM, and when that was for each clone (-inf: never)."""
    low = met.distance_km <= GROUND_KM
    ended = np.full(n, -np.inf)
    np.maximum.at(ended, met.row[low], met.epoch_tdb_jd[low])
    return met.take(met.epoch_tdb_jd >= ended[met.row]), ended


def _encounters(chunk: native.Chunk) -> Encounters:
    table = chunk.encounters
    return Encounters(
        table[:, 0].astype(np.int64) + chunk.offset,
        np.array(BODIES)[table[:, 1].astype(np.intp)],
        np.array(KINDS)[table[:, 2].astype(np.intp)],
        table[:, 3] + J2000_TDB_JD,
        table[:, 4:7] * AU_KM,
        table[:, 7:10] * AU_PER_DAY_KMS,
    )


def _joined(parts: list[Encounters]) -> Encounters:
    """Minima and collisions with the Earth of several tables."""
    whole = _together(parts)
    return whole.take(np.isin(whole.kind, ("minimum", "collision")) & (whole.body == "Earth"))


def _together(parts: list[Encounters]) -> Encounters:
    names = ("row", "body", "kind", "epoch_tdb_jd", "position_km", "velocity_kms")
    return Encounters(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
