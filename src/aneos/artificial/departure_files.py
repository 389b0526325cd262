"""Orbits to be traced, read from files: elements tables, Find_Orb's elements, JPL's replies, covariances, states.

- an elements file or any catalogue that :func:`aneos.catalogue.read_any` reads, with the optional columns of
  docs/formats.md (``sigma_*``, ``centre``, ``frame``); CSV and JSON under other usual names too
  (:mod:`aneos.artificial.orbit_words`);
- blocks of elements as Find_Orb prints them (:mod:`aneos.artificial.departure_find_orb`), its ``total.json`` and
  ``covar.json``;
- a table of JPL's Horizons (:mod:`aneos.artificial.departure_horizons`);
- a reply of JPL's Small-Body Database for one object, with its covariance;
- a JSON object with ``epoch_tdb_jd``, ``labels``, ``values`` and ``matrix`` (or ``sigmas``).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from aneos.artificial.dates import iso_date
from aneos.artificial.departure_find_orb import BLOCK, read_blocks
from aneos.artificial.departure_horizons import BEGIN, read_pages
from aneos.artificial.orbit_words import (
    axes_of,
    covariance_of,
    epoch_of,
    label_of,
    number_of,
    orbit_of,
    told_axes,
    words_of,
)
from aneos.catalogue import Provenance, read_any
from aneos.catalogue.elements import DELIMITERS, split_header
from aneos.catalogue.files import SourceFile
from aneos.catalogue.json_records import load_json
from aneos.catalogue.mpc import is_nea_extended
from aneos.catalogue.parquet import PARQUET_MAGIC, load_parquet
from aneos.catalogue.sbdb import sbdb_records
from aneos.catalogue.schema import REQUIRED
from aneos.dynamics.uncertainty import CARTESIAN, OrbitUncertainty
from aneos.errors import InputError, RejectedRow

Row = dict[str, Any]

MAX_TEXT: Final = 1 << 24


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
    if file.head(4) == PARQUET_MAGIC:
        found = _from_parquet(file)
        if found is not None:
            return found
    head = file.head().decode("utf-8-sig", "replace")
    if BLOCK.search(head):
        return _from_blocks(file)
    if _is_horizons(head):
        return _from_horizons(file)
    if head.lstrip().startswith(("{", "[")):
        found = _from_json(file)
        if found is not None:
            return found
    elif _other_names(head):
        return _collected(file, "elements", _csv_records(file))
    catalogue = read_any(path)
    if len(catalogue) == 0:
        first = catalogue.rejected[0] if catalogue.rejected else None
        reason = "holds no object" if first is None else first.reason
        raise InputError(reason, source=path, line=None if first is None else first.line)
    rows, rejected = [], list(catalogue.rejected)
    for row in catalogue.table.iter_rows(named=True):
        try:
            rows.append(_widths_of(row) | row | _axes_told(row))
        except InputError as error:
            line = int(row["source_line"] or 0)
            rejected.append(RejectedRow(line, error.reason, row["designation"], str(row["source"] or path)))
    return OrbitFile(tuple(rows), (None,) * len(rows), catalogue.provenance, tuple(rejected))


def has_orbits_of_another_form(path: str | Path) -> bool:
    """Whether :func:`read_orbits` may read a file that :func:`aneos.catalogue.read_any` refuses: blocks of elements,
    JSON, columns under other names. Raises InputError where there is no such file."""
    file = SourceFile(path)
    if file.head(4) == PARQUET_MAGIC:
        return True
    head = file.head().decode("utf-8-sig", "replace")
    return (
        bool(BLOCK.search(head))
        or _is_horizons(head)
        or head.lstrip().startswith(("{", "["))
        or _other_names(head)
    )


def _widths_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the catalogue's columns do not have but a file may: widths under the names of its source."""
    return words_of({name: value for name, value in row.items() if "sigma" in name.lower()})


