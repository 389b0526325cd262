"""Between rows of the database and the science's own table of objects."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from aneos.catalogue.assembly import text_key
from aneos.catalogue.schema import COLUMNS, Catalogue, Provenance
from aneos.catalogue.validation import admit
from aneos_api.database.models import CatalogueObject

STORED: Final = tuple(name for name in COLUMNS if name != "source_line")
"""Columns of the science's table that the database keeps; ``source_line`` belongs to a file."""

SCHEMA: Final = {name: COLUMNS[name] for name in (*STORED, "source_line")}

STATED: Final = Provenance("request", "", "request", "", "")
"""Provenance of elements that came with a request."""


def object_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of ``objects`` for one row of the science's table; unknown columns go to ``extra``."""
    values = {name: row[name] for name in STORED}
    values["aliases"] = list(values["aliases"] or [])
    values["extra"] = {
        name: value for name, value in row.items() if name not in COLUMNS and value is not None
    }
    values["key"] = text_key(row["designation"])
    values["row_hash"] = row_hash(row)
    return values


def row_hash(row: Mapping[str, Any]) -> int:
    """Hash of all values but the place in the file and the edition that lists it; a signed 64-bit integer."""
    kept = [(name, value) for name, value in row.items() if name not in {"source", "source_line"}]
    digest = hashlib.blake2b(repr(kept).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def object_names(row: Mapping[str, Any]) -> dict[str, int]:
    """Every key under which the object is found, with its kind: 0 designation, 1 number, 2 name, 3 alias."""
    names: dict[str, int] = {}
    candidates: list[tuple[str | None, int]] = [
        (row["designation"], 0),
        (None if row["number"] is None else str(row["number"]), 1),
        (row["name"], 2),
        *((alias, 3) for alias in row["aliases"] or []),
    ]
    for text, kind in candidates:
        key = "" if text is None else text_key(text)
        if key:
            names.setdefault(key, kind)
    return names


def stored_catalogue(objects: Sequence[CatalogueObject], provenance: Sequence[Provenance]) -> Catalogue:
    """The science's table of stored objects, in their order; ``source_line`` counts them from 1."""
    columns: dict[str, list[Any]] = {name: [getattr(item, name) for item in objects] for name in STORED}
    columns["source_line"] = list(range(1, len(objects) + 1))
    return Catalogue(pl.DataFrame(columns, schema=SCHEMA), tuple(provenance))


def given_catalogue(records: Sequence[Mapping[str, Any]], source: str = "request") -> Catalogue:
    """The science's table of elements that a caller gave (columns of an elements file); record k is line k + 1.

    What cannot be used is in ``rejected`` with its reason; nothing is raised.
    """
    names = dict.fromkeys(
        name for record in records for name in record if name not in {"source", "source_line"}
    )
    columns: dict[str, list[str | None]] = {
        name: [_cell(record.get(name)) for record in records] for name in ("designation", *names)
    }
    raw = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String())).with_columns(
        source_line=pl.int_range(1, len(records) + 1, dtype=pl.Int64)
    )
    table, rejected = admit(raw, source)
    return Catalogue(table, (STATED,), tuple(rejected))


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return "|".join(str(part) for part in value)
    return str(value)
