"""Differential correction: the orbit, and at wish A1, A2, A3, that make the weighted residuals of an arc smallest.

Levenberg-Marquardt steps on the full trajectory. Weights include what a wrong clock does along the apparent motion.
Outliers are handled in two ways: while an orbit is still being found, large residuals count linearly and not
squared (Huber 1964), so that nothing is thrown away because the model is not yet right; at the end, whole
observations are rejected and readmitted by their χ² with hysteresis (Carpino, Milani & Chesley 2003, Icarus 166, 248).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from aneos.astrometry.arc import OPTICAL, Arc, BoolArray
from aneos.astrometry.prediction import Prediction, predict
from aneos.dynamics.fitting import FloatArray, PropagationError

Prior = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Takes the parameters (6 + 3,), gives whitened residuals (p,) and their derivatives by the parameters (p, 9)."""

MAX_STEPS: Final = 40
FEW: Final = 60
MAX_STEPS_OF_FEW: Final = 80
"""Short arcs leave long curved valleys, which take many cheap steps."""

PATIENT_STEPS: Final = 400
DAMPING: Final = (10.0, 0.1)
PATIENT_DAMPING: Final = (2.0, 0.3)
"""Factors on the damping after a step that fails and after one that wins."""

CONVERGED: Final = 1e-3
"""A step whose predicted decrease of χ² is below this no longer matters."""

SLOW: Final = 1e-5
"""Three steps in a row that each win less than this part of χ² are convergence along an unconstrained direction."""

REJECT_ABOVE: Final = 11.0
READMIT_BELOW: Final = 9.0
"""χ² of two components, for residuals in units of their expected scatter: 0.4% and 1.1% of a normal sample."""

HUBER: Final = 2.5
NONGRAVITATIONAL_STEP_AU_D2: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """An orbit with its uncertainty and what it does to every observation.

    ``state`` barycentric equatorial at ``epoch`` (TDB), au and au/d; ``nongravitational`` A1, A2, A3 in au/d²;
    ``free`` which of the nine were fitted; ``covariance`` (9, 9), 0 for fixed ones, not rescaled. ``chi2`` (m,) and
    ``residual`` (m, 2) (see Prediction) are of all observations, used or not.
    """

    epoch: float
    state: FloatArray
    nongravitational: FloatArray
    free: BoolArray
    covariance: FloatArray
    prediction: Prediction
    chi2: FloatArray
    used: BoolArray
    cost: float
    converged: bool
    asteroids: bool = False

    @property
    def parameters(self) -> FloatArray:
        return np.concatenate([self.state, self.nongravitational])

    @property
    def components(self) -> int:
        """Measured numbers that were used."""
        return int(2 * np.sum(self.used))

    @property
    def degrees_of_freedom(self) -> int:
        return max(self.components - int(np.sum(self.free)), 1)

    @property
    def reduced_chi2(self) -> float:
        return float(np.sum(self.chi2[self.used])) / self.degrees_of_freedom


ORBIT_ONLY: Final = np.array([True] * 6 + [False] * 3)
WITH_A1: Final = np.array([True] * 7 + [False] * 2)
WITH_A1_A2: Final = np.array([True] * 8 + [False])
WITH_A2: Final = np.array([True] * 6 + [False, True, False])
WITH_ALL: Final = np.array([True] * 9)


def solve(
    arc: Arc,
    epoch: float,
    parameters: FloatArray,
    *,
    free: BoolArray = ORBIT_ONLY,
    used: BoolArray | None = None,
    robust: bool = False,
    prior: Prior | None = None,
    asteroids: bool = False,
    max_steps: int | None = None,
    patient: bool = False,
) -> Solution:
    """The least-squares solution from a start. Raises PropagationError where not even the start can be integrated.

    ``patient`` changes the damping by little at a time, and takes :data:`PATIENT_STEPS`: along a curved valley a step
    that is damped ten times too much gains nothing, one that is damped ten times too little leaves the valley.
    """
    chosen = np.ones(len(arc), dtype=np.bool_) if used is None else used
    now = np.asarray(parameters, dtype=np.float64).copy()
    best = _evaluate(arc, epoch, now, chosen, robust, prior, asteroids)
    damping, converged, slow = 1e-3, False, 0
    harder, easier = PATIENT_DAMPING if patient else DAMPING
    usual = PATIENT_STEPS if patient else MAX_STEPS if len(arc) > FEW else MAX_STEPS_OF_FEW
    for _ in range(max_steps or usual):
        normal, gradient = _normal_equations(best, free)
        scale = np.sqrt(np.maximum(np.diag(normal), 1e-300))
        scaled, right = normal / np.outer(scale, scale), gradient / scale
        try:
            full = np.linalg.solve(scaled + 1e-13 * np.eye(scale.size), right)
        except np.linalg.LinAlgError:
            full = np.full(scale.size, np.inf)
        if np.all(np.isfinite(full)) and float(full @ right) < CONVERGED:
            converged = True
            if float(full @ right) < 0.01 * CONVERGED:
                break
        moved = False
        while damping < 1e9:
            step = np.linalg.solve(scaled + damping * np.eye(scale.size), right) / scale
            trial = now.copy()
            trial[free] += step
            try:
                candidate = _evaluate(arc, epoch, trial, chosen, robust, prior, asteroids)
            except PropagationError:
                damping *= harder
                continue
            if candidate.cost < best.cost:
                slow = slow + 1 if best.cost - candidate.cost < SLOW * max(best.cost, 1.0) else 0
                now, best, moved = trial, candidate, True
                damping = max(damping * easier, 1e-12)
                break
            if converged:
                break
            damping *= harder
        if slow >= 3:
            converged = True
        if converged or not moved:
            converged = converged or (damping >= 1e9 and _is_flat(best, free))
            break
    return _solution(arc, epoch, now, best, free, chosen, converged, asteroids)


