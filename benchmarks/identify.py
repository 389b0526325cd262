"""Speed of identification by n-body: ``python -m benchmarks.identify``. One object against the whole registry."""

from __future__ import annotations

import time

from aneos.artificial.nbody_identify import identify_state
from aneos.artificial.registry_nodes import load_nodes
from aneos.catalogue import load_bundled, select
from aneos.dynamics import States
from aneos.orbits import KeplerianElements

NAMES = ("2024 PT5", "2006 RH120", "2020 CD3", "2016 HO3", "99942")


def main() -> None:
    start = time.perf_counter()
    nodes = load_nodes()
    print(f"reading {len(nodes.object):,} stored states: {time.perf_counter() - start:.2f} s")
    for name in NAMES:
        table = select(load_bundled(), name).table
        state = States.from_elements(KeplerianElements.from_table(table))
        start = time.perf_counter()
        identify_state(state)
        print(f"{name}: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
