"""The normal distribution's integral, from a library that takes long to load and is loaded when it is first needed."""

from __future__ import annotations

from typing import Any


def ndtr(x: Any) -> Any:
    """Probability below ``x`` standard deviations, element by element; the shape is that of ``x``."""
    from scipy.special import ndtr as integral

    return integral(x)
