"""The departure line: do clones of the orbit lead back to a launch, or to the Earth at all?

Numerator, the object is hardware: it left the Earth at one of the listed launches since 1957. Traced back with the
right forces, its clones show that launch with probability SHOWN, as far as the history is known; then the evidence
is E, the sum over launches of (share of clones there) / (share of natural look-alikes there)
(:mod:`aneos.artificial.departure_scores`), of which no more than CAP is believed, since launch lists and force models
err. Else they show nothing. Denominator, the object is natural: what its look-alikes show. Where no clone comes within
0.03 au of the Earth in the whole known past, hardware would have to be where none of its clones is, which is left
a chance of MISSED; look-alikes miss the Earth with the rate that was counted.

A history that is lost after a few years says nothing of what came before: the line then tends to zero. Radiation
pressure that is not known is marginalised over: clones draw it from hardware, look-alikes from natural bodies.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from aneos.artificial.dates import iso_date
from aneos.artificial.departures import DepartureCandidate, DepartureResult
from aneos.evidence.base import Evidence

LINE: Final = "departure"

SHOWN: Final = 0.7
SHOWN_INTERVAL: Final = (0.4, 0.9)
"""Assumed share of launched objects whose clones show the launch where the history is known back to it."""

CAP: Final = 1e3
"""Largest Bayes factor believed. A wrong launch date, a manoeuvre or a force that is not modelled is not rarer than
once in a thousand objects."""

MISSED: Final = 0.03
MISSED_INTERVAL: Final = (0.01, 0.1)
"""Assumed chance that hardware comes from the Earth although none of its clones does."""

LISTED: Final = 5


def from_result(result: DepartureResult, tested: int = 1) -> Evidence:
    """The line for a traced object, one of ``tested`` in a run; the higher, the more it comes from a launch.

    Always measured: where the history is lost at once the value is zero but for rounding.
    """
    ends = [
        _log10_factor(result, shown, missed)
        for shown in (SHOWN, *SHOWN_INTERVAL)
        for missed in (MISSED, *MISSED_INTERVAL)
    ]
    return Evidence(
        LINE,
        "measured",
        ends[0],
        (min(ends), max(ends)),
        sentence(result),
        inputs_of(result) | {"objects_tested": tested, "chance_probability_of_any": _of_any(result, tested)},
    )


def sentence(result: DepartureResult) -> str:
    """What was found, in one plain sentence."""
    since = iso_date(result.history.until_tdb_jd)
    lost = (
        f"history lost before {result.lost_before}" if result.lost_before else f"history known since {since}"
    )
    if result.probable is not None:
        return f"Clones lead back to {_title(result.probable)}; {lost}."
    if result.reach_fraction == 0.0:
        return f"No clone comes within 0.03 au of the Earth; {lost}."
    if result.candidates:
        first = result.candidates[0]
        return f"No launch stands out; the best is {_title(first)}; {lost}."
    return f"No clone meets a launch; {lost}."


def inputs_of(result: DepartureResult) -> dict[str, Any]:
    """Everything that the line rests on, JSON-ready: candidates, history, clones, seed, forces and kernels."""
    first = result.candidates[0] if result.candidates else None
    return {
        "launch": None if first is None else first.launch,
        "chance_probability": None if first is None else first.chance_probability,
        "probable": result.probable is not None,
        "candidates": [item.to_dict() for item in result.candidates],
        "history_lost_before": result.lost_before,
        "clones": result.n_clones,
        "clones_from_the_ground": result.n_grounded,
        "clones_failed": result.n_failed,
        "clones_within_reach": result.reach_fraction,
        "look_alikes": result.n_lookalikes,
        "look_alikes_without_approach": result.natural_misses,
        "evidence_sum": result.evidence_sum,
        "known_share": result.known_share,
        "shifted_lists_as_good": result.shift_probability,
        "uncertainty": result.orbit.basis,
        "uncertainty_assumed": result.orbit.assumed,
        **dict(result.orbit.details),
        "seed": result.seed,
        "shown": SHOWN,
        "cap": CAP,
        "missed": MISSED,
        "force_model": dict(result.provenance),
    }


# -- below: numbers --------------------------------------------------------------------------------


def _log10_factor(result: DepartureResult, shown: float, missed: float) -> float:
    known = result.known_share
    if result.reach_fraction == 0.0:
        hardware = 1.0 - known + known * missed
        return float(np.log10(hardware / max(result.natural_misses, hardware)))
    seen = shown * known
    return float(np.log10(seen * min(result.evidence_sum, CAP) + 1.0 - seen))


def _of_any(result: DepartureResult, tested: int) -> float | None:
    """Chance that any of the tested objects, were they all natural, shows a first launch as good."""
    if not result.candidates:
        return None
    return float(-np.expm1(tested * np.log1p(-min(result.candidates[0].chance_probability, 1.0 - 1e-15))))


def _title(item: DepartureCandidate) -> str:
    return f"{item.name} of {item.date} (chance probability {item.chance_probability:.1g})"
