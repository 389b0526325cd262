"""The natural null in encounter space, counted from the real catalogue and smooth where it is empty.

Slow natural NEAs fill Earth-relative velocity space at a near-constant density, so the empty corner of slow,
coplanar orbits gets its expected counts by volume: the density measured over all directions below
:data:`SLOW_KMS` is carried into the corner. Nothing is fitted near a candidate.
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

SLOW_KMS: Final = 6.0
"""Below this speed the density is taken as one constant per MOID bin."""

NEAR_AU: Final = 0.2
"""Orbits that stay farther than this from Earth's carry no encounter speed worth the name."""

SPEED_EDGES_KMS: Final = np.array([0.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 80.0])
MOID_EDGES_AU: Final = np.array([0.0, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, NEAR_AU])


@dataclass(frozen=True)
class NaturalOrbits:
    """Counts of natural NEAs over encounter speed and MOID.

    ``counts`` has shape (speeds, MOID bins) over the edges above; ``n_reference`` is the number of NEAs
    counted, ``n_far`` those with a MOID of at least :data:`NEAR_AU`.
    """

    counts: FloatArray
    n_reference: int
    n_far: int
    catalogue: str

    @classmethod
    def fit(cls, encounters: EncounterSpace, catalogue: str) -> NaturalOrbits:
        """Count a catalogue. ``catalogue`` names it (kept beside the numbers)."""
        near = encounters.moid_au < NEAR_AU
        counts, _, _ = np.histogram2d(
            np.minimum(encounters.speed_kms[near], SPEED_EDGES_KMS[-1] - 1e-9),
            encounters.moid_au[near],
            bins=(SPEED_EDGES_KMS, MOID_EDGES_AU),
        )
        return cls(counts, len(encounters), int(np.count_nonzero(~near)), catalogue)

    @property
    def n_slow(self) -> int:
        """How many of the reference objects carry the density of the empty corner."""
        return int(self.counts[0].sum())

    @property
    def far_fraction(self) -> float:
        """Share of natural NEAs whose MOID is at least :data:`NEAR_AU`."""
        return self.n_far / self.n_reference

    def velocity_density(self, speed_kms: FloatArray) -> FloatArray:
        """Probability per (km/s)³ that a natural NEA is near (MOID < 0.2 au) with this velocity relative to Earth.

        Constant below 6 km/s, log-linear between the middles of the shells above. Shape as given.
        """
        volumes = 4.0 / 3.0 * np.pi * np.diff(SPEED_EDGES_KMS**3)
        log_density = np.log((self.counts.sum(axis=1) + 0.5) / volumes / self.n_reference)
        middles = 0.5 * (SPEED_EDGES_KMS[1:] + SPEED_EDGES_KMS[:-1])
        middles[0] = SLOW_KMS
        return np.asarray(np.exp(np.interp(speed_kms, middles, log_density)))

    def mean_over_moid(self, speed_kms: FloatArray, weight_of_moid: FloatArray) -> FloatArray:
        """Mean of a function of MOID over the natural NEAs of the same speed.

        ``weight_of_moid`` holds the function at the middles of the MOID bins; returns the shape of ``speed_kms``.
        """
        share = (self.counts + 0.5) / (self.counts + 0.5).sum(axis=1, keepdims=True)
        middles = 0.5 * (SPEED_EDGES_KMS[1:] + SPEED_EDGES_KMS[:-1])
        middles[0] = SLOW_KMS
        return np.asarray(np.interp(speed_kms, middles, share @ weight_of_moid))

    def to_dict(self) -> dict[str, Any]:
        return {
            "catalogue": self.catalogue,
            "n_reference": self.n_reference,
            "n_far": self.n_far,
            "speed_edges_kms": SPEED_EDGES_KMS.tolist(),
            "moid_edges_au": MOID_EDGES_AU.tolist(),
            "counts": self.counts.astype(int).tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NaturalOrbits:
        if (
            data["speed_edges_kms"] != SPEED_EDGES_KMS.tolist()
            or data["moid_edges_au"] != MOID_EDGES_AU.tolist()
        ):
            raise ValueError("the stored natural population was counted over other bins: rebuild it")
        return cls(
            np.asarray(data["counts"], dtype=np.float64),
            data["n_reference"],
            data["n_far"],
            data["catalogue"],
        )


def moid_middles_au() -> FloatArray:
    """Middles of the MOID bins, shape (bins,)."""
    middles: FloatArray = 0.5 * (MOID_EDGES_AU[1:] + MOID_EDGES_AU[:-1])
    return middles


@lru_cache(maxsize=1)
def load_natural_orbits() -> NaturalOrbits:
    """The counts that ship with the package (rebuild: ``python -m aneos.populations.build``)."""
    text = (files("aneos.populations") / "data" / "natural_orbits.json").read_text(encoding="utf-8")
    return NaturalOrbits.from_dict(json.loads(text))
