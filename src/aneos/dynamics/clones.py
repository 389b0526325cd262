"""Clones: orbits drawn from an uncertainty, each an equally likely past and future of one object."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.dynamics.states import States
from aneos.dynamics.uncertainty import OrbitUncertainty, correlation_of
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]

ATTEMPTS: Final = 50
"""Rounds of drawing before an uncertainty is refused that hardly ever gives an orbit."""


@dataclass(frozen=True, slots=True, eq=False)
class Clones:
    """n draws: ``states``, and ``parameters`` (n, k) in the order and units of ``uncertainty.labels``.

    ``redrawn`` counts draws that were no orbit (a negative eccentricity, say) and were drawn anew: where it is not
    small beside n, the covariance does not describe the true uncertainty, which is not Gaussian then.
    """

    states: States
    parameters: FloatArray
    uncertainty: OrbitUncertainty
    seed: int
    redrawn: int

    def __len__(self) -> int:
        return len(self.states)

    @property
    def assumed(self) -> bool:
        """Whether the covariance was supposed, not fitted."""
        return self.uncertainty.assumed


def draw_clones(uncertainty: OrbitUncertainty, n: int, *, seed: int = 0) -> Clones:
    """``n`` clones from the normal distribution of an uncertainty; the same seed gives the same clones.

    The first n clones of a longer draw are not those of a shorter one. Raises InputError where n < 1, or where
    fewer than one draw in fifty is an orbit.
    """
    if n < 1:
        raise InputError(f"the number of clones must be positive, not {n}", source="clones")
    random = generator(seed, __name__)
    root = _root(uncertainty.matrix)
    parameters = np.empty((n, len(uncertainty.labels)))
    wanted, redrawn = np.arange(n), 0
    for _ in range(ATTEMPTS):
        draws = uncertainty.values + random.standard_normal((wanted.size, root.shape[0])) @ root.T
        good = _possible(uncertainty, draws)
        parameters[wanted[good]] = draws[good]
        wanted = wanted[~good]
        if not wanted.size:
            break
        redrawn += int(wanted.size)
    else:
        raise InputError(
            f"{wanted.size} of {n} clones are no orbit after {ATTEMPTS} draws each: the covariance is too wide",
            source="covariance",
        )
    return Clones(uncertainty.states(parameters), parameters, uncertainty, seed, redrawn)


def generator(seed: int, name: str) -> np.random.Generator:
    """The random generator of the module ``name``: other modules' draws do not shift its own."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    return np.random.default_rng([seed, key])


def _root(matrix: FloatArray) -> FloatArray:
    """A matrix R with R R^T = covariance, by the eigenvectors of the correlations: parameters differ in scale by
    many orders."""
    sigma = np.sqrt(np.diag(matrix))
    values, vectors = np.linalg.eigh(correlation_of(matrix))
    return np.asarray(sigma[:, None] * vectors * np.sqrt(np.maximum(values, 0.0)))


def _possible(uncertainty: OrbitUncertainty, draws: FloatArray) -> npt.NDArray[np.bool_]:
    """Which draws are orbits; an ellipse may not become another conic, where its elements have no meaning."""
    good = np.ones(draws.shape[0], dtype=np.bool_)
    labels = uncertainty.labels
    if "e" in labels:
        e = draws[:, labels.index("e")]
        good &= e >= 0.0
        if "a_au" in labels:
            good &= (e < 1.0) == (uncertainty.values[labels.index("e")] < 1.0)
    for label in ("q_au", "a_au"):
        if label in labels:
            column = labels.index(label)
            good &= draws[:, column] * uncertainty.values[column] > 0.0
    if "i_deg" in labels:
        i = draws[:, labels.index("i_deg")]
        good &= np.abs(i) <= 180.0
    if "h" in labels:
        good &= np.hypot(draws[:, labels.index("h")], draws[:, labels.index("k")]) < 1.0
    states = uncertainty.states(draws)
    return np.asarray(
        good & np.isfinite(states.position_au).all(axis=1) & np.isfinite(states.velocity_au_d).all(axis=1)
    )
