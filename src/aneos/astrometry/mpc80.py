"""The MPC's 80-column format: optical lines, two-line records of spacecraft, roving observers and radar.

Format: MPC, "Format for Optical Astrometric Observations of Comets, Minor Planets and Natural Satellites",
"Radar Astrometry Format", "Satellite Observations", "Roving Observer" (minorplanetcenter.net/iau/info).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from mpc_designation import MPCDesignationError, unpack  # type: ignore[import-untyped]

from aneos.astrometry.calendar import iso_time, julian_date
from aneos.astrometry.table import Row
from aneos.catalogue.files import is_text, shown
from aneos.constants import AU_KM
from aneos.errors import RejectedRow

LINE: Final = re.compile(r".{14}[ -~](?:\d{4}|[IJK]\d\d ) ?\d\d \d\d[.\d ]", re.ASCII)
"""What a line of observations looks like up to its date; nothing else in the file is tried."""

SECOND: Final = frozenset("srv")
FIRST: Final = {"S": "s", "R": "r", "V": "v"}
SUPERSEDED: Final = frozenset("Xx")
EXCLUDED: Final = frozenset("xX!")
"""In column 65, blank in the MPC's format: Find_Orb's mark of an observation that somebody excluded."""

WHAT: Final = {"S": "spacecraft", "R": "radar", "V": "roving observer"}
NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
PACKED_NUMBER: Final = re.compile(r"[0-9A-Za-z]\d{4}|~[0-9A-Za-z]{4}|\d{4}[PDI]", re.ASCII)
PACKED_PROVISIONAL: Final = re.compile(
    r"[IJK]\d\d[A-HJ-Y][0-9A-Za-z]\d[A-HJ-Za-z0]|_[0-9A-Z][0-9A-Za-z]{5}|(?:PLS|T[123]S)\d{4}", re.ASCII
)
DIGITS: Final = re.compile(r"\d+", re.ASCII)
STATION: Final = re.compile(r"[0-9A-Za-z]\d\d|[0-9A-Za-z][0-9A-Za-z]\d", re.ASCII)


class Mpc80Reader:
    """Takes the lines of a file one after the other; gives rows, rejections and counts.

    Lines that do not look like observations at all (headers of a circular, blank lines, comments) are counted in
    ``other_lines``; a line that looks like one but is wrong is rejected with its number and the reason.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.rows: list[Row] = []
        self.rejected: list[RejectedRow] = []
        self.links: set[tuple[str, ...]] = set()
        self.lines = self.other_lines = self.records = 0
        self._waiting: tuple[int, str] | None = None

    def feed(self, lines: Iterable[str]) -> None:
        """Take lines (with or without their ends)."""
        for raw in lines:
            self.lines += 1
            self._take(self.lines, raw.rstrip("\r\n"))
        self.finish()

    def finish(self) -> None:
        """Say what remained without its second line."""
        if self._waiting is not None:
            number, line = self._waiting
            self._waiting = None
            self._reject(number, line, f"the second line of this {WHAT[line[14]]} record is missing")

    def _take(self, number: int, line: str) -> None:
        if not is_text(line):
            self.finish()
            self.records += 1
            self.rejected.append(RejectedRow(number, "is not text", source=self.source))
            return
        if not LINE.match(line):
            self.finish()
            if line.strip() and not line.startswith(
                ("#", "COM", "COD", "OBS", "MEA", "TEL", "NET", "ACK", "AC2")
            ):
                self._unlike(number, line)
            else:
                self.other_lines += 1
            return
        kind = line[14]
        if kind in SECOND:
            self._second(number, line)
            return
        self.finish()
        self.records += 1
        if kind in FIRST:
            self._waiting = (number, line)
            return
        self._add(number, line, lambda: [_optical(line)])

    def _unlike(self, number: int, line: str) -> None:
        """A line that is no observation: wrong where it has the length of one, a header or remark otherwise."""
        if 70 <= len(line) <= 100 and sum(char.isdigit() for char in line) >= 20:
            self.records += 1
            self._reject(number, line, "has no observation date in columns 16 to 32")
        else:
            self.other_lines += 1

    def _second(self, number: int, line: str) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            self.records += 1
            self._reject(number, line, f"is a second line ({line[14]!r} in column 15) without its first")
            return
        first_number, first = waiting
        if (
            FIRST[first[14]] != line[14]
            or first[:12] != line[:12]
            or first[15:32].split() != line[15:32].split()
        ):
            self._reject(
                first_number, first, f"is followed by a second line of another record (line {number})"
            )
            return
        record = {"s": _spacecraft, "v": _roving, "r": _radar}[line[14]]
        self._add(first_number, first, lambda: record(first, line))

    def _add(self, number: int, line: str, parse: Callable[[], list[Row]]) -> None:
        try:
            rows = parse()
        except ValueError as error:
            self._reject(number, line, str(error))
            return
        for row in rows:
            row["source"], row["source_line"] = self.source, number
        self.rows.extend(rows)
        self.links.add(names_in(line))

    def _reject(self, number: int, line: str, reason: str) -> None:
        name = line[:12].strip()
        self.rejected.append(
            RejectedRow(number, reason, name if name.isprintable() and name else None, self.source)
        )


