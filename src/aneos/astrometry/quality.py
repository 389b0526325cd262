"""What qualifies a fit: arc, nights, parallax, residuals by station, and words of warning."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from aneos.astrometry.arc import ARCSEC, Arc
from aneos.astrometry.least_squares import Solution
from aneos.astrometry.stations import station_name
from aneos.dynamics.fitting import FloatArray

SHORT_ARC_DAYS: Final = 1.0
FEW: Final = 8
POOR_CHI2: Final = 4.0
MANY_REJECTED: Final = 0.15
LITTLE_PARALLAX: Final = 3.0


def residual_table(arc: Arc, solution: Solution) -> pl.DataFrame:
    """A row an observation: time, station, residuals (arcsec, observed minus computed, east on the sky and north;
    radar in its own units: delay s or shift Hz), χ², used or not, line in the file."""
    arcsec = solution.prediction.residual / ARCSEC
    optical = arc.optical
    radar = np.where(optical, np.nan, solution.prediction.residual[:, 0])
    frequency = arc.table["frequency_hz"].fill_null(np.nan).to_numpy()
    delay = np.where(arc.kind == 1, radar * 86400.0, np.nan)
    doppler = np.where(arc.kind == 2, radar * frequency, np.nan)
    return pl.DataFrame(
        {
            "time_utc": arc.table["time_utc"],
            "station": arc.table["station"],
            "kind": arc.table["kind"],
            "east_arcsec": _null(np.where(optical, arcsec[:, 0], np.nan)),
            "north_arcsec": _null(np.where(optical, arcsec[:, 1], np.nan)),
            "delay_s": _null(delay),
            "doppler_hz": _null(doppler),
            "sigma_arcsec": _null(np.where(optical, np.sqrt(arc.covariance[:, 0, 0]) / ARCSEC, np.nan)),
            "chi2": solution.chi2,
            "used": solution.used,
            "distance_au": solution.prediction.distance,
            "source_line": arc.table["source_line"],
            "object": arc.table["object"],
        }
    )


def station_table(residuals: pl.DataFrame) -> pl.DataFrame:
    """A row a station: observations, how many were used, rms and mean of the used residuals in arcsec."""
    used = pl.col("used")
    optical = residuals.filter(pl.col("kind") == "optical")
    table = optical.group_by("station", maintain_order=True).agg(
        pl.len().alias("n_obs"),
        used.sum().alias("n_used"),
        (pl.col("east_arcsec").filter(used) ** 2 + pl.col("north_arcsec").filter(used) ** 2)
        .mean()
        .sqrt()
        .alias("rms_arcsec"),
        pl.col("east_arcsec").filter(used).mean().alias("mean_east_arcsec"),
        pl.col("north_arcsec").filter(used).mean().alias("mean_north_arcsec"),
    )
    names = [station_name(code) for code in table["station"]]
    return table.insert_column(1, pl.Series("name", names, dtype=pl.String))


def rms_arcsec(arc: Arc, solution: Solution) -> float:
    """Root mean square of the used optical residuals, both axes together; NaN where only radar was used."""
    rows = solution.used & arc.optical
    if not rows.any():
        return float("nan")
    return float(np.sqrt(np.mean(np.sum(solution.prediction.residual[rows] ** 2, axis=1)))) / ARCSEC


def count_nights(arc: Arc) -> int:
    """Number of distinct nights: runs of observations more than 8 h apart from the next."""
    return int(1 + np.sum(np.diff(arc.time) > 8.0 / 24.0))


def parallax_sigmas(arc: Arc, solution: Solution) -> float:
    """How well the distance is known: distance over its σ at the middle of the arc."""
    row = len(arc) // 2
    partial = solution.prediction.partials[row]
    del partial
    line = arc.direction[row]
    variance = float(line @ solution.covariance[:3, :3] @ line) * max(1.0, solution.reduced_chi2)
    return float(solution.prediction.distance[row] / np.sqrt(max(variance, 1e-300)))


def flags_of(arc: Arc, solution: Solution, nights: int) -> list[tuple[str, str]]:
    """Words of warning with a sentence each; empty for a sound fit."""
    found: list[tuple[str, str]] = []
    if not solution.converged:
        found.append(("not converged", "the least-squares iteration did not settle"))
    if arc.span_days < SHORT_ARC_DAYS:
        hours = arc.span_days * 24.0
        found.append(("short arc", f"the observations span only {hours:.1f} hours in {nights} night(s)"))
    if len(arc) < FEW:
        found.append(("few observations", f"{len(arc)} observations"))
    parallax = parallax_sigmas(arc, solution)
    if parallax < LITTLE_PARALLAX:
        found.append(
            ("distance open", f"the distance is known to {parallax:.1f}σ only: the orbit is one of many")
        )
    if solution.reduced_chi2 > POOR_CHI2:
        found.append(("poor fit", f"reduced χ² {solution.reduced_chi2:.1f}"))
    rejected = int(np.sum(~solution.used))
    if rejected > max(2.0, MANY_REJECTED * len(arc)):
        found.append(("many outliers", f"{rejected} of {len(arc)} observations were rejected"))
    return found


def _null(values: FloatArray) -> pl.Series:
    return pl.Series(values, dtype=pl.Float64).fill_nan(None)


def summary_sentence(result: dict[str, Any]) -> str:
    """One plain sentence about a fit (``FitResult.to_dict``)."""
    amr, sigma = result.get("amr_m2kg"), result.get("amr_sigma_m2kg")
    push = (
        f"AMR {amr:.2g} ± {sigma:.1g} m²/kg"
        if amr is not None and sigma is not None
        else "AMR not determined"
    )
    return (
        f"{result['n_used']} of {result['n_obs']} observations over {result['arc_days']:.2f} days fit to "
        f"{result['rms_arcsec']:.2f} arcsec; {push}; bound to the Earth with probability "
        f"{result['geocentric']['probability_bound']:.2f}."
    )
