"""Clones against launches: for each launch how much more often the object was there then than a look-alike was.

"There" is tried in eight sizes: within R of the Earth, within a time of the launch in which a slow object crosses R
(for captured objects also within weeks).
For size s and launch L, f is the share of clones there (each counted by how well its energy and its area-to-mass
ratio fit the launch and its stage), P the
probability of the same for a natural look-alike, w the launch's weight. The evidence

    e_L = mean over s of  w_L f_Ls / Σ_L' w_L' P_L's

has a mean of at most 1 over natural objects when summed over all launches, so that no more than one natural object in
1/p shows e_L ≥ 1/p for any launch (Markov). Large e come from small sizes alone, each of which holds its share c of
that mean: the chance probability is 1 - exp(-c/e_L). With one size, one weight and all clones there it is the
textbook 1 - exp(-λ Δt N), N being the look-alike's expected number of approaches.
Where more than a few clones are needed to see that they scatter around the Earth, and they do not (the cloud is
small and passes by), the object did not come from there: such passages count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from aneos.artificial.departure_history import CloneHistory
from aneos.artificial.departure_launches import CandidateLaunches, energy_fit
from aneos.artificial.departure_lookalikes import REACH_AU, Lookalikes
from aneos.artificial.departure_stages import push_fit
from aneos.constants import AU_KM

FloatArray = npt.NDArray[np.float64]

REACH_KM: Final = REACH_AU * AU_KM
LEAST_DAYS: Final = 0.3
"""Launches are dated to minutes; stages leave within hours."""
CROSSING_KM_D: Final = 5.0e4
"""0.6 km/s: a slow object crosses R in R/0.6 km/s, which is how long before or after its nearest point it may have
left, if the clones err by R."""
CAPTURED_DAYS: Final = 20.0
"""Clones that were captured for months come close, but weeks early or late."""


@dataclass(frozen=True, slots=True)
class Size:
    """A neighbourhood of a launch: within ``radius_km`` of the Earth and ``half_days`` of the launch. ``primary`` ones
    are not asked of launches that only reached Earth orbit: stages leave there at once or never."""

    radius_km: float
    half_days: float
    primary: bool


def _size(radius_km: float) -> Size:
    return Size(radius_km, LEAST_DAYS + radius_km / CROSSING_KM_D, radius_km > ORBITAL_RADIUS_KM)


ORBITAL_RADIUS_KM: Final = 1.0e5
"""Launches into Earth orbit are held against the first sizes only: stages leave them at once or never."""
SIZES: Final = (
    *(_size(radius) for radius in (1.0e4, 3.0e4, 1.0e5, 3.0e5, 1.0e6, REACH_KM)),
    Size(3.0e4, CAPTURED_DAYS, True),
    Size(1.0e5, CAPTURED_DAYS, True),
)
"""A parking orbit has a radius of 6,600 km; clones scatter about it."""
LOW_ORBIT_KM: Final = 8.0e3
"""Launches leave from parking orbits within this distance of the Earth's centre."""
FARTHEST: Final = 0.99
BRIDGED: Final = 1.5
"""A cloud passes by where BRIDGED times the distance from its middle that this share of clones keeps is less than what
parts it from a parking orbit."""


@dataclass(frozen=True, slots=True, eq=False)
class LaunchScores:
    """For m launches: evidence ``e`` (m,), its lower 95% bound, and which clones lead there.

    ``share`` (m, s) are f_Ls; ``expected`` (s,) the sums Σ w P; ``e_low`` rests on the lower Clopper-Pearson bound.
    ``best`` (m,) is the size that says most.
    """

    e: FloatArray
    e_low: FloatArray
    share: FloatArray
    expected: FloatArray
    best: npt.NDArray[np.intp]

    @property
    def chance_probability(self) -> FloatArray:
        """1 - exp(-c/e), (m,), with c the share of the evidence that chance can gather where e is reached; 1 where
        no clone leads there."""
        with np.errstate(divide="ignore"):
            return np.asarray(-np.expm1(-_attainable(self.e_low, self.expected) / self.e_low))


def _attainable(e: FloatArray, expected: FloatArray) -> FloatArray:
    """The mean evidence (at most 1) that natural objects gather in neighbourhoods small enough to give ``e``.

    A natural object in one neighbourhood, with all its clones and the best energy, has the evidence of that size
    and of the larger ones around it. Sizes in which that is less than ``e`` cannot have given it, and what they
    hold of the mean does not count in Markov's inequality.
    """
    around = np.array([[_inside(small, large) for large in SIZES] for small in SIZES])
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.where(around, 1.0 / expected, 0.0).sum(axis=1) / len(SIZES)
        shared = np.nan_to_num(
            expected[:, None] / expected[None, :], nan=1.0, posinf=1.0
        )  # 0/0: no natural body
    able = most[None, :] >= e[:, None]
    overlap = np.where(around, shared, 0.0)
    part = np.minimum((able[:, :, None] * overlap[None]).sum(axis=1), 1.0)
    return np.asarray(np.where(able.any(axis=1), part.sum(axis=1) / len(SIZES), 1.0))


def _inside(small: Size, large: Size) -> bool:
    return small.radius_km <= large.radius_km and small.half_days <= large.half_days


