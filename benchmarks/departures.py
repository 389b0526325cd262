"""Time of tracing an object back to its launch: ``python -m benchmarks.departures [clones]``.

2020 SO (54 years, two captures), the Chang'e 2 stage 2013 QW1 (years in chaotic capture: stopped once its history is
lost), and the asteroid 99942 Apophis, each with as many clones and 200 look-alikes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from aneos.artificial.departure_orbit import TracedOrbit, orbit_from_row
from aneos.deep import Settings, orbit_of, trace

# 2013 QW1 on 2017-06-01 by B. Gray, Find_Orb (tles/10050b17.tle): geocentric, equatorial.
QW1: Mapping[str, Any] = {
    "designation": "2013 QW1",
    "epoch_tdb_jd": 2457905.5,
    "a_au": 313853.072 / 149597870.7,
    "e": 0.6950118,
    "i_deg": 30.57985,
    "node_deg": 164.28819,
    "peri_deg": 236.44554,
    "mean_anomaly_deg": 17.01433893,
    "H": 27.2,
    "amr_m2kg": 0.012132,
    "amr_sigma_m2kg": 8.29e-5,
    "sigma_a_au": 0.1 / 149597870.7,
    "sigma_e": 1.58e-6,
    "sigma_i_deg": 1.6e-4,
    "sigma_node_deg": 2.4e-4,
    "sigma_peri_deg": 6e-5,
    "sigma_mean_anomaly_deg": 3.5e-4,
    "n_obs": 234,
    "arc_days": 502.0,
    "last_observation": "2018-01-19",
    "centre": "Earth",
    "frame": "equatorial",
}


def cases(settings: Settings) -> list[tuple[str, TracedOrbit]]:
    """The objects that are timed."""
    return [
        ("2020 SO", orbit_of("2020 SO", settings)[0]),
        ("2013 QW1", orbit_from_row(QW1, forces=settings.forces)),
        ("99942", orbit_of("99942", settings)[0]),
    ]


def main() -> None:
    settings = Settings(clones=int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    print(f"{'object':<10}{'wall s':>9}{'CPU s':>9}  first launch, chance probability, history lost before")
    for name, orbit in cases(settings):
        wall, cpu = time.perf_counter(), time.process_time()
        result = trace(orbit, settings)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        first = result.candidates[0] if result.candidates else None
        told = "none" if first is None else f"{first.name}, {first.chance_probability:.2g}"
        print(f"{name:<10}{wall:>9.1f}{cpu:>9.1f}  {told}, {result.lost_before}", flush=True)


if __name__ == "__main__":
    main()
