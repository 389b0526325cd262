"""The physical line: size from H (or a measured diameter), spectral type, spin. Weak, except against large bodies."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from aneos.evidence.base import Evidence, EvidenceColumns, FloatArray, missing
from aneos.evidence.prepared import Prepared
from aneos.orbits import diameter_km
from aneos.populations.size import hardware_window, magnitude_ratio

LINE: Final = "physical"
LIMIT: Final = 4.0

H_SIGMA: Final = 0.5
"""Error of a catalogued H of an object seen through one apparition (Pravec et al. 2012 find 0.2 to 0.5)."""

LARGEST_HARDWARE_KM: Final = 0.06
"""Nothing launched to escape is longer than 60 m; a larger measured diameter is natural."""

BRIGHTEST_HARDWARE_H: Final = 21.5
"""No hardware is brighter: 60 m across and white paint give H 21.9 (H errors of 0.5 allowed for)."""

TYPED_ARTIFICIAL: Final = 0.02
"""Assumed share of hardware whose spectrum would be classed as an asteroid type."""

SPIN_HARDWARE_S: Final = (3.0, 185.0)
SPIN_BAYES_FACTOR: Final = 2.0
"""Stages tumble with periods of 3 to 185 s; natural bodies of that size also spin fast (from 134 s), so a spin in
that range counts by no more than this factor, and a slower one by its inverse."""


def score(prepared: Prepared) -> EvidenceColumns:
    """log10 Bayes factor with 90% interval, measured where H, a diameter, a spin or a spectral type is given."""
    H = prepared.column("H")
    known = np.isfinite(H)
    value = np.where(known, _magnitude_ratio(np.where(known, H, 27.0)), 0.0)
    shifted = [
        np.where(known, _magnitude_ratio(np.where(known, H, 27.0) + d), 0.0) for d in (-H_SIGMA, H_SIGMA)
    ]
    lo = np.minimum(value, np.min(shifted, axis=0))
    hi = np.maximum(value, np.max(shifted, axis=0))
    for extra in (_diameter(prepared), _spectrum(prepared), _spin(prepared)):
        known |= np.isfinite(extra)
        add = np.nan_to_num(extra)
        value, lo, hi = value + add, lo + add, hi + add
    value, lo, hi = (np.clip(array, -LIMIT, LIMIT) for array in (value, lo, hi))
    return EvidenceColumns(LINE, known, value, lo, hi)


def explain(prepared: Prepared, index: int, columns: EvidenceColumns) -> Evidence:
    """The line for one object, with its sentence."""
    if not columns.measured[index]:
        return missing(LINE, "Neither an absolute magnitude nor any physical measurement is known.")
    H = float(prepared.column("H")[index])
    diameter = float(prepared.column("diameter_km")[index])
    rotation = float(prepared.column("rotation_h")[index])
    held = "spectral_type" in prepared.table.columns
    spectral = prepared.table["spectral_type"][index] if held else None
    parts: list[str] = []
    inputs: dict[str, Any] = {}
    if np.isfinite(H):
        low, high = (1000.0 * float(diameter_km(np.array([H]), albedo)[0]) for albedo in (0.7, 0.04))
        inputs |= {"H": H, "diameter_m_for_albedo_0.7": low, "diameter_m_for_albedo_0.04": high}
        fits = "fits" if float(hardware_window(np.array([H]))[0]) > 0.5 else "does not fit"
        parts.append(f"H {H:.1f} ({_sizes(low, high)}) {fits} the size of hardware")
    if np.isfinite(diameter):
        inputs["diameter_km"] = diameter
        parts.append(f"measured diameter {1000.0 * diameter:.0f} m")
    if spectral:
        inputs["spectral_type"] = spectral
        parts.append(f"spectral type {spectral} is that of an asteroid")
    if np.isfinite(rotation):
        inputs["rotation_h"] = rotation
        parts.append(f"rotation {3600.0 * rotation:.0f} s")
    value = float(columns.log10_bayes_factor[index])
    weight = "speaks for a natural body" if value <= -1.0 else "says little by itself"
    interval = (float(columns.lo[index]), float(columns.hi[index]))
    return Evidence(LINE, "measured", value, interval, f"{'; '.join(parts)}: {weight}.", inputs)


def _sizes(low_m: float, high_m: float) -> str:
    """``22 to 91 m``; kilometres for mountains, a figure behind the point for pebbles."""
    if high_m >= 10_000.0:
        return f"{low_m / 1000.0:.3g} to {high_m / 1000.0:.3g} km"
    low, high = (f"{size:.0f}" if size >= 1.0 else f"{size:.1g}" for size in (low_m, high_m))
    return f"{low} to {high} m"


def _magnitude_ratio(H: FloatArray) -> FloatArray:
    return np.asarray(np.log10(magnitude_ratio(H)))


def _diameter(prepared: Prepared) -> FloatArray:
    diameter = prepared.column("diameter_km")
    return np.where(diameter > LARGEST_HARDWARE_KM, -3.0, np.where(np.isfinite(diameter), 0.0, np.nan))


def _spectrum(prepared: Prepared) -> FloatArray:
    typed = np.array([bool(kind) for kind in _spectral_type(prepared)], dtype=np.bool_)
    return np.where(typed, np.log10(TYPED_ARTIFICIAL), np.nan)


def _spin(prepared: Prepared) -> FloatArray:
    seconds = 3600.0 * prepared.column("rotation_h")
    fast = (seconds >= SPIN_HARDWARE_S[0]) & (seconds <= SPIN_HARDWARE_S[1])
    weight = float(np.log10(SPIN_BAYES_FACTOR))
    return np.where(np.isfinite(seconds), np.where(fast, weight, -weight), np.nan)


def _spectral_type(prepared: Prepared) -> list[str | None]:
    if "spectral_type" not in prepared.table.columns:
        return [None] * len(prepared)
    return prepared.table["spectral_type"].cast(pl.String).to_list()
