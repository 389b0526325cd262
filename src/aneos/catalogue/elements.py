"""The project's own format: elements as CSV or Parquet, one object a row.

Columns ``designation, epoch_tdb_jd, a_au, e, i_deg, node_deg, peri_deg, mean_anomaly_deg, H`` are required;
the optional columns are those of :mod:`aneos.catalogue.schema` (``aliases`` in CSV separated by ``|``,
dates ISO). Osculating heliocentric elements in the ecliptic and equinox of J2000, epoch in TDB. Unknown
columns pass through. CSV is UTF-8 with a header line, separated by comma, semicolon, tab or ``|``; lines
are counted as an editor counts them, the header's first line being 1.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from aneos.catalogue.assembly import Assembly, file_provenance
from aneos.catalogue.files import SourceFile, is_text, shown
from aneos.catalogue.parquet import PARQUET_MAGIC, load_parquet
from aneos.catalogue.schema import COLUMNS, REQUIRED, Catalogue
from aneos.errors import InputError

DELIMITERS: Final = (",", ";", "\t", "|")

CHUNK_CELLS: Final = 1_000_000
"""Cells held as text at a time while a CSV file is read."""

MAX_RECORD_LINES: Final = 100
"""Most lines that one quoted CSV record may span; beyond, a quote was surely left open."""

MAX_COLUMNS: Final = 10_000
"""Most columns of an elements file; the format names some thirty, the others pass through."""


def read_elements(path: str | Path) -> Catalogue:
    """Reads an elements file, CSV or Parquet, plain or gzipped; unusable rows end in ``rejected``.

    Raises :class:`InputError` where the file as a whole cannot be used: absent, empty, no header, required
    columns missing, no rows, not text.
    """
    file = SourceFile(path)
    if file.head(4) == PARQUET_MAGIC:
        return read_elements_parquet(file)
    return read_elements_csv(file)


# --- CSV --------------------------------------------------------------------------------------------------


def read_elements_csv(file: SourceFile) -> Catalogue:
    feed = LineFeed(file)
    header, delimiter = read_header(feed, file.name)
    assembly = Assembly(file.name)
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, cells in csv_records(feed, delimiter, assembly):
        if len(cells) != len(header):
            assembly.reject(line, mismatch(len(cells), len(header), line, feed.number))
            continue
        rows.append(cells)
        lines.append(line)
        if len(rows) * len(header) >= CHUNK_CELLS:
            assembly.add_text(lines, transposed(header, rows))
            rows, lines = [], []
    if rows:
        assembly.add_text(lines, transposed(header, rows))
    return assembly.finish(file_provenance(file, "elements"))


class LineFeed:
    """Hands lines to the CSV reader, counting them; refuses records that span too many."""

    def __init__(self, file: SourceFile) -> None:
        self.name = file.name
        self.lines = file.lines()
        self.number = 0
        self.start = 1
        self.all_text = True

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.number += 1
            if self.number - self.start >= MAX_RECORD_LINES:
                reason = f"a quoted field that opens here is not closed within {MAX_RECORD_LINES} lines"
                raise InputError(reason, source=self.name, line=self.start)
            self.all_text = self.all_text and is_text(line)
            yield line

    def begin_record(self) -> None:
        self.start = self.number + 1
        self.all_text = True


def csv_records(feed: LineFeed, delimiter: str, assembly: Assembly) -> Iterator[tuple[int, list[str]]]:
    """Yields (first line, cells) of every record that could be cut; rejects the others. Blank lines are
    none."""
    reader = csv.reader(iter(feed), delimiter=delimiter, strict=True)
    while True:
        feed.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                reason = "a quoted field that opens here is never closed"
                raise InputError(reason, source=feed.name, line=feed.start) from error
            assembly.reject(feed.start, f"is not valid CSV ({error})")
            continue
        if not any(cell.strip() for cell in cells) and feed.number == feed.start and len(cells) <= 1:
            continue
        if not feed.all_text:
            assembly.reject(feed.start, "is not UTF-8 text" + spanned(feed.start, feed.number))
            continue
        yield feed.start, cells


def read_header(feed: LineFeed, name: str) -> tuple[list[str], str]:
    """The column names and the delimiter that shows the most known ones."""
    line = next((line for line in feed if line.strip()), "")
    if not feed.all_text or not line:
        raise InputError("is not a text file" if line else "is empty", source=name)
    cut = {delimiter: split_header(line, delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: len(COLUMNS.keys() & set(cut[mark])))
    header = cut[delimiter]
    missing = [column for column in REQUIRED if column not in header]
    if len(missing) == len(REQUIRED):
        reason = f"no header with the columns {', '.join(REQUIRED)}; the first line is {shown(line.strip())}"
        raise InputError(reason, source=name, line=feed.number)
    check_columns(header, name, feed.number)
    return header, delimiter


def split_header(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        cells = line.split(delimiter)
    return [cell.strip() or f"column_{number}" for number, cell in enumerate(cells, 1)]


def check_columns(header: list[str], name: str, line: int | None = None) -> None:
    """Every required column is there, none twice, and not too many."""
    if len(header) > MAX_COLUMNS:
        raise InputError(f"has {len(header):,} columns; the limit is {MAX_COLUMNS:,}", source=name, line=line)
    missing = [column for column in REQUIRED if column not in header]
    if missing:
        folded = {column.casefold(): column for column in header}
        near = [shown(folded[column.casefold()]) for column in missing if column.casefold() in folded]
        hint = f" (found {', '.join(near)}: names are case-sensitive)" if near else ""
        plural = "column" if len(missing) == 1 else "columns"
        raise InputError(f"missing {plural} {', '.join(missing)}{hint}", source=name, line=line)
    seen: set[str] = set()
    for column in header:
        if column in seen:
            raise InputError(f"column {shown(column)} appears twice", source=name, line=line)
        if "\0" in column:
            raise InputError(f"column {shown(column)} is not named in text", source=name, line=line)
        seen.add(column)


def transposed(header: list[str], rows: list[list[str]]) -> dict[str, list[str | None]]:
    columns: dict[str, list[str | None]] = {}
    for column, cells in zip(header, zip(*rows, strict=True), strict=True):
        if column != "source_line":
            columns[column] = [cell or None for cell in cells]
    return columns


def mismatch(found: int, expected: int, first: int, last: int) -> str:
    return f"has {found} fields where the header has {expected}" + spanned(first, last)


def spanned(first: int, last: int) -> str:
    return "" if last <= first else f" (the record spans lines {first}–{last})"


# --- Parquet ----------------------------------------------------------------------------------------------


def read_elements_parquet(file: SourceFile) -> Catalogue:
    table = load_parquet(file)
    check_columns(table.columns, file.name)
    for column in COLUMNS.keys() & set(table.columns):
        check_dtype(column, table.schema[column], file.name)
    assembly = Assembly(file.name)
    if table.height:
        records = pl.int_range(1, table.height + 1, dtype=pl.Int64).alias("source_line")
        assembly.add(table.with_columns(records))
    return assembly.finish(file_provenance(file, "elements"))


def check_dtype(column: str, found: pl.DataType, name: str) -> None:
    """Text fits every column (its cells are read like those of CSV), numbers every column of numbers or text."""
    wanted = COLUMNS[column]
    fits = found == wanted or found in (pl.String(), pl.Null())
    if wanted in (pl.Float64(), pl.Int64(), pl.String()):
        fits = fits or found.is_numeric()
    if wanted == pl.String():
        fits = fits or isinstance(found, pl.Categorical | pl.Enum)
    if wanted == pl.Date():
        fits = fits or isinstance(found, pl.Datetime)
    if not fits and column != "source_line":
        raise InputError(f"column {column} has type {found}, expected {wanted}", source=name)
