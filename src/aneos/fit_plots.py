"""Two pictures of a fit: what the orbit leaves unexplained, and the path on the sky.

In: a :class:`~aneos.astrometry.FitResult` and its observations. Out: a PNG, SVG or PDF file with both panels.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from aneos.astrometry import FitResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EAST: Final = "#0072B2"
NORTH: Final = "#D55E00"
REJECTED: Final = "#9aa0a6"
INK: Final = "#20242a"
ROBUST_LIMIT: Final = 4.0


def write_fit_plot(fit: FitResult, observations: pl.DataFrame, path: Path) -> None:
    """Draw residuals against time and the track on the sky, side by side, and write them whole to ``path``."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from aneos.output import write_whole

    with rc_context({"font.size": 10, "svg.hashsalt": "aneos", "pdf.fonttype": 42}):
        figure = Figure(figsize=(12, 5.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.5, 1.0))
        draw_residuals(left, fit)
        draw_track(right, fit, observations)
        figure.suptitle(_title(fit), color=INK)
        buffer = io.BytesIO()
        form = path.suffix.lower().removeprefix(".")
        figure.savefig(buffer, format=form, dpi=150, metadata={"Date": None} if form == "svg" else None)
    write_whole(path, buffer.getvalue())


def draw_residuals(axes: Axes, fit: FitResult) -> None:
    """Residuals in arcsec (observed minus computed) against days since the first observation."""
    table = fit.residuals.filter(pl.col("kind") == "optical")
    days = _days(table)
    used = table["used"].to_numpy()
    size = 0.0
    for column, colour, label in (("east_arcsec", EAST, "east"), ("north_arcsec", NORTH, "north")):
        values = table[column].to_numpy()
        axes.plot(days[used], values[used], "o", ms=3.5, color=colour, alpha=0.8, label=label)
        axes.plot(days[~used], values[~used], "x", ms=6, color=REJECTED)
        if used.any():
            size = max(size, float(np.max(np.abs(values[used]))))
    limit = max(1.3 * size, 0.5)
    outside = int(np.sum(np.abs(table["east_arcsec"].to_numpy()) > limit))
    axes.set_ylim(-limit, limit)
    axes.axhline(0.0, color=INK, lw=0.8)
    axes.set_xlabel(f"days since {fit.first_utc[:16].replace('T', ' ')} UTC")
    axes.set_ylabel("observed − computed (arcsec)")
    note = f"; {outside} beyond the frame" if outside else ""
    axes.set_title(f"residuals, {fit.n_used} used, crosses rejected{note}", fontsize=10)
    axes.legend(loc="upper right", frameon=False)


def draw_track(axes: Axes, fit: FitResult, observations: pl.DataFrame) -> None:
    """Right ascension and declination as observed, coloured by time."""
    table = observations.filter(pl.col("kind") == "optical").sort("jd_utc")
    ra = np.degrees(np.unwrap(np.radians(table["ra_deg"].to_numpy())))
    jd = table["jd_utc"].to_numpy()
    points = axes.scatter(ra, table["dec_deg"].to_numpy(), c=jd - jd[0], s=14, cmap="viridis")
    axes.plot(ra, table["dec_deg"].to_numpy(), lw=0.4, color=REJECTED, zorder=0)
    axes.invert_xaxis()
    axes.set_xlabel("right ascension (deg, east to the left)")
    axes.set_ylabel("declination (deg)")
    axes.set_title("track on the sky", fontsize=10)
    axes.ticklabel_format(useOffset=False)
    axes.figure.colorbar(points, ax=axes, label="days")


def _days(table: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    times = table["time_utc"].str.to_datetime(format="%Y-%m-%dT%H:%M:%S%.fZ", strict=True)
    return np.asarray((times - times[0]).dt.total_milliseconds().to_numpy() / 86_400_000.0)


def _title(fit: FitResult) -> str:
    amr, sigma = fit.push.get("amr_m2kg"), fit.push.get("amr_sigma_m2kg")
    push = "" if amr is None or sigma is None else f", AMR {amr:.3g} ± {sigma:.1g} m²/kg"
    return f"{fit.designation}: rms {fit.rms_arcsec:.2f} arcsec over {fit.arc_days:.2f} days{push}"
