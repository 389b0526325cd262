"""Reader of the Minor Planet Center's ``nea_extended.json``: all near-Earth asteroids, one JSON object each.

The MPC gives epochs in TT; TT and TDB differ by less than 2 ms, in which an asteroid moves less than 0.1
km, so they are taken as TDB. ``mpcorb_extended.json`` has the same fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from aneos.catalogue.assembly import Assembly, file_provenance
from aneos.catalogue.files import SourceFile, shown
from aneos.catalogue.json_records import Cells, Json, add_records, load_json, renamed
from aneos.catalogue.schema import Catalogue
from aneos.errors import InputError

MPC_ACKNOWLEDGEMENT: Final = (
    "This research has made use of data and/or services provided by the International Astronomical Union's "
    "Minor Planet Center."
)

FIELDS: Final = {
    "Principal_desig": "designation",
    "Epoch": "epoch_tdb_jd",
    "a": "a_au",
    "e": "e",
    "i": "i_deg",
    "Node": "node_deg",
    "Peri": "peri_deg",
    "M": "mean_anomaly_deg",
    "H": "H",
    "Name": "name",
    "Number": "number",
    "Other_desigs": "aliases",
    "G": "G",
    "U": "U",
    "Num_obs": "n_obs",
    "Num_opps": "n_oppositions",
    "Last_obs": "last_observation",
    "rms": "rms_arcsec",
}
"""MPC field → column. ``Arc_length`` and ``Arc_years`` become ``arc_days``; the other fields pass through."""

UNKNOWN_H: Final = "99.99"
"""What the MPC prints as absolute magnitude where it has none (9 of 40,874 objects on 2026-02-12)."""


def read_nea_extended(path: str | Path, version: str = "") -> Catalogue:
    """Reads ``nea_extended.json`` or ``.json.gz``. ``version`` is the date of the list, which it does not
    state.

    Raises :class:`InputError` where the file is not a JSON list of objects with the MPC's fields.
    """
    file = SourceFile(path)
    return catalogue_from_nea_extended(load_json(file), file, version)


def catalogue_from_nea_extended(content: Json, file: SourceFile, version: str = "") -> Catalogue:
    """As :func:`read_nea_extended`, from the parsed JSON of ``file``."""
    if not is_nea_extended(content) or not isinstance(content, list):
        raise InputError("is not the MPC's nea_extended.json (a list of orbits)", source=file.name)
    assembly = Assembly(file.name)
    add_records(assembly, enumerate(content, 1), columns_of)
    return assembly.finish(file_provenance(file, "mpc-nea", version, MPC_ACKNOWLEDGEMENT))


def is_nea_extended(content: Json) -> bool:
    """Whether parsed JSON looks like the MPC's extended list."""
    return isinstance(content, list) and any(
        isinstance(record, dict) and {"Epoch", "Peri", "Node"} <= record.keys() for record in content[:100]
    )


def arc_days(length: str | None, years: str | None, last: str | None) -> tuple[str | None, bool | None]:
    """Observed arc in days and whether it is a lower bound, from the MPC's fields.

    ``length`` in days is given for one opposition and taken as it is. Of several oppositions the MPC gives
    the ``years`` of the first and last observation ("1893-2026"): the first may be as late as 31 December,
    so the bound counts from the next 1 January to the last observation (``last``, ISO; without it, to 1
    January of the last year), and is at least 1. Raises ``ValueError`` where the fields are malformed.
    """
    if length is not None:
        return length, False
    if years is None:
        return None, None
    if not re.fullmatch(r"[12]\d{3}-[12]\d{3}", years):
        raise ValueError(f"arc {shown(years)} is not a span of years (YYYY-YYYY)")
    first_year, last_year = int(years[:4]), int(years[5:])
    end = date(last_year, 1, 1)
    if last is not None and re.fullmatch(rf"{last_year}-\d\d-\d\d", last):
        try:
            end = date.fromisoformat(last)
        except ValueError as error:
            raise ValueError(f"last observation {shown(last)} is not a date ({error})") from error
    return str(max((end - date(first_year + 1, 1, 1)).days, 1)), True


def columns_of(record: Mapping[str, Json]) -> Cells:
    cells = renamed(record, FIELDS)
    if cells.get("H") == UNKNOWN_H:
        cells["H"] = None
    number = cells.get("number")
    if number is not None:
        cells["number"] = number.strip("() ")
        cells.setdefault("designation", cells["number"])
    length, years = cells.pop("Arc_length", None), cells.pop("Arc_years", None)
    days, is_lower_bound = arc_days(length, years, cells.get("last_observation"))
    cells["arc_days"] = days
    cells["arc_is_lower_bound"] = None if is_lower_bound is None else str(is_lower_bound)
    return cells
