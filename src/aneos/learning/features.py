"""Features of an object: numbers that both natural and artificial objects can have, each with unit and reason.

In: a catalogue table. Out: one float64 matrix with named columns; NaN where a value is not known. Nothing here may
depend on where a row came from: :func:`check_leaks` refuses features that only one side can have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.evidence.prepared import Prepared, prepare
from aneos.orbits import (
    KeplerianElements,
    opik_speed_kms,
    rendezvous_delta_v_kms,
    synodic_period_yr,
    tangency_au,
    tisserand_earth,
)
from aneos.populations.natural import load_natural_orbits

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column: name, unit, why it may tell, and the group it belongs to."""

    name: str
    unit: str
    reason: str
    group: str


FEATURES: Final = (
    Feature(
        "encounter_speed", "km/s", "hardware leaves slowly or with a planet's transfer energy", "encounter"
    ),
    Feature("v_tangential", "km/s", "departures lie along or against the Earth's motion", "encounter"),
    Feature("v_radial", "km/s", "a radial asymptote wastes energy", "encounter"),
    Feature("v_vertical", "km/s", "launches stay near the ecliptic", "encounter"),
    Feature("log10_moid", "log10 au", "hardware starts on the Earth's orbit", "encounter"),
    Feature("opik_speed", "km/s", "conserved by encounters; NaN where the orbits cannot meet", "encounter"),
    Feature("tisserand", "1", "near 3 for what barely left", "energy"),
    Feature("log10_delta_v", "log10 km/s", "what is easy to reach was easy to leave", "energy"),
    Feature("a", "au", "energy of the heliocentric orbit", "energy"),
    Feature("e", "1", "shape", "energy"),
    Feature("i", "deg", "inclination", "energy"),
    Feature("tangency", "au", "one apsis of a transfer lies at the Earth's distance", "encounter"),
    Feature("log10_synodic", "log10 yr", "time between returns", "resonance"),
    Feature(
        "resonance", "1", "distance of the period from a low-order resonance with the Earth", "resonance"
    ),
    Feature("density", "log10 (km/s)^-3", "how many natural NEAs share the encounter velocity", "population"),
)
"""Orbit features. Size, area-to-mass ratio and arc are judged by their own lines of evidence: a classifier that saw
them as well would count them twice, and a simulated H or arc would be a label in disguise."""

NAMES: Final = tuple(feature.name for feature in FEATURES)
RESONANCE_ORDER: Final = 6


def features(objects: pl.DataFrame | Prepared) -> FloatArray:
    """The matrix (n, features) in the order of :data:`NAMES`."""
    prepared = objects if isinstance(objects, Prepared) else prepare(objects)
    elements = KeplerianElements.from_table(prepared.table)
    tisserand = tisserand_earth(elements.a_au, elements.e, elements.i_deg)
    period = elements.a_au**1.5
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {
            "encounter_speed": prepared.speed_kms,
            "v_tangential": prepared.tangential_kms,
            "v_radial": np.abs(prepared.radial_kms),
            "v_vertical": prepared.encounters.vertical_kms,
            "log10_moid": np.log10(np.maximum(prepared.encounters.moid_au, 1e-6)),
            "opik_speed": opik_speed_kms(tisserand),
            "tisserand": tisserand,
            "log10_delta_v": np.log10(rendezvous_delta_v_kms(elements.a_au, elements.e, elements.i_deg)),
            "a": elements.a_au,
            "e": elements.e,
            "i": elements.i_deg,
            "tangency": tangency_au(elements),
            "log10_synodic": np.log10(np.minimum(synodic_period_yr(elements.a_au), 1e4)),
            "resonance": _resonance(period),
            "density": np.log10(load_natural_orbits().velocity_density(prepared.encounters.speed_kms)),
        }
    matrix = np.column_stack([columns[name] for name in NAMES])
    return np.where(np.isfinite(matrix), matrix, np.nan)


def check_leaks(positives: FloatArray, negatives: FloatArray, names: tuple[str, ...] = NAMES) -> list[str]:
    """Features that separate the classes by being there, not by their value; an empty list is a pass.

    A leak is a feature that is missing on one side and present on the other in at least 99% of rows, or takes one
    single value on one side and never that value on the other.
    """
    leaks = []
    for column, name in enumerate(names):
        one, two = positives[:, column], negatives[:, column]
        missing = np.mean(np.isnan(one)), np.mean(np.isnan(two))
        if abs(missing[0] - missing[1]) >= 0.99:
            leaks.append(f"{name}: missing on one side only")
        for here, there in ((one, two), (two, one)):
            seen = np.unique(here[np.isfinite(here)])
            if seen.size == 1 and here.size > 1 and not np.any(there == seen[0]):
                leaks.append(f"{name}: a constant {seen[0]:g} that the other side never has")
    return leaks


def _resonance(period_yr: FloatArray) -> FloatArray:
    """Relative distance of the period from the nearest p:q resonance with the Earth, p and q up to 6."""
    ratios = sorted({p / q for p in range(1, RESONANCE_ORDER + 1) for q in range(1, RESONANCE_ORDER + 1)})
    nearest = np.full_like(period_yr, np.inf)
    for ratio in ratios:
        nearest = np.minimum(nearest, np.abs(period_yr / ratio - 1.0))
    return nearest
