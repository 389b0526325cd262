"""How well a candidate's own orbit is known, from what a catalogue says of it.

A catalogue of elements carries no covariance. The Minor Planet Center's uncertainty parameter U is a runoff
in longitude, R = exp(1.49 U) arc seconds in ten years; it fixes the width of the mean motion, and with it
those of the other elements to within a factor of a few. Where U is absent the length of the arc stands in.
Either is rough (U looks ahead to the next encounter, and a short arc near the Earth says more than one far
away), so a candidate is tried more than once: with its elements taken at their word, which leaves a floor;
with ten times that floor, the scatter of fits to a night or two near the Earth; and with the widths from U or
the arc. Whoever compares pays for the number of trials.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.trajectories import Widths
from aneos.orbits import KeplerianElements

FloatArray = npt.NDArray[np.float64]

FLOOR_A_AU, FLOOR_E, FLOOR_I, FLOOR_LONGITUDE_DEG = 1e-4, 1e-4, 1e-4, 0.02
"""Least widths: as far apart as two fits of one object by different hands are (docs/registry.md)."""

LOOSE = 10.0
"""Factor of the second trial."""

LARGEST_RELATIVE = 0.02
"""Orbits known worse than this (σ_a/a) match anything and identify nothing."""

OPEN_RUNOFF_ARCSEC = float(np.exp(1.49 * 8.5))
"""Between U = 8 and U = 9, which has no upper bound."""

ARC_LAW = (5.6, 1.2)
"""log10 of the runoff R (arc seconds in ten years) stays below 5.6 - 1.2 log10(arc in days) for 84% of the
MPC's one-opposition near-Earth asteroids (2026-02-12)."""

JULIAN_YEAR = 365.25


def candidate_widths(table: pl.DataFrame, elements: KeplerianElements) -> tuple[Widths, ...]:
    """The two or three sets of widths under which n candidates are tried, at their epochs.

    The first is the floor, the second LOOSE times that. The third, where any row tells of its quality,
    comes from ``U``, else ``arc_days``, and ``last_observation``. From the runoff R: σ_n = R in ten years,
    σ_a = (2/3) a σ_n/n, σ_e = σ_a/a, the i vector half of that, and the longitude 2 σ_e at the last
    observation, drifting with σ_n from there on. U = 9 is open towards the worse and says only that the
    orbit is not known: such rows, and others whose σ_a/a would exceed LARGEST_RELATIVE, get the second set
    again.
    """
    n = len(elements)
    floor, loose = (
        Widths(*(np.full(n, factor * v) for v in (FLOOR_A_AU, FLOOR_E, FLOOR_I, FLOOR_LONGITUDE_DEG)))
        for factor in (1.0, LOOSE)
    )
    runoff = _runoff_arcsec(table)
    if not np.isfinite(runoff).any():
        return floor, loose
    rate = np.nan_to_num(runoff, nan=0.0) / 3600.0 / (10.0 * JULIAN_YEAR)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = (2.0 / 3.0) * rate / elements.mean_motion_deg_d
        relative = np.where(np.isfinite(relative), relative, 0.0)
    days = np.abs(elements.epoch_tdb_jd - _last_observation(table, elements.epoch_tdb_jd))
    longitude = np.hypot(np.degrees(2.0 * relative), rate * days)
    poor = (relative > LARGEST_RELATIVE) | ~(runoff < OPEN_RUNOFF_ARCSEC)
    own = (
        np.hypot(FLOOR_A_AU, np.abs(elements.a_au) * relative),
        np.hypot(FLOOR_E, relative),
        np.hypot(FLOOR_I, 0.5 * relative),
        np.hypot(FLOOR_LONGITUDE_DEG, longitude),
    )
    second = (loose.a_au, loose.e, loose.i, loose.longitude_deg)
    return floor, loose, Widths(*(np.where(poor, v, w) for v, w in zip(second, own, strict=True)))


def trials_that_count(table: pl.DataFrame) -> npt.NDArray[np.int_]:
    """How many of the sets each candidate is tried with, (n,): two where nothing tells of its own quality, whatever
    stands beside it in the table; its third set is then the second again."""
    return np.where(np.isfinite(_runoff_arcsec(table)), 3, 2)


def _runoff_arcsec(table: pl.DataFrame) -> FloatArray:
    """Longitude runoff in arc seconds per ten years; NaN where nothing is known of the orbit's quality."""
    runoff = np.full(table.height, np.nan)
    if "arc_days" in table.columns:
        arc = table["arc_days"].cast(pl.Float64).to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            law = 10.0 ** (ARC_LAW[0] - ARC_LAW[1] * np.log10(np.maximum(arc, 0.02)))
        runoff = np.where(np.isfinite(arc), law, runoff)
    if "U" in table.columns:
        value = table["U"].cast(pl.String).cast(pl.Float64, strict=False).to_numpy()
        runoff = np.where(np.isfinite(value), np.exp(1.49 * np.clip(value, 0.0, 9.0)), runoff)
    return runoff


def _last_observation(table: pl.DataFrame, epochs: FloatArray) -> FloatArray:
    """TDB JD of the last observation; the epoch itself where it is not known."""
    if "last_observation" not in table.columns:
        return epochs
    days = table["last_observation"].cast(pl.Date).cast(pl.Int32).cast(pl.Float64).to_numpy()
    last = days + 2_440_587.5
    return np.where(np.isfinite(last), last, epochs)
