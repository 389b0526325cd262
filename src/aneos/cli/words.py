"""How numbers are written in tables."""

from __future__ import annotations

import math


def probability(value: float | None) -> str:
    """Three significant figures where they matter; never a bare 0 or 1, which no evidence reaches."""
    if value is None or not math.isfinite(value):
        return "–"
    if value < 1e-300:
        return "< 1e-300"
    if value < 0.001:
        return f"{value:.1e}"
    return f"{value:.3f}" if value < 0.9995 else "> 0.999"


def interval(lo: float | None, hi: float | None) -> str:
    """A credible interval of a probability."""
    return f"[{probability(lo)}, {probability(hi)}]"


def signed(value: float | None, places: int = 2) -> str:
    """A log Bayes factor: its sign says which side it speaks for."""
    return "–" if value is None or not math.isfinite(value) else f"{value:+.{places}f}"


def fixed(value: float | None, places: int) -> str:
    """A measured number, or a dash where it is not known."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{places}f}"


def percent(fraction: float) -> str:
    """``0.1`` as ``10%``."""
    return f"{100 * fraction:g}%"
