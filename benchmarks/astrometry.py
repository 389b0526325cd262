"""Measures the astrometry on the reference observations beside the checkout: fits, time to flag, fuzzed lines.

python -m benchmarks.astrometry fits [NAME...]      every file: orbit, AMR, class, time, against Find_Orb's page
python -m benchmarks.astrometry timeline [NAME...]  what would have been said after 1, 2, 3, 5 and 10 nights
python -m benchmarks.astrometry forecasts [NAME...] σ of AMR forecast from the first nights against the one reached
python -m benchmarks.astrometry write               the tables of docs/astrometry.md from results/astrometry.json
python -m benchmarks.astrometry fuzz N              N mutated lines through the readers
python -m benchmarks.astrometry speed N             N objects at once, on one core and on all
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from aneos.astrometry import Observations, fit_observations, parse_observations, read_observations
from aneos.astrometry.arc import Arc, make_arc
from aneos.astrometry.fit import ASTEROIDS_FROM_DAYS, TEMPORARY
from aneos.astrometry.initial import first_orbits, grow_together
from aneos.astrometry.least_squares import Solution
from aneos.astrometry.models import FREE, Model, choose_model, determined
from aneos.astrometry.outlook import seen_from_earth, sigma_amr
from aneos.astrometry.table import conform
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.dynamics.fitting import propagate_with_partials
from aneos.dynamics.kernels import load_kete
from aneos.errors import InputError
from benchmarks import astrometry_record as record
from benchmarks import find_orb

SHARED = Path(os.environ.get("ANEOS_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def files() -> Iterator[Path]:
    for folder in ("artificial", "natural"):
        for path in sorted((SHARED / "data" / "astrometry" / folder).iterdir()):
            if path.suffix != ".html" and "RADAR" not in path.name:
                yield path


def observations_of(path: Path) -> pl.DataFrame:
    """A file's observations, with the radar file of the same object where there is one."""
    table = read_observations(path).table
    for radar in path.parent.glob(f"{path.name.split('_')[0]}_RADAR*"):
        table = pl.concat([table, read_observations(radar).table])
    return table


def fits(names: list[str]) -> None:
    """Fit and assess every file (or those whose path contains one of the names) that the record lacks."""
    for path in chosen_files(names):
        key = f"{path.parent.name}/{path.name}"
        if record.rows("fits").get(key, {}).get("code") == record.fingerprint():
            continue
        row = judged(observations_of(path), find_orb.solution(path.with_suffix(".html")))
        record.keep("fits", key, row)
        print(key, *(f"{name}={value}" for name, value in row.items()), flush=True)


def chosen_files(names: list[str]) -> list[Path]:
    return [path for path in files() if not names or any(name in str(path) for name in names)]


def judged(table: pl.DataFrame, theirs: find_orb.Solution | None = None) -> dict[str, Any]:
    """What fit and assessment say of the observations of one object, JSON-ready."""
    from aneos.observed import assess_observations

    marks: list[tuple[float, float]] = []
    began = (time.perf_counter(), time.process_time())
    said = assess_observations(
        Observations(conform(table)),
        workers=1,
        progress=lambda _: marks.append((time.perf_counter(), time.process_time())),
    )
    ended = marks[-1] if marks else (time.perf_counter(), time.process_time())
    row: dict[str, Any] = {
        "wall_s": round(ended[0] - began[0], 2),
        "cpu_s": round(ended[1] - began[1], 2),
        "all_cpu_s": round(time.process_time() - began[1], 2),
        "n_obs": table.height,
        "objects": len(said.fits) + len(said.failures),
    }
    if not said.fits:
        return row | {"class": "no orbit", "reason": said.failures[0].reason}
    fit, assessment = said.fits[0], said.report.assessments[0]
    row |= {
        "converged": fit.converged,
        "n_used": fit.n_used,
        "arc_days": round(fit.arc_days, 3),
        "nights": fit.nights,
        "rms_arcsec": round(fit.rms_arcsec, 3),
        "model": fit.model,
        "costs": {name: round(cost, 1) for name, cost in fit.costs.items()},
        "amr": fit.push["amr_m2kg"],
        "amr_sigma": fit.push["amr_sigma_m2kg"],
        "a1": None if fit.push.get("A1") is None else [fit.push["A1"], fit.push["A1_sigma"]],
        "a2": None if fit.transverse is None else list(fit.transverse),
        "bound": round(fit.geocentric["probability_bound"], 3),
        "flags": list(fit.flags),
        "class": assessment.object_class,
        "p_artificial": assessment.probability_artificial,
        "lines": {
            item.line: round(item.log10_bayes_factor, 2)
            for item in assessment.evidence
            if item.status == "measured"
        },
    }
    if theirs is not None:
        worst, which = find_orb.worst_sigma(fit, theirs)
        row |= {"find_orb_sigma": round(worst, 2), "find_orb_worst": which}
        row |= {"find_orb_amr": None if theirs.amr is None else list(theirs.amr)}
    return row


