"""Reads observations of any known format, recognised by content, never by the file's name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from aneos.astrometry.ades_psv import PsvReader, is_header
from aneos.astrometry.ades_xml import XmlReader
from aneos.astrometry.linking import relabel
from aneos.astrometry.mpc80 import SECOND, Mpc80Reader, looks_like_mpc80
from aneos.astrometry.radar_table import RadarTableReader, looks_like_radar_table
from aneos.astrometry.table import Observations, build_table
from aneos.catalogue.elements import DELIMITERS, split_header
from aneos.catalogue.files import HEAD_BYTES, SourceFile
from aneos.catalogue.mpcorb import ORBIT_LINE
from aneos.catalogue.recognise import MAGIC, foreign_kind
from aneos.catalogue.schema import REQUIRED, Provenance
from aneos.errors import InputError

EXPECTED: Final = "observations were expected (MPC 80-column, ADES PSV or XML, JPL radar table)"
LONGEST_HEADER: Final = 2000
"""Lines looked at to recognise a format: an ADES header or a circular's head is shorter."""

XML_HEAD: Final = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:\?xml|ades)\b", re.DOTALL)
ADES_REMARK: Final = re.compile(r"# *(?:version *=|observatory)")
MOVED: Final = re.compile(r"\d{4} \d\d \d\d\.\d+ *\d\d \d\d[ .\d]+[+-]\d\d \d\d", re.ASCII)
"""Date, right ascension and declination of an 80-column line, wherever they stand."""

Reader = Mpc80Reader | PsvReader | XmlReader | RadarTableReader


def read_observations(path: str | Path) -> Observations:
    """The observations in a file, plain or gzipped.

    Every record that cannot be used is in ``rejected`` with its line and the reason. Raises InputError where the
    file is of another kind (it says which), unreadable, empty, or holds no usable observation at all.
    """
    file = SourceFile(path)
    head = file.head()
    _refuse_binary(head, file.name)
    text = head.decode("utf-8-sig", "surrogateescape")
    reader = _reader(text, file.name)
    if isinstance(reader, XmlReader):
        with file.open() as stream:
            reader.feed(stream)
    else:
        reader.feed(file.lines())
    return _observations(reader, file.name, file.sha256())


def parse_observations(text: str, source: str = "text") -> Observations:
    """As :func:`read_observations`, from text that was pasted or sent."""
    import hashlib
    import io

    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise InputError("is empty", source=source)
    content = _bytes(text)
    _refuse_binary(content, source)
    reader = _reader(text, source)
    if isinstance(reader, XmlReader):
        reader.feed(io.BytesIO(content))
    else:
        reader.feed(io.StringIO(text, newline=""))
    return _observations(reader, source, hashlib.sha256(content).hexdigest())


def _observations(reader: Reader, source: str, sha256: str) -> Observations:
    if not reader.rows:
        worst = reader.rejected[0] if reader.rejected else None
        if worst is None:
            raise InputError(f"holds no observations; {EXPECTED}", source=source)
        reason = f"none of the {len(reader.rejected):,} records can be used; the first: {worst.reason}"
        raise InputError(reason, source=source, line=worst.line)
    if not isinstance(reader, RadarTableReader):
        relabel(reader.rows, reader.links)
    provenance = Provenance("observations", "", source, sha256)
    return Observations(
        build_table(reader.rows),
        (provenance,),
        tuple(reader.rejected),
        reader.lines,
        reader.other_lines,
        reader.records,
    )


def _reader(text: str, name: str) -> Reader:
    if text.lstrip().startswith("<"):
        if XML_HEAD.match(text):
            return XmlReader(name)
        raise InputError(f"is HTML or XML of another kind; {EXPECTED}", source=name)
    if text.lstrip().startswith(("{", "[")):
        raise InputError(f"is JSON; {EXPECTED}", source=name)
    lines = text.splitlines()[:LONGEST_HEADER]
    for line in lines:
        if looks_like_mpc80(line) and (len(line) < 15 or line[14] not in SECOND or len(line) == 80):
            return Mpc80Reader(name)
        if "|" in line and is_header([cell.strip() for cell in line.split("|")]):
            return PsvReader(name)
        if looks_like_radar_table(line):
            return RadarTableReader(name)
    moved = next(
        ((number, found.start()) for number, line in enumerate(lines, 1) if (found := MOVED.search(line))),
        None,
    )
    if moved is not None:
        raise InputError(
            f"looks like the MPC's 80-column format, but the date begins in column {moved[1] + 1} instead of 16: "
            "blanks at the beginning of lines count, and a tab is no blank",
            source=name,
            line=moved[0],
        )
    if any(ADES_REMARK.match(line) for line in lines):
        raise InputError("is ADES, but has no line of field names (obsTime, stn, ra, dec …)", source=name)
    kind = foreign_kind(_bytes(text))
    other = _other_kind(lines) if kind is None else f"is {kind}"
    raise InputError(f"{other}; {EXPECTED}", source=name)


def _bytes(text: str) -> bytes:
    """The text as it came; lone surrogates, which no encoding has, in the form that readers refuse line by line."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _refuse_binary(content: bytes, name: str) -> None:
    """Anything that begins like a known binary format, or holds NUL bytes, is named and refused."""
    if b"\0" in content[:HEAD_BYTES] or content.startswith(tuple(magic for magic, _ in MAGIC)):
        kind = foreign_kind(content[:HEAD_BYTES]) or "a binary file"
        raise InputError(f"is {kind}; {EXPECTED}", source=name)


def _other_kind(lines: Iterable[str]) -> str:
    for line in lines:
        if ORBIT_LINE.match(line):
            return "holds MPCORB orbits"
        if line.startswith(("1 ", "2 ")) and len(line.rstrip()) == 69:
            return "holds two-line elements"
        for mark in DELIMITERS:
            if len(set(split_header(line, mark)) & set(REQUIRED)) >= 4:
                return "is a table of orbital elements (assess it with --elements)"
        if line.startswith(("$$SOE", "JPL/HORIZONS")) or "Ephemeris / WWW_USER" in line:
            return "is an ephemeris of JPL Horizons"
    return "holds no line of observations"
