"""The launches that a past is held against: when, with what energy, and how likely each left something behind.

The curated list of launches beyond the Earth comes first; every other orbital launch is a candidate of much less
weight, since a few of them sent a stage out of the way into a heliocentric orbit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.dates import iso_date
from aneos.artificial.departure_stages import stage_log10_amr
from aneos.artificial.launches import load_launches, orbital_launches

FloatArray = npt.NDArray[np.float64]

WEIGHT_BEYOND: Final = 1.0
WEIGHT_ORBITAL: Final = 0.003
"""Objects left on far orbits per launch, in units of one beyond the Earth: of some 6,500 other orbital launches a
couple of dozen are known to have sent a stage away from the Earth."""

CORE_KM2S2, TAIL_KM2S2, TAIL_SHARE = 0.7, 3.0, 0.1
"""How far the energy of an object (C3, twice the specific energy) strays from the published one of its launch: most by
the perturbations of Sun and Moon, a fifth by more (a stage that burns to depletion, a lunar passage)."""
UNKNOWN_KM2S2: Final = (-3.0, 40.0)
"""C3 of a launch whose energy is not published: anything that leaves for the Moon or a planet."""
ORBITAL_KM2S2: Final = (-6.0, 4.0)
"""C3 of a stage that was sent away after leaving its payload in Earth orbit."""
LEAST_FIT: Final = 0.01
"""No energy is impossible for a launch beyond the Earth: catalogues err."""
LEAST_ORBITAL_FIT: Final = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class CandidateLaunches:
    """m launches in order of date. ``c3_km2s2`` is NaN where not published; ``beyond`` marks the curated ones;
    ``weight`` (m,) is the expected number of objects left behind, ``log10_stage`` the area-to-mass ratio of the
    launch's stage (NaN: not listed)."""

    launch: npt.NDArray[np.str_]
    name: npt.NDArray[np.str_]
    date: npt.NDArray[np.str_]
    tdb_jd: FloatArray
    c3_km2s2: FloatArray
    regime: npt.NDArray[np.str_]
    beyond: npt.NDArray[np.bool_]
    weight: FloatArray
    log10_stage: FloatArray

    def __len__(self) -> int:
        return int(self.tdb_jd.size)

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> CandidateLaunches:
        return CandidateLaunches(
            self.launch[rows],
            self.name[rows],
            self.date[rows],
            self.tdb_jd[rows],
            self.c3_km2s2[rows],
            self.regime[rows],
            self.beyond[rows],
            self.weight[rows],
            self.log10_stage[rows],
        )

    def shifted(self, days: float, first_tdb_jd: float, last_tdb_jd: float) -> CandidateLaunches:
        """The same launches ``days`` later, wrapped around the span so that none is lost: a control."""
        span = last_tdb_jd - first_tdb_jd
        inside = self.take((self.tdb_jd >= first_tdb_jd) & (self.tdb_jd <= last_tdb_jd))
        moved = first_tdb_jd + np.remainder(inside.tdb_jd - first_tdb_jd + days, span)
        order = np.argsort(moved, kind="stable")
        return replace(inside, tdb_jd=moved).take(order)

    def rate_per_day(self, at_tdb_jd: float, within_days: float = 730.5) -> float:
        """Launches beyond the Earth per day about a date: the lambda of the chance probability."""
        near = np.abs(self.tdb_jd[self.beyond] - at_tdb_jd) <= within_days
        return float(np.count_nonzero(near) / (2.0 * within_days))


def candidate_launches(extra: Path | None = None) -> CandidateLaunches:
    """All candidates; ``extra`` is a file of further launches beyond the Earth (:mod:`aneos.artificial.launches`).

    Raises InputError for a file that cannot be used.
    """
    beyond = load_launches(extra)
    known = {item.launch for item in beyond}
    others = [row for row in orbital_launches().iter_rows(named=True) if row["launch"] not in known]
    tags = [item.launch for item in beyond] + [row["launch"] for row in others]
    names = [item.name for item in beyond] + [
        f"{row['launch']} {row['payload'] or 'payload not named'} ({row['vehicle']})" for row in others
    ]
    days = np.array([item.jd_utc for item in beyond] + [float(row["jd_utc"]) for row in others])
    dates = [item.date for item in beyond] + [iso_date(float(row["jd_utc"])) for row in others]
    c3 = [np.nan if item.c3_km2s2 is None else item.c3_km2s2 for item in beyond] + [np.nan] * len(others)
    regimes = [str(item.regime) for item in beyond] + ["orbital"] * len(others)
    first = np.arange(days.size) < len(beyond)
    found = CandidateLaunches(
        np.array(tags),
        np.array(names),
        np.array(dates),
        days,
        np.array(c3),
        np.array(regimes),
        first,
        np.where(first, WEIGHT_BEYOND, WEIGHT_ORBITAL),
        np.array([stage_log10_amr(item.vehicle, item.stages) for item in beyond] + [np.nan] * len(others)),
    )
    return found.take(np.argsort(days, kind="stable"))


def energy_fit(c3_km2s2: FloatArray, published: FloatArray, regime: npt.NDArray[np.str_]) -> FloatArray:
    """How well an object's C3 fits a launch, between a small least value and 1; arrays are broadcast together."""
    off = c3_km2s2 - published
    near = (1.0 - TAIL_SHARE) * np.exp(-0.5 * (off / CORE_KM2S2) ** 2)
    near = near + TAIL_SHARE * np.exp(-0.5 * (off / TAIL_KM2S2) ** 2)
    low = np.where(regime == "orbital", ORBITAL_KM2S2[0], UNKNOWN_KM2S2[0])
    high = np.where(regime == "orbital", ORBITAL_KM2S2[1], UNKNOWN_KM2S2[1])
    outside = np.maximum(low - c3_km2s2, 0.0) + np.maximum(c3_km2s2 - high, 0.0)
    open_fit = 0.3 * np.exp(-0.5 * (outside / TAIL_KM2S2) ** 2)
    least = np.where(regime == "orbital", LEAST_ORBITAL_FIT, LEAST_FIT)
    return np.asarray(np.maximum(np.where(np.isfinite(published), near, open_fit), least))
