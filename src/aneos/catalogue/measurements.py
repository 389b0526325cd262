"""Published measurements of natural near-Earth asteroids: radiation pressure, size, spin, spectrum.

The table lists the natural bodies that look most like artificial ones: small asteroids whose area-to-mass
ratio has been measured, bodies known to be natural by another argument, and the "dark comets", whose
accelerations are not those of radiation pressure. It holds facts with their sources, one row per object.

What the file ``data/measurements.csv`` says:

- ``A1``, ``A2``, ``A3`` in au/d² at 1 au, with standard errors, for accelerations that fall off as 1/r².
  Values "as of 2026-07-26" are from a public copy of replies of JPL's Small-Body Database (SBDB) of that day;
  for 2005 VL1, 2010 RF12 and 2016 NJ33 those replies give Table 2 of Seligman et al. (2024) digit by digit.
- ``amr_m2kg`` is A1 over :data:`~aneos.constants.A1_PER_AMR_AU_D2`, or the value fitted as such. It is null
  where the radial acceleration is not attributed to radiation pressure, so for every dark comet but
  2006 RH120, whose radial acceleration is that of a rock of its size.
- ``natural_by`` names the argument for a natural origin. It is an answer, never an input to a model.
- ``checked`` is true where the source of the numbers has been read. Numbers of other rows are not used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import polars as pl

from aneos.catalogue.schema import Catalogue, Provenance
from aneos.errors import InputError, MissingResourceError

PUBLISHED: Final = Path(__file__).with_name("data") / "measurements.csv"
VERSION: Final = "2026-07-26"
"""Date of the newest source, the SBDB replies."""

PAIRS: Final = (("amr_m2kg", "amr_sigma_m2kg"), ("A1", "A1_sigma"), ("A2", "A2_sigma"), ("A3", "A3_sigma"))
"""A quantity and its standard error; they are filled together or not at all."""

SINGLE: Final = ("diameter_km", "albedo", "rotation_h")

NUMBERS: Final = (*(name for pair in PAIRS for name in pair), *SINGLE)

SCHEMA: Final[dict[str, pl.DataType]] = (
    {"designation": pl.String()}
    | {name: pl.Float64() for name in NUMBERS}
    | {name: pl.String() for name in ("spectral_type", "natural_by", "statement", "source")}
    | {"checked": pl.Boolean()}
)

NOTES: Final = {
    "measurement_source": "source",
    "spectral_type": "spectral_type",
    "natural_by": "natural_by",
    "measurement_note": "statement",
}
"""Columns that :func:`with_measurements` adds to a catalogue, and the columns here that they come from."""


def load_measurements(path: Path = PUBLISHED) -> pl.DataFrame:
    """The measurements, one row per object, with the columns and types of :data:`SCHEMA`.

    Designations are principal provisional ones as in the MPC's list ("1999 RQ36", not "101955").

    Raises ``MissingResourceError`` if the file is absent, and ``InputError`` if its columns, types or values
    are wrong: an empty or repeated designation, a row without source or statement, a standard error that is
    not positive or stands without its value.
    """
    return _read(path).table


def with_measurements(catalogue: Catalogue, path: Path = PUBLISHED) -> Catalogue:
    """The catalogue with published measurements in the places where it has none.

    Rows are matched by whole designation, or else by an alias. A value that the catalogue gives is never
    overwritten, and a standard error comes only together with its value. Radial measurements are not mixed:
    a row that gives an area-to-mass ratio gets no A1, and one that gives A1 with its error gets no
    area-to-mass ratio.

    Adds the columns of :data:`NOTES` (null where nothing is published here) and one :class:`Provenance`.
    Row order and number stay as they are. Applying it twice changes nothing more.
    """
    published = _read(path)
    table = catalogue.table
    found = _matches(table, published.records)
    changes: dict[str, dict[int, Any]] = {}
    for row, record in found.items():
        for name, value in _filled(table.row(row, named=True), record).items():
            changes.setdefault(name, {})[row] = value
    columns = [*table.columns, *(name for name in NOTES if name not in table.columns)]
    provenance = Provenance(
        name="published-measurements",
        version=VERSION,
        source=path.name,
        sha256=published.digest,
        acknowledgement="JPL Small-Body Database, and the papers named in each row.",
    )
    known = catalogue.provenance
    return Catalogue(
        table=pl.DataFrame([_column(table, name, changes.get(name, {})) for name in columns]),
        provenance=known if provenance in known else (*known, provenance),
        rejected=catalogue.rejected,
    )


def _matches(table: pl.DataFrame, records: Mapping[str, Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """The published record of each row that has one; the own designation goes before aliases, in their order."""
    out = {}
    pairs = zip(table["designation"].to_list(), table["aliases"].to_list(), strict=True)
    for row, (designation, aliases) in enumerate(pairs):
        if designation in records:
            out[row] = records[designation]
        elif aliases:
            key = next((alias for alias in aliases if alias in records), None)
            if key is not None:
                out[row] = records[key]
    return out


def _filled(row: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """What one row gets from its record; what it has itself stays as it is."""
    radial_given = {
        "amr_m2kg": row["A1"] is not None and row["A1_sigma"] is not None,
        "A1": row["amr_m2kg"] is not None,
    }
    out = {name: record[name] for name in SINGLE if row[name] is None}
    for value, sigma in PAIRS:
        if row[value] is None and row[sigma] is None and not radial_given.get(value, False):
            out |= {value: record[value], sigma: record[sigma]}
    return out | {name: record[origin] for name, origin in NOTES.items() if row.get(name) is None}


def _column(table: pl.DataFrame, name: str, changes: Mapping[int, Any]) -> pl.Series:
    """One column of the table, or an empty one of that name, with some of its values changed."""
    if name in table.columns:
        column = table[name]
        if name in NOTES and column.dtype != pl.String:
            column = column.cast(pl.String)
    else:
        column = pl.Series(name, [None] * table.height, pl.String)
    given = {row: value for row, value in changes.items() if value is not None}
    return column.clone().scatter(list(given), list(given.values())) if given else column


@dataclass(frozen=True, slots=True)
class _Published:
    """The checked table, its rows by designation with the numbers that may be used, and the SHA-256 of its file."""

    table: pl.DataFrame
    records: Mapping[str, Mapping[str, Any]]
    digest: str


@lru_cache(maxsize=4)
def _read(path: Path) -> _Published:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MissingResourceError(f"{path}: table of measurements not found; reinstall aneos") from error
    try:
        table = pl.read_csv(BytesIO(content), schema=SCHEMA)
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"not a table of measurements: {reason}", source=path) from error
    if content.splitlines()[:1] != [",".join(SCHEMA).encode()]:
        raise InputError(f"the columns must be {', '.join(SCHEMA)}", source=path, line=1)
    _check(table, path)
    unchecked = dict.fromkeys(NUMBERS)
    records = {
        row["designation"]: row if row["checked"] else row | unchecked for row in table.iter_rows(named=True)
    }
    return _Published(table, records, hashlib.sha256(content).hexdigest())


def _check(table: pl.DataFrame, path: Path) -> None:
    faults = {
        "no designation": pl.col("designation").is_null(),
        "designation given twice": pl.col("designation").is_duplicated(),
        "no source": pl.col("source").is_null(),
        "no statement": pl.col("statement").is_null(),
        "checked is neither true nor false": pl.col("checked").is_null(),
    }
    for value, sigma in PAIRS:
        faults[f"{sigma} is not positive"] = pl.col(sigma) <= 0
        faults[f"{sigma} without {value}"] = pl.col(sigma).is_not_null() & pl.col(value).is_null()
    for reason, fault in faults.items():
        line = table.with_row_index("line", offset=2).filter(fault)["line"]
        if len(line):
            raise InputError(reason, source=path, line=line[0])
