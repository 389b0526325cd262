"""Speed and memory of the screen, as ratios within one run: ``python -m benchmarks`` (or ``make bench``)."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from aneos.catalogue import load_bundled
from aneos.orbits import KeplerianElements, earth_moid
from aneos.screening import screen


def timed(work: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time in seconds after one warm-up."""
    work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    catalogue = load_bundled()
    elements = KeplerianElements.from_table(catalogue.table)
    n = len(catalogue)
    reference = timed(lambda: np.sort(np.random.default_rng(0).random(2_000_000)))
    rows = [
        ("reference: sort 2,000,000 numbers", reference, None),
        ("read the bundled catalogue", timed(load_bundled), n),
        ("MOID of the whole catalogue", timed(lambda: earth_moid(elements)), n),
        ("quick screen of the whole catalogue", timed(lambda: screen(catalogue)), n),
    ]
    print(f"{'step':<40}{'seconds':>9}{'x reference':>13}{'objects/s':>12}")
    for name, seconds, count in rows:
        rate = "" if count is None else f"{count / seconds:,.0f}"
        print(f"{name:<40}{seconds:9.3f}{seconds / reference:13.2f}{rate:>12}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:.0f} MB")


if __name__ == "__main__":
    main()
