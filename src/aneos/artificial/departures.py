"""Orbit in, ranked launches out: where was this object when each launch left the Earth?

Clones of the orbit are carried backward with planets, Moon, relativity, oblateness and the push of sunlight to
1957-10-04, each until it meets the Earth's surface. Every approach to the Earth is held against every launch
(:mod:`aneos.artificial.departure_scores`), and the chance of as good an agreement is taken from natural look-alikes
that go through the same (:mod:`aneos.artificial.departure_lookalikes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.dates import iso_date
from aneos.artificial.departure_clones import draw
from aneos.artificial.departure_history import CAPTIVE_AU, CloneHistory, force_record, trace_from
from aneos.artificial.departure_launches import CandidateLaunches, candidate_launches
from aneos.artificial.departure_lookalikes import REACH_AU, Lookalikes, draw_lookalikes
from aneos.artificial.departure_orbit import TracedOrbit, orbit_from_row, orbit_from_uncertainty
from aneos.artificial.departure_scores import (
    SIZES,
    ChanceRates,
    LaunchScores,
    chance_rates,
    score_launches,
)
from aneos.artificial.launches import FIRST_LAUNCH_JD
from aneos.dynamics import ForceModel, OrbitUncertainty
from aneos.errors import InputError

__all__ = ["DEFAULT_CLONES", "PROBABLE_BELOW", "DepartureCandidate", "DepartureResult", "departures"]

FloatArray = npt.NDArray[np.float64]

DEFAULT_CLONES: Final = 1000
DEFAULT_LOOKALIKES: Final = 200
LEAST_CLONES: Final = 20
PROBABLE_BELOW: Final = 1e-3
"""Chance probability below which the first launch is called probable."""
SHIFTS: Final = 60
"""Shifted launch lists of the control."""
SHORTEST_SHIFTED: Final = 365.0
"""Known spans shorter than this are not shifted, in days."""
LISTED: Final = 10
SHOWN_ABOVE: Final = 1e-6
"""Launches with less evidence than this are left out of the list."""


@dataclass(frozen=True, slots=True)
class DepartureCandidate:
    """One launch that clones lead back to.

    ``score`` is log10 of the evidence e (see :mod:`aneos.artificial.departure_scores`), the higher the better;
    ``fraction`` the share of clones within ``radius_km`` of the Earth and ``window_days`` of the launch;
    ``distance_km``, ``c3_km2s2`` and ``epoch_tdb_jd`` are medians over them at their nearest points, ``spread_days``
    the half-width of the middle 68% of their times; ``launch_c3_km2s2`` is None where not published. ``date_chance``
    is 1 - exp(-λ Δt), the chance that any launch beyond the Earth falls into the window by its date alone, λ being
    ``rate_per_day``. ``probable``: first of all launches with a chance probability below PROBABLE_BELOW.
    """

    launch: str
    name: str
    date: str
    regime: str
    score: float
    chance_probability: float
    fraction: float
    radius_km: float
    window_days: float
    distance_km: float
    c3_km2s2: float
    launch_c3_km2s2: float | None
    epoch_tdb_jd: float
    spread_days: float
    rate_per_day: float
    date_chance: float
    probable: bool

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, eq=False)
class DepartureResult:
    """The past of one object.

    ``candidates`` are the launches with evidence, best first (none after ``lost_before_tdb_jd`` going back).
    ``evidence_sum`` is Σ e over all launches: the Bayes factor of "it left at one of the listed launches, and the
    clones show it" against "natural look-alike". ``known_share`` is the part of all possible launches, by weight,
    that lies in the time for which the history is known. ``near_fraction`` is the share of clones, and
    ``near_expected`` that of look-alikes, that came within a million km of the Earth at low energy at any time.
    ``reach_fraction`` is the share of clones that came within 0.03 au of the Earth at all, ``natural_misses`` that
    of look-alikes that did not. ``shift_probability`` is the share of shifted launch lists that do as well as the
    real one (a check of the time coincidence alone).
    """

    orbit: TracedOrbit
    candidates: tuple[DepartureCandidate, ...]
    evidence_sum: float
    known_share: float
    near_fraction: float
    near_expected: float
    reach_fraction: float
    natural_misses: float
    lost_before_tdb_jd: float | None
    shift_probability: float
    n_clones: int
    n_lookalikes: int
    n_grounded: int
    n_failed: int
    seed: int
    provenance: Mapping[str, Any]
    history: CloneHistory
    lookalikes: Lookalikes

    @property
    def probable(self) -> DepartureCandidate | None:
        """The launch that the object probably came from, if one can be named."""
        return self.candidates[0] if self.candidates and self.candidates[0].probable else None

    @property
    def lost_before(self) -> str | None:
        """ISO date before which the clones do not tell where the object was."""
        return None if self.lost_before_tdb_jd is None else iso_date(self.lost_before_tdb_jd)


def departures(
    orbit: Mapping[str, Any] | OrbitUncertainty | TracedOrbit,
    *,
    clones: int = DEFAULT_CLONES,
    lookalikes: int = DEFAULT_LOOKALIKES,
    seed: int = 0,
    amr: tuple[float, float] | None = None,
    uncertainty: OrbitUncertainty | None = None,
    launches: Path | CandidateLaunches | None = None,
    forces: ForceModel | None = None,
    until_tdb_jd: float = FIRST_LAUNCH_JD,
    threads: int | None = None,
) -> DepartureResult:
    """Rank the launches that an object may have come from.

    ``orbit``: a row of the catalogue table (see :func:`aneos.artificial.departure_orbit.orbit_from_row`), or a fitted
    covariance in any coordinates. ``amr``: area-to-mass ratio and its standard deviation, m²/kg; where neither it
    nor the orbit tells the push of sunlight, it is drawn from that of hardware for clones, of natural bodies for
    look-alikes. ``launches``: a file that extends the list. The same seed gives the same answer, whatever the number
    of threads. Raises InputError for an orbit that is none, an epoch outside the kernels or before
    ``until_tdb_jd``, an impossible covariance, too few clones.
    """
    for name, value in (("clones", clones), ("lookalikes", lookalikes)):
        if value < LEAST_CLONES:
            raise InputError(f"at least {LEAST_CLONES} are needed, not {value}", source=name)
    model = forces or ForceModel()
    traced = _traced(orbit, amr, uncertainty, model)
    if traced.first_seen_tdb_jd <= until_tdb_jd:
        end = "the first launch" if until_tdb_jd <= FIRST_LAUNCH_JD else iso_date(until_tdb_jd)
        raise InputError(
            f"{traced.designation} was seen on {iso_date(traced.first_seen_tdb_jd)}, before {end}",
            source="epoch",
        )
    listed = launches if isinstance(launches, CandidateLaunches) else candidate_launches(launches)
    cloud = draw(traced, clones, seed=seed)
    since = traced.first_seen_tdb_jd
    history = trace_from(cloud, since, until_tdb_jd, within_au=REACH_AU, forces=model, threads=threads)
    lost = history.lost_before_tdb_jd
    begin = until_tdb_jd if lost is None else min(lost, since - 1.0)
    met = history.encounters
    history = replace(history, encounters=met.take((met.epoch_tdb_jd < since) & (met.epoch_tdb_jd >= begin)))
    natural = draw_lookalikes(traced, lookalikes, begin, seed=seed, forces=model, threads=threads)
    possible = listed.take((listed.tdb_jd <= since) & (listed.tdb_jd >= until_tdb_jd))
    usable = possible.take(possible.tdb_jd >= begin)
    rates = chance_rates(natural, usable)
    scores = score_launches(history, cloud.amr_m2kg, rates.expected(usable), usable)
    whole = float(possible.weight.sum())
    near, near_natural = _low_passages(history, natural)
    shifted = _shifted(history, cloud.amr_m2kg, rates, usable, scores, since, begin, seed)
    # Look-alikes are not held by the Earth: of an object that is, only its own presence at other dates tells chance.
    least = shifted if _held(history, since, begin) else 0.0
    return DepartureResult(
        orbit=traced,
        candidates=_candidates(history, usable, scores, least),
        evidence_sum=min(float(scores.e.sum()), 1.0 / least if least > 0.0 else np.inf),
        known_share=float(usable.weight.sum()) / whole if whole > 0.0 else 0.0,
        near_fraction=near,
        near_expected=near_natural,
        reach_fraction=float(np.unique(history.encounters.row).size / history.n),
        natural_misses=_misses(natural),
        lost_before_tdb_jd=lost,
        shift_probability=shifted,
        n_clones=clones,
        n_lookalikes=lookalikes,
        n_grounded=int(history.grounded.sum()),
        n_failed=int(history.failed.sum()),
        seed=seed,
        provenance=force_record(model),
        history=history,
        lookalikes=natural,
    )


# -- below: steps ----------------------------------------------------------------------------------


def _traced(
    orbit: Mapping[str, Any] | OrbitUncertainty | TracedOrbit,
    amr: tuple[float, float] | None,
    uncertainty: OrbitUncertainty | None,
    forces: ForceModel,
) -> TracedOrbit:
    if isinstance(orbit, TracedOrbit):
        if amr is not None or uncertainty is not None:
            raise InputError("a prepared orbit has its own uncertainty and push", source="orbit")
        return orbit
    if isinstance(orbit, OrbitUncertainty):
        return orbit_from_uncertainty(orbit, amr=amr)
    return orbit_from_row(orbit, amr=amr, uncertainty=uncertainty, forces=forces)


def _candidates(
    history: CloneHistory, launches: CandidateLaunches, scores: LaunchScores, least_chance: float
) -> tuple[DepartureCandidate, ...]:
    worth = np.flatnonzero(scores.e > SHOWN_ABOVE)
    order = worth[np.argsort(-scores.e[worth], kind="stable")][:LISTED]
    chance = np.maximum(scores.chance_probability, least_chance)
    met = history.encounters
    found = []
    for place, row in enumerate(order):
        size = SIZES[int(scores.best[row])]
        radius, window = size.radius_km, size.half_days
        there = (met.distance_km <= radius) & (np.abs(met.epoch_tdb_jd - launches.tdb_jd[row]) <= window)
        times = met.epoch_tdb_jd[there]
        low, high = np.quantile(times, (0.16, 0.84))
        c3 = float(launches.c3_km2s2[row])
        rate = launches.rate_per_day(float(launches.tdb_jd[row]))
        found.append(
            DepartureCandidate(
                launch=str(launches.launch[row]),
                name=str(launches.name[row]),
                date=str(launches.date[row]),
                regime=str(launches.regime[row]),
                score=float(np.log10(scores.e[row])),
                chance_probability=float(chance[row]),
                fraction=float(np.unique(met.row[there]).size / history.n),
                radius_km=radius,
                window_days=window,
                distance_km=float(np.median(met.distance_km[there])),
                c3_km2s2=float(np.median(2.0 * met.energy_km2s2[there])),
                launch_c3_km2s2=c3 if np.isfinite(c3) else None,
                epoch_tdb_jd=float(np.median(times)),
                spread_days=float(0.5 * (high - low)),
                rate_per_day=rate,
                date_chance=float(-np.expm1(-2.0 * window * rate)),
                probable=place == 0 and bool(chance[row] < PROBABLE_BELOW),
            )
        )
    return tuple(found)


LOW_KM: Final = 1.0e6
LOW_C3_KM2S2: Final = 1.5
"""A passage that a leak from a far Earth orbit could be: within a million km, C3 below 1.5 km²/s²."""


def _low_passages(history: CloneHistory, natural: Lookalikes) -> tuple[float, float]:
    """Share of clones, and of look-alikes, with a passage as a slow leak would have; at any known time."""
    met = history.encounters
    low = (met.distance_km <= LOW_KM) & (2.0 * met.energy_km2s2 <= LOW_C3_KM2S2)
    theirs = (natural.distance_km <= LOW_KM) & (natural.c3_km2s2 <= LOW_C3_KM2S2)
    mine = np.unique(met.row[low]).size / history.n
    return float(mine), float((np.unique(natural.row[theirs]).size + 1.0) / (natural.n + 2.0))


def _held(history: CloneHistory, since: float, begin: float) -> bool:
    """Whether the Earth held the cloud near it for most of the known time before the first observation."""
    known = (history.sampled_tdb_jd >= begin) & (history.sampled_tdb_jd <= since)
    return bool(known.any() and np.mean(history.distance_au[known] < CAPTIVE_AU) > 0.5)


def _misses(natural: Lookalikes) -> float:
    """Share of look-alikes without an approach in the known time, by Laplace's rule."""
    return (natural.n - np.unique(natural.row).size + 1.0) / (natural.n + 2.0)


def _shifted(
    history: CloneHistory,
    amr: FloatArray,
    rates: ChanceRates,
    launches: CandidateLaunches,
    scores: LaunchScores,
    since: float,
    until: float,
    seed: int,
) -> float:
    """Share of launch lists shifted by random times whose best launch beyond the Earth has as much evidence."""
    best = float(scores.e[launches.beyond].max(initial=0.0))
    if best <= 0.0 or since - until < SHORTEST_SHIFTED:
        return 1.0
    from aneos.dynamics.clones import generator

    random = generator(seed, __name__)
    listed = launches.take(launches.beyond)
    as_good = 0
    for days in random.uniform(30.0, since - until - 30.0, SHIFTS):
        moved = listed.shifted(float(days), until, since)
        theirs = score_launches(history, amr, rates.expected(moved), moved)
        as_good += bool(theirs.e.max(initial=0.0) >= best)
    return (as_good + 1.0) / (SHIFTS + 1.0)
