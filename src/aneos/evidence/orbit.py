"""The orbit line: how fast and how flat the object meets Earth's orbit, against the natural null.

A slow leaker stands where natural NEAs are rare, so its orbit alone speaks. A direct escape stands among
thousands of natural orbits, so its orbit alone proves nothing, and the sentence says so.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from aneos.evidence.base import Evidence, EvidenceColumns, FloatArray
from aneos.evidence.prepared import Prepared
from aneos.populations.artificial import density_ratio, departure_shares
from aneos.populations.encounter_space import EncounterSpace
from aneos.populations.natural import (
    MOID_EDGES_AU,
    NEAR_AU,
    SPEED_EDGES_KMS,
    load_natural_orbits,
    moid_middles_au,
)

LINE: Final = "orbit"

MODEL_DEX: Final = 0.35
"""Half width (90%) given to the shares and widths of the ways of leaving: a factor of 2.2 either way."""

LIMIT: Final = 6.0
"""|log10 Bayes factor| is cut here: no orbit model is trusted beyond one in a million."""


def score(prepared: Prepared) -> EvidenceColumns:
    """log10 Bayes factor of each orbit with its 90% interval. The higher, the more artificial."""
    natural = load_natural_orbits()
    best = _log10_ratio(prepared.encounters)
    sigma = np.nan_to_num(1.645 * prepared.sigma_speed_kms, nan=0.0)
    near, far = (_log10_ratio(_shifted(prepared.encounters, sign * sigma)) for sign in (-1.0, 1.0))
    counting = 1.645 / np.log(10.0) / np.sqrt(natural.n_slow)
    slack = np.hypot(MODEL_DEX, counting)
    lo = np.clip(np.minimum(np.minimum(near, far), best) - slack, -LIMIT, LIMIT)
    hi = np.clip(np.maximum(np.maximum(near, far), best) + slack, -LIMIT, LIMIT)
    return EvidenceColumns(LINE, np.ones(len(prepared), dtype=np.bool_), best, lo, hi)


def p_values(encounters: EncounterSpace) -> FloatArray:
    """Chance that a natural NEA's orbit looks at least as artificial, shape (n,), under the smooth null."""
    thresholds, survival = _null_distribution()
    return np.asarray(np.interp(_log10_ratio(encounters), thresholds, survival))


def explain(prepared: Prepared, index: int, columns: EvidenceColumns) -> Evidence:
    """The line for one object, with its sentence."""
    one = prepared.encounters[slice(index, index + 1)]
    value = float(columns.log10_bayes_factor[index])
    p = float(p_values(one)[0])
    shares = {name: float(share[0]) for name, share in departure_shares(one).items()}
    sigma = float(prepared.sigma_speed_kms[index])
    inputs = {
        "moid_au": float(one.moid_au[0]),
        "encounter_speed_kms": float(prepared.speed_kms[index]),
        "v_tangential_kms": float(prepared.tangential_kms[index]),
        "v_radial_kms": float(prepared.radial_kms[index]),
        "v_vertical_kms": float(one.vertical_kms[0]),
        "encounter_speed_sigma_kms": sigma if np.isfinite(sigma) else None,
        "i_deg": float(prepared.column("i_deg")[index]),
        "p_natural": p,
        "expected_natural_in_catalogue": p * load_natural_orbits().n_reference,
        "departure_shares": shares,
        "null": load_natural_orbits().catalogue,
    }
    summary = _sentence(one, value, p, float(prepared.speed_kms[index]))
    if np.isfinite(sigma) and sigma > 0.3:
        summary += f" The orbit is poor: the speed is uncertain by {sigma:.1f} km/s."
    return Evidence(
        LINE, "measured", value, (float(columns.lo[index]), float(columns.hi[index])), summary, inputs
    )


def _sentence(one: EncounterSpace, value: float, p: float, speed_kms: float) -> str:
    natural = load_natural_orbits()
    moid, flat = float(one.moid_au[0]), float(one.vertical_kms[0])
    if moid >= NEAR_AU:
        return (
            f"The orbit stays {moid:.2f} au from Earth's: only an object that a planet has deflected could have left "
            "Earth, so the orbit speaks mildly for a natural body."
        )
    where = (
        f"It meets Earth's orbit at {speed_kms:.2f} km/s ({flat:.2f} km/s across the ecliptic at the node), "
        f"MOID {moid:.4f} au"
    )
    count = p * natural.n_reference
    if value >= 2.0:
        return (
            f"{where}: as slow and flat as hardware that leaked from the Earth-Moon system; about {count:.2g} of "
            f"{natural.n_reference} catalogued NEAs are expected to look as artificial by chance."
        )
    if value >= 0.5:
        return (
            f"{where}: some launches leave like this, but so do about {count:.0f} of {natural.n_reference} natural "
            "NEAs, so the orbit alone does not tell a direct escape from a natural body."
        )
    if value > -0.5:
        return f"{where}: an orbit as common among natural NEAs as among launched objects; it proves nothing."
    return f"{where}: launches rarely leave like this and natural NEAs often do."


def _log10_ratio(encounters: EncounterSpace) -> FloatArray:
    ratio = density_ratio(encounters, load_natural_orbits())
    return np.asarray(np.clip(np.log10(np.maximum(ratio, 10.0**-LIMIT)), -LIMIT, LIMIT))


def _shifted(encounters: EncounterSpace, delta_kms: FloatArray) -> EncounterSpace:
    """Encounter space with the speed changed by ``delta_kms``, direction kept."""
    speed = np.maximum(encounters.speed_kms, 1e-3)
    factor = np.maximum(speed + delta_kms, 0.0) / speed
    return EncounterSpace(
        encounters.planar_kms * factor, encounters.vertical_kms * factor, encounters.moid_au
    )


@lru_cache(maxsize=1)
def _null_distribution() -> tuple[FloatArray, FloatArray]:
    """Survival function of the line's value under the natural null: increasing thresholds and probabilities."""
    natural = load_natural_orbits()
    speeds, weights = [], []
    for shell, (low, high) in enumerate(pairwise(SPEED_EDGES_KMS)):
        edges = np.linspace(low, high, 121 if shell == 0 else 13)
        share = np.diff(edges**3) / (high**3 - low**3)
        speeds.append(0.5 * (edges[1:] + edges[:-1]))
        weights.append(share[:, None] * natural.counts[shell][None, :] / natural.n_reference)
    speed, weight = np.concatenate(speeds), np.concatenate(weights)
    sines = (np.arange(60) + 0.5) / 60
    v, mu, moid = np.meshgrid(speed, sines, moid_middles_au(), indexing="ij")
    cells = EncounterSpace((v * np.sqrt(1.0 - mu**2)).ravel(), (v * mu).ravel(), moid.ravel())
    mass = np.broadcast_to(weight[:, None, :] / sines.size, v.shape).ravel()
    far = EncounterSpace(np.array([10.0]), np.array([0.0]), np.array([MOID_EDGES_AU[-1]]))
    values = np.concatenate([_log10_ratio(cells), _log10_ratio(far)])
    mass = np.concatenate([mass, [natural.far_fraction]])
    order = np.argsort(values)
    survival = np.minimum(np.cumsum(mass[order][::-1])[::-1], 1.0)
    return values[order], survival
