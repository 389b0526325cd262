"""Agreement and speed of the MOID kernel: ``python -m benchmarks.moid [number of objects]``.

Random objects of the bundled catalogue against distlink-python (Baluev & Mikryukov 2019: all roots of the
polynomial of degree 16), both in one run and with the same orbit of the Earth. Ends with status 1 where the two
differ by more than 1e-6 au anywhere.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import distlink
import numpy as np

from aneos.catalogue import load_bundled
from aneos.orbits import KeplerianElements, MoidResult, earth_elements, earth_moid

OBJECTS = 10_000
LIMIT_AU = 1e-6


def distlink_moids(elements: KeplerianElements) -> np.ndarray:
    """MOIDs by distlink in au, shape (n,), one pair at a time."""
    options = distlink.detect_suitable_options()[:2]
    objects, earths = distlink_orbits(elements), distlink_orbits(earth_elements(elements.epoch_tdb_jd))
    return np.array(
        [distlink.MOID_fast(a, b, *options).distance for a, b in zip(objects, earths, strict=True)]
    )


def distlink_orbits(elements: KeplerianElements) -> list[distlink.COrbitData]:
    angles = np.radians([elements.i_deg, elements.peri_deg, elements.node_deg])
    return [distlink.COrbitData(*row) for row in zip(elements.a_au, elements.e, *angles, strict=True)]


def best_of(work: Callable[[], MoidResult], repeats: int = 7) -> tuple[MoidResult, float]:
    """The result, and the least wall time in seconds of several runs."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return result, min(seconds)


def main(arguments: list[str]) -> int:
    catalogue = KeplerianElements.from_table(load_bundled().table)
    count = min(int(arguments[0]) if arguments else OBJECTS, len(catalogue))
    chosen = np.random.default_rng(2026).choice(len(catalogue), count, replace=False)
    elements = catalogue.take(chosen)

    start = time.perf_counter()
    theirs = distlink_moids(elements)
    their_seconds = time.perf_counter() - start
    ours, our_seconds = best_of(lambda: earth_moid(elements))
    _, one_thread_seconds = best_of(lambda: earth_moid(elements, threads=1))
    near, near_seconds = best_of(lambda: earth_moid(elements, max_distance_au=0.05))

    difference = np.abs(ours.moid_au - theirs)
    print(f"{count:,} objects of the bundled catalogue, MOID with the Earth's mean orbit")
    print(
        f"difference from distlink in au: median {np.median(difference):.1e}, largest {difference.max():.1e}"
    )
    print(f"largest excess over distlink's minimum in au: {np.max(ours.moid_au - theirs):.1e}")
    print(f"largest gap to the proven lower bound in au: {np.max(ours.moid_au - ours.lower_bound_au):.1e}")
    print(f"{'':<34}{'objects/s':>12}{'x distlink':>12}")
    for name, seconds in [
        ("distlink-python", their_seconds),
        ("aneos, one thread", one_thread_seconds),
        ("aneos, all processors", our_seconds),
        (f"aneos, MOID < 0.05 au ({np.isfinite(near.moid_au).sum():,} are)", near_seconds),
    ]:
        print(f"{name:<34}{count / seconds:12,.0f}{their_seconds / seconds:12.1f}")
    return int(not difference.max() < LIMIT_AU)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
