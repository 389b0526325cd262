"""Orbital elements as Find_Orb and the Minor Planet Center print them: blocks of text.

They stand in files of elements, in the heads of B. Gray's files of two-line elements (commented out with ``#``), in
his pages for objects on the confirmation page (HTML), and in circulars.
"""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any, Final

from aneos.artificial.orbit_words import KM_ABOVE, sigma_name
from aneos.constants import AU_KM
from aneos.errors import InputError, RejectedRow

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


BLOCK: Final = re.compile(r"^(?:[# ]|<[^>]*>)*Orbital elements:", re.MULTILINE)
_NUMBER: Final = r"([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"
_SIGMA: Final = r"(?:\s*\+/-\s*" + _NUMBER + ")?"
_FIELDS: Final = {
    "mean_anomaly_deg": r"^\s*M\s*",
    "a_au": r"^\s*a\s*",
    "q_au": r"^\s*q\s*",
    "e": r"^\s*e\s*",
    "i_deg": r"\bIncl\.\s+",
    "node_deg": r"\bNode\s+",
    "peri_deg": r"\bPeri\.\s+",
}
_SHAPE: Final = ("e", "i_deg", "node_deg", "peri_deg")
"""What every block has; with M and a, or with q and the time of pericentre."""
_PERICENTRE: Final = re.compile(
    r"\bPeri(?:gee|helion)\s+(?P<day>\d{4}\s+[A-Z][a-z]{2}[a-z.]*\s+\d+(?:\.\d+)?)"
    r"(?:\s*\+/-\s*(?P<sigma>[\d.]+(?:[eE][-+]?\d+)?))?.*?(?:\(JDT?\s+(?P<jd>\d+\.\d+)\)|$)",
    re.MULTILINE,
)
_FORCES: Final = {
    "A1": r"\bA1(?::\s*|\s+)",
    "A2": r"\bA2(?::\s*|\s+)",
    "A3": r"\bA3(?::\s*|\s+)",
    "amr_m2kg": r"\bAMR\s+",
}
_EPOCH: Final = re.compile(r"\bEpoch\b.*?JDT?\s+(\d+(?:\.\d+)?)")
_CALENDAR: Final = re.compile(r"(\d{4})\s+([A-Z][a-z]{2})[a-z.]*\s+(\d+)(\.\d*)?")
_OBSERVATIONS: Final = re.compile(r"(?:From\s+)?(\d+)\s*(?:of\s+\d+\s+)?observations\s+([^;\n]*)")


