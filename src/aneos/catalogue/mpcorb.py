"""Reader of the Minor Planet Center's orbit lines: MPCORB.DAT, NEA.txt and extracts of them.

Columns are those of the MPC's "Export Format for Minor-Planet Orbits". Designation and epoch are packed;
epochs are 0h TT, taken as TDB (equal within 2 ms). In ``MPCORB.DAT`` a header ends with a line of dashes;
extracts have none.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Final

from aneos.catalogue.assembly import Assembly, file_provenance
from aneos.catalogue.designations import unpacked
from aneos.catalogue.files import SourceFile, is_text, shown
from aneos.catalogue.json_records import Cells
from aneos.catalogue.mpc import MPC_ACKNOWLEDGEMENT, UNKNOWN_H, arc_days
from aneos.catalogue.schema import Catalogue
from aneos.errors import InputError

SLICES: Final = {
    "packed_designation": slice(0, 7),
    "H": slice(8, 13),
    "G": slice(14, 19),
    "packed_epoch": slice(20, 25),
    "mean_anomaly_deg": slice(26, 35),
    "peri_deg": slice(37, 46),
    "node_deg": slice(48, 57),
    "i_deg": slice(59, 68),
    "e": slice(70, 79),
    "a_au": slice(92, 103),
    "U": slice(105, 106),
    "reference": slice(107, 116),
    "n_obs": slice(117, 122),
    "n_oppositions": slice(123, 126),
    "arc": slice(127, 136),
    "rms_arcsec": slice(137, 141),
    "readable": slice(166, 194),
    "last_observation": slice(194, 202),
}
"""Fields by 0-based column."""

MIN_LINE_CHARS: Final = 103
"""Through the semi-major axis; what follows may be missing from an extract."""

HEADER_LINES: Final = 200
"""Where the dashes that end the header are sought; MPCORB.DAT has them within its first 50 lines."""

CHUNK_RECORDS: Final = 50_000

EPOCH: Final = re.compile(r"([I-K])(\d\d)([1-9A-C])([1-9A-V])")
ORBIT_LINE: Final = re.compile(r".{20}[I-K]\d\d[1-9A-C][1-9A-V] .{9}  .{9}  .{9}  .{9}  ", re.DOTALL)


def read_mpcorb(path: str | Path, version: str = "") -> Catalogue:
    """Reads orbit lines, plain or gzipped. ``version`` is the date of the file, which it does not state
    reliably.

    Raises :class:`InputError` where no line of the file's beginning has the MPC's columns.
    """
    file = SourceFile(path)
    first = first_orbit_line(file)
    if first is None:
        raise InputError("holds no orbit lines in the MPC's format (MPCORB)", source=file.name)
    assembly = Assembly(file.name)
    rows: list[Cells] = []
    lines: list[int] = []
    for number, line in enumerate(file.lines(), 1):
        if number < first or not line.strip():
            continue
        try:
            rows.append(cells_of(line))
            lines.append(number)
        except ValueError as error:
            assembly.reject(number, str(error), shown(line[:7].strip()))
        if len(rows) >= CHUNK_RECORDS:
            add(assembly, lines, rows)
            rows, lines = [], []
    if rows:
        add(assembly, lines, rows)
    return assembly.finish(file_provenance(file, "mpcorb", version, MPC_ACKNOWLEDGEMENT))


def first_orbit_line(file: SourceFile) -> int | None:
    """Number of the first line after the header; without a header, 1 if an orbit line is near the
    beginning."""
    after_header, seen = 1, False
    for number, line in enumerate(file.lines(), 1):
        if line.startswith("----------"):
            after_header = number + 1
        seen = seen or bool(ORBIT_LINE.match(line))
        if number >= HEADER_LINES:
            break
    return after_header if seen else None


def cells_of(line: str) -> Cells:
    """The cells of one orbit line; ``ValueError`` says why it is none."""
    if not is_text(line):
        raise ValueError("is not UTF-8 text")
    line = line.rstrip("\r\n")
    if len(line) < MIN_LINE_CHARS:
        raise ValueError(f"has {len(line)} characters where an orbit line has at least {MIN_LINE_CHARS}")
    cells: Cells = {name: line[columns].strip() or None for name, columns in SLICES.items()}
    packed = cells.pop("packed_designation") or ""
    cells["number"], cells["designation"], cells["name"] = identity(packed, cells.pop("readable") or "")
    cells["epoch_tdb_jd"] = str(unpacked_epoch(cells.pop("packed_epoch") or ""))
    if cells["H"] == UNKNOWN_H:
        cells["H"] = None
    last = cells["last_observation"]
    if last is not None and re.fullmatch(r"\d{8}", last):
        last = cells["last_observation"] = f"{last[:4]}-{last[4:6]}-{last[6:]}"
    arc = cells.pop("arc") or ""
    in_days = re.fullmatch(r"(\d+)\s*days?", arc)
    days, is_lower_bound = arc_days(in_days and in_days[1], None if in_days else arc or None, last)
    cells["arc_days"] = days
    cells["arc_is_lower_bound"] = None if is_lower_bound is None else str(is_lower_bound)
    return cells


def unpacked_epoch(packed: str) -> float:
    """Julian date (0h) of a packed date such as ``K25BL`` = 2025-11-21; ``ValueError`` where it is none."""
    match = EPOCH.fullmatch(packed)
    if not match:
        raise ValueError(f"{shown(packed)} is not a packed epoch")
    century, year, month, day = match.groups()
    try:
        when = date(100 * (ord(century) - ord("I") + 18) + int(year), int(month, 36), int(day, 36))
    except ValueError as error:
        raise ValueError(f"{shown(packed)} is not a packed epoch ({error})") from error
    return when.toordinal() + 1_721_424.5


def identity(packed: str, readable: str) -> tuple[str | None, str, str | None]:
    """Number, designation and name. A named object's line gives no provisional designation, so its
    designation is then its number."""
    plain = unpacked(packed)
    if plain is None:
        raise ValueError(f"{shown(packed)} is not a packed designation")
    if not plain.isdigit():
        return None, plain, None
    called = re.sub(r"^\(\d+\)\s*", "", readable)
    if re.fullmatch(r"(A?\d{3,4} [A-Z]{2}\d*|\d{4} (P-L|T-[123]))", called):
        return plain, called, None
    return plain, plain, called or None


def add(assembly: Assembly, lines: list[int], rows: list[Cells]) -> None:
    assembly.add_text(lines, {name: [row[name] for row in rows] for name in rows[0]})
