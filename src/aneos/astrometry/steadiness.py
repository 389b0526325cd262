"""Is the push a steady one? A1 of the two halves of the arc, and whether one kick does as well as the push.

A kick bends a path as a steady push does, only that all of it happens at once: over few days, or where the kick is
small, astrometry cannot tell them apart, and an A1 that is many σ from zero is then no sign of light pressure. Both
questions take one linear step from the solution: a push that acts after a moment t₀ only moves the body by
S(t) − Φ(t, t₀) S(t₀), with Φ the transition of states and S the sensitivity to A1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from aneos.astrometry.arc import Arc, BoolArray
from aneos.astrometry.calendar import iso_time
from aneos.astrometry.least_squares import Solution
from aneos.astrometry.manoeuvres import (
    GAP_DAYS,
    kick_columns,
    linear_step,
    moments_within,
    step_covariance,
    transitions,
    whitened,
)
from aneos.constants import A1_PER_AMR_AU_D2, AU_PER_DAY_KMS
from aneos.dynamics.fitting import FloatArray, PropagationError, tdb_to_utc

MOMENTS: Final = 3
LEAST: Final = 6
"""Observations that each half of an arc must have."""

ASKED_FROM: Final = 3.0
"""A push is tested where it is this many σ from zero."""

UNSTEADY: Final = 3.5
"""σ of the difference of the halves from which the push is not steady: chance 1 in 2000."""

AS_GOOD: Final = 9.0
"""A kick does as well as the push where its χ² is higher by no more than this (3σ)."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """AMR ± σ (m²/kg) before and after a moment (UTC, ISO) with the σ of their difference, and the best single kick
    in place of the push: its size (m/s), time, and χ² above the push's (below 0: the kick is better)."""

    moment: str
    before: tuple[float, float]
    after: tuple[float, float]
    difference_sigma: float
    kick_ms: float
    kick_moment: str
    kick_excess: float

    @property
    def unsteady(self) -> bool:
        return abs(self.difference_sigma) > UNSTEADY

    @property
    def kick_does_as_well(self) -> bool:
        return self.kick_excess < AS_GOOD

    def to_dict(self) -> dict[str, Any]:
        return {
            "moment": self.moment,
            "amr_before_m2kg": list(self.before),
            "amr_after_m2kg": list(self.after),
            "difference_sigma": self.difference_sigma,
            "kick_instead_m_s": self.kick_ms,
            "kick_instead_moment": self.kick_moment,
            "kick_instead_chi2_excess": self.kick_excess,
        }

    def sentence(self) -> str:
        """What is wrong with the push, in words; empty where nothing is."""
        said = []
        if self.unsteady:
            said.append(
                f"AMR is {self.before[0]:.2g} ± {self.before[1]:.1g} m²/kg before {self.moment} and "
                f"{self.after[0]:.2g} ± {self.after[1]:.1g} after it, {abs(self.difference_sigma):.1f}σ apart"
            )
        if self.kick_does_as_well:
            said.append(
                f"a single kick of {self.kick_ms:.2g} m/s near {self.kick_moment} without any push describes "
                f"the arc as well as the push (χ² {self.kick_excess:+.0f})"
            )
        return "; ".join(said)


def steadiness(arc: Arc, solution: Solution, used: BoolArray) -> Steadiness | None:
    """Test a push that is :data:`ASKED_FROM` σ from zero; None where it is smaller, or no gap divides the arc.

    ``solution`` has A1 free; ``used`` (m,) are the observations that count. χ² is in units of the scatter of the
    solution where that exceeds 1.
    """
    sigma = float(np.sqrt(solution.covariance[6, 6] * max(1.0, solution.reduced_chi2)))
    if not solution.free[6] or abs(solution.nongravitational[0]) < ASKED_FROM * sigma:
        return None
    gaps = np.flatnonzero(np.diff(arc.time) > GAP_DAYS)
    counted = np.cumsum(used)
    gaps = gaps[(counted[gaps] >= LEAST) & (counted[-1] - counted[gaps] >= LEAST)]
    if not gaps.size:
        return None
    residual, jacobian = whitened(arc, solution)
    moments = moments_within(arc, gaps, MOMENTS)
    try:
        transition = transitions(solution, moments)
    except PropagationError:
        return None
    scatter = max(1.0, solution.reduced_chi2)
    others = [int(index) for index in np.flatnonzero(solution.free) if index != 6]
    half = _halves(arc, solution, used, gaps, transition, jacobian, residual, others)
    # Without the push: what A1 explains goes back into the residuals, and a kick has to explain it.
    unpushed = residual + jacobian[:, :, 6] * solution.nongravitational[0]
    with_push, _ = linear_step(jacobian[used][:, :, [*others, 6]], residual[used])
    best = (np.inf, 0.0, 0.0)
    for gap, moment, matrix in zip(np.repeat(gaps, MOMENTS), moments, transition, strict=True):
        kick = kick_columns(jacobian, matrix, int(gap))
        left, step = linear_step(np.concatenate([jacobian[:, :, others], kick], axis=2)[used], unpushed[used])
        if left < best[0]:
            best = (left, float(np.linalg.norm(step[-3:])) * AU_PER_DAY_KMS * 1000.0, float(moment))
    return Steadiness(*half, best[1], iso_time(tdb_to_utc(best[2])), (best[0] - with_push) / scatter)


def _halves(
    arc: Arc,
    solution: Solution,
    used: BoolArray,
    gaps: np.ndarray[tuple[int], np.dtype[np.intp]],
    transition: FloatArray,
    jacobian: FloatArray,
    residual: FloatArray,
    others: list[int],
) -> tuple[str, tuple[float, float], tuple[float, float], float]:
    """The gap nearest to the middle of the arc, AMR before and after it, and their difference in σ."""
    middle = 0.5 * (arc.time[0] + arc.time[-1])
    place = int(np.argmin(np.abs(0.5 * (arc.time[gaps] + arc.time[gaps + 1]) - middle)))
    gap = int(gaps[place])
    matrix = transition[place * MOMENTS + MOMENTS // 2]
    shift = np.linalg.pinv(matrix[:, :6]) @ matrix[:, 6]
    later = jacobian[:, :, 6] - np.einsum("mik,k->mi", jacobian[:, :, :6], shift)
    later[: gap + 1] = 0.0
    both = np.stack([jacobian[:, :, 6] - later, later], axis=2)
    columns = np.concatenate([jacobian[:, :, others], both], axis=2)[used]
    _, step = linear_step(columns, residual[used])
    covariance = step_covariance(columns)
    scale = max(1.0, solution.reduced_chi2) ** 0.5
    values = (solution.nongravitational[0] + step[-2:]) / A1_PER_AMR_AU_D2
    sigma = np.sqrt(np.diag(covariance)[-2:]) * scale / A1_PER_AMR_AU_D2
    variance = covariance[-1, -1] + covariance[-2, -2] - 2.0 * covariance[-1, -2]
    apart = float((step[-1] - step[-2]) / (np.sqrt(variance) * scale))
    moment = iso_time(tdb_to_utc(float(0.5 * (arc.time[gap] + arc.time[gap + 1]))))
    before, after = ((float(value), float(error)) for value, error in zip(values, sigma, strict=True))
    return moment, before, after, apart
