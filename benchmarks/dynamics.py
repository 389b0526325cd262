"""Speed and memory of the dynamics: ``python -m benchmarks.dynamics [clones [times]]``.

Clones of 2020 SO with radiation pressure, 54 years back from 2021: the encounter search of aNEOS, its integrator
alone, and kete's single call without a search, in one run on the same cores. Then memory against the number of
clones, each measured in a process of its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aneos.dynamics import Clones, OrbitUncertainty, draw_clones, find_encounters, iter_encounters, propagate

EPOCH = 2_459_248.5
END = EPOCH - 54 * 365.25

# The state of 2020 SO by B. Gray, Find_Orb, from 656 observations (eph2tle header of 2021-02-04): geocentric,
# equatorial, with standard deviations.
ORBIT = {
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


def clones_of_2020_so(n: int) -> Clones:
    """Draws from the published standard deviations."""
    uncertainty = OrbitUncertainty.from_sigmas(
        EPOCH,
        {label: value for label, (value, _) in ORBIT.items()},
        {label: sigma for label, (_, sigma) in ORBIT.items()},
        centre="Earth",
        frame="equatorial",
    )
    return draw_clones(uncertainty, n, seed=1)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of one run."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def speed(n: int) -> None:
    states = clones_of_2020_so(n).states
    propagate(states.take([0]), EPOCH - 10.0, engine="kete")  # kete's import is not part of it
    find_encounters(states.take([0]), EPOCH - 10.0)
    rows = [
        ("kete, one call, no search", timed(lambda: propagate(states, END, engine="kete"))),
        ("aneos, one call, no search", timed(lambda: propagate(states, END))),
        ("aneos, encounters, captures, collisions", timed(lambda: find_encounters(states, END))),
    ]
    reference = rows[0][1]
    print(f"{n} clones of 2020 SO, 54 years back, A1-A3, five asteroids")
    print(f"{'step':<42}{'wall s':>9}{'x kete':>8}{'CPU s':>9}{'x kete':>8}")
    for name, (wall, processor) in rows:
        print(
            f"{name:<42}{wall:9.1f}{wall / reference[0]:8.2f}{processor:9.1f}{processor / reference[1]:8.2f}"
        )


def peak_megabytes() -> float:
    """Largest resident memory of this process so far (Linux; a parent's memory does not count)."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


def memory() -> None:
    print(f"\n{'clones':<10}{'peak MB':>9}")
    for n in (128, 512, 2048):
        command = [sys.executable, "-m", "benchmarks.dynamics", "--memory", str(n)]
        print(
            f"{n:<10}{subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip():>9}"
        )


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--memory"]:
        states = clones_of_2020_so(int(arguments[1])).states
        met = sum(len(part.encounters) for part in iter_encounters(states, EPOCH - 3652.5))
        if met == 0:
            raise SystemExit("no encounter found")
        print(f"{peak_megabytes():.0f}")
        return
    for _ in range(int(arguments[1]) if len(arguments) > 1 else 1):
        speed(int(arguments[0]) if arguments else 1000)
    memory()


if __name__ == "__main__":
    main(sys.argv[1:])
