"""Seen from the Earth: is the object bound to it, on which orbit, and how sure is that?"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from aneos.astrometry.prediction import GM_EARTH_AU3_D2
from aneos.constants import AU_KM, AU_PER_DAY_KMS, GM_EARTH_KM3_S2
from aneos.dynamics.fitting import EARTH_ID, FloatArray, body_state

HILL_RADIUS_AU: Final = 0.0100
"""Radius of the Earth's Hill sphere, within which an orbit can be called bound."""

TIGHT_KM2_S2: Final = -0.5
"""Energy below which no natural body is captured: a semi-major axis within 400,000 km, inside the Moon's orbit.
Captures enter through the Lagrange points and keep energies near zero (Granvik et al. 2012, Icarus 218, 262)."""

SAMPLES: Final = 2000
SEED: Final = 20_240_805


def geocentric_orbit(epoch: float, state: FloatArray, covariance: FloatArray) -> dict[str, Any]:
    """Osculating orbit about the Earth (equator J2000), JSON-ready: distance and elements in km, speed at infinity or
    period, P(bound) from the covariance (6, 6) of the barycentric state. Elements are null for an unbound orbit beyond
    the Hill sphere, where they mean nothing."""
    relative = geocentric_state(epoch, state)
    r, v = relative[:3] * AU_KM, relative[3:] * AU_PER_DAY_KMS
    distance, energy = float(np.linalg.norm(r)), float(0.5 * v @ v - GM_EARTH_KM3_S2 / np.linalg.norm(r))
    out: dict[str, Any] = {
        "epoch_tdb_jd": epoch,
        "position_km": [float(value) for value in r],
        "velocity_km_s": [float(value) for value in v],
        "distance_km": distance,
        "energy_km2_s2": energy,
    }
    out |= named_probabilities(bound_probabilities(relative, covariance))
    if distance < HILL_RADIUS_AU * AU_KM or energy < 0.0:
        out |= _elements(r, v, energy)
    return out


def named_probabilities(values: FloatArray) -> dict[str, float]:
    """Probabilities as they stand in a geocentric orbit."""
    return {"probability_bound": float(values[0]), "probability_tightly_bound": float(values[1])}


def geocentric_state(epoch: float, state: FloatArray) -> FloatArray:
    """Geocentric equatorial state (6,) of a barycentric one, au and au/d."""
    return np.asarray(state - body_state(EARTH_ID, epoch))


def bound_probabilities(relative: FloatArray, covariance: FloatArray) -> FloatArray:
    """Fractions (2,) of draws from a normal distribution about a geocentric state (au, au/d) that lie within the Hill
    sphere with negative energy, and with energy below :data:`TIGHT_KM2_S2`."""
    symmetric = 0.5 * (covariance + covariance.T)
    values, vectors = np.linalg.eigh(symmetric)
    spread = vectors * np.sqrt(np.maximum(values, 0.0))
    draws = relative + np.random.default_rng(SEED).standard_normal((SAMPLES, 6)) @ spread.T
    distance = np.linalg.norm(draws[:, :3], axis=1)
    energy = 0.5 * np.sum(draws[:, 3:] ** 2, axis=1) - GM_EARTH_AU3_D2 / np.maximum(distance, 1e-9)
    inside = distance < HILL_RADIUS_AU
    tight = TIGHT_KM2_S2 / AU_PER_DAY_KMS**2
    return np.array([np.mean((energy < 0.0) & inside), np.mean((energy < tight) & inside)])


def _elements(r: FloatArray, v: FloatArray, energy: float) -> dict[str, Any]:
    momentum = np.cross(r, v)
    h = float(np.linalg.norm(momentum))
    toward = np.cross(v, momentum) / GM_EARTH_KM3_S2 - r / np.linalg.norm(r)
    e = float(np.linalg.norm(toward))
    node = np.array([-momentum[1], momentum[0], 0.0])
    size = float(np.linalg.norm(node))
    node = node / size if size > 0.0 else np.array([1.0, 0.0, 0.0])
    beyond = np.cross(momentum / h, node)
    out: dict[str, Any] = {
        "perigee_km": h * h / GM_EARTH_KM3_S2 / (1.0 + e),
        "e": e,
        "i_deg": float(np.degrees(np.arccos(np.clip(momentum[2] / h, -1.0, 1.0)))),
        "node_deg": float(np.degrees(np.arctan2(node[1], node[0])) % 360.0),
        "peri_deg": float(np.degrees(np.arctan2(toward @ beyond, toward @ node)) % 360.0),
    }
    if energy < 0.0:
        a = -GM_EARTH_KM3_S2 / (2.0 * energy)
        out |= {
            "a_km": a,
            "apogee_km": a * (1.0 + e),
            "period_days": float(2.0 * np.pi * np.sqrt(a**3 / GM_EARTH_KM3_S2) / 86400.0),
        }
    else:
        out["v_inf_kms"] = float(np.sqrt(2.0 * energy))
    return out
