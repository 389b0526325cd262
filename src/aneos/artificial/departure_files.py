"""Orbits to be traced, read from files: elements tables, Find_Orb's elements as text, a covariance as JSON.

- an elements file or any catalogue that :func:`aneos.catalogue.read_any` reads, with the optional columns of
  docs/formats.md (``sigma_*``, ``centre``, ``frame``);
- a block of elements as Find_Orb prints it, also commented out with ``#`` in the head of a file of two-line elements;
- a JSON object with ``epoch_tdb_jd``, ``labels``, ``values`` and ``matrix`` (or ``sigmas``), and optional ``centre``,
  ``frame``, ``fixed``, ``designation``, ``H``: an orbit with its covariance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from aneos.catalogue import Provenance, read_any
from aneos.catalogue.files import MAX_JSON_BYTES, SourceFile
from aneos.constants import AU_KM
from aneos.dynamics.uncertainty import OrbitUncertainty
from aneos.errors import InputError, RejectedRow

MAX_TEXT: Final = 1 << 24
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True, eq=False)
class OrbitFile:
    """The orbits of one file: a row each, the covariance where one was given, and what was rejected."""

    rows: tuple[Mapping[str, Any], ...]
    uncertainties: tuple[OrbitUncertainty | None, ...]
    provenance: tuple[Provenance, ...]
    rejected: tuple[RejectedRow, ...] = ()


def read_orbits(path: str | Path) -> OrbitFile:
    """Read the orbits of a file of any kind named above.

    Raises InputError (file, line, reason) where the file holds no usable orbit.
    """
    file = SourceFile(path)
    head = file.head().decode("utf-8-sig", "replace")
    if _BLOCK.search(head):
        return _from_find_orb(file)
    if head.lstrip().startswith("{") and '"labels"' in head:
        return _from_covariance(file)
    found = read_any(path)
    if len(found) == 0:
        first = found.rejected[0] if found.rejected else None
        reason = "holds no object" if first is None else first.reason
        raise InputError(reason, source=path, line=None if first is None else first.line)
    rows = tuple(found.table.iter_rows(named=True))
    return OrbitFile(rows, (None,) * len(rows), found.provenance, found.rejected)


# -- Find_Orb ---------------------------------------------------------------------------------------

_BLOCK: Final = re.compile(r"^[# ]*Orbital elements:", re.MULTILINE)
_NUMBER: Final = r"([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"
_SIGMA: Final = r"(?:\s*\+/-\s*" + _NUMBER + ")?"
_FIELDS: Final = {
    "mean_anomaly_deg": r"^\s*M\s*",
    "a_au": r"^\s*a\s*",
    "e": r"^\s*e\s*",
    "i_deg": r"\bIncl\.\s+",
    "node_deg": r"\bNode\s+",
    "peri_deg": r"\bPeri\.\s+",
}
_FORCES: Final = {"A1": r"\bA1:?\s*", "A2": r"\bA2:?\s*", "A3": r"\bA3:?\s*", "amr_m2kg": r"\bAMR\s+"}
_EPOCH: Final = re.compile(r"\bEpoch\b.*?JDT?\s+(\d+(?:\.\d+)?)")
_CALENDAR: Final = re.compile(r"\bEpoch\s+(\d{4})\s+([A-Z][a-z]{2})[a-z.]*\s+(\d+)(\.\d*)?")
_LEAST_KM: Final = 1000.0
"""Elements about the Earth are often in km without saying so; no orbit is that many au long."""
_OBSERVATIONS: Final = re.compile(r"(?:From\s+)?(\d+)\s*(?:of\s+\d+\s+)?observations\s+([^;\n]*)")


def _from_find_orb(file: SourceFile) -> OrbitFile:
    text = file.read(MAX_TEXT).decode("utf-8-sig", "replace")
    rows: list[Mapping[str, Any]] = []
    rejected: list[RejectedRow] = []
    starts = [match.start() for match in _BLOCK.finditer(text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line = text.count("\n", 0, start) + 1
        lines = [part.lstrip("#") for part in text[start:end].splitlines()[:20]]
        try:
            rows.append(_block(lines, file.name, line) | {"source": file.name, "source_line": line})
        except InputError as error:
            rejected.append(RejectedRow(line, error.reason, source=file.name))
    if not rows:
        raise InputError(rejected[0].reason, source=file.name, line=rejected[0].line)
    return OrbitFile(
        tuple(rows), (None,) * len(rows), (_provenance(file, "Find_Orb elements"),), tuple(rejected)
    )


def _block(lines: list[str], name: str, line: int) -> dict[str, Any]:
    """One block of elements; its lengths are in au or, about the Earth, in km."""
    body = "\n".join(lines)
    end = re.search(r"^.*observations.*$", body, re.MULTILINE)
    body = body[: end.end()] if end else body
    epoch = _epoch(body)
    if epoch is None:
        raise InputError("these elements have no epoch", source=name, line=line)
    row: dict[str, Any] = {
        "designation": lines[0].partition(":")[2].strip() or "object",
        "epoch_tdb_jd": epoch,
    }
    for label, pattern in (_FIELDS | _FORCES).items():
        found = re.search(pattern + _NUMBER + r"(\s*km\b)?" + _SIGMA, body, re.MULTILINE)
        if found is None:
            if label in _FIELDS:
                raise InputError(f"these elements have no {label}", source=name, line=line)
            continue
        value, km, sigma = found.groups()
        in_km = km or (label == "a_au" and abs(float(value)) > _LEAST_KM)
        unit = AU_KM if in_km else 1.0
        row[label] = float(value) / unit
        if sigma is not None:
            key = f"sigma_{label}" if label in _FIELDS else _force_sigma(label)
            row[key] = float(sigma) / unit
    magnitude = re.search(r"\bH\s+" + _NUMBER, body)
    row["H"] = float(magnitude.group(1)) if magnitude else None
    quality = re.search(r"\bU\s+(\d)", body)
    row["U"] = quality.group(1) if quality else None
    about_earth = bool(re.search(r"\bPerigee\b", body)) or (float(row["a_au"]) < 0.05 and row["e"] < 1.0)
    row["centre"] = "earth" if about_earth else "sun"
    row["frame"] = "equatorial" if "equator" in body.lower() else "ecliptic"
    return row | _arc(body)


def _epoch(body: str) -> float | None:
    """Julian date (TT) of the elements: given as such, or as a day of the calendar."""
    given = _EPOCH.search(body)
    if given is not None:
        return float(given.group(1))
    day = _CALENDAR.search(body)
    if day is None or day.group(2).lower() not in MONTHS:
        return None
    try:
        whole = date(int(day.group(1)), MONTHS.index(day.group(2).lower()) + 1, int(day.group(3)))
    except ValueError:
        return None
    return whole.toordinal() + 1_721_424.5 + float("0" + (day.group(4) or ".0"))


def _force_sigma(label: str) -> str:
    return "amr_sigma_m2kg" if label == "amr_m2kg" else f"{label}_sigma"


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


# -- covariance -------------------------------------------------------------------------------------


def _from_covariance(file: SourceFile) -> OrbitFile:
    try:
        content = json.loads(file.read(MAX_JSON_BYTES))
    except ValueError as error:
        raise InputError(f"is not JSON: {error}", source=file.name) from error
    lacking = [key for key in ("epoch_tdb_jd", "labels", "values") if key not in content]
    if lacking:
        raise InputError(f"an orbit with a covariance needs {lacking[0]}", source=file.name)
    try:
        labels = tuple(str(label) for label in content["labels"])
        values = np.array(content["values"], dtype=np.float64)
        if "matrix" in content:
            matrix = np.array(content["matrix"], dtype=np.float64)
        else:
            matrix = np.diag(np.array(content["sigmas"], dtype=np.float64) ** 2)
        epoch = float(content["epoch_tdb_jd"])
        fixed = {str(label): float(value) for label, value in dict(content.get("fixed") or {}).items()}
    except (TypeError, ValueError, KeyError) as error:
        raise InputError(f"is not an orbit with a covariance: {error}", source=file.name) from error
    centre = str(content.get("centre") or "Sun").capitalize()
    frame = str(content.get("frame") or "ecliptic").lower()
    if centre not in ("Sun", "Earth") or frame not in ("ecliptic", "equatorial"):
        raise InputError("centre is Sun or Earth, frame ecliptic or equatorial", source=file.name)
    try:
        uncertainty = OrbitUncertainty(
            epoch,
            labels,
            values,
            matrix,
            centre="Sun" if centre == "Sun" else "Earth",
            frame="ecliptic" if frame == "ecliptic" else "equatorial",
            fixed=fixed,
        )
    except InputError as error:
        raise InputError(error.reason, source=file.name) from error
    known = {
        key: value for key, value in content.items() if key not in ("labels", "values", "matrix", "sigmas")
    }
    return OrbitFile((known,), (uncertainty,), (_provenance(file, "orbit with covariance"),))


def _provenance(file: SourceFile, kind: str) -> Provenance:
    return Provenance(kind, file.sha256()[:12], file.name, file.sha256())
