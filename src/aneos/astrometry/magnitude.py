"""Absolute magnitude from the magnitudes that came with the astrometry (H, G system of Bowell et al. 1989)."""

from __future__ import annotations

from typing import Final

import numpy as np

from aneos.astrometry.arc import Arc
from aneos.dynamics.fitting import FloatArray

SLOPE: Final = 0.15
TO_V: Final = {
    "V": 0.0, "B": -0.8, "U": -1.3, "g": -0.35, "r": 0.14, "R": 0.4, "C": 0.4, "W": 0.4, "i": 0.32, "z": 0.26,
    "I": 0.8, "J": 1.2, "w": -0.13, "y": 0.32, "L": 0.2, "H": 1.4, "K": 1.7, "Y": 0.7, "G": 0.28, "v": 0.0,
    "c": -0.05, "o": 0.33, "u": 2.5,
}  # fmt: skip
"""Magnitudes added to bring a band to V, as the MPC does ("Magnitude band conversions"); other bands, and none
given, are taken 0.2 too faint on average (-0.2 is added), as blank bands are there."""

UNKNOWN_BAND: Final = -0.2


def absolute_magnitude(
    arc: Arc, distance_au: FloatArray, direction: FloatArray
) -> tuple[float, float] | None:
    """H with its scatter (1.48 × median absolute deviation) from topocentric distances (m,) and line-of-sight unit
    vectors (m, 3); None where no magnitude was reported."""
    magnitude = np.array([np.nan if value is None else value for value in arc.table["mag"]], dtype=np.float64)
    shift = np.array([TO_V.get((band or "")[-1:], UNKNOWN_BAND) for band in arc.table["band"]])
    seen = distance_au[:, None] * direction
    absolute = magnitude + shift - apparent_magnitude(0.0, arc.observer[:, :3] + seen - arc.sun[:, :3], seen)
    known = absolute[np.isfinite(absolute)]
    if not known.size:
        return None
    middle = float(np.median(known))
    return middle, 1.4826 * float(np.median(np.abs(known - middle)))


def apparent_magnitude(absolute: float, from_sun_au: FloatArray, from_observer_au: FloatArray) -> FloatArray:
    """V (m,) of a body of absolute magnitude H at vectors (m, 3) from the Sun and from the observer."""
    sun, observer = (np.linalg.norm(vector, axis=1) for vector in (from_sun_au, from_observer_au))
    cosine = np.clip(np.sum(from_sun_au * from_observer_au, axis=1) / (sun * observer), -1.0, 1.0)
    half = np.tan(0.5 * np.arccos(cosine))
    phase = (1.0 - SLOPE) * np.exp(-3.33 * half**0.63) + SLOPE * np.exp(-1.87 * half**1.22)
    return np.asarray(absolute + 5.0 * np.log10(sun * observer) - 2.5 * np.log10(np.maximum(phase, 1e-6)))