def score_launches(
    history: CloneHistory, amr_m2kg: FloatArray, expected: FloatArray, launches: CandidateLaunches
) -> LaunchScores:
    """Score every launch; ``expected`` (m, s) is P_Ls from :class:`ChanceRates`, ``amr_m2kg`` (n,) that of the clones.

    Launches need not be in order. Encounters after the first observation must have been taken out before.
    """
    m, sizes = len(launches), len(SIZES)
    share, counted = np.zeros((m, sizes)), np.zeros((m, sizes))
    met = history.encounters
    order = np.argsort(met.epoch_tdb_jd, kind="stable")
    met = met.take(order)
    distance, c3, times = met.distance_km, 2.0 * met.energy_km2s2, met.epoch_tdb_jd
    for number, size in enumerate(SIZES):
        width = size.half_days
        near = np.flatnonzero(distance <= size.radius_km)
        first = np.searchsorted(times[near], launches.tdb_jd - width, side="left")
        last = np.searchsorted(times[near], launches.tdb_jd + width, side="right")
        for launch in np.flatnonzero(last > first):
            if size.primary and not launches.beyond[launch]:
                continue
            rows = near[first[launch] : last[launch]]
            then = slice(
                *np.searchsorted(times, (launches.tdb_jd[launch] - width, launches.tdb_jd[launch] + width))
            )
            if _passes_by(met.position_km[then], distance[then]):
                continue
            fit = energy_fit(c3[rows], launches.c3_km2s2[launch], launches.regime[launch])
            clones, index = np.unique(met.row[rows], return_inverse=True)
            best = np.zeros(clones.size)
            np.maximum.at(best, index, fit)
            best *= push_fit(amr_m2kg[clones], launches.log10_stage[launch])
            share[launch, number] = best.sum() / history.n
            counted[launch, number] = clones.size
    total = (launches.weight[:, None] * expected).sum(axis=0)
    each = launches.weight[:, None] * share / total / sizes
    low = each * _caution(counted, history.n)
    return LaunchScores(each.sum(axis=1), low.sum(axis=1), share, total, np.argmax(each, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class ChanceRates:
    """How often look-alikes are near the Earth: ``per_day`` (kinds, sizes, bins) by kind of launch, size, bin of time.

    Launches of one published energy are one kind (``kinds``), as are all those of unpublished energy.
    """

    lookalikes: Lookalikes
    kinds: dict[tuple[float, bool], int]
    per_day: FloatArray

    def expected(self, launches: CandidateLaunches) -> FloatArray:
        """P_Ls: probability (m, s) that a look-alike is there for each launch and size."""
        kind = np.array([self.kinds[key] for key in _keys(launches)], dtype=np.intp)
        widths = 2.0 * np.array([size.half_days for size in SIZES])
        rates = self.per_day[kind, :, self.lookalikes.bin_of(launches.tdb_jd)]
        return np.asarray(np.minimum(rates * widths, 1.0))


def chance_rates(lookalikes: Lookalikes, launches: CandidateLaunches) -> ChanceRates:
    """The rates for all kinds of launches in a list."""
    kinds = {key: number for number, key in enumerate(dict.fromkeys(_keys(launches)))}
    published = np.array([key[0] for key in kinds])
    regime = np.array(["orbital" if key[1] else "escape" for key in kinds])
    fit = energy_fit(lookalikes.c3_km2s2[None, :], published[:, None], regime[:, None])
    days = lookalikes.days
    in_bin = np.equal.outer(lookalikes.bins(), np.arange(days.size)).astype(np.float64)
    per_day = np.zeros((len(kinds), len(SIZES), days.size))
    for number, size in enumerate(SIZES):
        counts = (fit * lookalikes.share_within(size.radius_km)) @ in_bin + 0.5 * _blank_share(size.radius_km)
        per_day[:, number] = counts / (lookalikes.n * days)
        if size.primary:
            per_day[regime == "orbital", number] = 0.0
    return ChanceRates(lookalikes, kinds, per_day)


def _keys(launches: CandidateLaunches) -> list[tuple[float, bool]]:
    """The kind of each launch: its energy (NaN as a number that compares equal) and whether it only reached orbit."""
    c3 = np.where(np.isfinite(launches.c3_km2s2), launches.c3_km2s2, np.nan)
    return [
        (_UNKNOWN if np.isnan(value) else float(value), bool(orbital))
        for value, orbital in zip(c3, ~launches.beyond, strict=True)
    ]


_UNKNOWN: Final = float("nan")
"""One object, so that it is equal to itself as a key."""


def _blank_share(radius_km: float) -> float:
    """What half an approach that was not seen adds to each bin: one at 5 km/s, of a poor fit in energy."""
    return 0.1 * (radius_km / REACH_KM) ** 2 * (1.0 + 8.0e5 / radius_km / 25.0)


def _passes_by(position_km: FloatArray, distance_km: FloatArray) -> bool:
    """Whether a cloud (all that come within REACH then) passes the Earth at a distance its scatter does not bridge."""
    gap = float(np.median(distance_km)) - LOW_ORBIT_KM
    if gap <= 0.0:
        return False
    middle = np.median(position_km, axis=0)
    stray = float(np.quantile(np.linalg.norm(position_km - middle, axis=1), FARTHEST))
    return BRIDGED * stray < gap


def _caution(counted: FloatArray, n: int) -> FloatArray:
    """Lower 95% bound of the share of clones over the share itself; 0 where none was counted."""
    bound = np.zeros_like(counted)
    some = counted > 0
    bound[some] = betaincinv(counted[some], n - counted[some] + 1.0, 0.05) / (counted[some] / n)
    return bound
