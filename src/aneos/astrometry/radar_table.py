"""The radar astrometry table of JPL (tab- or comma-separated; ssd.jpl.nasa.gov/sb/radar.html).

Columns: object, epoch of reception (UTC), value, uncertainty, unit (us or Hz), transmitter frequency (MHz),
receiver, transmitter, bounce point (C centre of mass, P peak power). Stations as MPC codes, or as JPL's numbers
of antennas, which are negative.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final

from aneos.astrometry.calendar import iso_time, julian_date_of_iso
from aneos.astrometry.mpc80 import STATION, readable_designation
from aneos.astrometry.table import Row
from aneos.catalogue.files import is_text, shown
from aneos.errors import RejectedRow

EPOCH: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d*)?)?", re.ASCII)
JPL_ANTENNAS: Final = {
    "-1": "251", "-2": "254", "-9": "256", "-13": "252", "-14": "253", "-25": "257", "-38": "255", "-74": "259",
}  # fmt: skip
"""JPL's antenna numbers and the MPC's codes: Arecibo, Haystack, Green Bank, DSS-13, DSS-14, DSS-25, Evpatoria,
EISCAT."""


class RadarTableReader:
    """Takes the lines of a file."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.rows: list[Row] = []
        self.rejected: list[RejectedRow] = []
        self.lines = self.other_lines = self.records = 0

    def feed(self, lines: Iterable[str]) -> None:
        """Take lines (with or without their ends)."""
        for raw in lines:
            self.lines += 1
            line = raw.rstrip("\r\n")
            if not line.strip() or line.startswith("#"):
                self.other_lines += 1
            elif not is_text(line):
                self.records += 1
                self.rejected.append(RejectedRow(self.lines, "is not text", source=self.source))
            elif not any(char.isdigit() for char in line):
                self.other_lines += 1
            else:
                self.records += 1
                self._record(line)

    def _record(self, line: str) -> None:
        try:
            row = _row(cells_of(line))
        except ValueError as error:
            self.rejected.append(RejectedRow(self.lines, str(error), source=self.source))
            return
        row["source"], row["source_line"] = self.source, self.lines
        self.rows.append(row)


def cells_of(line: str) -> list[str]:
    """The cells of a line, separated by tabs where it has any, else by commas."""
    return [cell.strip().strip('"') for cell in line.split("\t" if "\t" in line else ",")]


def looks_like_radar_table(line: str) -> bool:
    """Whether a line has an epoch in its second cell and a radar unit in its fifth."""
    cells = cells_of(line)
    return len(cells) >= 8 and EPOCH.fullmatch(cells[1]) is not None and cells[4] in ("us", "Hz")


def _row(cells: list[str]) -> Row:
    if len(cells) < 8:
        raise ValueError(f"has {len(cells)} cells instead of at least 8")
    name, epoch, value, sigma, unit, frequency, receiver, transmitter = cells[:8]
    if not EPOCH.fullmatch(epoch):
        raise ValueError(f"{shown(epoch)} is no epoch")
    jd = julian_date_of_iso(epoch.replace(" ", "T"))
    measured, uncertainty, megahertz = _number(value), _number(sigma), _number(frequency)
    if uncertainty <= 0.0 or megahertz <= 0.0:
        raise ValueError("the uncertainty or the frequency is not positive")
    row: Row = {
        "object": _name(name),
        "written_as": name,
        "time_utc": iso_time(jd),
        "jd_utc": jd,
        "station": _station(receiver),
        "transmitter": _station(transmitter),
        "frequency_hz": megahertz * 1e6,
        "from_surface": len(cells) > 8 and cells[8] == "P",
        "mode": "R",
        "superseded": False,
        "discovery": False,
    }
    if unit == "us" and measured > 0.0:
        return row | {"kind": "delay", "delay_s": measured * 1e-6, "sigma_delay_s": uncertainty * 1e-6}
    if unit == "Hz":
        return row | {"kind": "doppler", "doppler_hz": measured, "sigma_doppler_hz": uncertainty}
    raise ValueError("is neither a positive delay in us nor a Doppler shift in Hz")


def _name(text: str) -> str:
    """ "101955 Bennu (1999 RQ36)" is 101955, "(2024 PT5)" is 2024 PT5."""
    number = re.match(r"(\d+)\b(?!\s*[A-Z]{2}\d*$)", text, re.ASCII)
    if number:
        return number.group(1)
    return readable_designation("", text.strip("() ")) if text.strip("() ") else _unnamed()


def _unnamed() -> str:
    raise ValueError("has no designation")


def _station(text: str) -> str:
    code = JPL_ANTENNAS.get(text, text)
    if not STATION.fullmatch(code):
        raise ValueError(f"{shown(text)} is no station")
    return code


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"{shown(text)} is no finite number")
    return value
