"""Orbits that several tests of this room use."""

from __future__ import annotations

import numpy as np

from aneos.orbits import KeplerianElements


def orbit(
    a_au: float = 1.2,
    e: float = 0.2,
    i_deg: float = 5.0,
    node_deg: float = 40.0,
    peri_deg: float = 70.0,
    mean_anomaly_deg: float = 10.0,
    epoch_tdb_jd: float = 2461000.5,
) -> KeplerianElements:
    """One orbit; arguments have defaults of an ordinary near-Earth asteroid."""
    values = (a_au, e, i_deg, node_deg, peri_deg, mean_anomaly_deg, epoch_tdb_jd)
    return KeplerianElements(*(np.array([value]) for value in values))


def random_orbits(n: int, seed: int, hyperbolic: bool = False) -> KeplerianElements:
    """Orbits of perihelion 0.05 to 2 au with any orientation, one in five of them almost in the ecliptic."""
    rng = np.random.default_rng(seed)
    q = rng.uniform(0.05, 2.0, n)
    e = 1.0 + rng.exponential(0.5, n) + 1e-9 if hyperbolic else rng.uniform(0.0, 0.999, n)
    i = np.where(
        rng.random(n) < 0.2, rng.uniform(0.0, 0.1, n), np.degrees(np.arccos(rng.uniform(-1.0, 1.0, n)))
    )
    node, peri, mean = rng.uniform(0.0, 360.0, (3, n))
    return KeplerianElements(q / (1.0 - e), e, i, node, peri, mean, np.full(n, 2461000.5))