def looks_like_mpc80(line: str) -> bool:
    """Whether a line has the shape of an observation up to its date."""
    return len(line) >= 32 and LINE.match(line) is not None


def _optical(line: str) -> Row:
    if len(line) < 80:
        raise ValueError(f"has {len(line)} columns instead of 80")
    row = _common(line)
    if row["mode"] == "O":
        raise ValueError("is an offset observation of a satellite (O in column 15), which is not supported")
    row["ra_deg"] = _right_ascension(line[32:44])
    row["dec_deg"] = _declination(line[44:56])
    magnitude = line[65:70].strip()
    row["mag"] = _number(magnitude, "magnitude", "66-70", -30.0, 40.0) if magnitude else None
    row["band"] = line[70].strip() or None
    row["star_catalogue"] = line[71].strip() or None
    row["superseded"] = row["mode"] in SUPERSEDED or line[64] in EXCLUDED
    row["kind"] = "optical"
    return row


def _common(line: str) -> Row:
    jd = _date(line[15:32])
    number, provisional = line[:5].strip(), line[5:12].strip()
    name = readable_designation(number, provisional)
    station = line[77:80]
    if not STATION.fullmatch(station):
        raise ValueError(f"{shown(station)} in columns 78-80 is no observatory code")
    return {
        "object": name,
        "written_as": (line[:12]).strip(),
        "time_utc": iso_time(jd),
        "jd_utc": jd,
        "station": station,
        "program": line[13].strip() or None,
        "note": line[56:65].strip() or None,
        "mode": line[14].strip() or None,
        "discovery": line[12] == "*",
        "superseded": False,
    }


@lru_cache(maxsize=4096)
def readable_designation(number: str, provisional: str) -> str:
    """The readable designation of columns 1-5 and 6-12: the number where there is one, else the unpacked
    provisional or else the temporary designation as it stands. Raises ValueError where both are blank.

    Only text in the form of a packed designation is unpacked: "C45PQ51" is a temporary name of a survey, not a
    fragment of a comet of the year 1245.
    """
    if PACKED_NUMBER.fullmatch(number):
        return _unpacked(number)
    if PACKED_PROVISIONAL.fullmatch(provisional):
        return _unpacked(f"{number}{provisional}")
    plain = f"{number}{provisional}".strip()
    if not plain:
        raise ValueError("has no designation in columns 1-12")
    if not plain.isprintable():
        raise ValueError("has unprintable characters in columns 1-12")
    return plain


@lru_cache(maxsize=4096)
def _both(number: str, provisional: str) -> tuple[str, ...]:
    if PACKED_NUMBER.fullmatch(number) and number[-1].isdigit() and PACKED_PROVISIONAL.fullmatch(provisional):
        return _unpacked(number), _unpacked(provisional)
    return (readable_designation(number, provisional),)


def names_in(line: str) -> tuple[str, ...]:
    """The designations of columns 1-12, the number first where there is a provisional designation too."""
    return _both(line[:5].strip(), line[5:12].strip())


def _unpacked(text: str) -> str:
    try:
        return str(unpack(text))
    except (MPCDesignationError, ValueError, IndexError, KeyError):
        return text


def _date(text: str) -> float:
    parts = text.split()
    if len(parts) != 3 or not all(map(DIGITS.fullmatch, parts[:2])) or not NUMBER.fullmatch(parts[2]):
        raise ValueError(f"{shown(text)} in columns 16-32 is no date")
    year, month, day = int(parts[0]), int(parts[1]), float(parts[2])
    if not 1600 <= year <= 2200:
        raise ValueError(f"the year {year} in columns 16-32 is not between 1600 and 2200")
    try:
        return julian_date(year, month, day)
    except ValueError:
        raise ValueError(f"{shown(text.strip())} in columns 16-32 is no date of the calendar") from None


def _right_ascension(text: str) -> float:
    return 15.0 * _sexagesimal(text, "right ascension", "33-44", 24.0)


def _declination(text: str) -> float:
    sign = text[:1]
    if sign not in ("+", "-"):
        raise ValueError(f"the declination {shown(text)} in columns 45-56 has no sign")
    value = _sexagesimal(text[1:], "declination", "45-56", 90.0)
    return -value if sign == "-" else value


