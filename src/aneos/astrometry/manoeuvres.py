"""Signs of steering: does a kick between two groups of observations explain what a steady push does not?

For each gap in the arc the best impulsive change of velocity is found together with the orbit and A1 (one linear step
from the solution, which suffices for kicks of the size that astrometry leaves open). The pieces on either side of the
best kick are then fitted on their own: a quiet piece gives an AMR that no kick can have bent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from aneos.astrometry.arc import Arc, BoolArray, IntArray
from aneos.astrometry.calendar import iso_time
from aneos.astrometry.initial import speed_prior
from aneos.astrometry.least_squares import (
    WITH_A1,
    Solution,
    reject_outliers,
    solve,
    whitening_matrices,
)
from aneos.astrometry.models import determined
from aneos.constants import A1_PER_AMR_AU_D2, AU_PER_DAY_KMS
from aneos.dynamics.fitting import FloatArray, PropagationError, propagate_with_partials, tdb_to_utc

GAP_DAYS: Final = 0.3
MOMENTS: Final = 5
"""Moments within each gap at which a kick is tried."""

CERTAIN: Final = 45.0
"""Fall of χ² (three more parameters, tens of gaps tried) from which a kick is suspected: chance below 1e-6."""

AS_GOOD: Final = 10.0
"""Gaps whose χ² is within this of the best cannot be told from it."""

LEAST: Final = 8


@dataclass(frozen=True, slots=True)
class Kick:
    """The best impulsive change of velocity: somewhere between two times (UTC, ISO), with its speed in m/s and the
    fall of χ² over the same model without it. ``alternatives`` counts other gaps that do as well."""

    after: str
    before: str
    speed_ms: float
    gain: float
    alternatives: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "after": self.after,
            "before": self.before,
            "speed_m_s": self.speed_ms,
            "chi2_gain": self.gain,
            "equally_good_gaps": self.alternatives,
        }


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the arc fitted on its own with A1 free: times (UTC, ISO), observations used of those there, AMR ± σ
    (m²/kg; null where not determined) and reduced χ²."""

    begin: str
    end: str
    used: int
    observations: int
    amr_m2kg: float | None
    amr_sigma_m2kg: float | None
    reduced_chi2: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "begin": self.begin,
            "end": self.end,
            "used": self.used,
            "observations": self.observations,
            "amr_m2kg": self.amr_m2kg,
            "amr_sigma_m2kg": self.amr_sigma_m2kg,
            "reduced_chi2": self.reduced_chi2,
        }


def find_kick(arc: Arc, solution: Solution, sound: BoolArray) -> tuple[Kick, int, int] | None:
    """The best kick, and the last rows before the first and the last of the gaps that do as well; None where no kick
    is called for. ``solution`` has A1 free; ``sound`` are the observations that are no outliers."""
    gaps = gap_rows(arc)
    if not gaps.size or len(arc) < LEAST:
        return None
    residual, jacobian = whitened(arc, solution)
    keep = sound
    free = np.flatnonzero(solution.free)
    try:
        transition = transitions(solution, moments_within(arc, gaps, MOMENTS))
    except PropagationError:
        return None
    base, _ = linear_step(jacobian[keep][:, :, free], residual[keep])
    scatter = max(1.0, base / max(2 * int(keep.sum()) - free.size, 1))
    trials: list[tuple[float, int, FloatArray]] = []
    for gap, matrix in zip(np.repeat(gaps, MOMENTS), transition, strict=True):
        extra = kick_columns(jacobian, matrix, int(gap))
        left, parameters = linear_step(
            np.concatenate([jacobian[:, :, free], extra], axis=2)[keep], residual[keep]
        )
        trials.append((left, int(gap), parameters[-3:]))
    best = min(trials, key=lambda trial: trial[0])
    scatter = max(1.0, best[0] / max(2 * int(keep.sum()) - free.size - 3, 1))
    gain = (base - best[0]) / scatter
    if gain < CERTAIN:
        return None
    alike = {trial[1] for trial in trials if trial[0] < best[0] + AS_GOOD * scatter}
    row = best[1]
    speed = float(np.linalg.norm(best[2])) * AU_PER_DAY_KMS * 1000.0
    kick = Kick(_utc(arc.time[row]), _utc(arc.time[row + 1]), speed, float(gain), len(alike) - 1)
    return kick, min(alike), max(alike)


def pieces(arc: Arc, solution: Solution, before: int, after: int) -> tuple[Piece, ...]:
    """The pieces of the arc that hold no gap in which the kick may lie, fitted with A1 free: up to row ``before``, and
    from the row after ``after``."""
    found = []
    for rows in (np.arange(before + 1), np.arange(after + 1, len(arc))):
        if rows.size >= LEAST:
            piece = _piece(arc, solution, rows)
            if piece is not None:
                found.append(piece)
    return tuple(found)