def _axes_told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Centre and frame in our words where the row has them, under whatever usual name."""
    told = {ours: row[name] for name, ours in told_axes(row).items() if row[name] is not None}
    if not told:
        return {}
    axes = axes_of(told, str(row.get("designation") or "object"))
    return {name: axes[name].title() if name == "centre" else axes[name] for name in ("centre", "frame")}


# -- text ------------------------------------------------------------------------------------------


def _from_blocks(file: SourceFile) -> OrbitFile:
    text = file.read(MAX_TEXT).decode("utf-8-sig", "replace")
    rows, rejected = read_blocks(text, file.name)
    if not rows:
        raise InputError(rejected[0].reason, source=file.name, line=rejected[0].line)
    return _collected(file, "Find_Orb elements", ((row["source_line"], row) for row in rows), tuple(rejected))


def _from_parquet(file: SourceFile) -> OrbitFile | None:
    """A table under other names; None where it has all columns of docs/formats.md or no orbit under any."""
    table = load_parquet(file)
    if set(REQUIRED) <= set(table.columns) or not _names_an_orbit(table.columns):
        return None
    return _collected(file, "elements", enumerate(table.iter_rows(named=True), 1))


def _is_horizons(head: str) -> bool:
    return re.search(r"^\s*\$\$SOE", head, re.MULTILINE) is not None and not head.lstrip().startswith("{")


def _from_horizons(file: SourceFile) -> OrbitFile:
    text = file.read(MAX_TEXT).decode("utf-8-sig", "replace")
    return _collected(file, "jpl-horizons", read_pages(text, file.name))


def _other_names(head: str) -> bool:
    """Whether the first line is a header with elements under other names than those of docs/formats.md."""
    line = next((line for line in head.splitlines() if line.strip() and not line.startswith("#")), "")
    header = _split(line)
    if set(REQUIRED) <= set(header):
        return False
    return _names_an_orbit(header)


def _names_an_orbit(names: Iterable[str]) -> bool:
    found = {what[0] for name in names if (what := label_of(name)) is not None}
    return "epoch_tdb_jd" in found and ({"e", "i_deg", "node_deg"} <= found or set(CARTESIAN) <= found)


def _split(line: str) -> list[str]:
    cut = [split_header(line, mark) for mark in DELIMITERS]
    return max(cut, key=lambda header: sum(label_of(name) is not None for name in header))


def _csv_records(file: SourceFile) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Line and record of each row; the reason instead of the record where it could not be cut."""
    lines = [
        (number, line)
        for number, line in enumerate(file.lines(), 1)
        if line.strip() and not line.startswith("#")
    ]
    header = _split(lines[0][1])
    mark = max(DELIMITERS, key=lambda mark: len(split_header(lines[0][1], mark)))
    for number, line in lines[1:]:
        cells = next(csv.reader([line], delimiter=mark))
        if len(cells) != len(header):
            yield number, f"has {len(cells)} fields where the header has {len(header)}"
            continue
        yield number, dict(zip(header, cells, strict=True))


# -- JSON ------------------------------------------------------------------------------------------


def _from_json(file: SourceFile) -> OrbitFile | None:
    """One of the forms of JSON that are not catalogues; None where it is none of them."""
    content: Any = load_json(file)
    if isinstance(content, dict):
        if BEGIN in str(content.get("result")):
            return _collected(file, "jpl-horizons", read_pages(str(content["result"]), file.name))
        if "labels" in content:
            return _single(file, "orbit with covariance", *_labelled(content, file.name))
        if {"covar", "state_vect", "epoch"} <= content.keys():
            return _single(file, "Find_Orb covariance", *_find_orb_covariance(content, file.name))
        if isinstance(content.get("objects"), dict):
            return _collected(file, "Find_Orb elements", _find_orb_objects(content["objects"]))
        orbit = content.get("orbit")
        if isinstance(orbit, dict) and isinstance(orbit.get("elements"), list):
            return _single(file, "jpl-sbdb", *_small_body(content, file.name))
    if is_nea_extended(content):
        return None
    records = content if isinstance(content, list) else [content]
    first = records[0] if records and isinstance(records[0], dict) else {}
    found = {what[0] for name in first if (what := label_of(name)) is not None}
    if "epoch_tdb_jd" not in found or not ({"e", "i_deg"} <= found or {"x_au", "vx_au_d"} <= found):
        if sbdb_records(content, file.name) is not None:
            return None
        raise InputError(
            "is JSON without an orbit under names that are known: an epoch with elements or a state vector",
            source=file.name,
        )
    return _collected(file, "elements", enumerate(records, 1))


def _collected(
    file: SourceFile,
    kind: str,
    records: Iterable[tuple[int, Any]],
    rejected: tuple[RejectedRow, ...] = (),
) -> OrbitFile:
    rows: list[Mapping[str, Any]] = []
    uncertainties: list[OrbitUncertainty | None] = []
    bad = list(rejected)
    for line, raw in records:
        words: Row | None = None
        try:
            if not isinstance(raw, Mapping):
                raise InputError(raw if isinstance(raw, str) else "is not a JSON object")
            words = words_of(raw)
            name = str(words.setdefault("designation", f"object of line {line}"))
            words, uncertainty = orbit_of(words, name)
        except InputError as error:
            told = None if words is None else str(words.get("designation"))
            bad.append(RejectedRow(line, error.reason, told, file.name))
            continue
        rows.append(words | {"source": file.name, "source_line": line})
        uncertainties.append(uncertainty)
    if not rows:
        raise InputError(
            bad[0].reason if bad else "holds no object", source=file.name, line=bad[0].line if bad else None
        )
    return OrbitFile(tuple(rows), tuple(uncertainties), (_provenance(file, kind),), tuple(bad))


def _single(file: SourceFile, kind: str, row: Row, uncertainty: OrbitUncertainty | None) -> OrbitFile:
    return OrbitFile((row,), (uncertainty,), (_provenance(file, kind),))