def amr_agrees(row: dict[str, Any]) -> str:
    """Whether the AMR lies within 2 combined σ or 20% of Find_Orb's; empty where that gives none."""
    if not row.get("find_orb_amr"):
        return ""
    value, sigma = row["find_orb_amr"]
    text = f"AMR {value:.4f} ± {sigma:.4f}: "
    if row["amr"] is None:
        return text + "none of ours"
    off = abs(row["amr"] - value)
    away = off / float(np.hypot(sigma, row["amr_sigma"]))
    return text + f"{away:.1f}σ, {100 * off / abs(value):.0f}%"


def push(row: dict[str, Any]) -> str:
    return "–" if row.get("amr") is None else f"{row['amr']:.3g} ± {row['amr_sigma']:.1g}"


NIGHTS = (1, 2, 3, 5, 10)


def timeline(names: list[str]) -> None:
    """Assess the files cut after some nights, those that the record lacks.

    Designations are taken away, so that nothing is known but the observations: what was later measured of 2024 PT5 or
    Apophis stands in the catalogues under their names.
    """
    for path in chosen_files(names):
        table = observations_of(path).filter(~pl.col("superseded")).sort("jd_utc")
        if not TEMPORARY.fullmatch(str(table["object"][0])):
            table = table.with_columns(object=pl.lit("UNNAMED"))
        night = np.concatenate([[1], 1 + np.cumsum(np.diff(table["jd_utc"].to_numpy()) > 8.0 / 24.0)])
        for count in NIGHTS:
            if count > 1 and night[-1] < count:
                break
            key = f"{path.parent.name}/{path.name} {count:02d}"
            if record.rows("timeline").get(key, {}).get("code") == record.fingerprint():
                continue
            row = judged(table.filter(pl.Series(night <= count)))
            record.keep("timeline", key, row)
            print(key, *(f"{name}={value}" for name, value in row.items()), flush=True)


FORECASTS = {
    "natural/2024PT5.txt": (5, 10, 20, 40),
    "natural/2023DW.txt": (4, 8, 12),
    "artificial/Spektr-RG_combined.obs": (4, 6, 8),
}
"""Files with a measured push, and the nights after which σ of AMR is forecast for the whole arc."""