def _sexagesimal(text: str, what: str, columns: str, limit: float) -> float:
    """Hours or degrees from "hh mm ss.s", "hh mm.m" or "hh.h"."""
    parts = text.split()
    fields = len(parts)
    if not 1 <= fields <= 3 or not all(map(DIGITS.fullmatch, parts[:-1])) or not NUMBER.fullmatch(parts[-1]):
        raise ValueError(f"{shown(text)} in columns {columns} is no {what}")
    numbers = [float(part) for part in parts]
    if any(number < 0.0 or not number < 60.0 for number in numbers[1:]):
        raise ValueError(f"the {what} {shown(text)} in columns {columns} has minutes or seconds beyond 60")
    value = sum(number / 60.0**power for power, number in enumerate(numbers))
    if not 0.0 <= value <= limit or (limit == 24.0 and value == limit):
        raise ValueError(f"the {what} {shown(text)} in columns {columns} is out of range")
    return value


def _number(text: str, what: str, columns: str, low: float, high: float) -> float:
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{shown(text)} in columns {columns} is no {what}")
    value = float(text)
    if not low <= value <= high:
        raise ValueError(f"the {what} {shown(text)} in columns {columns} is out of range")
    return value


def _spacecraft(first: str, second: str) -> list[Row]:
    row = _optical(first)
    unit = second[32:33]
    if unit not in ("1", "2"):
        raise ValueError("the second line has neither 1 (km) nor 2 (au) in column 33")
    scale = 1.0 if unit == "1" else AU_KM
    for axis, start in zip("xyz", (34, 46, 58), strict=True):
        text = second[start : start + 11].replace(" ", "")
        limit = 1e9 if unit == "1" else 100.0
        where = f"{start + 1}-{start + 11} of the second line"
        row[f"observer_{axis}_km"] = scale * _number(text, "coordinate", where, -limit, limit)
    return [row]


def _roving(first: str, second: str) -> list[Row]:
    row = _optical(first)
    longitude, latitude, altitude = second[34:44].strip(), second[45:55].strip(), second[56:61].strip()
    row["observer_lon_deg"] = _number(longitude, "longitude", "35-44 of the second line", -180.0, 360.0)
    row["observer_lat_deg"] = _number(latitude, "latitude", "46-55 of the second line", -90.0, 90.0)
    row["observer_alt_m"] = _number(altitude, "altitude", "57-61 of the second line", -500.0, 50_000.0)
    return [row]


def _radar(first: str, second: str) -> list[Row]:
    """One row for the delay and one for the Doppler shift, where given."""
    common = _common(first)
    station = first[68:71].strip()
    common["transmitter"] = station or common["station"]
    frequency = _implied(first[62:68] + second[62:68].rstrip(), 5, "frequency", "63-68")
    common["frequency_hz"] = None if frequency is None else frequency * 1e6
    common["from_surface"] = second[32:33] == "S"
    delay = _implied(first[32:47], 11, "time delay", "33-47")
    doppler = _implied(first[47:62], 11, "Doppler shift", "48-62")
    rows: list[Row] = []
    if delay is not None:
        sigma = _implied(second[33:47], 10, "uncertainty of the delay", "34-47 of the second line")
        if delay <= 0.0 or not sigma or sigma < 0.0:
            raise ValueError("the radar delay or its uncertainty is not positive")
        rows.append(common | {"kind": "delay", "delay_s": delay * 1e-6, "sigma_delay_s": sigma * 1e-6})
    if doppler is not None:
        sigma = _implied(second[47:62], 11, "uncertainty of the Doppler shift", "48-62 of the second line")
        if not sigma or sigma < 0.0:
            raise ValueError("the uncertainty of the Doppler shift is not positive")
        if frequency is None or frequency <= 0.0:
            raise ValueError("a Doppler shift without its transmitter frequency in columns 63-68")
        rows.append(common | {"kind": "doppler", "doppler_hz": doppler, "sigma_doppler_hz": sigma})
    if not rows:
        raise ValueError("a radar record with neither a delay nor a Doppler shift")
    return rows


def _implied(text: str, whole: int, what: str, columns: str) -> float | None:
    """A number with an implied decimal point after ``whole`` columns, or with one written; None where blank."""
    if not text.strip():
        return None
    written = text.replace(" ", "") if "." in text else f"{text[:whole]}.{text[whole:]}".replace(" ", "")
    if not NUMBER.fullmatch(written):
        raise ValueError(f"{shown(text)} in columns {columns} is no {what}")
    return float(written)