def read_blocks(text: str, name: str) -> tuple[list[dict[str, Any]], list[RejectedRow]]:
    """The blocks of a text: a row each with the columns of docs/formats.md, and those that could not be read.

    Hyperbolas have ``q_au`` and ``tp_tdb_jd`` instead of ``a_au`` and ``mean_anomaly_deg``.
    """
    text = _plain(text)
    rows: list[dict[str, Any]] = []
    rejected: list[RejectedRow] = []
    starts = [match.start() for match in BLOCK.finditer(text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line = text.count("\n", 0, start) + 1
        lines = [part.lstrip("#") for part in text[start:end].splitlines()[:20]]
        try:
            rows.append(_block(lines, name, line) | {"source": name, "source_line": line})
        except InputError as error:
            rejected.append(RejectedRow(line, error.reason, source=name))
    return rows, rejected


def _plain(text: str) -> str:
    """The text without the marks and comments of HTML, if it has any; lines stay lines."""
    if not re.search(r"<(?:html|pre|a)\b", text[:100_000], re.IGNORECASE):
        return text
    text = re.sub(r"<!--.*?-->", lambda comment: "\n" * comment[0].count("\n"), text, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>\n]*>", "", text))


def _block(lines: list[str], name: str, line: int) -> dict[str, Any]:
    """One block of elements; its lengths are in au or, about the Earth, in km."""
    body = "\n".join(["", *lines[1:]])
    end = re.search(r"^.*observations.*$", body, re.MULTILINE)
    body = body[: end.end()] if end else body
    epoch = _epoch(body)
    if epoch is None:
        raise InputError("these elements have no epoch", source=name, line=line)
    row: dict[str, Any] = {"designation": _designation(lines), "epoch_tdb_jd": epoch}
    for label, pattern in (_FIELDS | _FORCES).items():
        found = re.search(pattern + _NUMBER + r"(\s*km\b)?" + _SIGMA, body, re.MULTILINE)
        if found is None:
            if label in _SHAPE:
                raise InputError(f"these elements have no {label}", source=name, line=line)
            continue
        value, km, sigma = found.groups()
        in_km = km or (label in ("a_au", "q_au") and abs(float(value)) > KM_ABOVE)
        unit = AU_KM if in_km else 1.0
        row[label] = float(value) / unit
        if sigma is not None:
            row[sigma_name(label)] = float(sigma) / unit
    if not {"a_au", "mean_anomaly_deg"} <= row.keys():
        row |= _pericentre(body, row, name, line)
    else:
        row = {label: value for label, value in row.items() if label not in ("q_au", "sigma_q_au")}
    _drop_partial_sigmas(row)
    magnitude = re.search(r"\bH\s+" + _NUMBER, body)
    row["H"] = float(magnitude.group(1)) if magnitude else None
    quality = re.search(r"\bU\s+(\d+(?:\.\d+)?)", body)
    row["U"] = str(min(int(float(quality.group(1))), 9)) if quality else None
    near = abs(float(row.get("a_au", row.get("q_au", 1.0)))) < 0.05
    about_earth = bool(re.search(r"\bPerigee\b", body)) or (near and "Perihelion" not in body)
    row["centre"] = "earth" if about_earth else "sun"
    row["frame"] = "equatorial" if "equator" in body.lower() else "ecliptic"
    return row | _arc(body)


def _drop_partial_sigmas(row: dict[str, Any]) -> None:
    """Where Find_Orb could not tell the width of one element (``+/-`` and nothing), the arc tells more than others."""
    elements = [label for label in (*_FIELDS, "tp_tdb_jd") if label in row]
    if any(f"sigma_{label}" not in row for label in elements):
        for label in elements:
            row.pop(f"sigma_{label}", None)


def _designation(lines: list[str]) -> str:
    """What follows the colon, else the line below, as circulars have it (up to the wide gap before other data)."""
    told = lines[0].partition(":")[2].strip()
    below = lines[1].strip() if len(lines) > 1 else ""
    if told or re.match(r"(?:Epoch|Peri(?:gee|helion)|T\b)", below):
        return told or "object"
    return re.split(r"\s{2,}", below)[0] or "object"


def _pericentre(body: str, row: dict[str, Any], name: str, line: int) -> dict[str, Any]:
    """Time of pericentre, with its width, of elements without a mean anomaly; q must be there too."""
    found = _PERICENTRE.search(body)
    if "q_au" not in row or found is None:
        lacking = "mean_anomaly_deg" if "mean_anomaly_deg" not in row else "a_au"
        raise InputError(
            f"these elements have no {lacking}, nor a pericentre with its time", source=name, line=line
        )
    when = float(found["jd"]) if found["jd"] else _calendar(found["day"])
    if when is None:
        raise InputError(f"{found['day']!r} is no day", source=name, line=line)
    sigma = {} if found["sigma"] is None else {"sigma_tp_tdb_jd": float(found["sigma"])}
    return {"tp_tdb_jd": when} | sigma


def _epoch(body: str) -> float | None:
    """Julian date (TT) of the elements: given as such, or as a day of the calendar."""
    given = _EPOCH.search(body)
    if given is not None:
        return float(given.group(1))
    found = re.search(r"\bEpoch\s+(.*)", body)
    return None if found is None else _calendar(found[1])


def _calendar(text: str) -> float | None:
    day = _CALENDAR.match(text)
    if day is None or day.group(2).lower() not in MONTHS:
        return None
    try:
        whole = date(int(day.group(1)), MONTHS.index(day.group(2).lower()) + 1, int(day.group(3)))
    except ValueError:
        return None
    return whole.toordinal() + 1_721_424.5 + float("0" + (day.group(4) or ".0"))


def _arc(body: str) -> dict[str, Any]:
    """Number and dates of the observations: ``From 17 observations 2022 Oct. 18-19 (25.6 hr)``."""
    found = _OBSERVATIONS.search(body)
    if found is None:
        return {}
    out: dict[str, Any] = {"n_obs": int(found.group(1))}
    words = found.group(2).partition("(")[0].strip()
    first, _, last = words.partition("-")
    begin = _day(first.split(), None)
    end = _day(last.split(), begin) if last else begin
    if begin is not None and end is not None and end >= begin:
        out |= {"arc_days": float((end - begin).days), "last_observation": end}
    residual = re.search(r"mean residual\s+(\d+)\"?(\.\d+)\"?", body)
    if residual:
        out["rms_arcsec"] = float(residual.group(1) + residual.group(2))
    return out


def _day(words: list[str], since: date | None) -> date | None:
    """``2022 Oct. 18``, or what differs from the day before it: ``Nov. 2``, ``19``. None where it is no date."""
    numbers = [word for word in words if word.rstrip(".").isdigit()]
    month = next((word[:3].lower() for word in words if word[:3].lower() in MONTHS), None)
    try:
        day = int(float(numbers[-1]))
        year = int(numbers[0]) if len(numbers) > 1 else (since.year if since else 0)
        which = MONTHS.index(month) + 1 if month else (since.month if since else 0)
        return date(year, which, day)
    except (ValueError, IndexError):
        return None
