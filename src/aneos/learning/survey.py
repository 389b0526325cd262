"""A simple survey: how faint a body on a given orbit may be and still be found, 2001 to the end of 2025.

Every orbit is followed about the Sun alone (two bodies, no encounter is bent), every :data:`STEP_DAYS` days. On a night
when the body stands at least :data:`ELONGATION_DEG` from the Sun, it is seen where its apparent magnitude is brighter
than that year's limit. It counts as found when it was seen on :data:`NIGHTS` of those nights. Weather, galactic plane,
trailing, cadence and hemispheres are left out: the model gives weights, not a completeness.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.orbits import KeplerianElements, earth_elements, elements_to_state

FloatArray = npt.NDArray[np.float64]

FIRST_JD: Final = 2_451_910.5
LAST_JD: Final = 2_461_040.5
STEP_DAYS: Final = 6.0
NIGHTS: Final = 2
ELONGATION_DEG: Final = 60.0
SLOPE_G: Final = 0.15

LIMITS: Final = ((2_451_910.5, 20.0), (2_453_371.5, 21.0), (2_457_023.5, 21.7))
"""From when (JD) surveys reach which apparent magnitude: LINEAR and its contemporaries, then Catalina and
Spacewatch, then Pan-STARRS and ATLAS together. Round numbers, an assumption."""


def faintest_magnitude(elements: KeplerianElements) -> FloatArray:
    """The faintest absolute magnitude H at which each orbit would have been found, shape (n,).

    NaN for a row that is no ellipse. The phase function is that of Bowell et al. 1989 with G 0.15.
    """
    n = len(elements)
    best = np.full((n, NIGHTS), -np.inf)
    for epoch in np.arange(FIRST_JD, LAST_JD, STEP_DAYS):
        limit = next(value for start, value in reversed(LIMITS) if epoch >= start)
        earth, _ = elements_to_state(earth_elements(epoch))
        found = limit - _dimming(elements_to_state(elements, epoch)[0], earth[0])
        weakest = np.argmin(best, axis=1)
        rows = np.arange(n)
        best[rows, weakest] = np.fmax(best[rows, weakest], found)
    faintest = best.min(axis=1)
    return np.where((elements.e < 1.0) & np.isfinite(elements.a_au), faintest, np.nan)


def brightest_epochs(elements: KeplerianElements) -> FloatArray:
    """The night (TDB JD) on which each orbit's body is brightest, shape (n,); NaN where it never leaves the Sun."""
    best, when = np.full(len(elements), np.inf), np.full(len(elements), np.nan)
    for epoch in np.arange(FIRST_JD, LAST_JD, STEP_DAYS):
        earth, _ = elements_to_state(earth_elements(epoch))
        dimming = _dimming(elements_to_state(elements, epoch)[0], earth[0])
        brighter = dimming < best
        best[brighter], when[brighter] = dimming[brighter], epoch
    return when


def _dimming(position_au: FloatArray, earth_au: FloatArray) -> FloatArray:
    """Apparent minus absolute magnitude; infinite too near the Sun in the sky."""
    away = position_au - earth_au
    r, delta = np.linalg.norm(position_au, axis=1), np.linalg.norm(away, axis=1)
    cosine = np.clip(np.sum(position_au * away, axis=1) / (r * delta), -1.0, 1.0)
    half = np.tan(0.5 * np.arccos(cosine))
    phi = (1.0 - SLOPE_G) * np.exp(-3.33 * half**0.63) + SLOPE_G * np.exp(-1.87 * half**1.22)
    elongation = np.degrees(
        np.arccos(np.clip(-(away @ earth_au) / (delta * np.linalg.norm(earth_au)), -1.0, 1.0))
    )
    magnitude = 5.0 * np.log10(r * delta) - 2.5 * np.log10(np.maximum(phi, 1e-12))
    return np.where(elongation >= ELONGATION_DEG, magnitude, np.inf)
