"""Reader of JPL's Small-Body Database (SBDB): replies of its query and single-object services, and CSV
exports.

JPL's epochs are TDB, its elements heliocentric in the ecliptic and equinox of J2000. ``condition_code`` is
the MPC's ``U``. ``rms`` passes through under its own name: JPL's is normalised, not in arcseconds. So do
the parameters of the acceleration law (``ALN``, ``NK``, ``NM``, ``R0``), which tell radiation pressure
(1/r²) from comet outgassing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from aneos.catalogue.assembly import Assembly, file_provenance
from aneos.catalogue.elements import LineFeed, csv_records, mismatch, split_header
from aneos.catalogue.files import SourceFile, shown
from aneos.catalogue.json_records import Cells, Json, add_records, cell_text, load_json, renamed
from aneos.catalogue.schema import Catalogue
from aneos.errors import InputError

SBDB_ACKNOWLEDGEMENT: Final = "Data from the NASA/JPL Small-Body Database (Solar System Dynamics group)."

FIELDS: Final = {
    "epoch": "epoch_tdb_jd",
    "a": "a_au",
    "e": "e",
    "i": "i_deg",
    "om": "node_deg",
    "w": "peri_deg",
    "ma": "mean_anomaly_deg",
    "H": "H",
    "G": "G",
    "condition_code": "U",
    "data_arc": "arc_days",
    "n_obs_used": "n_obs",
    "last_obs": "last_observation",
    "diameter": "diameter_km",
    "albedo": "albedo",
    "rot_per": "rotation_h",
    "AMRAT": "amr_m2kg",
    "AMRAT_sigma": "amr_sigma_m2kg",
    **{name: name for name in ("A1", "A1_sigma", "A2", "A2_sigma", "A3", "A3_sigma")},
}
"""SBDB field → column. The names are taken from ``full_name`` and ``pdes``; other fields pass through."""

NEEDED: Final = ("a", "e", "i", "om", "w", "ma", "H")
MARKS: Final = frozenset({"e", "i", "om", "w", "ma"})
"""Fields by which a table with SBDB's names is recognised."""

UNITS: Final = {
    "a": "au",
    "i": "deg",
    "om": "deg",
    "w": "deg",
    "ma": "deg",
    "A1": "au/d^2",
    "A2": "au/d^2",
    "A3": "au/d^2",
    "AMRAT": "m^2/kg",
    "diameter": "km",
    "rot_per": "h",
}

ASTEROID: Final = re.compile(r"(?:(\d+)(?:\s+|$))?([^()/]*?)\s*(?:\(([^()/]+)\))?")


def read_sbdb(path: str | Path) -> Catalogue:
    """Reads a reply of the SBDB query service (``fields`` and ``data``), of the single-object service
    (``object`` and ``orbit``), or a table exported as CSV with SBDB's field names; plain or gzipped.

    Raises :class:`InputError` where the file is something else, or is an error message of the service.
    """
    file = SourceFile(path)
    if file.head(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return catalogue_from_sbdb(load_json(file), file)
    return read_sbdb_csv(file)


def catalogue_from_sbdb(content: Json, file: SourceFile) -> Catalogue:
    """As :func:`read_sbdb`, from the parsed JSON of ``file``."""
    records = sbdb_records(content, file.name)
    if records is None:
        raise InputError("is not a reply of JPL's Small-Body Database", source=file.name)
    assembly = Assembly(file.name)
    fields = content.get("fields") if isinstance(content, dict) else None
    expected = len(fields) if isinstance(fields, list) else 0

    def whole() -> Iterator[tuple[int, Json]]:
        for number, record in enumerate(records, 1):
            if isinstance(record, list):
                assembly.reject(number, f"has {len(record)} values where the reply has {expected} fields")
            else:
                yield number, record

    add_records(assembly, whole(), columns_of)
    return assembly.finish(file_provenance(file, "jpl-sbdb", "", SBDB_ACKNOWLEDGEMENT))


def sbdb_records(content: Json, source: str) -> list[Json] | None:
    """The records of a reply under SBDB's field names; None where the JSON is no reply."""
    if isinstance(content, list):
        marked = any(isinstance(record, dict) and record.keys() >= MARKS for record in content[:100])
        return content if marked else None
    if not isinstance(content, dict):
        return None
    fields, data = content.get("fields"), content.get("data")
    if isinstance(fields, list) and isinstance(data, list):
        names = [str(name) for name in fields]
        require_fields(names, source)
        return [named(names, row) for row in data]
    if isinstance(content.get("object"), dict) and isinstance(content.get("orbit"), dict):
        return [content]
    objects = content.get("objects")
    if isinstance(objects, list):
        return sbdb_records(objects, source)
    is_reply = "signature" in content or "code" in content
    if is_reply and isinstance(content.get("message"), str):
        raise InputError(f"the service answered: {shown(content['message'], 200)}", source=source)
    if is_reply and content.get("count") in (0, "0"):
        return []
    return None


def require_fields(names: list[str], source: str, line: int | None = None) -> None:
    missing = [name for name in NEEDED if name not in names]
    if "epoch" not in names and "epoch_mjd" not in names:
        missing.append("epoch")
    if "full_name" not in names and "pdes" not in names:
        missing.append("full_name")
    if missing:
        raise InputError(f"missing SBDB fields {', '.join(missing)}", source=source, line=line)
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"field {shown(name)} appears twice", source=source, line=line)


