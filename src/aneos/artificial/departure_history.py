"""The past of a cloud of clones: every approach to the Earth, and the date before which the cloud says nothing.

Clones of one object part from each other as they are carried backward: slowly between encounters, by large factors
at each. Once their scatter is as large as their distance from the Earth, where the object was is not known, and no
launch before that can be told. An object in a temporary capture loses its history within years, one far from the
Earth not in centuries.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    from the Earth, at ``sampled_tdb_jd`` (latest first), 0 once half the clones have come from the Earth.
    ``grounded`` (n,) marks clones that came from the Earth's surface (nothing is told of what they did before),
    ``failed`` (n,) those whose integration did not converge.
    """

    n: int
    until_tdb_jd: float
    within_au: float
    encounters: Encounters
    sampled_tdb_jd: FloatArray
    scatter: FloatArray
    grounded: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]

    @property
    def lost_before_tdb_jd(self) -> float | None:
        """The date before which the clones do not tell where the object was; None where they always do."""
        beyond = self.scatter > LOST_FROM
        for number in np.flatnonzero(beyond):
            further = self.sampled_tdb_jd >= self.sampled_tdb_jd[number] - FOUND_AGAIN_DAYS
            further &= self.sampled_tdb_jd <= self.sampled_tdb_jd[number]
            if beyond[further].all():
                return float(self.sampled_tdb_jd[number])
        return None


def trace_back(
    clones: States,
    until_tdb_jd: float,
    *,
    within_au: float,
    forces: ForceModel,
    threads: int | None = None,
) -> CloneHistory:
    """Carry clones (one object, one epoch) backward to ``until_tdb_jd``, stopping each at the Earth's surface.

    Raises InputError for epochs outside the kernels or before ``until_tdb_jd``.
    """
    n, start = len(clones), float(clones.epoch_tdb_jd.max())
    samples = sample_times(start, until_tdb_jd)
    encounters: list[Encounters] = []
    places = np.full((n, samples.size, 3), np.nan)
    status = np.zeros(n)
    for chunk in native.integrate(
        clones, until_tdb_jd, forces, samples_tdb_jd=samples, within_au=(within_au, 0.0), threads=threads
    ):
        rows = slice(chunk.offset, chunk.offset + len(chunk.rows))
        places[rows] = chunk.sampled[:, :, :3]
        status[rows] = chunk.rows[:, 11]
        encounters.append(_encounters(chunk))
    met, ended = _until_ground(_joined(encounters), n)
    places[samples[None, :] < ended[:, None]] = np.nan
    grounded = np.isfinite(ended) | (status == native.STRUCK)
    return CloneHistory(
        n, until_tdb_jd, within_au, met, samples, _scatter(places, samples), grounded, status == native.FAILED
    )


def sample_times(start: float, until: float) -> FloatArray:
    """Epochs at which the scatter is measured, latest first."""
    dense = np.arange(start - DENSE_STEP, max(start - DENSE_DAYS, until), -DENSE_STEP)
    rest = np.arange(start - DENSE_DAYS, until, -STEP)
    return np.concatenate([dense, rest])


def force_record(forces: ForceModel) -> dict[str, Any]:
    """Engine, tolerance, forces and kernels, as they stand beside a result."""
    return {"engine": "aneos Gauss-Radau 15", "tolerance": native.TOLERANCE, **forces.to_dict()}


def _scatter(places: FloatArray, samples: FloatArray) -> FloatArray:
    earth, _ = body_states("Earth", samples, centre=None, frame="equatorial")
    out = np.full(samples.size, np.inf)
    for number in range(samples.size):
        here = places[:, number] - earth[number]
        here = here[np.isfinite(here).all(axis=1)]
        if here.shape[0] <= LEAST_LEFT * places.shape[0]:
            out[number:] = 0.0
            break
        middle = np.median(here, axis=0)
        distance = float(np.median(np.linalg.norm(here, axis=1)))
        out[number] = float(np.median(np.linalg.norm(here - middle, axis=1))) / distance
    return out


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
    names = ("row", "body", "kind", "epoch_tdb_jd", "position_km", "velocity_kms")
    whole = Encounters(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    return whole.take(np.isin(whole.kind, ("minimum", "collision")) & (whole.body == "Earth"))
