"""Objects that several tests carry through time.

2020 SO: B. Gray's solution of 656 observations, from the header of Find_Orb's eph2tle file of 2021-02-04 (Project
Pluto), geocentric, equatorial, with standard deviations. Times there are TT, here TDB: they differ by less than 2 ms.
"""

from __future__ import annotations

import numpy as np

from aneos.dynamics import OrbitUncertainty, States, body_states
from aneos.orbits import KeplerianElements

SO_EPOCH = 2_459_248.5
SO_ORBIT = {
    "a_au": (0.00768633706, 2.03e-8),
    "e": (0.8041655268, 5.17e-7),
    "i_deg": (29.55197495, 4.0e-5),
    "node_deg": (27.36087473, 1.9e-4),
    "peri_deg": (161.15539516, 2.1e-4),
    "mean_anomaly_deg": (0.25272165855, 1.9e-5),
    "A1": (3.04e-9, 4.63e-12),
    "A2": (6.34e-11, 8.78e-12),
    "A3": (-1.51e-10, 4.5e-12),
}


def so_2020() -> OrbitUncertainty:
    """2020 SO with its uncertainty."""
    return OrbitUncertainty.from_sigmas(
        SO_EPOCH,
        {label: value for label, (value, _) in SO_ORBIT.items()},
        {label: sigma for label, (_, sigma) in SO_ORBIT.items()},
        centre="Earth",
        frame="equatorial",
    )


def near_earth_orbits(n: int, seed: int = 5, *, epoch: float = 2_460_000.5) -> States:
    """Invented near-Earth orbits with radiation pressure: the first half eccentric, the second half Earth-like."""
    random = np.random.default_rng(seed)
    half = np.arange(n) < n // 2
    elements = KeplerianElements(
        np.where(half, random.uniform(0.8, 2.2, n), random.uniform(0.96, 1.04, n)),
        np.where(half, random.uniform(0.1, 0.6, n), random.uniform(0.0, 0.05, n)),
        np.where(half, random.uniform(0.0, 25.0, n), random.uniform(0.0, 1.0, n)),
        *random.uniform(0.0, 360.0, (3, n)),
        np.full(n, epoch),
    )
    return States.from_elements(elements, amr_m2kg=random.uniform(0.0, 0.03, n), A2=1e-13)


def beside(body: str, epoch: float, x_au: float, speed_au_d: float = 0.0) -> States:
    """An object beside a body, on the ecliptic x axis, with a speed along it; else it moves as the body does."""
    position, velocity = body_states(body, epoch)
    along = np.array([1.0, 0.0, 0.0])
    return States(
        position + x_au * along, velocity + speed_au_d * along, np.asarray(epoch), *np.zeros((3, 1))
    )
