"""The identity line from the sky: a known object should stand where this one was seen, and move as it does.

As for orbits (:mod:`aneos.evidence.identity`), BF = (1 - c) + c L/n, with c the coverage of the registry and n the
number of tracks and nights that were tried. L compares place and motion under "the same object", with the same heavy
tail, with a direction anywhere on the sky and a motion anywhere up to the observed one. What is observed crowds where
the Sun is opposite, and so do the known objects: no match is believed beyond :data:`RATIO_MOST`, a judgement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from aneos.artificial.identify import MAX_CHANCE
from aneos.astrometry.sky_match import SkyMatch
from aneos.evidence.base import Evidence
from aneos.evidence.identity import COVERAGE, COVERAGE_INTERVAL, LINE, TAILS, WIDTH_INTERVAL

RATIO_MOST: Final = 1e6
ARCSEC: Final = np.pi / 648_000.0


def explain(matches: Sequence[SkyMatch]) -> tuple[Evidence, SkyMatch] | None:
    """The line and the match that it names; None where no match has a chance of at most MAX_CHANCE.

    No match is no evidence here: how many of the objects about the Earth have tracks is not known.
    """
    named = [match for match in matches if match.chance_probability <= MAX_CHANCE]
    if not named:
        return None
    best = max(named, key=likelihood_ratio)
    ratios = {scale: min(likelihood_ratio(best, scale), RATIO_MOST) for scale in (1.0, *WIDTH_INTERVAL)}
    value = _log10(COVERAGE, ratios[1.0])
    ends = [_log10(share, ratio) for share in (COVERAGE, *COVERAGE_INTERVAL) for ratio in ratios.values()]
    title = best.name if best.cospar is None else f"{best.name} ({best.cospar})"
    text = (
        f"{title} should stand {best.offset_arcsec:.0f} arcsec from where it was seen on one night and move as it "
        f"does; chance gives this with probability {best.chance_probability:.0e}."
    )
    inputs = {"from": "sky", "coverage": COVERAGE, "identified": True} | best.to_dict()
    return Evidence(LINE, "measured", value, (min(ends), max(ends)), text, inputs), best


def likelihood_ratio(match: SkyMatch, scale: float = 1.0) -> float:
    """L/n of one match, its widths multiplied by ``scale``."""
    total = 0.0
    for weight, tail in TAILS:
        wide = scale * tail
        kappa = 1.0 / (wide * match.sigma_arcsec * ARCSEC) ** 2
        gap = 2.0 * np.sin(0.5 * match.offset_arcsec * ARCSEC) ** 2
        place = 2.0 * kappa * np.exp(-kappa * gap) / -np.expm1(-2.0 * kappa)
        motion = 1.0
        if match.motion_sigma_arcsec_min is not None:
            room = 0.5 * (match.motion_arcsec_min / (wide * match.motion_sigma_arcsec_min)) ** 2
            apart = 0.5 * (match.motion_offset_arcsec_min / (wide * match.motion_sigma_arcsec_min)) ** 2
            motion = float(room * np.exp(-apart) / -np.expm1(-room))
        total += weight * float(place) * motion
    return total / match.tried


def _log10(coverage: float, ratio: float) -> float:
    return float(np.log10((1.0 - coverage) + coverage * ratio))


__all__ = ["RATIO_MOST", "explain", "likelihood_ratio"]
