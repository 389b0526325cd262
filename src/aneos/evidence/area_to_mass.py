"""The area-to-mass line: does sunlight push the object like a rocket stage or like a rock of its size?

The natural side scales with size (from H), keeps a tail of dark comets, and the evidence saturates at that tail.
A purely radial push (A1 > 0) is what radiation does to an inert body; A2 or A3 dominance points to a dark comet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from aneos.constants import A1_PER_AMR_AU_D2
from aneos.evidence.base import Evidence, EvidenceColumns, FloatArray, missing
from aneos.evidence.prepared import Prepared
from aneos.populations.area_to_mass import (
    DARK_COMET_FRACTION,
    AreaToMassLikelihood,
    densities,
    likelihood,
)

LINE: Final = "area_to_mass"
LIMIT: Final = 6.0

ASSUMED_RELATIVE_SIGMA: Final = 0.3
ASSUMED_FLOOR_M2KG: Final = 1e-4
"""σ taken for an AMR that came without one: 30% of the value, at least 1e-4 m²/kg. The sentence says so."""

SIGMA_BY_ARC: Final = ((22.0, 2.2e-3), (45.0, 1.6e-3), (90.0, 4e-4))
"""σ of AMR (m²/kg) by arc (days) in published fits: 15-30, 30-60 and 60-120 d."""

DECISIVE_SIGMA_M2KG: Final = 0.0136 / 5.0
"""σ at which the median stage stands out from zero at 5σ."""


@dataclass(frozen=True)
class AreaToMassColumns:
    """The line over a table: its columns, and the likelihoods of the measured rows (``rows`` indexes the table)."""

    columns: EvidenceColumns
    rows: np.ndarray[Any, np.dtype[np.intp]]
    likelihood: AreaToMassLikelihood
    p_natural: FloatArray
    p_inert: FloatArray
    p_artificial: FloatArray


def score(prepared: Prepared) -> AreaToMassColumns:
    """log10 Bayes factor with 90% interval where an AMR or A1 is given; exactly 0 elsewhere."""
    amr, sigma = prepared.area_to_mass()
    rows = np.flatnonzero(np.isfinite(amr))
    x, s = amr[rows], _sigma(amr[rows], sigma[rows])
    H, transverse = prepared.column("H")[rows], _transverse(prepared)[rows]
    best = likelihood(x, s, H, transverse)
    shifted = [densities(x + shift * s, s, H, transverse) for shift in (-1.645, 0.0, 1.645)]
    ratios = [
        _log10(found.artificial, found.natural(fraction))
        for found in shifted
        for fraction in (3.0 * DARK_COMET_FRACTION, DARK_COMET_FRACTION / 3.0)
    ]
    value, lo, hi = (np.zeros(len(prepared)) for _ in range(3))
    value[rows] = _log10(best.artificial, best.natural)
    lo[rows] = np.minimum(np.min(ratios, axis=0), value[rows])
    hi[rows] = np.maximum(np.max(ratios, axis=0), value[rows])
    columns = EvidenceColumns(LINE, np.isfinite(amr), value, lo, hi)
    tails = []
    for tail in (best.p_natural, best.p_inert, best.p_artificial):
        full = np.full(len(prepared), np.nan)
        full[rows] = tail
        tails.append(full)
    return AreaToMassColumns(columns, rows, best, *tails)


def explain(prepared: Prepared, index: int, scored: AreaToMassColumns) -> Evidence:
    """The line for one object, with its sentence."""
    if not scored.columns.measured[index]:
        return missing(LINE, "No area-to-mass ratio or A1 has been fitted to this object's orbit.")
    amr, sigma = (float(array[index]) for array in prepared.area_to_mass())
    given = np.isfinite(sigma)
    used = float(_sigma(np.array([amr]), np.array([sigma]))[0])
    value = float(scored.columns.log10_bayes_factor[index])
    transverse = int(_transverse(prepared)[index])
    inputs = {
        "amr_m2kg": amr,
        "amr_sigma_m2kg": sigma if given else None,
        "amr_sigma_used_m2kg": used,
        "A1_equivalent_au_d2": amr * A1_PER_AMR_AU_D2,
        "H": _none_if_nan(float(prepared.column("H")[index])),
        "transverse_dominates": None if transverse < 0 else bool(transverse),
        "p_natural": float(scored.p_natural[index]),
        "p_inert_natural": float(scored.p_inert[index]),
        "p_artificial": float(scored.p_artificial[index]),
        "dark_comet_fraction_assumed": DARK_COMET_FRACTION,
    }
    interval = (float(scored.columns.lo[index]), float(scored.columns.hi[index]))
    return Evidence(LINE, "measured", value, interval, _sentence(amr, used, given, value, transverse), inputs)


def decisive_after_days() -> float:
    """Arc in days after which σ of AMR falls to :data:`DECISIVE_SIGMA_M2KG` (log-log through published fits)."""
    days, sigma = np.log(np.array(SIGMA_BY_ARC)).T
    slope = (sigma[1] - sigma[0]) / (days[1] - days[0])
    return float(np.exp(days[0] + (np.log(DECISIVE_SIGMA_M2KG) - sigma[0]) / slope))


def forecast(arc_days: float | None, last_observation: date | None, today: date) -> tuple[str, str | None]:
    """What this line needs, and the ISO date on which it becomes decisive if observing goes on from ``today``.

    The date is null where the arc already suffices (a fit is all that is needed) or observing has stopped.
    """
    need = decisive_after_days()
    goal = f"σ(AMR) below {DECISIVE_SIGMA_M2KG:.1e} m²/kg is expected after {need:.0f} days"
    if arc_days is None:
        return f"a fit with A1 free over an arc of at least {need:.0f} days; the arc is not given", None
    if arc_days >= need:
        return f"a fit with A1 free to the existing observations ({arc_days:.0f} days; {goal})", None
    needs = f"an arc of at least {need:.0f} days for a fit with A1 free ({arc_days:.1f} days are observed; {goal})"
    left = timedelta(days=float(np.ceil(need - arc_days)))
    if last_observation is None or last_observation + left < today:
        return f"{needs}, at the next apparition", None
    return needs, (last_observation + left).isoformat()


def _sentence(amr: float, sigma: float, given: bool, value: float, transverse: int) -> str:
    figure = f"AMR {amr:.2g} ± {sigma:.1g} m²/kg" + (
        "" if given else " (no uncertainty was given: 30% assumed)"
    )
    if transverse == 1 and value <= 0.0:
        return f"{figure}, but A2 or A3 outweighs A1: the push of an outgassing dark comet, not of light on hardware."
    if transverse == 1:
        figure += ", though A2 or A3 outweighs A1 as in dark comets"
    if value >= 1.0:
        return (
            f"{figure}: sunlight pushes it like a rocket stage or spacecraft and far harder than a rock of its size; "
            f"the evidence saturates at the assumed dark-comet share of {DARK_COMET_FRACTION:g}."
        )
    if value <= -1.0:
        if amr + 2.0 * sigma < 0.0:
            return f"{figure}: a push toward the Sun, which radiation pressure on hardware cannot give."
        return (
            f"{figure}: that of a solid natural body; hardware is ten to a hundred times more easily pushed."
        )
    return f"{figure}: not measured well enough to tell hardware from rock."


def _sigma(amr: FloatArray, sigma: FloatArray) -> FloatArray:
    assumed = np.maximum(ASSUMED_RELATIVE_SIGMA * np.abs(amr), ASSUMED_FLOOR_M2KG)
    return np.maximum(np.where(np.isfinite(sigma), sigma, assumed), 1e-7)


def _transverse(prepared: Prepared) -> np.ndarray[Any, np.dtype[np.int8]]:
    """Whether a transverse or normal push (A2, A3) outweighs the radial one: 1 yes, 0 measured and no, -1 not given.

    It does when it stands out at 3σ and either exceeds |A1| or is better established than a poorly known A1
    (below 5σ), as in the dark comets of Seligman et al. (2023, 2024).
    """
    amr, amr_sigma = prepared.area_to_mass()
    a1, a1_sigma = np.abs(amr) * A1_PER_AMR_AU_D2, _sigma(amr, amr_sigma) * A1_PER_AMR_AU_D2
    out = np.full(len(prepared), -1, dtype=np.int8)
    for name in ("A2", "A3"):
        value, sigma = np.abs(prepared.column(name)), prepared.column(f"{name}_sigma")
        known = np.isfinite(value) & np.isfinite(a1)
        sigma = np.where(np.isfinite(sigma), sigma, ASSUMED_RELATIVE_SIGMA * value)
        with np.errstate(divide="ignore", invalid="ignore"):
            significance, radial = value / sigma, a1 / a1_sigma
            dominates = (
                known & (significance > 3.0) & ((value > a1) | ((radial < 5.0) & (significance > radial)))
            )
        out = np.where(known, np.maximum(out, dominates.astype(np.int8)), out).astype(np.int8)
    return out


def _log10(artificial: FloatArray, natural: FloatArray) -> FloatArray:
    tiny = 1e-300
    ratio = np.log10(np.maximum(artificial, tiny)) - np.log10(np.maximum(natural, tiny))
    return np.asarray(np.clip(ratio, -LIMIT, LIMIT))


def _none_if_nan(value: float) -> float | None:
    return value if np.isfinite(value) else None
