"""Which launch has hardware of this area-to-mass ratio? Upper stages as tumbling cylinders.

A convex body that tumbles shows a quarter of its surface on average (Cauchy); over the dry mass that is the
area-to-mass ratio. Lengths, diameters and dry masses are rounded from M. Wade's Encyclopedia Astronautica
(astronautix.com). What was measured of stages whose launch is known (B. Gray's fits: Apollo 12's S-IVB 0.0079, Chang'e
2's H-18 0.0122, JWST's ESC-A 0.0077, three Falcon second stages 0.0118 to 0.0136 m²/kg) lies within 0.1 dex of it.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.populations.area_to_mass import LOG10_AMR, artificial_density

FloatArray = npt.NDArray[np.float64]

STAGES: Final[dict[str, tuple[float, float, float]]] = {
    # name in the list of launches: length m, diameter m, dry mass kg
    "Centaur": (9.6, 3.05, 2000.0),
    "Agena": (7.1, 1.52, 700.0),
    "Blok L": (2.8, 2.4, 1150.0),
    "Blok E": (5.2, 2.56, 1120.0),
    "Blok D": (5.5, 3.7, 3000.0),
    "S-IVB": (17.8, 6.6, 13300.0),
    "Transtage": (4.6, 3.05, 1950.0),
    "third stage (H-18)": (12.4, 3.0, 2740.0),
    "ESC-A": (4.8, 5.4, 3300.0),
    "Fregat": (1.5, 3.35, 1100.0),
}
VEHICLES: Final[dict[str, tuple[float, float, float]]] = {
    # beginning of the vehicle's name, where that tells more than the stage's
    "Atlas V": (12.7, 3.05, 2100.0),
    "Falcon": (13.8, 3.66, 4000.0),
    "H-IIA": (9.2, 4.07, 3000.0),
}
SCATTER_DEX: Final = 0.15
"""Of the true ratio about the cylinder's: paint, attitude, engines, what stayed attached."""
STAGE_SHARE: Final = 0.7
"""Assumed share of objects of a launch that are its stage; the rest (payload, covers) have any hardware's ratio."""


def stage_log10_amr(vehicle: str, stages: str | None) -> float:
    """log10 of a launch's stage's area-to-mass ratio in m²/kg, NaN where its dimensions are not listed."""
    size = next((value for name, value in VEHICLES.items() if vehicle.startswith(name)), None)
    if size is None:
        size = next((value for name, value in STAGES.items() if (stages or "").startswith(name)), None)
    if size is None:
        return float("nan")
    length, diameter, mass = size
    surface = np.pi * diameter * (length + 0.5 * diameter)
    return float(np.log10(0.25 * surface / mass))


def push_fit(amr_m2kg: FloatArray, log10_stage: FloatArray) -> FloatArray:
    """How much more likely a ratio is for hardware of a launch than for any hardware; arrays are broadcast together.

    Its mean over all hardware is 1. 1 where the ratio is not positive or the launch's stage is not listed.
    """
    positive = amr_m2kg > 0.0
    log10 = np.log10(np.where(positive, amr_m2kg, 1.0))
    share = _generic()
    generic = np.interp(log10, LOG10_AMR, share, left=share[0], right=share[-1])
    off = (log10 - np.nan_to_num(log10_stage)) / SCATTER_DEX
    own = np.exp(-0.5 * off**2) / (SCATTER_DEX * np.sqrt(2.0 * np.pi))
    ratio = STAGE_SHARE * own / np.maximum(generic, 1e-6) + 1.0 - STAGE_SHARE
    return np.asarray(np.where(positive & np.isfinite(log10_stage), ratio, 1.0))


@cache
def _generic() -> FloatArray:
    """Density per dex of any hardware on LOG10_AMR."""
    density = artificial_density()
    return np.asarray(density / (density.sum() * (LOG10_AMR[1] - LOG10_AMR[0])))
