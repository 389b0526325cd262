"""How often would a scrambled registry match this well?

The control keeps a, e and i of candidate and registry object, and turns node, perihelion and phase of the
registry object to uniformly random places. How well a pair agrees is measured by the likelihood ratio "same
object" against "random angles" (see :mod:`aneos.artificial.comparison`), so that an object whose place is
hardly known cannot match well. A bound on that ratio is a bound on

    D² = (Δa/σ_a)² + |Δe|²/σ_e² + |Δi|²/σ_i² + (Δλ/σ_λ)²

for each object, with the e and i vectors and the mean longitude λ of :mod:`aneos.artificial.trajectories`.
Perihelion and node are uniform over the circle; the phase is uniform over as much of it as lies no farther
from the Earth than the farther of the two objects (20 degrees at least), since what surveys find, and what was
launched lately, is near the Earth. The three are independent, and the probability that D stays below its bound
is an integral over two of them, done here by quadrature: no random numbers, and no floor from the size of a
sample. Agreement in a, e and i earns no credit, so the value is conservative and independent of how rare such
orbits are in nature.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

NODES = 32
"""Points of the quadrature in each of the two angles; 16 agree with 64 to 1e-4 (tests)."""
_ABSCISSA, _WEIGHT = np.polynomial.legendre.leggauss(NODES)
_ANGLE = 0.25 * np.pi * (_ABSCISSA + 1.0)
_SINE, _SLOPE = np.sin(_ANGLE), 0.25 * np.pi * _WEIGHT * np.cos(_ANGLE)


def chance_of_one(
    bound: npt.ArrayLike,
    delta_a: npt.ArrayLike,
    e_pair: tuple[FloatArray, FloatArray],
    i_pair: tuple[FloatArray, FloatArray],
    sigma_e: FloatArray,
    sigma_i: FloatArray,
    sigma_longitude_deg: FloatArray,
    phase_range_deg: FloatArray,
) -> FloatArray:
    """Probability that a scrambled object comes within ``bound``, for n pairs of orbits, each with its bound.

    ``delta_a`` is Δa/σ_a; ``e_pair`` and ``i_pair`` the lengths of the two orbits' e and i vectors, with the
    widths in the same units; the phase is uniform over ``phase_range_deg``. Returns shape (n,).
    """
    budget = np.square(np.asarray(bound, dtype=np.float64)) - np.square(delta_a)
    reach_e = _fraction(budget, e_pair, sigma_e)
    left = budget[:, None] - _separation(reach_e[:, None] * _SINE, _columns(e_pair), sigma_e[:, None])
    reach_i = _fraction(left, _columns(i_pair), sigma_i[:, None])
    turn = reach_i[:, :, None] * _SINE
    wide = (i_pair[0][:, None, None], i_pair[1][:, None, None])
    rest = np.maximum(left[:, :, None] - _separation(turn, wide, sigma_i[:, None, None]), 0.0)
    longitude = np.minimum(
        1.0, 2.0 * sigma_longitude_deg[:, None, None] * np.sqrt(rest) / phase_range_deg[:, None, None]
    )
    total = reach_e * ((reach_i * (longitude @ _SLOPE)) @ _SLOPE)
    return np.where(budget > 0.0, np.clip(total, 0.0, 1.0), 0.0)


def chance_of_any(each: FloatArray) -> float:
    """Probability that any of the objects does, each being independent: the look-elsewhere over a registry."""
    return float(-np.expm1(np.sum(np.log1p(-np.minimum(each, 1.0 - 1e-15)))))


def _columns(pair: tuple[FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray]:
    return pair[0][:, None], pair[1][:, None]


def _fraction(budget: FloatArray, pair: tuple[FloatArray, FloatArray], sigma: FloatArray) -> FloatArray:
    """Share of all directions in which two vectors of given lengths lie within sqrt(budget) sigma."""
    one, two = pair
    room = np.maximum(budget, 0.0) * sigma**2 - (one - two) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        sine2 = np.where(room > 0.0, room / (4.0 * one * two), 0.0)
    return np.where(room < 0.0, 0.0, 2.0 / np.pi * np.arcsin(np.sqrt(np.clip(sine2, 0.0, 1.0))))


def _separation(turn: FloatArray, pair: tuple[FloatArray, FloatArray], sigma: FloatArray) -> FloatArray:
    """Squared distance in sigma of two vectors whose directions differ by ``turn`` of a half circle."""
    one, two = pair
    square = (one - two) ** 2 + 4.0 * one * two * np.sin(0.5 * np.pi * turn) ** 2
    return np.asarray(square / sigma**2)
