"""The short-arc line: what the observations of a few nights say before an orbit about the Sun means anything.

It rests on two probabilities: that the object is bound to the Earth, and that it is bound tightly, inside the Moon's
orbit. Natural bodies are captured with energies near zero, and rarely: two with measured orbits (2006 RH120, 2020
CD3) among the 40,874 near-Earth asteroids catalogued by 2026-02-12, none of them tightly bound. As small bodies are
catalogued incompletely and captured ones are watched longest, the upper end of the 90% interval of the widely bound
is taken; for the tightly bound, where mechanics forbids capture, the middle (Jeffreys). Of the fourteen known
artificial cases (docs/science.md) four were found on wide orbits about the Earth or its Lagrange points and two
inside the Moon's orbit. The line does not use A1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from aneos.astrometry.result import FitResult
from aneos.astrometry.short_arc import Digest2, Ranging
from aneos.astrometry.sky_match import SkyMatch
from aneos.evidence.base import Evidence, FloatArray, missing

LINE: Final = "short_arc"

CATALOGUED_NATURALS: Final = 40_874
KNOWN_ARTIFICIAL: Final = 14
NATURALS: Final = (2, 0)
ARTIFICIALS: Final = (4, 2)
"""Widely and tightly bound ones among them."""

TELLING_CHANCE: Final = 0.05
"""Matches on the sky that chance gives more often stand in the inputs only."""

PROBABILITY_FLOOR: Final = 1e-6
"""Least probability of each of the three states: no fit is believed beyond it."""


def explain(
    fit: FitResult | None,
    ranging: Ranging | None = None,
    digest2: Digest2 | None = None,
    matches: Sequence[SkyMatch] = (),
) -> Evidence:
    """The line for one object: from its fitted orbit where that knows the distance, else from ranging.

    ``missing`` where neither is given. digest2's scores and the matches on the sky stand in the inputs: the first
    knows no artificial objects, the second is weighed by the identity line.
    """
    probability, tight, origin = bound_probability(fit, ranging)
    if probability is None or tight is None:
        return missing(LINE, "No observations were given: whether it is bound to the Earth is not known.")
    inputs: dict[str, Any] = {
        "probability_bound_to_earth": probability,
        "probability_tightly_bound": tight,
        "from": origin,
    }
    if ranging is not None:
        inputs["ranging"] = ranging.to_dict()
    if digest2 is not None:
        inputs["digest2"] = digest2.to_dict()
    if matches:
        inputs["sky_matches"] = [match.to_dict() for match in matches]
    states = states_of(probability, tight)
    value = log10_ratio(states)
    ends = [log10_ratio(states, end) for end in (0, 1)]
    interval = (min(value, *ends), max(value, *ends))
    sentence = _sentence(probability, tight, origin, digest2, matches)
    return Evidence(LINE, "measured", value, interval, sentence, inputs)


def bound_probability(
    fit: FitResult | None, ranging: Ranging | None
) -> tuple[float | None, float | None, str]:
    """P(bound to the Earth), P(tightly bound), and where they come from."""
    if fit is not None and ("distance open" not in fit.flags or ranging is None or not ranging.resolved):
        found = fit.geocentric
        return float(found["probability_bound"]), float(found["probability_tightly_bound"]), "fitted orbit"
    if ranging is not None:
        return ranging.probability_bound, ranging.probability_tightly_bound, "systematic ranging"
    return None, None, ""


def log10_ratio(states: FloatArray, end: int | None = None) -> float:
    """log10 of the Bayes factor artificial : natural for probabilities (3,) of wide, tight and no bond.

    ``end`` 0 or 1 takes the unfavourable or favourable ends of the 90% intervals of the artificial shares.
    """
    natural = natural_shares()
    artificial = [
        (count + 0.5) / (KNOWN_ARTIFICIAL + 1.0) if end is None else shares(count, KNOWN_ARTIFICIAL)[end]
        for count in ARTIFICIALS
    ]
    of_naturals = np.array([*natural, 1.0 - sum(natural)])
    of_artificials = np.array([*artificial, max(1.0 - sum(artificial), 0.05)])
    return float(np.log10(states @ of_artificials / (states @ of_naturals)))


def natural_shares() -> tuple[float, float]:
    """Shares of natural bodies that are taken to be bound widely and tightly."""
    wide, tight = NATURALS
    return shares(wide, CATALOGUED_NATURALS)[1], (tight + 0.5) / (CATALOGUED_NATURALS + 1.0)


def p_natural(line: Evidence) -> float:
    """Chance that a natural body is bound at least as tightly as this line says the object is."""
    bound, tight = (
        float(line.inputs[name]) for name in ("probability_bound_to_earth", "probability_tightly_bound")
    )
    wide_share, tight_share = natural_shares()
    return tight * tight_share + max(bound - tight, 0.0) * (wide_share + tight_share) + max(1.0 - bound, 0.0)


def shares(count: int, total: int) -> tuple[float, float]:
    """90% Clopper-Pearson interval of a share."""
    from scipy.stats import beta

    low = float(beta.ppf(0.05, count, total - count + 1)) if count else 0.0
    high = float(beta.ppf(0.95, count + 1, total - count)) if count < total else 1.0
    return low, high


def states_of(probability: float, tight: float) -> FloatArray:
    """Probabilities (3,) of a wide, a tight and no bond, from those of any and of a tight one."""
    states = np.maximum([probability - tight, tight, 1.0 - probability], PROBABILITY_FLOOR)
    return np.asarray(states / states.sum())


def _sentence(
    probability: float, tight: float, origin: str, digest2: Digest2 | None, matches: Sequence[SkyMatch]
) -> str:
    if probability > 0.99:
        place = "is bound to the Earth"
    elif probability < 0.01:
        place = "is not bound to the Earth"
    else:
        place = f"is bound to the Earth with probability {probability:.2f}"
    text = f"It {place} ({origin})"
    if tight > 0.99:
        text += ", inside the Moon's orbit, where no natural body is captured"
    elif probability > 0.5:
        text += ", as natural bodies are for months, about one catalogued in twenty thousand"
    if digest2 is not None:
        text += f"; digest2 gives NEO {digest2.neo:.0f}, which is no word on its origin"
    if matches and matches[0].chance_probability <= TELLING_CHANCE:
        best = matches[0]
        text += f"; {best.name} should be {best.offset_arcsec:.0f} arcsec away (chance {best.chance_probability:.1g})"
    return text + "."
