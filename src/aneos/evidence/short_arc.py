"""The short-arc line: what the observations of a few nights say before an orbit about the Sun means anything.

It rests on one number, the probability that the object is bound to the Earth. Natural bodies bound to the Earth are
rare: two with measured orbits (2006 RH120, 2020 CD3) among the 40,874 near-Earth asteroids catalogued by 2026-02-12.
Artificial objects that asteroid surveys meet often are: six of the fourteen known cases (docs/science.md) were on
orbits about the Earth or about its Lagrange points when they were found. The line does not use A1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from aneos.astrometry.result import FitResult
from aneos.astrometry.short_arc import Digest2, Ranging
from aneos.astrometry.sky_match import SkyMatch
from aneos.evidence.base import Evidence, missing

LINE: Final = "short_arc"

BOUND_NATURALS: Final = 2
CATALOGUED_NATURALS: Final = 40_874
BOUND_ARTIFICIAL: Final = 6
KNOWN_ARTIFICIAL: Final = 14

PROBABILITY_FLOOR: Final = 1e-3
"""No fit of a few nights is believed beyond this: P(bound) is kept between it and 1 minus it."""


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
    probability, origin = bound_probability(fit, ranging)
    if probability is None:
        return missing(LINE, "No observations were given: whether it is bound to the Earth is not known.")
    inputs: dict[str, Any] = {"probability_bound_to_earth": probability, "from": origin}
    if ranging is not None:
        inputs["ranging"] = ranging.to_dict()
    if digest2 is not None:
        inputs["digest2"] = digest2.to_dict()
    if matches:
        inputs["sky_matches"] = [match.to_dict() for match in matches]
    value = log10_ratio(probability)
    ends = [
        log10_ratio(probability, natural, artificial)
        for natural in shares(BOUND_NATURALS, CATALOGUED_NATURALS)
        for artificial in shares(BOUND_ARTIFICIAL, KNOWN_ARTIFICIAL)
    ]
    interval = (min(value, *ends), max(value, *ends))
    return Evidence(
        LINE, "measured", value, interval, _sentence(probability, origin, digest2, matches), inputs
    )


def bound_probability(fit: FitResult | None, ranging: Ranging | None) -> tuple[float | None, str]:
    """P(bound to the Earth), and where it comes from."""
    if fit is not None and ("distance open" not in fit.flags or ranging is None or not ranging.resolved):
        return float(fit.geocentric["probability_bound"]), "fitted orbit"
    if ranging is not None:
        return ranging.probability_bound, "systematic ranging"
    return None, ""


def log10_ratio(probability: float, natural: float | None = None, artificial: float | None = None) -> float:
    """log10 of the Bayes factor artificial : natural for an object bound with a probability."""
    p = float(np.clip(probability, PROBABILITY_FLOOR, 1.0 - PROBABILITY_FLOOR))
    nat = (BOUND_NATURALS + 0.5) / (CATALOGUED_NATURALS + 1.0) if natural is None else natural
    art = (BOUND_ARTIFICIAL + 0.5) / (KNOWN_ARTIFICIAL + 1.0) if artificial is None else artificial
    return float(np.log10((p * art + (1.0 - p) * (1.0 - art)) / (p * nat + (1.0 - p) * (1.0 - nat))))


def shares(count: int, total: int) -> tuple[float, float]:
    """90% Clopper-Pearson interval of a share."""
    from scipy.stats import beta

    low = float(beta.ppf(0.05, count, total - count + 1)) if count else 0.0
    high = float(beta.ppf(0.95, count + 1, total - count)) if count < total else 1.0
    return low, high


def _sentence(probability: float, origin: str, digest2: Digest2 | None, matches: Sequence[SkyMatch]) -> str:
    place = (
        "is bound to the Earth" if probability > 0.99
        else "is not bound to the Earth" if probability < 0.01
        else f"is bound to the Earth with probability {probability:.2f}"
    )  # fmt: skip
    text = f"It {place} ({origin})"
    if probability > 0.5:
        text += "; natural bodies on such orbits are rarer than one in ten thousand"
    if digest2 is not None:
        text += f"; digest2 gives NEO {digest2.neo:.0f}, which is no word on its origin"
    if matches:
        best = matches[0]
        text += f"; {best.name} should be {best.offset_arcsec:.0f} arcsec away (chance {best.chance_probability:.1g})"
    return text + "."
