"""Area-to-mass ratio (AMR) of artificial hardware, of natural bodies by size, and of dark comets.

Densities are per dex of AMR in m²/kg. A1, the radial non-gravitational parameter, is expressed as the AMR that
radiation pressure would need: AMR = A1 / 2.265e-7 au/d².
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.orbits import diameter_km
from aneos.populations.encounter_space import FloatArray
from aneos.populations.normal import ndtr

LOG10_AMR: Final = np.arange(-6.5, 3.0, 0.02)
"""Grid of log10 AMR (m²/kg) on which populations are tabulated."""

_STEP: Final = 0.02
_AMR: Final = 10.0**LOG10_AMR

_LEAST_SIGMA: Final = 0.5 * _STEP * float(np.log(10.0))
"""Least relative error of a measured ratio that the grid resolves: half a step."""

NATURAL_ALBEDO: Final = 0.15
NATURAL_DENSITY_KGM3: Final = 2000.0
NATURAL_SCATTER_DEX: Final = 0.40
"""Natural AMR = 1.5/(ρD): geometric mean albedo and bulk density of small NEAs, and the scatter of both together.
For an unknown size the published small NEAs stand in: median 3.3e-4 m²/kg (n = 11), scatter 0.25 dex, widened."""

UNKNOWN_SIZE_MEDIAN: Final = 3.3e-4
UNKNOWN_SIZE_SCATTER_DEX: Final = 0.50

DARK_COMET_FRACTION: Final = 1e-3
"""Assumed share of small NEAs with a non-gravitational acceleration beyond radiation pressure. The evidence of an
area-to-mass ratio saturates here: no measurement of A1 alone can say more than this assumption allows."""

DARK_COMET_LOG10: Final = (-4.0, 0.0)
"""Range of |acceleration| (as log10 of the equivalent AMR) that dark comets are assumed to fill evenly, A1 of
either sign."""

ARTIFICIAL: Final = (
    # weight, median m²/kg, scatter dex, what it is
    (0.800, 0.0136, 0.30, "stages and spacecraft"),
    (0.095, 0.0136, 0.45, "compact or winged spacecraft"),
    (0.050, 42.0, 0.35, "foil: high area-to-mass debris"),
)
ARTIFICIAL_EVEN: Final = (
    # weight, from and to log10 m²/kg, what it is
    (0.050, -1.5, 1.5, "light structures and fragments"),
    (0.005, -4.0, -2.0, "denser than any hardware measured"),
)
"""Published fits of distant artificial objects (B. Gray, Find_Orb): bulk n = 81, median 0.0136, scatter 0.30 dex,
smallest 0.0026; high area-to-mass debris n = 101, median 42; a few between. Nothing was measured below 0.0026."""


def artificial_density() -> FloatArray:
    """Density per dex over :data:`LOG10_AMR`, shape (grid,), integrating to 1."""
    total = np.zeros_like(LOG10_AMR)
    for weight, median, scatter, _ in ARTIFICIAL:
        total += weight * _normal(LOG10_AMR, np.log10(median), scatter)
    for weight, low, high, _ in ARTIFICIAL_EVEN:
        total += weight * np.where((low <= LOG10_AMR) & (high >= LOG10_AMR), 1.0 / (high - low), 0.0)
    return _normalised(total)


def natural_density(H: FloatArray) -> FloatArray:
    """Density per dex of an inert natural body of absolute magnitude ``H`` (NaN: unknown), shape (n, grid)."""
    known = np.isfinite(H)
    size_m = 1000.0 * diameter_km(np.where(known, H, 25.0), NATURAL_ALBEDO)
    centre = np.where(known, np.log10(1.5 / (NATURAL_DENSITY_KGM3 * size_m)), np.log10(UNKNOWN_SIZE_MEDIAN))
    scatter = np.where(known, NATURAL_SCATTER_DEX, UNKNOWN_SIZE_SCATTER_DEX)
    return _normalised(_normal(LOG10_AMR[None, :], centre[:, None], scatter[:, None]))


def dark_comet_density() -> FloatArray:
    """Density per dex of |A1| (as AMR) of a dark comet, shape (grid,); half of them point outward."""
    low, high = DARK_COMET_LOG10
    return np.where((low <= LOG10_AMR) & (high >= LOG10_AMR), 1.0 / (high - low), 0.0)


@dataclass(frozen=True, slots=True)
class AreaToMassLikelihood:
    """Likelihood of each measured AMR under each population, and its tail under the natural one.

    Arrays of shape (n,): ``artificial`` and ``natural`` densities per m²/kg, ``p_natural`` the chance that a
    natural body (dark comets included) shows at least this AMR, ``p_inert`` the same without dark comets,
    ``p_artificial`` the two-sided chance under the artificial population.
    """

    artificial: FloatArray
    natural: FloatArray
    p_natural: FloatArray
    p_inert: FloatArray
    p_artificial: FloatArray


def likelihood(
    amr_m2kg: FloatArray,
    sigma_m2kg: FloatArray,
    H: FloatArray,
    transverse: npt.NDArray[np.int8],
    dark_comet_fraction: float = DARK_COMET_FRACTION,
) -> AreaToMassLikelihood:
    """Likelihoods of measured AMR ± σ. ``transverse``: 1 where A2 or A3 significantly exceeds |A1|, 0 where they
    were measured and do not, -1 where they were not measured."""
    found = densities(amr_m2kg, sigma_m2kg, H, transverse)
    sigma_m2kg = _resolved(amr_m2kg, sigma_m2kg)
    artificial, comet = _grids()
    tails = [np.empty_like(amr_m2kg) for _ in range(3)]
    for part in _parts(amr_m2kg.size):
        x, s = amr_m2kg[part, None], sigma_m2kg[part, None]
        upper = _upper_tail((x - _AMR) / s)
        tail_artificial = upper @ artificial
        tail_inert = np.sum(upper * (natural_density(H[part]) * _STEP), axis=1)
        tail_comet = 0.5 * (upper @ comet) + 0.5 * (_upper_tail((x + _AMR) / s) @ comet)
        tails[0][part] = (1.0 - dark_comet_fraction) * tail_inert + dark_comet_fraction * tail_comet
        tails[1][part] = tail_inert
        tails[2][part] = 2.0 * np.minimum(tail_artificial, 1.0 - tail_artificial)
    return AreaToMassLikelihood(
        found.artificial, found.natural(dark_comet_fraction), *(np.clip(tail, 0.0, 1.0) for tail in tails)
    )


@dataclass(frozen=True, slots=True)
class AreaToMassDensities:
    """Densities per m²/kg of each measured AMR, shape (n,): of artificial objects, of inert natural bodies and of
    dark comets, with the shares of the latter two that show the observed state of A2 and A3."""

    artificial: FloatArray
    inert: FloatArray
    comet: FloatArray
    share_inert: FloatArray
    share_comet: FloatArray

    def natural(self, dark_comet_fraction: float = DARK_COMET_FRACTION) -> FloatArray:
        """Density of a natural body, of which so many are dark comets."""
        inert = (1.0 - dark_comet_fraction) * self.share_inert * self.inert
        return np.asarray(inert + dark_comet_fraction * self.share_comet * 0.5 * self.comet)


def densities(
    amr_m2kg: FloatArray, sigma_m2kg: FloatArray, H: FloatArray, transverse: npt.NDArray[np.int8]
) -> AreaToMassDensities:
    """The densities alone; arguments as for :func:`likelihood`."""
    sigma_m2kg = _resolved(amr_m2kg, sigma_m2kg)
    artificial, comet = _grids()
    share_artificial, share_inert = _share(transverse, 0.05), _share(transverse, 0.05)
    hardware, inert, dark = (np.empty_like(amr_m2kg) for _ in range(3))
    for part in _parts(amr_m2kg.size):
        x, s = amr_m2kg[part, None], sigma_m2kg[part, None]
        like, like_inward = _gauss(x, _AMR, s), _gauss(x, -_AMR, s)
        hardware[part] = share_artificial[part] * (like @ artificial)
        inert[part] = np.sum(like * (natural_density(H[part]) * _STEP), axis=1)
        dark[part] = (like + like_inward) @ comet
    return AreaToMassDensities(hardware, inert, dark, share_inert, _share(transverse, 0.7))


def _resolved(amr_m2kg: FloatArray, sigma_m2kg: FloatArray) -> FloatArray:
    """The errors, where they are too small for the grid those of half a step: between its points lies no density."""
    return np.maximum(sigma_m2kg, _LEAST_SIGMA * np.abs(amr_m2kg))


@cache
def _grids() -> tuple[FloatArray, FloatArray]:
    """Probability of each step of :data:`LOG10_AMR` for artificial objects and for dark comets."""
    return artificial_density() * _STEP, dark_comet_density() * _STEP


def _parts(n: int) -> list[slice]:
    """So many rows at once that the tables over the grid stay small."""
    return [slice(start, start + 2000) for start in range(0, n, 2000)]


def _share(transverse: npt.NDArray[np.int8], dominated: float) -> FloatArray:
    """Share of a population in the observed state of A2 and A3; 1 where they were not measured."""
    return np.select([transverse == 1, transverse == 0], [dominated, 1.0 - dominated], default=1.0)


def _normal(x: FloatArray, mean: FloatArray | float, sigma: FloatArray | float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * ((x - mean) / sigma) ** 2) / (np.sqrt(2.0 * np.pi) * sigma))


def _gauss(x: FloatArray, mean: FloatArray, sigma: FloatArray) -> FloatArray:
    return _normal(x, mean, sigma)


def _upper_tail(z: FloatArray) -> FloatArray:
    return np.asarray(ndtr(-z))


def _normalised(density: FloatArray) -> FloatArray:
    return np.asarray(density / (density.sum(axis=-1, keepdims=True) * _STEP))
