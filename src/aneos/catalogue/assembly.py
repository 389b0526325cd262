"""Collects the records of one source into a :class:`Catalogue`: the end of every reader."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from aneos.catalogue.files import SourceFile
from aneos.catalogue.schema import COLUMNS, Catalogue, Provenance
from aneos.catalogue.validation import admit, printable
from aneos.errors import InputError, RejectedRow

IGNORED: Final = re.compile("[\\s`'’ʻʼ]+")


class Assembly:
    """Takes records in chunks, of which at most one is held untyped; ``finish`` gives the catalogue."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tables: list[pl.DataFrame] = []
        self.rejected: list[RejectedRow] = []

    def reject(self, line: int, reason: str, designation: str | None = None) -> None:
        """One record that could not even be cut into columns."""
        self.rejected.append(RejectedRow(line, reason, designation, self.source))

    def add(self, raw: pl.DataFrame) -> None:
        """One chunk of records (see :func:`aneos.catalogue.validation.admit`)."""
        table, rejected = admit(raw, self.source)
        self.tables.append(table)
        self.rejected.extend(rejected)

    def add_text(self, lines: list[int], columns: dict[str, list[str | None]]) -> None:
        """One chunk of records as text: the line of each, and equally long columns."""
        schema = {name: pl.String() for name in columns}
        frame = pl.DataFrame(columns, schema=schema)
        self.add(frame.with_columns(pl.Series("source_line", lines, pl.Int64())))

    def finish(self, provenance: Provenance) -> Catalogue:
        """The catalogue, rows in the order of the source. No record at all is an :class:`InputError`."""
        if not self.tables and not self.rejected:
            raise InputError("holds no records", source=self.source)
        table = pl.concat(self.tables) if self.tables else pl.DataFrame(schema=COLUMNS)
        table, repeated = drop_repeated(table, self.source)
        rejected = sorted([*self.rejected, *repeated], key=lambda row: row.line)
        return Catalogue(table, (provenance,), tuple(rejected))


def designation_key(column: pl.Expr) -> pl.Expr:
    """What makes two designations the same: no regard to case, spaces and apostrophes (Kamoʻoalewa)."""
    return column.str.to_lowercase().str.replace_all(IGNORED.pattern, "")


def text_key(text: str) -> str:
    """As :func:`designation_key`, for one text."""
    return IGNORED.sub("", text.lower())


def drop_repeated(table: pl.DataFrame, source: str) -> tuple[pl.DataFrame, list[RejectedRow]]:
    """Keeps the first row of each designation; the others are rejected naming the first one's line."""
    key = designation_key(pl.col("designation"))
    marks = table.select(
        "designation",
        "source_line",
        first=pl.col("source_line").first().over(key),
        repeated=~key.is_first_distinct(),
    )
    if not marks["repeated"].any():
        return table, []
    rejected = [
        RejectedRow(line, f"designation {name} repeats line {first}", printable(name), source)
        for name, line, first, _ in marks.filter("repeated").iter_rows()
    ]
    return table.filter(~marks["repeated"]), rejected


def file_provenance(file: SourceFile, name: str, version: str = "", acknowledgement: str = "") -> Provenance:
    """Provenance of a file as given; without a published version it is known by its hash."""
    digest = file.sha256()
    return Provenance(name, version or f"sha256:{digest[:12]}", file.name, digest, acknowledgement)
