"""Area-to-mass ratios as a fit would give them: the error that an arc allows, and the push of solid rock."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.constants import A1_PER_AMR_AU_D2
from aneos.evidence.area_to_mass import SIGMA_BY_ARC
from aneos.orbits import diameter_km

FloatArray = npt.NDArray[np.float64]

SHORTEST_ARC_DAYS: Final = 15.0
DENSITY_KG_M3: Final = 2500.0
ALBEDO: Final = 0.15
UNKNOWN_H: Final = 18.0


def amr_sigma(arc_days: FloatArray) -> FloatArray:
    """Error of the area-to-mass ratio (m²/kg) that an arc allows; NaN below :data:`SHORTEST_ARC_DAYS`."""
    days, sigma = np.log(np.array(SIGMA_BY_ARC)).T
    inside = np.interp(np.log(np.maximum(arc_days, 1e-3)), days, sigma)
    return np.where(arc_days >= SHORTEST_ARC_DAYS, np.exp(inside), np.nan)


def with_solid_push(objects: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Objects with the area-to-mass ratio of solid bodies of their size, measured where the arc allows.

    AMR = 1.5 / (ρ D) with a density of 2500 kg/m³ and an albedo of 0.15.
    """
    rng = np.random.default_rng([seed, 41])
    size_m = 1e3 * diameter_km(objects["H"].fill_null(UNKNOWN_H).to_numpy(), ALBEDO)
    truth = 1.5 / (DENSITY_KG_M3 * size_m)
    sigma = amr_sigma(objects["arc_days"].cast(pl.Float64).fill_null(0.0).to_numpy())
    told = np.where(np.isfinite(sigma), truth + sigma * rng.standard_normal(truth.size), np.nan)
    return objects.with_columns(
        amr_m2kg=pl.Series(told).fill_nan(None),
        amr_sigma_m2kg=pl.Series(sigma).fill_nan(None),
        A1=pl.Series(told * A1_PER_AMR_AU_D2).fill_nan(None),
    )
