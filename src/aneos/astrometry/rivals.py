"""Several orbits that fit a short arc nearly as well: one uncertainty that covers them all.

Each orbit is a normal distribution with the weight that its χ² gives it. Means and covariances of the mixture are
taken where they are wanted, in the state or in elements: an orbit on the other side of a bent valley is many linear σ
away in the elements while it is near in the state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from aneos.astrometry.geocentric import bound_probabilities, geocentric_orbit, geocentric_state
from aneos.dynamics.fitting import FloatArray

TEMPERATURE: Final = 3.0
"""χ² of rival orbits is divided by this before they are weighted: the three or four positions of a tracklet share
their errors, so that a short arc holds about a third as many independent ones."""

GEOCENTRIC: Final = ("a_km", "e", "i_deg", "node_deg", "peri_deg", "perigee_km", "period_days")
STEPS: Final = np.array([1e-8] * 3 + [1e-10] * 3)


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """One of the orbits: topocentric distance at the first observation (au), χ² above the best, barycentric state (6,)
    and covariance (9, 9) at the epoch of the report."""

    distance_au: float
    excess: float
    state: FloatArray
    covariance: FloatArray

    def to_dict(self, epoch: float) -> dict[str, Any]:
        """JSON-ready, with the orbit about the Earth where there is one."""
        about = geocentric_orbit(epoch, self.state, self.covariance[:6, :6])
        kept = (*GEOCENTRIC, "probability_bound")
        return {
            "distance_au": self.distance_au,
            "cost_above_best": self.excess,
            "state_barycentric_equatorial_au": [float(value) for value in self.state],
            "geocentric": {name: about[name] for name in kept if name in about},
        }


def weights(parts: Sequence[Rival]) -> FloatArray:
    """Weights (k,) of the orbits, sum 1."""
    weight = np.exp(-0.5 * np.array([max(part.excess, 0.0) for part in parts]) / TEMPERATURE)
    return np.asarray(weight / weight.sum())


def mixed(parts: Sequence[Rival], epoch: float) -> tuple[FloatArray, FloatArray]:
    """Covariance (9, 9) about the state of the first, the best, orbit, and the probabilities of being bound (2,)."""
    total, chance = np.zeros((9, 9)), np.zeros(2)
    for share, part in zip(weights(parts), parts, strict=True):
        apart = np.zeros(9)
        apart[:6] = part.state - parts[0].state
        total += share * (part.covariance + np.outer(apart, apart))
        chance += share * bound_probabilities(geocentric_state(epoch, part.state), part.covariance[:6, :6])
    return total, chance


def mixed_elements(parts: Sequence[Rival], elements: Callable[[FloatArray], dict[str, float]]) -> FloatArray:
    """Covariance (n, n) about the elements of the first orbit of those that ``elements`` gives for its state; angles,
    whose names end in ``_deg``, are wrapped. An element that another orbit does not have is infinitely uncertain."""
    best = elements(parts[0].state)
    names = list(best)
    angle = np.array([name.endswith("_deg") for name in names])
    total = np.zeros((len(names), len(names)))

    def apart(one: dict[str, float], other: dict[str, float]) -> FloatArray:
        known = np.array([name in one and name in other for name in names])
        difference = np.array([one.get(name, 0.0) - other.get(name, 0.0) for name in names])
        difference[angle] = (difference[angle] + 180.0) % 360.0 - 180.0
        return np.where(known, difference, np.inf)

    for share, part in zip(weights(parts), parts, strict=True):
        slopes = []
        for step, shift in zip(STEPS, np.diag(STEPS), strict=True):
            up, down = elements(part.state + shift), elements(part.state - shift)
            slopes.append(apart(up, down) / (2.0 * step))
        slope = np.array(slopes).T
        off = apart(elements(part.state), best)
        with np.errstate(invalid="ignore"):
            total += share * (slope @ part.covariance[:6, :6] @ slope.T + np.outer(off, off))
    return np.where(np.isnan(total), np.inf, total)


def geocentric_sigmas(parts: Sequence[Rival], epoch: float) -> dict[str, float | None]:
    """σ of the elements about the Earth that the best orbit has, named as they are with ``_sigma`` added; null where
    one of the orbits has no such element."""

    def elements(state: FloatArray) -> dict[str, float]:
        found = geocentric_orbit(epoch, state, np.zeros((6, 6)))
        return {name: float(found[name]) for name in GEOCENTRIC if name in found}

    names = list(elements(parts[0].state))
    if not names:
        return {}
    sigmas = np.sqrt(np.maximum(np.diag(mixed_elements(parts, elements)), 0.0))
    return {
        f"{name}_sigma": float(sigma) if np.isfinite(sigma) else None
        for name, sigma in zip(names, sigmas, strict=True)
    }
