"""ADES in pipe-separated values: header lines with # and !, a line of field names, and records below it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aneos.astrometry.ades import names_of, rows_of
from aneos.astrometry.table import Row
from aneos.catalogue.files import is_text
from aneos.errors import RejectedRow

FIELDS: Final = frozenset({"obsTime", "stn", "mode", "ra", "dec", "trkSub", "provID", "permID", "trx", "rcv"})


class PsvReader:
    """Takes the lines of a file; a file may hold several blocks, each with its own line of field names."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.rows: list[Row] = []
        self.rejected: list[RejectedRow] = []
        self.links: set[tuple[str, ...]] = set()
        self.lines = self.other_lines = self.records = 0
        self._names: list[str] = []

    def feed(self, lines: Iterable[str]) -> None:
        """Take lines (with or without their ends)."""
        for raw in lines:
            self.lines += 1
            line = raw.rstrip("\r\n")
            if not line.strip() or line.startswith(("#", "!")):
                self.other_lines += 1
                continue
            if not is_text(line):
                self.records += 1
                self._reject("is not text")
                continue
            cells = [cell.strip() for cell in line.split("|")]
            if is_header(cells):
                self._names = cells
                self.other_lines += 1
                continue
            self.records += 1
            self._record(cells)

    def _record(self, cells: list[str]) -> None:
        if not self._names:
            self._reject("comes before any line of field names")
            return
        extra = [cell for cell in cells[len(self._names) :] if cell]
        if extra or len(cells) < len(self._names):
            self._reject(f"has {len(cells)} fields instead of {len(self._names)}")
            return
        fields = {name: cell for name, cell in zip(self._names, cells, strict=False) if name and cell}
        try:
            rows = rows_of(fields)
        except ValueError as error:
            self._reject(str(error))
            return
        for row in rows:
            row["source"], row["source_line"] = self.source, self.lines
        self.rows.extend(rows)
        self.links.add(names_of(fields))

    def _reject(self, reason: str) -> None:
        self.rejected.append(RejectedRow(self.lines, reason, source=self.source))


def is_header(cells: list[str]) -> bool:
    """Whether the cells of a line are ADES field names."""
    return "obsTime" in cells and len(FIELDS.intersection(cells)) >= 3
