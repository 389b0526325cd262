"""Pictures of the report: small PNG files, the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aneos.learning.posterior import OrbitBy

COLOURS = {"generative": "#7f7f7f", "classifier": "#1f77b4", "mixture": "#d62728"}


def reliability_curve(curves: Mapping[str, Sequence[Sequence[float]]], path: Path) -> None:
    """Observed share against predicted probability at equal prior; the diagonal is perfect calibration."""
    figure, axes = _start("predicted P(artificial), equal prior", "observed share")
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.7, linestyle=":")
    for (name, (predicted, observed)), colour in zip(curves.items(), COLOURS_IN_ORDER, strict=False):
        axes.plot(predicted, observed, marker="o", markersize=3, linewidth=1.0, label=name, color=colour)
    axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def recovery_by_speed(bins: Sequence[Mapping[str, Any]], modes: Sequence[OrbitBy], path: Path) -> None:
    """Recall at 30 alerts with exact 95% intervals against encounter speed, for each judge of the orbit."""
    figure, axes = _start("encounter speed (km/s)", "recall at 30 alerts, identity withheld")
    for number, by in enumerate(modes):
        shown = [item for item in bins if item[by]["trials"]]
        middle = [0.5 * (item["from"] + min(item["to"], 8.0)) + 0.05 * (number - 1) for item in shown]
        rate = [item[by]["rate"] for item in shown]
        low = [item[by]["rate"] - item[by]["interval"][0] for item in shown]
        high = [item[by]["interval"][1] - item[by]["rate"] for item in shown]
        # Rounded counts of escapes may put the rate a hair outside of its own interval.
        errors = [[max(value, 0.0) for value in side] for side in (low, high)]
        axes.errorbar(
            middle, rate, errors, marker="o", markersize=3, linewidth=1.0, color=COLOURS[by], label=by
        )
    axes.set_ylim(0.0, 1.05)
    axes.legend(frameon=False, fontsize=8, title="orbit judged by", title_fontsize=8)
    _save(figure, path)


COLOURS_IN_ORDER = (COLOURS["classifier"], COLOURS["generative"], COLOURS["mixture"])


def _start(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.0, 4.0), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
