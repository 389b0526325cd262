"""Tracing on trial: natural asteroids that no launch may claim, and launched objects whose launch is known.

``python -m aneos.validation.departures`` traces 50 near-Earth asteroids with good orbits, the hard negatives, and every
published orbit of the registry's objects that are not under control; ``--store FILE`` keeps one JSON line an object, so
that a broken-off run goes on where it stopped (delete the file after a change of method).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from aneos.artificial.departure_orbit import TracedOrbit, orbit_from_known, orbit_from_row
from aneos.artificial.departure_rows import first_seen
from aneos.artificial.departures import PROBABLE_BELOW
from aneos.artificial.known import load_known
from aneos.artificial.launches import FIRST_LAUNCH_JD
from aneos.catalogue import load_bundled, select
from aneos.deep import Settings, trace
from aneos.dynamics.clones import generator
from aneos.errors import InputError
from aneos.evidence.departure import from_result
from aneos.validation.rates import Rate
from aneos.validation.screen import HARD_NEGATIVES

CLOSE_AU: Final = 0.05
"""Naturals are drawn from asteroids whose orbits come this close to the Earth's: others cannot be traced to it."""

SAMPLE: Final = "__main__"
"""Name of the stream of random numbers that the published sample was drawn with."""

Record = dict[str, Any]


def natural_sample(n: int, seed: int = 0) -> list[str]:
    """Designations of ``n`` asteroids with U = 0 and a MOID below CLOSE_AU, drawn from the bundled catalogue.

    Those drawn that were seen before the first launch already, and so need no tracing, are replaced by further draws.
    """
    from aneos.orbits import KeplerianElements, encounter_geometry

    table = load_bundled().table.filter((pl.col("U") == "0") & (pl.col("e") < 1.0))
    near = encounter_geometry(KeplerianElements.from_table(table)).moid_au < CLOSE_AU
    rows = table.filter(pl.Series(near)).select("designation", "arc_days", "last_observation", "epoch_tdb_jd")
    known = rows.to_dicts()
    later = np.array([first_seen(row, row["epoch_tdb_jd"]) > FIRST_LAUNCH_JD for row in known])
    random = generator(seed, SAMPLE)
    chosen = np.sort(random.choice(len(known), size=n, replace=False))
    chosen = chosen[later[chosen]]
    rest = np.setdiff1d(np.flatnonzero(later), chosen)
    chosen = np.append(chosen, random.choice(rest, size=n - chosen.size, replace=False))
    return [str(known[row]["designation"]) for row in chosen]


def traced(kind: str, name: str, orbit: TracedOrbit, settings: Settings) -> Record:
    """One object traced, as the record that is kept."""
    started = time.process_time()
    result = trace(orbit, settings)
    line = from_result(result)
    first = result.candidates[0] if result.candidates else None
    return {
        "kind": kind,
        "name": name,
        "launch": None if first is None else first.launch,
        "launch_name": None if first is None else first.name,
        "score": None if first is None else first.score,
        "chance_probability": 1.0 if first is None else first.chance_probability,
        "distance_km": None if first is None else first.distance_km,
        "fraction": 0.0 if first is None else first.fraction,
        "lost_before": result.lost_before,
        "known_share": result.known_share,
        "reach": result.reach_fraction,
        "log10_bayes_factor": line.log10_bayes_factor,
        "basis": orbit.basis,
        "cpu_s": round(time.process_time() - started, 1),
    }


