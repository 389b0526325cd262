"""State vectors and osculating elements as JPL's Horizons prints them: text with a table between $$SOE and $$EOE.

Both forms of the table are read (one line a time with commas, or several lines of ``X = …``), in au and days or km and
seconds, about the Sun or the Earth, on the ecliptic of J2000 or the ICRF's equator. Format: the Horizons manual
(https://ssd.jpl.nasa.gov/horizons/manual.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aneos.artificial.orbit_words import number_of
from aneos.constants import AU_KM
from aneos.errors import InputError

BEGIN: Final = "$$SOE"
END: Final = "$$EOE"

_SECONDS_PER_DAY: Final = 86_400.0
_UNITS: Final = {
    "AU-D": (1.0, 1.0),
    "KM-D": (1.0 / AU_KM, 1.0 / AU_KM),
    "KM-S": (1.0 / AU_KM, _SECONDS_PER_DAY / AU_KM),
}
"""Factors of lengths and of speeds to au and au/d."""

_LENGTHS: Final = {"X": "x_au", "Y": "y_au", "Z": "z_au", "A": "a_au", "QR": "q_au"}
_SPEEDS: Final = {"VX": "vx_au_d", "VY": "vy_au_d", "VZ": "vz_au_d"}
_OTHERS: Final = {"EC": "e", "IN": "i_deg", "OM": "node_deg", "W": "peri_deg", "MA": "mean_anomaly_deg"}
_VALUE: Final = re.compile(r"\b([A-Za-z]{1,2})\s*=\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)")
_TIME: Final = re.compile(r"^\s*(\d{7}\.\d+)\s*=\s*(?:A\.D\.|B\.C\.)")
_MAGNITUDE: Final = re.compile(r"^\s*H=\s*([\d.]+)", re.MULTILINE)


def read_pages(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line and record of every time in the table, under the columns of docs/formats.md.

    Raises InputError (file, line) for a table about another body or in other axes, units or time, or cut short.
    """
    if END not in text:
        raise InputError(f"is an ephemeris of JPL Horizons that is cut short: no {END}", source=name)
    head, _, rest = text.partition(BEGIN)
    first = head.count("\n") + 1
    common, (length, speed) = _head(head, name)
    records = list(_records(head, rest.partition(END)[0], first))
    if not records:
        raise InputError("is an ephemeris of JPL Horizons without a row", source=name, line=first)
    target = common["designation"]
    for line, values in records:
        row = dict(common) | {"epoch_tdb_jd": values["JDTDB"]}
        if len(records) > 1:
            row["designation"] = f"{target} (JD {number_of(values['JDTDB'], 'JDTDB'):.9g})"
        for names, factor in ((_LENGTHS, length), (_SPEEDS, speed), (_OTHERS, 1.0)):
            row |= {
                ours: number_of(values[theirs], theirs) * factor
                for theirs, ours in names.items()
                if theirs in values
            }
        if not ({"vx_au_d", "x_au"} <= row.keys() or {"e", "mean_anomaly_deg"} <= row.keys()):
            raise InputError(
                "is an ephemeris of JPL Horizons, but neither of vectors with velocities nor of elements",
                source=name,
                line=line,
            )
        yield line, row


def _head(head: str, name: str) -> tuple[dict[str, Any], tuple[float, float]]:
    """What all rows share, and the factors of the units."""
    target = _told(head, "Target body name").partition("{")[0].strip() or "object"
    found = re.search(r"\(([^()]*)\)\s*$", target)
    if found and found[1] and not target.removesuffix(found[0]).strip():
        target = found[1].strip()
    centre = _told(head, "Center body name").partition("{")[0].strip()
    units = _told(head, "Output units").partition(",")[0].strip()
    frame = _told(head, "Reference frame")
    scale = _told(head, "Start time").split()[-1:]
    if scale and scale[0] not in ("TDB", "TT"):
        raise InputError(f"its times are {scale[0]}, not TDB", source=name)
    if not re.match(r"(?:Sun|Earth)\b", centre) or "Barycenter" in centre:
        raise InputError(f"its centre is {centre!r}, not Sun or Earth", source=name)
    if units not in _UNITS:
        raise InputError(f"its units are {units!r}, not {', '.join(_UNITS)}", source=name)
    common: dict[str, Any] = {"designation": target, "centre": centre.split()[0], "frame": frame}
    magnitude = _MAGNITUDE.search(head)
    if magnitude is not None:
        common["H"] = magnitude[1]
    return common, _UNITS[units]


def _told(head: str, title: str) -> str:
    found = re.search(rf"^\s*{title}\s*:(.*)$", head, re.MULTILINE)
    return "" if found is None else found[1].strip()


def _records(head: str, body: str, first: int) -> Iterator[tuple[int, Mapping[str, str]]]:
    titles = next((line for line in reversed(head.splitlines()) if re.match(r"\s*JDTDB\s*,", line)), "")
    lines = enumerate(body.split("\n"), first)
    if titles:
        names = [title.strip() for title in titles.split(",")]
        for number, line in lines:
            if line.strip():
                yield number, dict(zip(names, (cell.strip() for cell in line.split(",")), strict=False))
        return
    begun: tuple[int, dict[str, str]] | None = None
    for number, line in lines:
        when = _TIME.match(line)
        if when is not None:
            if begun is not None:
                yield begun
            begun = (number, {"JDTDB": when[1]})
        elif begun is not None:
            begun[1].update((key.upper(), value) for key, value in _VALUE.findall(line))
    if begun is not None:
        yield begun
