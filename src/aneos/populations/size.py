"""Absolute magnitude H that hardware can have, and that of natural NEAs on the same slow orbits.

How hardware is spread in size, and how surveys select it, is not known well enough to make a typical H speak for
either side. So hardware is taken to follow the natural NEAs that share its orbits, cut where nothing launched is
that large or could be seen that small. Only the cut carries evidence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

from aneos.populations.encounter_space import EncounterSpace, FloatArray
from aneos.populations.normal import ndtr

H_EDGES: Final = np.arange(9.0, 36.01, 0.25)

BRIGHT_EDGE_H: Final = 24.2
FAINT_EDGE_H: Final = 33.0
EDGE_WIDTH_MAG: Final = 0.7
"""Where hardware begins and ends, and how softly. The largest stage that escaped, an S-IVB of 17.8 x 6.6 m
(Apollo 12), has an effective diameter of 12 m: H 25.8 at an albedo of 0.6; glints, clusters and errors of H move the
edge to 24.2. At the faint end a cubesat of 0.3 m with an albedo of 0.3 has H 34."""

FLOOR: Final = 3e-4
"""A catalogued H is taken to be grossly wrong with this probability: it must not decide alone."""

SELECT_SPEED_KMS: Final = 6.0
SELECT_MOID_AU: Final = 0.05


@dataclass(frozen=True)
class NaturalMagnitudes:
    """Counts of natural NEAs that come near Earth slowly, over :data:`H_EDGES`."""

    counts: FloatArray

    @classmethod
    def fit(cls, encounters: EncounterSpace, H: FloatArray) -> NaturalMagnitudes:
        """Count NEAs with an encounter speed below 6 km/s and a MOID below 0.05 au."""
        chosen = (
            (encounters.speed_kms < SELECT_SPEED_KMS) & (encounters.moid_au < SELECT_MOID_AU) & np.isfinite(H)
        )
        return cls(np.histogram(H[chosen], H_EDGES)[0].astype(np.float64))

    @property
    def hardware_fraction(self) -> float:
        """Share of slow natural NEAs whose H hardware could have."""
        middles = 0.5 * (H_EDGES[1:] + H_EDGES[:-1])
        return float(np.sum(self.counts * hardware_window(middles)) / self.counts.sum())

    def to_dict(self) -> dict[str, Any]:
        return {"H_edges": H_EDGES.tolist(), "counts": self.counts.astype(int).tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NaturalMagnitudes:
        return cls(np.asarray(data["counts"], dtype=np.float64))


def hardware_window(H: FloatArray) -> FloatArray:
    """How far hardware can have this H, between 0 and 1; shape as given."""
    bright = ndtr((H - BRIGHT_EDGE_H) / EDGE_WIDTH_MAG)
    faint = ndtr((FAINT_EDGE_H - H) / EDGE_WIDTH_MAG)
    return np.asarray(FLOOR + (1.0 - FLOOR) * bright * faint)


def magnitude_ratio(H: FloatArray) -> FloatArray:
    """Artificial over natural probability density of H among slow, close orbits; shape as given."""
    return hardware_window(H) / load_natural_magnitudes().hardware_fraction


@lru_cache(maxsize=1)
def load_natural_magnitudes() -> NaturalMagnitudes:
    """The counts that ship with the package (rebuild: ``python -m aneos.populations.build``)."""
    text = (files("aneos.populations") / "data" / "natural_magnitudes.json").read_text(encoding="utf-8")
    return NaturalMagnitudes.from_dict(json.loads(text))
