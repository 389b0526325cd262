"""ADES in XML, read as a stream; every record keeps the line on which it starts.

Documents with a document type are refused: ADES has none, and entities are how XML bombs are made.
"""

from __future__ import annotations

from typing import BinaryIO, Final
from xml.parsers import expat  # stream position and refusal of entities; no tree is built

from aneos.astrometry.ades import names_of, rows_of
from aneos.astrometry.table import Row
from aneos.errors import InputError, RejectedRow

RECORDS: Final = frozenset({"optical", "radar", "occultation", "offset"})
UNSUPPORTED: Final = frozenset({"occultation", "offset"})
CHUNK: Final = 1 << 20


class XmlReader:
    """Takes a stream of bytes. Raises InputError where the document is not well formed or not ADES."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.rows: list[Row] = []
        self.rejected: list[RejectedRow] = []
        self.links: set[tuple[str, ...]] = set()
        self.lines = self.other_lines = self.records = 0
        self._record: str | None = None
        self._record_line = 0
        self._field: str | None = None
        self._fields: dict[str, str] = {}
        self._root: str | None = None

    def feed(self, stream: BinaryIO) -> None:
        """Read the whole document."""
        first = stream.read(CHUNK)
        begin = first.lstrip()  # blanks before the declaration, which XML does not allow, do no harm
        blank = first.count(b"\n") - begin.count(b"\n")
        self.lines = blank
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = lambda name, _: self._start(name, blank + parser.CurrentLineNumber)
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            block = begin
            while block:
                self.lines += block.count(b"\n")
                parser.Parse(block, False)
                block = stream.read(CHUNK)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            reason = f"is not well-formed XML ({expat.errors.messages[error.code]})"
            raise InputError(reason, source=self.source, line=blank + error.lineno) from error

    def _doctype(self, *_: object) -> None:
        raise InputError("is XML with a document type, which ADES does not have", source=self.source)

    def _start(self, name: str, line: int) -> None:
        if self._root is None:
            self._root = name
            if name != "ades":
                raise InputError(
                    f"is XML of another kind (<{name[:40]}> instead of <ades>)", source=self.source
                )
        elif name in RECORDS:
            self._record, self._record_line, self._fields = name, line, {}
        elif self._record is not None:
            self._field = name
            self._fields[name] = ""

    def _text(self, text: str) -> None:
        if self._field is not None and len(self._fields[self._field]) < 10_000:
            self._fields[self._field] += text

    def _end(self, name: str) -> None:
        if name == self._field:
            self._field = None
        if name != self._record:
            return
        self._record = None
        self.records += 1
        try:
            if name in UNSUPPORTED:
                raise ValueError(f"is a record of kind {name}, which is not supported")
            fields = {key: text.strip() for key, text in self._fields.items() if text.strip()}
            rows = rows_of(fields)
        except ValueError as error:
            self.rejected.append(RejectedRow(self._record_line, str(error), source=self.source))
            return
        for row in rows:
            row["source"], row["source_line"] = self.source, self._record_line
        self.rows.extend(rows)
        self.links.add(names_of(fields))