def reject_outliers(arc: Arc, solution: Solution, *, max_passes: int = 8, floor: float = 1.0) -> Solution:
    """Reject and readmit whole observations until nothing changes, solving anew each time.

    Residuals are judged in units of their expected scatter, or of the actual one where that is larger. ``floor``
    multiplies the limits. Never fewer observations than half, and never fewer than the parameters need.
    """
    current = solution
    seen: set[bytes] = set()
    least = max(int(np.sum(solution.free)) // 2 + 1, len(arc) // 2)
    for _ in range(max_passes):
        usable = current.chi2[current.used]
        scatter = max(1.0, float(np.median(usable)) / 1.386) * floor
        chi2 = current.chi2 / scatter
        used = np.where(current.used, chi2 <= REJECT_ABOVE, chi2 < READMIT_BELOW)
        if int(np.sum(used)) < least:
            order = np.argsort(current.chi2)
            used = np.zeros(len(arc), dtype=np.bool_)
            used[order[:least]] = True
        if np.array_equal(used, current.used) or used.tobytes() in seen:
            return current
        seen.add(used.tobytes())
        current = solve(
            arc,
            current.epoch,
            current.parameters,
            free=current.free,
            used=used,
            asteroids=current.asteroids,
        )
    return current


@dataclass(frozen=True, slots=True, eq=False)
class _Evaluation:
    prediction: Prediction
    whitened: FloatArray
    jacobian: FloatArray
    weight: FloatArray
    chi2: FloatArray
    cost: float
    prior: tuple[FloatArray, FloatArray] | None


def _evaluate(
    arc: Arc,
    epoch: float,
    parameters: FloatArray,
    used: BoolArray,
    robust: bool,
    prior: Prior | None,
    asteroids: bool,
) -> _Evaluation:
    prediction = predict(arc, epoch, parameters[:6], parameters[6:], asteroids)
    whitening = whitening_matrices(arc, prediction)
    whitened = np.einsum("mij,mj->mi", whitening, prediction.residual)
    jacobian = np.einsum("mij,mjk->mik", whitening, prediction.partials)
    chi2 = np.sum(whitened**2, axis=1)
    weight = used.astype(np.float64)
    loss = chi2.copy()
    if robust:
        size = np.sqrt(chi2)
        far = size > HUBER
        weight = weight * np.where(far, HUBER / np.maximum(size, 1e-30), 1.0)
        loss = np.where(far, 2.0 * HUBER * size - HUBER**2, chi2)
    cost = float(np.sum(loss[used]))
    extra = None
    if prior is not None:
        extra = prior(parameters)
        cost += float(np.sum(extra[0] ** 2))
    if not np.isfinite(cost):
        raise PropagationError("the residuals are not finite")
    return _Evaluation(prediction, whitened, jacobian, weight, chi2, cost, extra)


def whitening_matrices(arc: Arc, prediction: Prediction) -> FloatArray:
    """Matrices (m, 2, 2) that turn residuals into independent ones of unit variance."""
    covariance = arc.covariance + (
        prediction.motion[:, :, None] * prediction.motion[:, None, :] * (arc.clock**2)[:, None, None]
    )
    radar = arc.kind != OPTICAL
    covariance[radar] = np.eye(2)
    lower = np.linalg.cholesky(covariance)
    whitening = np.linalg.inv(lower)
    whitening[radar] = 0.0
    whitening[radar, 0, 0] = 1.0 / arc.sigma[radar]
    return np.asarray(whitening)


def _normal_equations(evaluation: _Evaluation, free: BoolArray) -> tuple[FloatArray, FloatArray]:
    jacobian = evaluation.jacobian[:, :, free].reshape(-1, int(free.sum()))
    weight = np.repeat(evaluation.weight, 2)
    residual = evaluation.whitened.reshape(-1)
    normal = jacobian.T @ (jacobian * weight[:, None])
    gradient = jacobian.T @ (residual * weight)
    if evaluation.prior is not None:
        extra, slope = evaluation.prior
        normal = normal + slope[:, free].T @ slope[:, free]
        gradient = gradient - slope[:, free].T @ extra
    return normal, gradient


def _is_flat(evaluation: _Evaluation, free: BoolArray) -> bool:
    """Whether what is left of the gradient is numerical noise."""
    normal, gradient = _normal_equations(evaluation, free)
    scale = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    return bool(np.max(np.abs(gradient / scale)) < 0.05)


def _solution(
    arc: Arc,
    epoch: float,
    parameters: FloatArray,
    evaluation: _Evaluation,
    free: BoolArray,
    used: BoolArray,
    converged: bool,
    asteroids: bool,
) -> Solution:
    normal, _ = _normal_equations(replace(evaluation, weight=used.astype(np.float64)), free)
    covariance = np.zeros((9, 9))
    scale = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    inverse = np.linalg.pinv(normal / np.outer(scale, scale), rcond=1e-15, hermitian=True)
    covariance[np.ix_(free, free)] = inverse / np.outer(scale, scale)
    return Solution(
        epoch,
        parameters[:6].copy(),
        parameters[6:].copy(),
        free.copy(),
        covariance,
        evaluation.prediction,
        evaluation.chi2,
        used.copy(),
        evaluation.cost,
        converged,
        asteroids,
    )
