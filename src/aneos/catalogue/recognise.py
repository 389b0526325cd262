"""Reads a catalogue of any known kind, recognised by its content, never by its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from aneos.catalogue.elements import DELIMITERS, read_elements, split_header
from aneos.catalogue.files import SourceFile, is_text
from aneos.catalogue.json_records import load_json
from aneos.catalogue.mpc import catalogue_from_nea_extended, is_nea_extended
from aneos.catalogue.mpcorb import ORBIT_LINE, read_mpcorb
from aneos.catalogue.parquet import PARQUET_MAGIC
from aneos.catalogue.sbdb import MARKS, catalogue_from_sbdb, read_sbdb, sbdb_records
from aneos.catalogue.schema import Catalogue
from aneos.errors import InputError

MAGIC: Final = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document (export the table as CSV)"),
    (b"\xd0\xcf\x11\xe0", "an old office document (export the table as CSV)"),
    (b"SIMPLE  =", "a FITS file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"DAF/", "a SPICE kernel"),
    (b"ARROW1", "an Arrow file (write it as Parquet)"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive (only gzip is unpacked)"),
    (b"BZh", "a bzip2 archive (only gzip is unpacked)"),
    (b"\xfd7zXZ", "an xz archive (only gzip is unpacked)"),
    (b"\x1f\x8b", "gzipped twice"),
    (b"\xff\xfe", "UTF-16 text (save it as UTF-8)"),
    (b"\xfe\xff", "UTF-16 text (save it as UTF-8)"),
)

OBSERVATION: Final = re.compile(r".{14}[ -~]\d{4} \d\d \d\d[. ]")
TWO_LINE_ELEMENTS: Final = re.compile(r"[12] [ 0-9A-Z]{5}[UCS ].{60}\d\s*$")
EXPECTED: Final = "an elements file (CSV or Parquet), MPC nea_extended, MPCORB or SBDB data was expected"


def read_any(path: str | Path) -> Catalogue:
    """Reads elements (CSV, Parquet), ``nea_extended.json``, MPCORB lines or SBDB replies, plain or gzipped.

    Raises :class:`InputError` saying what the file is, where it is something else.
    """
    file = SourceFile(path)
    head = file.head()
    if head.startswith(PARQUET_MAGIC):
        return read_elements(path)
    kind = foreign_kind(head)
    if kind is not None:
        raise InputError(f"is {kind}; {EXPECTED}", source=file.name)
    text = head.decode("utf-8-sig", "surrogateescape")
    if text.lstrip().startswith(("{", "[")):
        return read_json(file)
    lines = text.splitlines()
    if any(ORBIT_LINE.match(line) for line in lines):
        return read_mpcorb(path)
    if any(set(split_header(line, mark)) >= MARKS for line in lines[:1] for mark in DELIMITERS):
        return read_sbdb(path)
    return read_elements(path)


def read_json(file: SourceFile) -> Catalogue:
    content = load_json(file)
    if is_nea_extended(content):
        return catalogue_from_nea_extended(content, file)
    if sbdb_records(content, file.name) is not None:
        return catalogue_from_sbdb(content, file)
    raise InputError("is JSON, but neither the MPC's nea_extended nor an SBDB reply", source=file.name)


def foreign_kind(head: bytes) -> str | None:
    """What a file is that holds no orbits, from its first bytes; None where it may be one of ours."""
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if b"\0" in head:
        return "a binary file"
    text = head.decode("utf-8-sig", "surrogateescape")
    start = text.lstrip()[:1000].lower()
    if not start:
        return "blank"
    if "<ades" in start or re.match(r"# version=20\d\d|[^\n]*\bobstime *\|", start):
        return "a file of observations in ADES format"
    if "<votable" in start:
        return "a VOTable (export the table as CSV)"
    if start.startswith(("<!doctype html", "<html")) or "<html" in start:
        return "an HTML page"
    if start.startswith("<"):
        return "an XML file"
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    if sum(bool(OBSERVATION.match(line)) for line in lines) * 2 > len(lines):
        return "a file of MPC 80-column observations"
    if any(TWO_LINE_ELEMENTS.match(line) for line in lines):
        return "a file of two-line elements"
    if not is_text(text[:4096]) and sum(not is_text(char) for char in text[:4096]) > len(text[:4096]) // 10:
        return "a binary file"
    return None