def cases(natural: int, launched: bool, settings: Settings) -> Iterator[tuple[str, str, Any]]:
    """Kind, name and a function that gives the orbit, for everything on trial."""
    catalogue = load_bundled()

    def of_catalogue(name: str) -> TracedOrbit:
        return orbit_from_row(select(catalogue, name).table.row(0, named=True), forces=settings.forces)

    for name in natural_sample(natural):
        yield "natural", name, lambda name=name: of_catalogue(name)
    for name in HARD_NEGATIVES if natural else ():
        yield "hard negative", name, lambda name=name: of_catalogue(name)
    for known in load_known() if launched else ():
        if known.manoeuvring or known.regime == "geocentric":
            continue
        for number, orbit in enumerate(known.orbits):
            label = f"{known.name} [{known.cospar or 'unidentified'}] #{number} JD {orbit.epoch_tdb_jd:.1f}"
            yield (
                "launched",
                label,
                lambda known=known, orbit=orbit: orbit_from_known(known, orbit, forces=settings.forces),
            )


def run(store: Path, todo: Iterable[tuple[str, str, Any]], settings: Settings) -> list[Record]:
    """Trace what the store does not have yet, adding a line for each; returns all records."""
    records = [json.loads(text) for text in store.read_text().splitlines()] if store.exists() else []
    done = {(item["kind"], item["name"]) for item in records}
    wanted = []
    for kind, name, orbit in todo:
        wanted.append((kind, name))
        if (kind, name) in done:
            continue
        try:
            record = traced(kind, name, orbit(), settings)
        except InputError as error:
            record = {"kind": kind, "name": name, "error": str(error)}
        records.append(record)
        with store.open("a") as file:
            file.write(json.dumps(record) + "\n")
        print(_line(record), flush=True)
    return [item for item in records if (item["kind"], item["name"]) in set(wanted)]


def false_traces(records: Iterable[Mapping[str, Any]], kind: str, below: float = PROBABLE_BELOW) -> Rate:
    """How many objects of a kind were traced to a launch with a chance probability below ``below``."""
    chances = [item["chance_probability"] for item in records if item["kind"] == kind and "error" not in item]
    return Rate(sum(chance < below for chance in chances), len(chances))


def right_traces(records: Iterable[Mapping[str, Any]]) -> tuple[Rate, Rate]:
    """Launched objects whose own launch comes first, and of these those below PROBABLE_BELOW; history or not."""
    known = [item for item in records if item["kind"] == "launched" and "error" not in item]
    known = [item for item in known if "[unidentified]" not in item["name"]]
    first = [item for item in known if item["launch"] and f"[{item['launch']}" in item["name"]]
    clear = [item for item in first if item["chance_probability"] < PROBABLE_BELOW]
    return Rate(len(first), len(known)), Rate(len(clear), len(known))


def report(records: list[Record]) -> str:
    """The figures in lines."""
    lines = []
    for kind in ("natural", "hard negative"):
        for below in (PROBABLE_BELOW, 1e-2, 0.1):
            lines.append(f"{kind}: traced at p < {below:g}: {false_traces(records, kind, below)}")
    first, clear = right_traces(records)
    lines += [f"launched: own launch first: {first}", f"launched: first with p < {PROBABLE_BELOW:g}: {clear}"]
    return "\n".join(lines)


def _line(item: Mapping[str, Any]) -> str:
    if "error" in item:
        return f"{item['kind']:14s} {item['name']}: {item['error']}"
    return (
        f"{item['kind']:14s} {item['name']}: {item['launch_name']} p {item['chance_probability']:.2g}, "
        f"history lost before {item['lost_before']}, log10 BF {item['log10_bayes_factor']:+.2f} ({item['cpu_s']} s)"
    )


def main() -> None:
    """Run what is missing and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--natural", type=int, default=50)
    parser.add_argument("--launched", action="store_true", help="also the registry's objects")
    parser.add_argument("--clones", type=int, default=200)
    parser.add_argument("--look-alikes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", type=Path, default=Path("results/departures.jsonl"))
    given = parser.parse_args()
    settings = Settings(clones=given.clones, look_alikes=given.look_alikes, seed=given.seed)
    given.store.parent.mkdir(parents=True, exist_ok=True)
    records = run(given.store, cases(given.natural, given.launched, settings), settings)
    print(report(records))


if __name__ == "__main__":
    main()
