"""Which push do the data show: none, along the sunlight (A1), sideways as well (A2, A3), or along the orbit only (A2)?

Models are compared by the robust cost over all observations, so that no model chooses its own data, and a term must
pay for itself. A push that is reported is the one of the model with every term that the data ask for: fitted alone,
A1 also takes up what A2 leaves, and may come out with the wrong sign (Spektr-RG, docs/astrometry.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from aneos.astrometry.arc import Arc, BoolArray
from aneos.astrometry.initial import A1_PRIOR_AU_D2, speed_prior
from aneos.astrometry.least_squares import (
    FEW,
    ORBIT_ONLY,
    WITH_A1,
    WITH_A1_A2,
    WITH_A2,
    WITH_ALL,
    Solution,
    reject_outliers,
    solve,
    whitening_matrices,
)
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.dynamics.fitting import PropagationError

Model = Literal["gravity", "A1", "A2", "A1+A2", "A1+A2+A3"]
FREE: Final[dict[Model, BoolArray]] = {
    "gravity": ORBIT_ONLY,
    "A1": WITH_A1,
    "A2": WITH_A2,
    "A1+A2": WITH_A1_A2,
    "A1+A2+A3": WITH_ALL,
}

WORTH: Final = 12.0
"""Fall of the cost, in units of the scatter, that one more parameter must bring (3.5σ)."""

PATIENT_UP_TO: Final = 60
"""Observations up to which an orbit that did not settle is sought on with patience: short arcs leave long bent
valleys, and steps along them are cheap."""

TRANSVERSE_ARC_DAYS: Final = 400.0
"""Shortest arc on which A2 alone (thermal recoil, Yarkovsky) is tried."""

DETERMINED: Final = 0.1
"""A1 counts as measured where its σ is below this part of the prior's: 4.4 m²/kg of AMR."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """All models that were tried, the one chosen, and the one that A1 is read from.

    ``costs`` are robust and comparable; ``scatter`` is the reduced cost of the best model, at least 1.
    """

    solutions: dict[Model, Solution]
    costs: dict[Model, float]
    chosen: Model
    push: Model | None
    scatter: float

    @property
    def best(self) -> Solution:
        return self.solutions[self.chosen]

    def significance(self) -> float | None:
        """Sigmas by which a push of any kind betters gravity alone; None where no model with a push was fitted."""
        if len(self.costs) < 2:
            return None
        gain = (self.costs["gravity"] - min(self.costs.values())) / self.scatter
        return float(np.sqrt(max(gain, 0.0)))


def choose_model(arc: Arc, start: Solution, asteroids: bool) -> Choice:
    """Fit the models in turn, each starting from the one before, and choose. Raises PropagationError."""
    prior = speed_prior(arc, start.epoch)
    raw: dict[Model, Solution] = {}

    def attempt(model: Model, source: Solution) -> None:
        parameters = source.parameters.copy()
        parameters[6:][~FREE[model][6:]] = 0.0
        try:
            raw[model] = solve(
                arc, start.epoch, parameters, free=FREE[model], robust=True, prior=prior, asteroids=asteroids
            )
        except PropagationError:
            if model == "gravity":
                raise

    attempt("gravity", start)
    if not raw["gravity"].converged and len(arc) <= FEW:
        raw["gravity"] = solve(
            arc,
            start.epoch,
            raw["gravity"].parameters,
            robust=True,
            prior=prior,
            asteroids=asteroids,
            patient=True,
        )
    if len(arc) >= 4 and a1_sigma(arc, raw["gravity"]) < 2.0 * DETERMINED * A1_PRIOR_AU_D2:
        attempt("A1", start if start.free[6] else raw["gravity"])
    if "A1" in raw and determined(raw["A1"]):
        attempt("A1+A2", raw["A1"])
        if arc.span_days >= TRANSVERSE_ARC_DAYS:
            attempt("A2", raw["gravity"])
        if "A1+A2" in raw and _gain(raw, "A1", "A1+A2") > WORTH:
            attempt("A1+A2+A3", raw["A1+A2"])
    costs = {model: solution.cost for model, solution in raw.items()}
    scatter = max(1.0, min(costs[model] / raw[model].degrees_of_freedom for model in costs))
    chosen = _chosen(raw, scatter)
    push = _push(raw, chosen, scatter)
    # Outliers are judged by the richest model that the data ask for, then every model is solved on the same set.
    referee: Model = push if push is not None and push != "A1" else chosen
    referee = "A1" if referee == "gravity" and "A1" in raw and determined(raw["A1"]) else referee
    clean = reject_outliers(arc, _unforced(arc, raw[referee], asteroids))
    solutions: dict[Model, Solution] = {}
    for model, solution in raw.items():
        held = prior if not determined(solution) and solution.free[6] else None
        if model == "gravity" and solution_is_open(solution):
            held = prior
        begin = clean.parameters if model == referee else solution.parameters
        for patient in (False, True):
            solutions[model] = solve(
                arc, start.epoch, begin, free=FREE[model], used=clean.used, prior=held, asteroids=asteroids,
                patient=patient,
            )  # fmt: skip
            if solutions[model].converged or model != chosen or len(arc) > PATIENT_UP_TO:
                break
            begin = solutions[model].parameters
    return Choice(solutions, costs, chosen, push, scatter)


def solution_is_open(solution: Solution) -> bool:
    """Whether the data leave the orbit so open that the prior on its speed matters: σ of velocity above 1 km/s."""
    return bool(np.sqrt(np.max(np.diag(solution.covariance)[3:6])) > 6e-4)


def a1_sigma(arc: Arc, solution: Solution) -> float:
    """σ of A1 (au/d²) that the arc can give, linearly from an orbit without it; infinite where it cannot."""
    whitening = whitening_matrices(arc, solution.prediction)
    jacobian = np.einsum("mij,mjk->mik", whitening, solution.prediction.partials)[:, :, :7].reshape(-1, 7)
    scale = np.linalg.norm(jacobian, axis=0)
    if not np.all(scale > 0.0):
        return float("inf")
    normal = (jacobian / scale).T @ (jacobian / scale)
    if np.linalg.cond(normal) > 1e15:
        return float("inf")
    return float(np.sqrt(np.linalg.inv(normal)[6, 6])) / float(scale[6])


def determined(solution: Solution) -> bool:
    """Whether A1 is measured and not only held by its prior."""
    return bool(solution.free[6]) and bool(np.sqrt(solution.covariance[6, 6]) < DETERMINED * A1_PRIOR_AU_D2)


def area_to_mass(choice: Choice) -> dict[str, Any]:
    """AMR ± σ (m²/kg) and the tests on it, JSON-ready; ``amr_m2kg`` is null where A1 is not determined.

    ``against_zero_sigma`` A1 over its σ; ``sign`` "away from the Sun", "toward the Sun" or "undecided" (2σ);
    ``A2_over_A1`` and ``A3_over_A1`` where fitted.
    """
    if choice.push is None:
        return {
            "model": None,
            "amr_m2kg": None,
            "amr_sigma_m2kg": None,
            "A1": None,
            "A1_sigma": None,
            "sign": "undecided",
        }
    solution = choice.solutions[choice.push]
    scale = max(1.0, solution.reduced_chi2) ** 0.5
    a, sigma = solution.nongravitational, np.sqrt(np.diag(solution.covariance)[6:]) * scale
    ratio = float(a[0] / sigma[0])
    out: dict[str, Any] = {
        "model": choice.push,
        "amr_m2kg": float(a[0]) / A1_PER_AMR_AU_D2,
        "amr_sigma_m2kg": float(sigma[0]) / A1_PER_AMR_AU_D2,
        "A1": float(a[0]),
        "A1_sigma": float(sigma[0]),
        "against_zero_sigma": ratio,
        "sign": sign_of(ratio),
    }
    for index, name in ((1, "A2"), (2, "A3")):
        if solution.free[6 + index]:
            out[name], out[f"{name}_sigma"] = float(a[index]), float(sigma[index])
            out[f"{name}_over_A1"] = float(a[index] / a[0]) if a[0] else None
    return out


def sign_of(ratio: float) -> str:
    """The sign test at 2σ, in words."""
    return "away from the Sun" if ratio > 2.0 else "toward the Sun" if ratio < -2.0 else "undecided"


def _gain(raw: dict[Model, Solution], simple: Model, rich: Model) -> float:
    if simple not in raw or rich not in raw:
        return 0.0
    scatter = max(1.0, raw[rich].cost / raw[rich].degrees_of_freedom)
    return (raw[simple].cost - raw[rich].cost) / scatter


def _chosen(raw: dict[Model, Solution], scatter: float) -> Model:
    """The model of least cost plus price of its parameters."""

    def price(model: Model) -> float:
        return raw[model].cost / scatter + WORTH * float(FREE[model][6:].sum())

    return min(raw, key=price)


def _push(raw: dict[Model, Solution], chosen: Model, scatter: float) -> Model | None:
    """The model that A1 is read from: the chosen one where it has A1, else the next one that has.

    Over a year or more A1 alone also takes up the transverse push that every small body has (Yarkovsky). Where A2
    alone does about as well as A1 alone, the two cannot be told apart, and A1 is read from the model with both.
    """
    order: tuple[Model, ...] = (chosen, "A1")
    alike = "A2" in raw and "A1" in raw and raw["A2"].cost - raw["A1"].cost < WORTH * scatter
    if chosen == "A2" or (alike and chosen in ("gravity", "A1")):
        order = ("A1+A2", chosen, "A1")
    for model in order:
        if model in raw and determined(raw[model]):
            return model
    return None


def _unforced(arc: Arc, solution: Solution, asteroids: bool) -> Solution:
    """The solution with plain squares and all observations, from the robust one; the robust one where that fails."""
    used = solution.chi2 <= max(25.0, 9.0 * float(np.median(solution.chi2)))
    if int(used.sum()) < max(3, len(arc) // 2):
        used = np.ones(len(arc), dtype=np.bool_)
    try:
        return solve(
            arc,
            solution.epoch,
            solution.parameters,
            free=solution.free,
            used=used,
            prior=speed_prior(arc, solution.epoch),
            asteroids=asteroids,
        )
    except PropagationError:
        return solution
