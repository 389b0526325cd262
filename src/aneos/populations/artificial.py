"""Artificial objects in encounter space: how fast, how flat and how close hardware leaves Earth.

A mixture of four ways to leave, with widths from launch physics and not from the objects that the screen is
tested on. Every number is an assumption that can be read here, and each is stated with what it rests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aneos.populations.encounter_space import EncounterSpace, FloatArray
from aneos.populations.natural import NEAR_AU, NaturalOrbits, moid_middles_au
from aneos.populations.normal import ndtr

NEAR_FRACTION: Final = 0.97
"""Share of artificial orbits that still pass within 0.2 au of Earth's orbit; planetary flybys move the rest."""

MOID_SCALES_AU: Final = ((0.9, 0.015), (0.1, 0.06))
"""Weights and scales (au) of the fall-off of artificial orbits with MOID: they start on Earth's orbit and leave
it only as fast as perturbations move the node and the apsides. Survey selection is shared with natural NEAs."""


@dataclass(frozen=True, slots=True)
class Departure:
    """One way to leave Earth. ``density`` per (km/s)³ of the velocity relative to Earth, normalised to 1."""

    name: str
    weight: float
    basis: str
    planar_kms: float = 0.0
    vertical_kms: float = 0.0
    speed_mean_kms: float = 0.0
    speed_sigma_kms: float = 0.0

    def density(self, planar_kms: FloatArray, vertical_kms: FloatArray) -> FloatArray:
        """Two planar components of one width and a vertical one; or a shell of speeds flattened to the plane."""
        if self.speed_sigma_kms == 0.0:
            norm = (2.0 * np.pi) ** 1.5 * self.planar_kms**2 * self.vertical_kms
            chi2 = (planar_kms / self.planar_kms) ** 2 + (vertical_kms / self.vertical_kms) ** 2
            return np.asarray(np.exp(-0.5 * chi2) / norm)
        speed = np.maximum(np.hypot(planar_kms, vertical_kms), 1e-6)
        z = (speed - self.speed_mean_kms) / self.speed_sigma_kms
        radial = np.exp(-0.5 * z**2) / (np.sqrt(2.0 * np.pi) * self.speed_sigma_kms)
        radial /= ndtr(self.speed_mean_kms / self.speed_sigma_kms)
        flatness = np.exp(-(vertical_kms / speed) / FLATTENING) / (
            FLATTENING * (1.0 - np.exp(-1.0 / FLATTENING))
        )
        return np.asarray(radial * flatness / (4.0 * np.pi * np.maximum(speed, 0.5) ** 2))


FLATTENING: Final = 0.3
"""Scale of |v_z|/v of interplanetary departures: targets lie near the ecliptic, declination limits tilt some."""

DEPARTURES: Final = (
    Departure(
        "slow leak", 0.35, "stages of lunar and Lagrange-point missions; Jacobi constant near 3", 0.55, 0.20
    ),
    Departure("marginal escape", 0.15, "C3 of 0.5 to 6 km²/s²: L2 insertions, flyby tours", 1.2, 0.6),
    Departure(
        "interplanetary",
        0.40,
        "C3 of 6 to 30 km²/s²: Venus, Mars, asteroid and outer-planet departures",
        speed_mean_kms=3.7,
        speed_sigma_kms=0.9,
    ),
    Departure("scattered", 0.10, "after planetary flybys or long perturbation", 5.0, 2.0),
)
"""Weights: of 327 beyond-Earth launches 1958-2025 in GCAT, about half stayed in or leaked slowly from the
Earth-Moon system and half went to other planets; per-launch counts follow with the simulated population."""


def density_ratio(encounters: EncounterSpace, natural: NaturalOrbits) -> FloatArray:
    """Artificial over natural probability density of each orbit, shape (n,). Survey selection cancels."""
    speed = encounters.speed_kms
    tilt = _fall_off(encounters.moid_au) / natural.mean_over_moid(speed, _fall_off(moid_middles_au()))
    artificial = np.zeros_like(speed)
    for way in DEPARTURES:
        artificial += way.weight * way.density(encounters.planar_kms, encounters.vertical_kms)
    near = NEAR_FRACTION * artificial * tilt / natural.velocity_density(speed)
    far = (1.0 - NEAR_FRACTION) / natural.far_fraction
    return np.where(encounters.moid_au < NEAR_AU, near, far)


def departure_shares(encounters: EncounterSpace) -> dict[str, FloatArray]:
    """Which way of leaving each orbit resembles: shares that add up to 1, by name of the way."""
    parts = {
        way.name: way.weight * way.density(encounters.planar_kms, encounters.vertical_kms)
        for way in DEPARTURES
    }
    total = np.maximum(sum(parts.values()), np.finfo(np.float64).tiny)
    return {name: np.asarray(part / total) for name, part in parts.items()}


def _fall_off(moid_au: FloatArray) -> FloatArray:
    return np.asarray(sum(weight * np.exp(-moid_au / scale) / scale for weight, scale in MOID_SCALES_AU))