def quiet_piece(found: tuple[Piece, ...]) -> Piece | None:
    """The piece whose AMR is best known."""
    known = [piece for piece in found if piece.amr_sigma_m2kg is not None]
    return min(known, key=lambda piece: piece.amr_sigma_m2kg or np.inf) if known else None


def gap_rows(arc: Arc) -> IntArray:
    """Last rows before each gap of more than :data:`GAP_DAYS`, with at least four observations on either side."""
    gaps = np.flatnonzero(np.diff(arc.time) > GAP_DAYS)
    return gaps[(gaps >= 3) & (gaps < len(arc) - 4)]


def moments_within(arc: Arc, gaps: IntArray, count: int) -> FloatArray:
    """``count`` moments (TDB JD) in each gap, evenly spread from its beginning to its end: gap by gap, (k · count,)."""
    part = np.linspace(0.0, 1.0, count)
    return np.asarray((arc.time[gaps][:, None] * (1.0 - part) + arc.time[gaps + 1][:, None] * part).ravel())


def transitions(solution: Solution, moments: FloatArray) -> FloatArray:
    """Derivatives (k, 6, 9) of the states at some moments by those at the solution's epoch and A1 to A3.

    Raises PropagationError.
    """
    _, found = propagate_with_partials(
        solution.epoch, solution.state, moments, solution.nongravitational, solution.asteroids
    )
    return found


def whitened(arc: Arc, solution: Solution) -> tuple[FloatArray, FloatArray]:
    """Residuals (m, 2) and their derivatives (m, 2, 9) in units of their errors."""
    whitening = whitening_matrices(arc, solution.prediction)
    return (
        np.einsum("mij,mj->mi", whitening, solution.prediction.residual),
        np.einsum("mij,mjk->mik", whitening, solution.prediction.partials),
    )


def kick_columns(jacobian: FloatArray, transition: FloatArray, gap: int) -> FloatArray:
    """Derivatives (m, 2, 3) by a change of velocity at a moment in a gap: none for the rows up to ``gap``."""
    columns = np.einsum("mik,kl->mil", jacobian[:, :, :6], np.linalg.pinv(transition[:, :6])[:, 3:6])
    columns[: gap + 1] = 0.0
    return np.asarray(columns)


def linear_step(jacobian: FloatArray, residual: FloatArray) -> tuple[float, FloatArray]:
    """χ² left after the best linear step, and the step."""
    design, target = jacobian.reshape(-1, jacobian.shape[2]), residual.reshape(-1)
    scaled, scale = _scaled(design)
    step, *_ = np.linalg.lstsq(scaled, target, rcond=None)
    return float(np.sum((target - scaled @ step) ** 2)), step / scale


def step_covariance(jacobian: FloatArray) -> FloatArray:
    """Covariance of the parameters of :func:`linear_step`."""
    scaled, scale = _scaled(jacobian.reshape(-1, jacobian.shape[2]))
    return np.asarray(np.linalg.pinv(scaled.T @ scaled, rcond=1e-14, hermitian=True) / np.outer(scale, scale))


def _scaled(design: FloatArray) -> tuple[FloatArray, FloatArray]:
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0.0] = 1.0
    return design / scale, scale


def _piece(arc: Arc, solution: Solution, rows: IntArray) -> Piece | None:
    piece = arc.take(rows)
    middle = float(piece.time[len(piece) // 2])
    try:
        state, _ = propagate_with_partials(
            solution.epoch, solution.state, np.array([middle]), solution.nongravitational, solution.asteroids
        )
        start = np.concatenate([state[0], solution.nongravitational * np.array([1.0, 0.0, 0.0])])
        prior = speed_prior(piece, middle)
        robust = solve(
            piece, middle, start, free=WITH_A1, robust=True, prior=prior, asteroids=solution.asteroids
        )
        final = reject_outliers(piece, robust)
    except PropagationError:
        return None
    known = determined(final)
    scale = max(1.0, final.reduced_chi2) ** 0.5
    return Piece(
        _utc(piece.time[0]),
        _utc(piece.time[-1]),
        int(final.used.sum()),
        len(piece),
        float(final.nongravitational[0]) / A1_PER_AMR_AU_D2 if known else None,
        float(np.sqrt(final.covariance[6, 6])) * scale / A1_PER_AMR_AU_D2 if known else None,
        final.reduced_chi2,
    )


def _utc(time_tdb_jd: float) -> str:
    return iso_time(tdb_to_utc(float(time_tdb_jd)))