def forecasts(names: list[str]) -> None:
    """σ of AMR forecast from the first nights, for the positions that were then made, against the one reached."""
    print("| file | nights known | σ known | forecast for all | reached | ratio |")
    print("|---|---|---|---|---|---|")
    for name, cuts in FORECASTS.items():
        if names and not any(word in name for word in names):
            continue
        whole, _ = make_arc(observations_of(SHARED / "data" / "astrometry" / name))
        night = np.concatenate([[1], 1 + np.cumsum(np.diff(whole.time) > 8.0 / 24.0)])
        for model, reached in pushes(whole).items():
            for cut in cuts:
                arc = whole.take(night <= cut)
                known = pushes(arc, only=model).get(model)
                if known is None:
                    print(f"| {name} | {cut} | A1 not determined | | | |")
                    continue
                times = whole.time[night > cut]
                width = float(np.sqrt(np.median(whole.covariance[night > cut, 0, 0])))
                path = propagate_with_partials(
                    known.epoch, known.state, times, known.nongravitational, known.asteroids
                )
                now, *later = sigma_amr(arc, known, FREE[model], seen_from_earth(*path, times), width)
                scale = max(1.0, reached.reduced_chi2) ** 0.5
                there = float(np.sqrt(reached.covariance[6, 6])) * scale / A1_PER_AMR_AU_D2
                figures = f"{now:.2g} | {later[-1]:.2g} | {there:.2g} | {later[-1] / there:.2f}"
                print(f"| {name} ({model}) | {cut} | {figures} |", flush=True)


def pushes(arc: Arc, only: Model = "A1") -> dict[Model, Solution]:
    """The solution with A1 of an arc, where A1 is determined."""
    asteroids = arc.span_days > ASTEROIDS_FROM_DAYS
    candidates = grow_together(arc, first_orbits(arc), asteroids)
    if not candidates or len(candidates[0].rows) < len(arc):
        return {}
    choice = choose_model(arc, candidates[0].solution, asteroids)
    found = choice.solutions.get(only)
    return {} if found is None or not determined(found) else {only: found}


def write() -> None:
    """The tables of docs/astrometry.md from the record."""
    record.write_page({"fits": fit_lines(), "timeline": timeline_lines()})


