"""False signals of the encounter patterns: ``python -m benchmarks.dynamics_patterns [families] [seed]``.

Around natural near-Earth asteroids drawn from the bundled catalogue, families of look-alikes are made, and each member
is tested against all the others as if it were a candidate. Known co-orbitals follow, whose states are published.
"""

from __future__ import annotations

import sys

import numpy as np
import polars as pl
from scipy.stats import beta

from aneos.catalogue import load_bundled
from aneos.dynamics import States, encounter_patterns, false_signal_rate, natural_look_alikes
from aneos.orbits import KeplerianElements, earth_moid

LOOK_ALIKES = 99
LEVEL = 0.05
KNOWN = {
    "2016 HO3": "quasi-satellite",
    "2004 GU9": "quasi-satellite",
    "2023 FW13": "quasi-satellite",
    "2006 FV35": "quasi-satellite",
    "2010 SO16": "horseshoe",
    "2002 AA29": "horseshoe",
    "2000 PH5": "horseshoe",
    "2001 GO2": "horseshoe",
    "2020 XL5": "tadpole",
    "2006 RH120": "circulating; captured 2006 to 2007",
}
"""Published states: Connors et al. 2002 and 2004, Wajer 2010, Christou & Asher 2011, Hui et al. 2021, de la Fuente
Marcos 2016 and 2023, Granvik et al. 2012."""


def limits(count: int, n: int) -> tuple[float, float]:
    """Exact (Clopper-Pearson) 95% interval of a rate."""
    low = 0.0 if count == 0 else float(beta.ppf(0.025, count, n - count + 1))
    high = 1.0 if count == n else float(beta.ppf(0.975, count + 1, n - count))
    return low, high


def main(arguments: list[str]) -> None:
    families = int(arguments[0]) if arguments else 4
    seed = int(arguments[1]) if len(arguments) > 1 else 0
    table = load_bundled().table
    elements = KeplerianElements.from_table(table)
    near = np.flatnonzero((earth_moid(elements).moid_au < 0.05) & (elements.e < 1.0))
    print(
        f"{LOOK_ALIKES + 1} look-alikes of each, every one tested against the others, level {LEVEL}, seed {seed}"
    )
    signals = tested = 0
    for row in np.random.default_rng(seed).choice(near, families, replace=False):
        found, n = false_signal_rate(
            natural_look_alikes(elements.take([row]), LOOK_ALIKES + 1, seed=seed), level=LEVEL
        )
        print(f"  like {table['designation'][int(row)]}: {found} of {n} with any signal", flush=True)
        signals, tested = signals + found, tested + n
    low, high = limits(signals, tested)
    print(f"in all: {signals} of {tested} ({signals / tested:.4f}, 95% {low:.4f} to {high:.4f})", flush=True)

    print("\n| object | published | found at epoch | capture (d) | signals |\n|---|---|---|---|---|")
    for designation, published in KNOWN.items():
        orbit = KeplerianElements.from_table(table.filter(pl.col("designation") == designation))
        found = encounter_patterns(
            States.from_elements(orbit), natural_look_alikes(orbit, LOOK_ALIKES, seed=seed), level=LEVEL
        )
        state = "none" if found.state is None else found.state.kind
        capture = next(pattern.value for pattern in found.patterns if pattern.name == "capture")
        names = ", ".join(f"{p.name} (p = {p.p_value:.2f})" for p in found.patterns if p.signal) or "none"
        print(f"| {designation} | {published} | {state} | {capture:.0f} | {names} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
