"""Finding an object by any of its designations, always matched whole: "2020 SO" is not "2020", nor "2020
SO1"."""

from __future__ import annotations

import difflib
import re
from typing import Any, Final

import polars as pl
from mpc_designation import MPCDesignationError, unpack_asteroid  # type: ignore[import-untyped]

from aneos.catalogue.assembly import designation_key, text_key
from aneos.catalogue.files import shown
from aneos.catalogue.schema import Catalogue
from aneos.errors import UnknownDesignationError

PACKED: Final = re.compile(
    r"[IJK]\d\d[A-Z][0-9A-Za-z]\d[A-Z]|_[0-9A-Z][0-9A-Za-z]{5}|[0-9A-Za-z]\d{4}|~[0-9A-Za-z]{4}|(?:PLS|T[123]S)\d{4}"
)
COMPOSITE: Final = re.compile(r"(?:\(?(\d+)\)?(?:\s+|$))?([^()]*?)\s*(?:\(([^()]+)\))?")


def find(catalogue: Catalogue, designation: str) -> dict[str, Any]:
    """The row of the object called ``designation``, as a mapping of columns; see :func:`find_index`."""
    return catalogue.table.row(find_index(catalogue, designation), named=True)


def select(catalogue: Catalogue, designation: str) -> Catalogue:
    """The catalogue of the one object called ``designation``; see :func:`find_index`."""
    index = find_index(catalogue, designation)
    return Catalogue(catalogue.table.slice(index, 1), catalogue.provenance)


def find_index(catalogue: Catalogue, designation: str) -> int:
    """Index in the table of the object called ``designation``.

    Accepted, without regard to case and spaces: designation, alias, name, number, packed designation, and
    combinations such as "99942 Apophis (2004 MN4)", of which every part must fit. A designation goes before a
    number, a number before a name, a name before an alias. Raises :class:`UnknownDesignationError`, with
    close ones where there are any.
    """
    text = " ".join(designation.split())
    whole = whole_match(catalogue.table, text)
    if whole is not None:
        return whole
    match = COMPOSITE.fullmatch(text)
    parts = [part for part in match.groups() if part] if match else []
    if parts and parts != [text]:
        found = {whole_match(catalogue.table, part) for part in parts}
        if len(found) == 1 and None not in found:
            return next(index for index in found if index is not None)
    near = close_designations(catalogue.table, text)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise UnknownDesignationError(f"no object of the catalogue is called {shown(text)}{hint}")


def whole_match(table: pl.DataFrame, text: str) -> int | None:
    """Index of the row that bears exactly this designation, number, name or alias."""
    key, number = text_key(text), None
    if re.fullmatch(r"\d{1,10}|\(\d{1,10}\)", key):
        number = int(key.strip("()"))
    keys = {key, key.strip("()")} - {""}
    plain = unpacked(text)
    if plain is not None and plain.isdigit():
        number = int(plain)
    elif plain is not None:
        keys.add(text_key(plain))
    aliases = pl.col("aliases").list.eval(designation_key(pl.element()).is_in(keys)).list.any()
    ways = (
        designation_key(pl.col("designation")).is_in(keys),
        pl.lit(number is not None) & (pl.col("number") == (number or 0)),
        designation_key(pl.col("name")).is_in(keys),
        aliases,
    )
    for way in ways:
        indices = table.select(way.fill_null(False).arg_true()).to_series()
        if len(indices):
            return int(indices[0])
    return None


def unpacked(text: str) -> str | None:
    """The number ("99942") or designation ("2004 MN4") that the MPC packs as ``text``; None where it is no packed
    form."""
    if not PACKED.fullmatch(text):
        return None
    try:
        return str(unpack_asteroid(text))
    except MPCDesignationError:
        return None


def close_designations(table: pl.DataFrame, text: str, count: int = 3) -> list[str]:
    """Up to ``count`` names that resemble ``text``, for a hint."""
    key = text_key(text)
    names = [table["designation"], table["name"].drop_nulls(), table["aliases"].explode().drop_nulls()]
    pool = pl.DataFrame({"name": pl.concat(names)}).with_columns(key=designation_key(pl.col("name")))
    # Spelling is compared among the names that begin alike: 40,000 comparisons would take a second.
    alike = 4 if key[:4].isdigit() else 1
    pool = pool.filter(pl.col("key").str.slice(0, alike) == key[:alike])
    spelled = dict(zip(pool["key"], pool["name"], strict=True))
    return [spelled[near] for near in difflib.get_close_matches(key, list(spelled), count, cutoff=0.81)]
