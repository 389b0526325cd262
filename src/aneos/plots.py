"""The picture of a screened catalogue: speed past Earth against inclination, flagged objects named.

In: a :class:`~aneos.screening.ScreenResult`. Out: a PNG, SVG or PDF file. Colours are those of Okabe and Ito
(2008), which readers with any kind of colour vision tell apart; shapes differ as well.
"""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from aneos.errors import InputError
from aneos.labels import Box, place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aneos.screening import ScreenResult

PLOT_FORMATS: Final = ("png", "svg", "pdf")
MOST_NAMES: Final = 45
"""Objects named at most; the rest of the flagged ones are drawn without a name, and the footer says so."""

SPEED_RANGE_KMS: Final = (0.02, 80.0)
INCLINATION_RANGE_DEG: Final = (0.008, 180.0)
LEAKER_SPEED_KMS: Final = 1.1
LEAKER_INCLINATION_DEG: Final = 0.6

MARKS: Final = {
    "known_artificial": ("#CC79A7", "D", "known artificial object"),
    "probably_artificial": ("#D55E00", "o", "probably artificial"),
    "unexplained": ("#0072B2", "^", "unexplained"),
    "insufficient_data": ("#009E73", "s", "undecided: insufficient data"),
    "natural": ("#56B4E9", "v", "natural"),
}
"""Colour, shape and legend of each class that is marked."""

FLAGGED_CLASSES: Final = ("known_artificial", "probably_artificial", "unexplained")
FIRST_RANKS: Final = 15
"""Ranks that are marked and named whatever their class."""

STYLE: Final[Any] = {"font.size": 10, "svg.hashsalt": "aneos", "pdf.fonttype": 42}
GREY: Final = "#7a828c"
INK: Final = "#20242a"


def check_plot(path: Path) -> None:
    """Raise :class:`InputError` now if a picture could not be written to ``path`` later."""
    from aneos.output import prepare

    if path.suffix.lower().removeprefix(".") not in PLOT_FORMATS:
        raise InputError("cannot tell what to draw: end the name in .png, .svg or .pdf", source=path)
    prepare(path)


def plot_screen(result: ScreenResult, path: Path) -> None:
    """Draw ``result`` and write it to ``path`` (PNG, SVG or PDF by its suffix), whole or not at all.

    Raises :class:`InputError` for another suffix, or when the file cannot be written.
    """
    from aneos.output import write_whole

    check_plot(path)
    figure = draw(result.table, footer(result.signature, result.summary))
    buffer = io.BytesIO()
    kind = path.suffix.lower().removeprefix(".")
    stamp = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        figure.savefig(buffer, format=kind, metadata=stamp)
    write_whole(path, buffer.getvalue())


def marked(table: pl.DataFrame) -> pl.DataFrame:
    """The rows that the picture names, in rank order: what is flagged, and the first ranks."""
    return table.filter(is_flagged() | (pl.col("rank") <= FIRST_RANKS)).sort("rank", nulls_last=True)


def is_flagged() -> pl.Expr:
    """Alerts, and objects of a class that says more than undecided or natural."""
    return pl.col("class").is_in(FLAGGED_CLASSES) | pl.col("alert")


def draw(table: pl.DataFrame, note: str) -> Figure:
    """The figure for a screen's table; ``note`` is its footer. Rows without encounter speed are left out."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    import matplotlib as mpl
    from matplotlib.figure import Figure

    drawable = table.filter(pl.col("v_encounter_kms").is_finite() & pl.col("i_deg").is_finite())
    named = marked(drawable)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 7.6), dpi=150, facecolor="white")
        axes = figure.add_axes((0.075, 0.125, 0.905, 0.775))
        _frame(axes)
        _background(axes, drawable)
        _corner(axes)
        _marks(axes, named)
        _legend(axes)
        unnamed = _names(figure, axes, named)
        title = f"{table.height:,} near-Earth objects by speed past Earth and inclination"
        figure.text(0.075, 0.945, title, fontsize=14, color=INK, weight="bold")
        figure.text(0.075, 0.915, _subtitle(named, unnamed), color=GREY)
        figure.text(0.075, 0.022, f"{note}{_remarks(table, drawable)}", fontsize=7.5, color=GREY, wrap=True)
    return figure


def footer(signature: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Where the picture comes from: catalogue, version, settings."""
    sources = signature.get("catalogue") or ()
    sources = [sources] if isinstance(sources, Mapping) else sources
    catalogues = ", ".join(f"{item['name']} {item['version']}".strip() for item in sources)
    parts = [f"Catalogue: {catalogues}", f"aNEOS {signature.get('version', '')}"]
    if summary.get("fdr") is not None:
        parts.append(f"alerts at a false discovery rate of {100 * summary['fdr']:g}%")
    if summary.get("prior") is not None:
        parts.append(f"prior {summary['prior']:.1e}")
    if summary.get("lines"):
        parts.append(f"lines: {', '.join(summary['lines'])}")
    return " · ".join(parts)