def _labelled(content: Mapping[str, Any], name: str) -> tuple[Row, OrbitUncertainty]:
    """``epoch_tdb_jd``, ``labels``, ``values`` and ``matrix`` or ``sigmas``."""
    lacking = [key for key in ("labels", "values") if key not in content]
    if lacking:
        raise InputError(f"an orbit with a covariance needs {lacking[0]}", source=name)
    try:
        row = words_of({key: value for key, value in content.items() if not isinstance(value, list | dict)})
        if "epoch_tdb_jd" not in row:
            raise InputError("an orbit with a covariance needs epoch_tdb_jd")
        labels = [str(label) for label in content["labels"]]
        if "matrix" in content or "covariance" in content:
            matrix = np.array(content.get("matrix", content.get("covariance")), dtype=np.float64)
        else:
            matrix = np.diag(np.array(content["sigmas"], dtype=np.float64) ** 2)
        fixed = {str(label): float(value) for label, value in dict(content.get("fixed") or {}).items()}
        return row, covariance_of(row, labels, content["values"], matrix, fixed)
    except InputError as error:
        raise InputError(error.reason, source=name) from error
    except (TypeError, ValueError, KeyError) as error:
        raise InputError(f"is not an orbit with a covariance: {error}", source=name) from error


def _find_orb_covariance(content: Mapping[str, Any], name: str) -> tuple[Row, OrbitUncertainty]:
    """Find_Orb's ``covar.json``: a heliocentric state vector on the ecliptic of J2000, au and au/d, epoch TT."""
    try:
        matrix = np.array(content["covar"], dtype=np.float64)
        row = {"designation": Path(name).stem, "epoch_tdb_jd": epoch_of(content["epoch"], "epoch")}
        if matrix.ndim != 2 or min(matrix.shape) < 6:
            raise InputError(f"its covariance has the shape {matrix.shape}, not 6 by 6")
        # Rows beyond the six of the state are forces, whose units the file does not tell: marginalised over.
        values = [number_of(value, "state_vect") for value in content["state_vect"][:6]]
        return row, covariance_of(row, CARTESIAN, values, matrix[:6, :6], {})
    except InputError as error:
        raise InputError(error.reason, source=name) from error
    except (TypeError, ValueError) as error:
        raise InputError(f"is not Find_Orb's covariance: {error}", source=name) from error


def _find_orb_objects(objects: Mapping[str, Any]) -> Iterator[tuple[int, Row]]:
    """Find_Orb's ``total.json``: elements with their sigmas and the arc, by the name of the object."""
    for number, (name, item) in enumerate(objects.items(), 1):
        if not (isinstance(item, dict) and isinstance(item.get("elements"), dict)):
            raise InputError(f"{name} has no elements")
        seen = item.get("observations")
        arc: Row = {}
        if isinstance(seen, dict) and {"earliest_used", "latest_used"} <= seen.keys():
            first, last = (number_of(seen[key], key) for key in ("earliest_used", "latest_used"))
            arc = {"arc_days": last - first, "last_observation": iso_date(last), "n_obs": seen.get("used")}
        words = {key: value for key, value in item["elements"].items() if not isinstance(value, dict)}
        yield number, words | arc | {"designation": name}


def _small_body(content: Mapping[str, Any], name: str) -> tuple[Row, OrbitUncertainty | None]:
    """A reply of JPL's Small-Body Database (``cov=mat``); parameters that were not fitted are fixed."""
    orbit = content["orbit"]
    try:
        forces = _parameters(orbit.get("model_pars") or [])
        magnitude = _parameters([item for item in content.get("phys_par") or [] if item.get("name") == "H"])
        told = {
            key: orbit.get(key) for key in ("epoch", "condition_code", "data_arc", "n_obs_used", "last_obs")
        }
        elements = _parameters(orbit["elements"])
        row = words_of(told | elements | forces | magnitude | {"name": content["object"].get("fullname")})
        row.setdefault("designation", "object")
        block = orbit.get("covariance")
        if block is None:
            return orbit_of(row, str(row["designation"]))
        if "elements" in block:
            elements = _parameters(block["elements"])
        elif block["epoch"] != orbit["epoch"]:
            raise InputError(
                "has a covariance at another epoch than its elements, without elements of its own"
            )
        labels = [str(label) for label in block["labels"]]
        nominal = elements | {"node": elements.get("om"), "peri": elements.get("w")} | forces
        values = [number_of(nominal.get(label), label) for label in labels]
        at = row | {"epoch_tdb_jd": epoch_of(block["epoch"], "epoch")}
        matrix = np.array(block["data"], dtype=np.float64)
        rest = forces.keys() - set(labels)
        fixed = {str(label): number_of(forces[label], label) for label in ("A1", "A2", "A3") if label in rest}
        return row, covariance_of(at, labels, values, matrix, fixed)
    except InputError as error:
        raise InputError(error.reason, source=name) from error
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise InputError(f"is not a reply of JPL's Small-Body Database: {error!r}", source=name) from error


def _parameters(items: list[Mapping[str, Any]]) -> Row:
    """Value and sigma of each parameter under its name."""
    row: Row = {}
    for item in items:
        row[str(item["name"])] = item["value"]
        if item.get("sigma") is not None:
            row[f"{item['name']}_sigma"] = item["sigma"]
    return row


def _provenance(file: SourceFile, kind: str) -> Provenance:
    return Provenance(kind, file.sha256()[:12], file.name, file.sha256())