def fit_lines() -> list[str]:
    lines = [
        "| file | used / obs | days | rms ″ | model | AMR m²/kg | P(bound) | class | P(art.) | CPU s | Find_Orb |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for key, row in sorted(record.rows("fits").items()):
        name = key.split("/")[1].split(".")[0]
        if row["class"] == "no orbit":
            lines.append(
                f"| {name} | 0 / {row['n_obs']} | | | | | | no orbit: {row['reason']} | | {row['cpu_s']} | |"
            )
            continue
        other = f"{row['find_orb_sigma']}σ ({row['find_orb_worst']})" if "find_orb_sigma" in row else ""
        other = ", ".join(text for text in (other, amr_agrees(row)) if text)
        lines.append(
            f"| {name} | {row['n_used']} / {row['n_obs']}{'' if row['converged'] else ', not converged'} "
            f"| {row['arc_days']:.3g} | {row['rms_arcsec']:.2f} | {row['model']} | {push(row)} | {row['bound']:.2f} "
            f"| {row['class'].replace('_', ' ')} | {row['p_artificial']:.2g} | {row['cpu_s']:.1f} | {other} |"
        )
    return lines


def timeline_lines() -> list[str]:
    lines = [
        "| file | nights | obs | days | class | P(art.) | P(bound) | AMR m²/kg |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for key, row in sorted(record.rows("timeline").items()):
        path, count = key.split(" ")
        name = path.split("/")[1].split(".")[0]
        if row["class"] == "no orbit":
            lines.append(f"| {name} | {int(count)} | {row['n_obs']} | | no orbit: {row['reason']} | | | |")
            continue
        lines.append(
            f"| {name} | {int(count)} | {row['n_obs']} | {row['arc_days']:.2g} | {row['class'].replace('_', ' ')} "
            f"| {row['p_artificial']:.2g} | {row['bound']:.2f} | {push(row)} |"
        )
    return lines


def fuzz(count: int) -> None:
    """Mutated lines of all the reference files through the 80-column, PSV, XML and radar readers."""
    from aneos.astrometry.ades_psv import PsvReader
    from aneos.astrometry.mpc80 import Mpc80Reader
    from aneos.astrometry.radar_table import RadarTableReader

    rng = random.Random(1)
    good = [line for path in files() if path.suffix != ".gz" for line in path.read_text().splitlines()]
    radar = (SHARED / "data/astrometry/natural/101955_RADAR_1999_2005.dat").read_text().splitlines()
    table = read_observations(SHARED / "data/astrometry/natural/2024PT5.txt").table
    columns = ("object", "station", "time_utc", "ra_deg", "dec_deg", "mag", "band", "star_catalogue")
    cells = [["" if cell is None else str(cell) for cell in row] for row in table.select(columns).iter_rows()]
    alphabet = "".join(map(chr, range(32, 127))) + "\0\t²ёΩ\ud800😀"
    began = time.perf_counter()
    for reader, lines, share in (
        (Mpc80Reader("fuzz"), good, 0.7),
        (PsvReader("fuzz"), ["|".join(row) for row in cells], 0.15),
        (RadarTableReader("fuzz"), radar, 0.1),
    ):
        total = int(count * share)
        header = ["provID|stn|obsTime|ra|dec|mag|band|astCat"] if isinstance(reader, PsvReader) else []
        reader.feed(header + [_mutated(rng.choice(lines), rng, alphabet) for _ in range(total)])
        name, rows, wrong = type(reader).__name__, len(reader.rows), len(reader.rejected)
        print(f"{name}: {reader.lines:,} lines, {rows:,} rows, {wrong:,} rejected", flush=True)
    _fuzz_xml(int(count * 0.05), cells, rng, alphabet)
    print(f"{count:,} lines without a crash in {time.perf_counter() - began:.0f} s")


XML_RECORDS = 20


def _fuzz_xml(count: int, cells: list[list[str]], rng: random.Random, alphabet: str) -> None:
    """Documents of 20 records, a line each, of which one or two are mutated: rows, or one clear error."""
    names = ("provID", "stn", "obsTime", "ra", "dec", "mag", "band", "astCat")
    read = refused = 0
    for _ in range(count // XML_RECORDS):
        lines = []
        for row in rng.sample(cells, XML_RECORDS):
            inside = "".join(
                f"<{name}>{cell}</{name}>" for name, cell in zip(names, row, strict=True) if cell
            )
            lines.append(f"<optical>{inside}</optical>")
        for place in rng.sample(range(XML_RECORDS), rng.choice((1, 2))):
            lines[place] = _mutated(lines[place], rng, alphabet)
        text = "\n".join(['<ades version="2017"><obsBlock><obsData>', *lines, "</obsData></obsBlock></ades>"])
        try:
            read += len(parse_observations(text))
        except InputError:
            refused += 1
    print(
        f"XML: {count:,} lines, {read:,} rows, {refused:,} of {count // XML_RECORDS:,} documents refused",
        flush=True,
    )


def _mutated(line: str, rng: random.Random, alphabet: str) -> str:
    for _ in range(rng.choice((0, 1, 1, 2, 4, 40))):
        place = rng.randrange(len(line) + 1)
        new = rng.choice(("", rng.choice(alphabet), "|", "1999-09-23T"))
        line = line[:place] + new + line[place + rng.randrange(3) :]
    return line


def speed(count: int) -> None:
    """The same number of objects on one core and on all."""
    table = observations_of(SHARED / "data/astrometry/natural/2018LA.txt")
    many = pl.concat(
        [table.with_columns(object=pl.lit(f"2018 L{chr(65 + i % 26)}{i // 26}")) for i in range(count)]
    )
    make_arc(table)
    for workers in (1, os.cpu_count() or 1):
        began = time.perf_counter()
        fit_observations(many, workers=workers)
        print(f"{count} objects, {workers} process(es): {time.perf_counter() - began:.1f} s")


def main() -> None:
    command, *words = sys.argv[1:] or ["fits"]
    if command in ("fits", "timeline", "forecasts", "speed"):
        load_kete()
    if command == "fits":
        fits(words)
    elif command == "timeline":
        timeline(words)
    elif command == "forecasts":
        forecasts(words)
    elif command == "write":
        write()
    elif command == "fuzz":
        fuzz(int(words[0]) if words else 100_000)
    elif command == "speed":
        speed(int(words[0]) if words else 8)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