def _frame(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter

    axes.set(xscale="log", yscale="log", xlim=SPEED_RANGE_KMS, ylim=INCLINATION_RANGE_DEG)
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_major_formatter(plain)
    axes.yaxis.set_major_formatter(plain)
    axes.set_xlabel("speed relative to Earth at the closest point of the orbits (km/s)", color=INK)
    axes.set_ylabel("inclination to the ecliptic (°)", color=INK)
    axes.grid(which="major", color="#e6e8eb", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _background(axes: Axes, table: pl.DataFrame) -> None:
    x, y = _position(table)
    axes.scatter(x, y, s=3, color=GREY, alpha=0.22, linewidths=0, rasterized=True, label="every object")


def _corner(axes: Axes) -> None:
    from matplotlib.patches import Rectangle

    corner = (SPEED_RANGE_KMS[0], INCLINATION_RANGE_DEG[0])
    width, height = LEAKER_SPEED_KMS - corner[0], LEAKER_INCLINATION_DEG - corner[1]
    axes.add_patch(Rectangle(corner, width, height, facecolor="#E69F00", alpha=0.10, linewidth=0, zorder=0.5))
    text = f"slow leakers: below {LEAKER_SPEED_KMS} km/s and {LEAKER_INCLINATION_DEG}°"
    axes.annotate(
        text, corner, (7, 6), textcoords="offset points", fontsize=9, color="#8a5a00", style="italic"
    )


def _marks(axes: Axes, named: pl.DataFrame) -> None:
    for name, (colour, shape, legend) in MARKS.items():
        x, y = _position(named.filter(pl.col("class") == name))
        if len(x):
            label = f"{legend} ({len(x)})"
            axes.scatter(
                x,
                y,
                s=42,
                marker=shape,
                color=colour,
                edgecolors="white",
                linewidths=0.8,
                zorder=4,
                label=label,
            )


def _legend(axes: Axes) -> None:
    legend = axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none", fontsize=9)
    every = legend.legend_handles[0]
    if every is not None:
        every.set_alpha(1.0)
        every.set(sizes=[9])


def _names(figure: Figure, axes: Axes, named: pl.DataFrame) -> int:
    """Name the flagged objects where there is room; return how many are left without a name."""
    from matplotlib import patheffects
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    x, y = _position(named)
    points = [(float(px), float(py)) for px, py in axes.transData.transform(np.column_stack([x, y]))]
    names = named["designation"].to_list()[:MOST_NAMES]
    renderer: Any = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    halo = [patheffects.withStroke(linewidth=2.5, foreground="white")]
    style: dict[str, Any] = {"fontsize": 8.5, "color": INK, "path_effects": halo, "zorder": 6}
    texts = [figure.text(0, 0, _shown(name), **style) for name in names]
    sizes = [(box.width, box.height) for box in (text.get_window_extent(renderer) for text in texts)]
    legend = axes.get_legend()
    taken = [_box(legend.get_window_extent(renderer))] if legend else []
    scale = figure.dpi / 100
    places = place_labels(points, sizes, _box(axes.get_window_extent(renderer)), taken, scale=scale)
    to_figure = figure.transFigure.inverted()
    for text, place, point in zip(texts, places, points, strict=False):
        if place is None:
            text.remove()
            continue
        left, baseline = to_figure.transform((place.left, place.bottom + 0.2 * (place.top - place.bottom)))
        text.set_position((left, baseline))
        end = place.nearest(point)
        if math.dist(point, end) > 9 * scale:
            figure.add_artist(_leader(to_figure.transform([point, end])))
    return named.height - sum(place is not None for place in places)


def _leader(ends: np.ndarray[Any, Any]) -> Any:
    from matplotlib.lines import Line2D

    return Line2D(ends[:, 0], ends[:, 1], color=INK, linewidth=0.5, alpha=0.55, zorder=3)


def _position(table: pl.DataFrame) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Speed and inclination, moved to the edge of the picture where they lie outside it."""
    x = np.clip(table["v_encounter_kms"].to_numpy(), *SPEED_RANGE_KMS)
    y = np.clip(table["i_deg"].to_numpy(), *INCLINATION_RANGE_DEG)
    return x, y


def _box(extent: Any) -> Box:
    return Box(extent.x0, extent.y0, extent.x1, extent.y1)


def _shown(name: str) -> str:
    """A name as it may stand in the picture: short, and without the signs that start a formula."""
    return (name if len(name) <= 28 else name[:27] + "…").replace("$", r"\$")


def _subtitle(named: pl.DataFrame, unnamed: int) -> str:
    flagged = named.filter(is_flagged()).height
    without = f"; {unnamed} of them without room for a name" if unnamed else ""
    if not flagged:
        return f"none flagged; marked are the first {FIRST_RANKS} ranks{without}"
    return f"{flagged} flagged; marked are these and the first {FIRST_RANKS} ranks{without}"


def _remarks(table: pl.DataFrame, drawable: pl.DataFrame) -> str:
    """What the picture does not show as it is."""
    undrawn = table.height - drawable.height
    speed_fits = pl.col("v_encounter_kms").is_between(*SPEED_RANGE_KMS)
    moved = drawable.filter(~(speed_fits & pl.col("i_deg").is_between(*INCLINATION_RANGE_DEG))).height
    remarks = [f"{undrawn:,} objects without an encounter speed are not drawn"] if undrawn else []
    remarks += [f"{moved:,} beyond the axes are drawn on the edge"] if moved else []
    return "".join(f" · {remark}" for remark in remarks)
