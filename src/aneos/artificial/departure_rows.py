"""What a row of a table says of an orbit: its forces, its arc, its standard deviations, the first observation.

In: a mapping with the columns of :mod:`aneos.catalogue.schema` and the optional ones of docs/formats.md. Out: numbers,
and what had to be supposed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.departure_arc import SCATTER_ARCSEC, Arc
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.dynamics.uncertainty import KEPLERIAN
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]

SIGMAS: Final = tuple(f"sigma_{name}" for name in KEPLERIAN)
"""Optional columns of an elements file: one standard deviation of each element, in the element's unit."""

FORCE_COLUMNS: Final = ("amr_m2kg", "amr_sigma_m2kg", "A1", "A1_sigma", "A2", "A2_sigma", "A3", "A3_sigma")

SUPPOSED_ARC_DAYS: Final = 30.0
SUPPOSED_OBSERVATIONS: Final = 30
"""An orbit of which nothing is said is taken for one of 30 observations in 30 days about its epoch."""

LONGEST_ARC_DAYS: Final = 10_000.0
"""Older observations, from before the kernels perhaps, would not tell more of these orbits."""

ASSUMED_SIGMA: Final = 0.3
"""Relative standard deviation of a force that is given without one."""


def forces_of(row: Mapping[str, Any], amr: tuple[float, float] | None) -> tuple[float, FloatArray, str]:
    """A1 (au/d²), the sigmas of A1, A2, A3 (NaN: not known), and where they come from."""
    sigma = np.full(3, np.nan)
    for place, label in enumerate(("A2", "A3"), 1):
        if np.isfinite(number(row, label)):
            sigma[place] = _sigma_of(row, label)
    if amr is not None:
        value, width = (float(part) for part in amr)
        if not (np.isfinite(value) and np.isfinite(width) and width >= 0.0):
            raise InputError(f"the area-to-mass ratio needs a value and a width, not {amr}", source="amr")
        sigma[0] = A1_PER_AMR_AU_D2 * width
        return A1_PER_AMR_AU_D2 * value, sigma, "area-to-mass ratio given"
    if np.isfinite(number(row, "A1")):
        sigma[0] = _sigma_of(row, "A1")
        return number(row, "A1"), sigma, "A1 of the orbit"
    if np.isfinite(number(row, "amr_m2kg")):
        value = number(row, "amr_m2kg")
        width = number(row, "amr_sigma_m2kg", ASSUMED_SIGMA * abs(value))
        sigma[0] = A1_PER_AMR_AU_D2 * width
        return A1_PER_AMR_AU_D2 * value, sigma, "area-to-mass ratio of the orbit"
    return 0.0, sigma, "not known: drawn from what hardware has"


def _sigma_of(row: Mapping[str, Any], label: str) -> float:
    return number(row, f"{label}_sigma", ASSUMED_SIGMA * abs(number(row, label)))


def sigmas_of(row: Mapping[str, Any], name: str) -> FloatArray | None:
    values = np.array([number(row, label) for label in SIGMAS])
    if not np.isfinite(values).any():
        return None
    if not np.isfinite(values).all():
        lacking = next(label for label, value in zip(SIGMAS, values, strict=True) if not np.isfinite(value))
        raise InputError(f"{name} has some sigmas but no {lacking}: give all six or none", source="elements")
    if (values < 0.0).any():
        raise InputError(f"{name} has a negative sigma", source="elements")
    return values


def arc_of(row: Mapping[str, Any], epoch: float) -> tuple[Arc, dict[str, Any]]:
    """The arc and what is known of it; it begins at the epoch where its dates are not known."""
    days, last = number(row, "arc_days"), _day(row.get("last_observation"))
    known = bool(np.isfinite(days))
    length = min(days, LONGEST_ARC_DAYS) if known else SUPPOSED_ARC_DAYS
    end = last + 1.0 if last is not None else epoch + length
    n = number(row, "n_obs")
    count = int(n) if np.isfinite(n) else _likely_count(length) if known else SUPPOSED_OBSERVATIONS
    scatter = number(row, "rms_arcsec", SCATTER_ARCSEC)
    arc = Arc(end - max(length, 0.0) - (1.0 if last is not None else 0.0), end, count, scatter)
    details = {
        "arc_days": days if known else None,
        "n_obs": int(n) if np.isfinite(n) else None,
        "last_observation": None if last is None else str(row.get("last_observation")),
    }
    return arc, details


def first_seen(row: Mapping[str, Any], epoch: float) -> float:
    """The latest moment that the first observation can have: dates are whole days."""
    last, days = _day(row.get("last_observation")), number(row, "arc_days")
    return last + 1.0 - days if last is not None and np.isfinite(days) else epoch


def _likely_count(arc_days: float) -> int:
    """How many observations an arc of that length has, for want of a number."""
    return int(np.clip(4.0 + 2.0 * arc_days, 6.0, 40.0))


def _day(value: Any) -> float | None:
    """Julian date at the beginning of a day given as a date or ISO text."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError as error:
            raise InputError(f"{value!r} is not a date", source="last_observation") from error
    return None if value is None else float(value.toordinal()) + 1_721_424.5


def number(row: Mapping[str, Any], label: str, otherwise: float = float("nan")) -> float:
    """A number of the row, ``otherwise`` where it is absent, null or not a number."""
    value = row.get(label)
    if value is None or value == "":
        return otherwise
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{label} is {value!r}, not a number", source="elements") from error
    return number if np.isfinite(number) else otherwise
