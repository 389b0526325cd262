"""Builds ``known_states.parquet``: states and covariances of every registry object along its integrated path.

    python -m aneos.artificial.build_nodes

For each published orbit the nominal path and ten neighbours, one standard deviation away along each axis of what is
uncertain (six of the orbit; A1 as fitted, its drift, A2, A3), are integrated; their differences in elements are the
covariance. No random numbers are drawn.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.follow import LEAST_CLONES, carry
from aneos.artificial.known import data_path, load_known
from aneos.artificial.known_tables import KnownObject
from aneos.artificial.registry_nodes import FILE, TRIANGLE, bound_to_earth, elements_of
from aneos.artificial.registry_orbits import Placed, axes_of, choose, usable_orbits
from aneos.constants import AU_KM
from aneos.dynamics import States
from aneos.dynamics.native import available_cores

FloatArray = npt.NDArray[np.float64]

FIRST_TDB_JD: Final = 2_453_371.5
LAST_TDB_JD: Final = 2_463_232.5
"""2005-01-01 to 2032-01-01."""
LOWEST_KM: Final = 250_000.0
"""Objects with a smaller semi-major axis about the Earth have no nodes: their many revolutions would take hours."""
SPACING_BOUND_DAYS: Final = 20.0
SPACING_SUN_DAYS: Final = 100.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=data_path(FILE))
    parser.add_argument("--only", action="append", help="ids of objects (for trials)")
    args = parser.parse_args()
    chosen = [item for item in load_known() if not args.only or item.id in args.only]

    def work(known: KnownObject) -> list[dict[str, Any]]:
        rows = nodes_of(known)
        print(known.id, len(rows), file=sys.stderr, flush=True)
        return rows

    with ThreadPoolExecutor(available_cores()) as pool:
        rows = [row for part in pool.map(work, chosen) for row in part]
    to_table(rows).write_parquet(args.out, compression="zstd", compression_level=19)


def nodes_of(known: KnownObject) -> list[dict[str, Any]]:
    """The nodes of one object, in order of time."""
    placed = usable_orbits(known)
    rows: list[dict[str, Any]] = []
    for number, item in enumerate(placed):
        spacing = spacing_of(item)
        first, last = span_of(item)
        if last <= first:
            continue
        epochs = np.arange(first, last + 0.5 * spacing, spacing)
        mine = epochs[choose(known, epochs) == number]
        if mine.size:
            rows += _along(item, mine, spacing)
    return sorted(rows, key=lambda row: float(row["epoch_tdb_jd"]))


def spacing_of(item: Placed) -> float:
    """Days between the nodes of an orbit."""
    return SPACING_SUN_DAYS if item.orbit.centre == "sun" else SPACING_BOUND_DAYS


def span_of(item: Placed) -> tuple[float, float]:
    """First and last epoch of the nodes of an orbit (TDB JD); none where the last is not after the first."""
    if item.orbit.centre == "earth" and (item.orbit.a_au or 0.0) * AU_KM < LOWEST_KM:
        return FIRST_TDB_JD, FIRST_TDB_JD
    return FIRST_TDB_JD, LAST_TDB_JD


def to_table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The stored columns; covariances as their lower triangle in single precision."""
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("covariance").cast(pl.Array(pl.Float32, TRIANGLE[0].size))
    )


def _along(item: Placed, epochs: FloatArray, spacing: float) -> list[dict[str, Any]]:
    start = axes_of(item)
    n = len(start)
    assert n >= LEAST_CLONES
    position, velocity = np.full((n, epochs.size, 3), np.nan), np.full((n, epochs.size, 3), np.nan)
    for side in (epochs >= start.epoch_tdb_jd[0], epochs < start.epoch_tdb_jd[0]):
        columns = np.flatnonzero(side)
        if columns.size:
            carry(item, start, epochs[columns], position, velocity, columns, 1)
    rows = []
    for column, epoch in enumerate(epochs):
        if not (np.isfinite(position[:, column]).all() and np.isfinite(velocity[:, column]).all()):
            continue
        states = States(
            position[:, column], velocity[:, column], np.full(n, epoch), start.A1, start.A2, start.A3
        )
        geocentric = bool(bound_to_earth(states.take([0]))[0])
        elements = elements_of(states, np.full(n, geocentric))
        if not np.isfinite(elements).all():
            continue
        offsets = elements[1:] - elements[0]
        offsets[:, 5] = np.remainder(offsets[:, 5] + np.pi, 2.0 * np.pi) - np.pi
        covariance = offsets.T @ offsets
        rows.append(
            {
                "object_id": item.known.id,
                "fit_epoch_tdb_jd": item.orbit.epoch_tdb_jd,
                "epoch_tdb_jd": float(epoch),
                "reach_days": spacing,
                **dict(zip(("x_au", "y_au", "z_au"), position[0, column].tolist(), strict=True)),
                **dict(zip(("vx_au_d", "vy_au_d", "vz_au_d"), velocity[0, column].tolist(), strict=True)),
                "A1": float(start.A1[0]),
                "A2": float(start.A2[0]),
                "A3": float(start.A3[0]),
                "geocentric": geocentric,
                "covariance": covariance[TRIANGLE].tolist(),
            }
        )
    return rows


if __name__ == "__main__":
    main()
