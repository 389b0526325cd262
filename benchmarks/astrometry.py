"""Measures the astrometry on the reference observations beside the checkout: fits, time to flag, fuzzed lines.

python -m benchmarks.astrometry fits       every file: orbit, AMR, time, against Find_Orb where its page is there
python -m benchmarks.astrometry timeline   what would have been said after 1, 2, 3, 5 and 10 nights
python -m benchmarks.astrometry fuzz N     N mutated lines through the readers
python -m benchmarks.astrometry speed N    N objects at once, on one core and on all
"""

from __future__ import annotations

import os
import random
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from aneos.astrometry import FitFailure, FitResult, Observations, fit_observations, read_observations
from aneos.astrometry.arc import make_arc
from aneos.astrometry.calendar import julian_date
from aneos.astrometry.table import conform
from aneos.dynamics.fitting import SUN_ID, body_state, load_kete, propagate_with_partials

SHARED = Path(os.environ.get("ANEOS_SHARED", Path(__file__).resolve().parents[2] / "shared"))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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


def find_orb(path: Path) -> tuple[float, np.ndarray, tuple[float, float] | None] | None:
    """Epoch, heliocentric state and AMR ± σ of Find_Orb's solution in the page beside a file."""
    page = path.with_suffix(".html")
    if not page.is_file():
        return None
    text = re.sub(r"<[^>]*>", "", page.read_text(encoding="utf-8"))
    text = text[text.index("\nOrbital elements:") :]
    number = r"\s+([-+.\d]+)"
    state = re.search(rf"\(heliocentric equatorial J2000\):\s*#{number * 3} AU\s*#{number * 3} mAU", text)
    epoch = re.search(r"Epoch (\d{4}) (\w{3}) +([\d.]+) TT", text)
    amr = re.search(r"AMR ([-\d.]+) \+/- ([\d.]+)", text)
    if state is None or epoch is None:
        return None
    vector = np.array([float(value) for value in state.groups()]) * np.array([1, 1, 1, 1e-3, 1e-3, 1e-3])
    when = julian_date(int(epoch[1]), MONTHS.index(epoch[2]) + 1, float(epoch[3]))
    return when, vector, None if amr is None else (float(amr[1]), float(amr[2]))


def worst_sigma(fit: FitResult, epoch: float, state: np.ndarray) -> float:
    """Largest difference of a component of the state from another solution, in our σ alone."""
    there, partials = propagate_with_partials(
        fit.epoch_tdb_jd, fit.state, np.array([epoch]), fit.nongravitational
    )
    transition = np.eye(9)
    transition[:6] = partials[0]
    sigma = np.sqrt(np.diag(transition @ fit.covariance @ transition.T)[:6])
    return float(np.max(np.abs(there[0] - state - body_state(SUN_ID, epoch)) / sigma))


def fits() -> None:
    print("| file | used / obs | arc d | rms ″ | model | AMR m²/kg | P(bound) | flags | CPU s | Find_Orb |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for path in files():
        table = observations_of(path)
        began = time.process_time()
        for result in fit_observations(table, workers=1):
            seconds = time.process_time() - began
            if isinstance(result, FitFailure):
                print(f"| {path.name} | 0 / {result.n_obs} | | | | | | {result.reason} | {seconds:.1f} | |")
                continue
            theirs = find_orb(path)
            other = "" if theirs is None else f"{worst_sigma(result, *theirs[:2]):.1f}σ"
            if theirs is not None and theirs[2] is not None:
                other += f", AMR {theirs[2][0]:.4f} ± {theirs[2][1]:.4f}"
            if result.transverse is not None:
                other += f" A2 {result.transverse[0]:.3g} ± {result.transverse[1]:.1g}"
            print(
                f"| {path.name} | {result.n_used} / {result.n_obs} | {result.arc_days:.2f} | "
                f"{result.rms_arcsec:.2f} | {result.model} | {push(result)} | "
                f"{result.geocentric['probability_bound']:.2f} | {', '.join(result.flags)} | {seconds:.1f} | {other} |",
                flush=True,
            )


def push(result: FitResult) -> str:
    amr, sigma = result.push["amr_m2kg"], result.push["amr_sigma_m2kg"]
    return "–" if amr is None else f"{amr:.3g} ± {sigma:.1g}"


def timeline() -> None:
    """Assess the artificial files cut after some nights."""
    from aneos.observed import assess_observations

    names = sys.argv[2:] or ["artificial"]
    print("| file | nights | obs | arc d | class | P(artificial) | P(bound) | AMR m²/kg |")
    print("|---|---|---|---|---|---|---|---|")
    for path in files():
        if not any(name in str(path) for name in names):
            continue
        table = observations_of(path).filter(~pl.col("superseded")).sort("jd_utc")
        night = np.concatenate([[1], 1 + np.cumsum(np.diff(table["jd_utc"].to_numpy()) > 8.0 / 24.0)])
        for count in (1, 2, 3, 5, 10):
            if count > 1 and night[-1] < count:
                break
            part = table.filter(pl.Series(night <= count))
            said = assess_observations(Observations(conform(part)), workers=1)
            for assessment, fit in zip(said.report.assessments, said.fits, strict=True):
                bound = fit.geocentric["probability_bound"]
                cells = (path.name, count, part.height, f"{fit.arc_days:.2f}", assessment.object_class)
                numbers = (f"{assessment.probability_artificial:.2g}", f"{bound:.2f}", push(fit))
                print("| " + " | ".join(map(str, cells + numbers)) + " |", flush=True)
            for failure in said.failures:
                print(
                    f"| {path.name} | {count} | {part.height} | | no orbit: {failure.reason} | | | |",
                    flush=True,
                )


def fuzz(count: int) -> None:
    """Mutated lines of all the reference files through the 80-column, PSV and radar readers."""
    from aneos.astrometry.ades_psv import PsvReader
    from aneos.astrometry.mpc80 import Mpc80Reader
    from aneos.astrometry.radar_table import RadarTableReader

    rng = random.Random(1)
    good = [line for path in files() if path.suffix != ".gz" for line in path.read_text().splitlines()]
    good += (SHARED / "data/astrometry/natural/101955_RADAR_1999_2005.dat").read_text().splitlines()
    alphabet = "".join(map(chr, range(32, 127))) + "\0\t²ёΩ\ud800😀"
    began = time.perf_counter()
    for reader, share in (
        (Mpc80Reader("fuzz"), 0.8),
        (PsvReader("fuzz"), 0.1),
        (RadarTableReader("fuzz"), 0.1),
    ):
        total = int(count * share)
        header = ["permID|trkSub|stn|obsTime|ra|dec|mag"] if isinstance(reader, PsvReader) else []
        reader.feed(header + [_mutated(rng.choice(good), rng, alphabet) for _ in range(total)])
        name, rows, wrong = type(reader).__name__, len(reader.rows), len(reader.rejected)
        print(f"{name}: {reader.lines:,} lines, {rows:,} rows, {wrong:,} rejected", flush=True)
    print(f"{count:,} lines without a crash in {time.perf_counter() - began:.0f} s")


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
    words = sys.argv[1:] or ["fits"]
    if words[0] != "fuzz":
        load_kete()
    if words[0] == "fits":
        fits()
    elif words[0] == "timeline":
        timeline()
    elif words[0] == "fuzz":
        fuzz(int(words[1]) if len(words) > 1 else 100_000)
    elif words[0] == "speed":
        speed(int(words[1]) if len(words) > 1 else 8)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