def named(names: list[str], row: Json) -> Json:
    """A row of ``data`` as an object; a row of another length stays as it is, to be refused."""
    if isinstance(row, list) and len(row) == len(names):
        return dict(zip(names, row, strict=True))
    return row


def read_sbdb_csv(file: SourceFile) -> Catalogue:
    """A table with SBDB's field names as CSV."""
    feed = LineFeed(file)
    line = next((line for line in feed if line.strip()), "")
    header = split_header(line, ",")
    if not set(header) >= MARKS:
        raise InputError("is not a table of JPL's Small-Body Database", source=file.name, line=feed.number)
    require_fields(header, file.name, feed.number)
    assembly = Assembly(file.name)

    def records() -> Iterator[tuple[int, Json]]:
        for number, cells in csv_records(feed, ",", assembly):
            if len(cells) == len(header):
                yield number, dict(zip(header, cells, strict=True))
            else:
                assembly.reject(number, mismatch(len(cells), len(header), number, feed.number))

    add_records(assembly, records(), columns_of)
    return assembly.finish(file_provenance(file, "jpl-sbdb", "", SBDB_ACKNOWLEDGEMENT))


def columns_of(record: Mapping[str, Json]) -> Cells:
    if "orbit" in record:
        record = flattened(record)
    names = {key: cell_text(record.get(key)) or "" for key in NAMES}
    cells = renamed({key: value for key, value in record.items() if key not in REPLACED}, FIELDS)
    cells["number"], cells["designation"], cells["name"] = identity(**names)
    if cells.get("epoch_tdb_jd") is None and record.get("epoch_mjd") not in (None, ""):
        cells["epoch_tdb_jd"] = epoch_from_mjd(str(record["epoch_mjd"]))
    if cells.get("arc_days") is not None:
        cells["arc_is_lower_bound"] = "false"
    return cells


NAMES: Final = ("full_name", "pdes", "name")
REPLACED: Final = ("pdes", "name")
"""Fields that are not passed through beside the columns made of them; ``full_name`` is, as JPL writes it."""


def epoch_from_mjd(text: str) -> str:
    """Julian date of a modified Julian date, both as text."""
    try:
        return repr(float(text) + 2_400_000.5)
    except ValueError:
        raise ValueError(f"epoch_mjd: {shown(text)} is not a number") from None


def identity(full_name: str, pdes: str, name: str) -> tuple[str | None, str | None, str | None]:
    """Number, designation and name: "99942 Apophis (2004 MN4)" becomes 99942, 2004 MN4 and Apophis.

    The provisional designation is preferred, as in the MPC's list; comets keep their ``pdes``.
    """
    match = ASTEROID.fullmatch(full_name.strip() or pdes.strip())
    if match is None:
        return None, pdes.strip() or full_name.strip() or None, name.strip() or None
    number, called, provisional = match.groups()
    if called and re.fullmatch(r"[A-Z]{2}\d*|P-L|T-[123]", called) and number and not provisional:
        number, called, provisional = None, "", f"{number} {called}"  # "2001 VB" without brackets
    return number, provisional or number or called or None, name.strip() or called or None


def flattened(record: Mapping[str, Json]) -> Mapping[str, Json]:
    """A single-object reply as a record with the query service's field names. ``ValueError`` names a unit,
    frame or shape that differs from the documented one."""
    body, orbit = record["object"], record["orbit"]
    if not isinstance(body, dict) or not isinstance(orbit, dict):
        raise ValueError("has no object or orbit")
    if orbit.get("equinox") not in (None, "J2000"):
        raise ValueError(f"equinox {shown(orbit['equinox'])} is not J2000")
    flat: dict[str, Json] = {"full_name": body.get("fullname"), "pdes": body.get("des")}
    flat["spkid"] = body.get("spkid")
    flat |= {key: value for key, value in orbit.items() if not isinstance(value, list | dict)}
    for parameters in (orbit.get("elements"), orbit.get("model_pars"), record.get("phys_par")):
        if not isinstance(parameters, list):
            continue
        for parameter in parameters:
            if not isinstance(parameter, dict) or "name" not in parameter:
                raise ValueError(f"{shown(parameter)} is not a parameter")
            key, units = str(parameter["name"]), parameter.get("units")
            if key in UNITS and units not in (None, UNITS[key]):
                raise ValueError(f"{key} has units {shown(units)}, expected {UNITS[key]}")
            flat[key] = parameter.get("value")
            if key in FIELDS and f"{key}_sigma" in FIELDS:
                flat[f"{key}_sigma"] = parameter.get("sigma")
    return flat
