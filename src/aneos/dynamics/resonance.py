"""Mean-motion resonances with the Earth: does a resonant angle librate?

For a commensurability k:j the angle k λ_E - j λ - (k - j) ϖ goes round where the orbit is not in resonance, and stays
within an arc where it is (Murray & Dermott 1999, ch. 8). The widest arc that the angle leaves empty measures that;
an angle that is merely slow leaves one too, which is why it is compared with look-alikes.
"""

from __future__ import annotations

from math import gcd
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.orbits import KeplerianElements, earth_elements

FloatArray = npt.NDArray[np.float64]

LARGEST_INTEGER: Final = 12
HIGHEST_ORDER: Final = 3
NEAR: Final = 0.02
"""Relative distance of the mean motions' ratio from k/j within which a commensurability is tried."""
BINS: Final = 72

COMMENSURABILITIES: Final = tuple(
    (k, j)
    for k in range(1, LARGEST_INTEGER + 1)
    for j in range(1, LARGEST_INTEGER + 1)
    if k != j and abs(k - j) <= HIGHEST_ORDER and gcd(k, j) == 1
)
"""Pairs k:j: k revolutions of the object take as long as j of the Earth. 1:1 has its own module."""


def libration_gap_deg(elements: KeplerianElements) -> float:
    """Widest arc, in degrees, that some resonant angle leaves empty through a series of elements in time order.

    0 where no commensurability is near or every angle goes all the way round.
    """
    earth = earth_elements(elements.epoch_tdb_jd)
    period = float(np.median(elements.period_days)) / 365.256_36
    longitude = elements.node_deg + elements.peri_deg + elements.mean_anomaly_deg
    perihelion = elements.node_deg + elements.peri_deg
    of_earth = earth.node_deg + earth.peri_deg + earth.mean_anomaly_deg
    widest = 0.0
    for k, j in COMMENSURABILITIES:
        if abs(period * k / j - 1.0) < NEAR:
            widest = max(widest, widest_gap_deg(k * of_earth - j * longitude - (k - j) * perihelion))
    return widest


def widest_gap_deg(angle_deg: FloatArray) -> float:
    """Widest arc of the circle without any of the angles, in whole bins of 5 degrees; 0 for less than two bins."""
    filled = np.zeros(BINS, dtype=np.bool_)
    filled[(np.remainder(angle_deg, 360.0) * BINS / 360.0).astype(np.intp) % BINS] = True
    around = np.concatenate([filled, filled])
    run = best = 0
    for value in around:
        run = 0 if value else run + 1
        best = max(best, run)
    best = min(best, BINS)
    return 360.0 * best / BINS if best > 1 else 0.0
