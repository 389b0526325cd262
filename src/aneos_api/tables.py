"""Tables as files: CSV, JSON, Parquet, VOTable, each with the signature of what it holds."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal
from xml.sax.saxutils import escape, quoteattr

import polars as pl

from aneos.output import to_csv, to_json, to_parquet

Format = Literal["csv", "json", "parquet", "votable"]

UNITS: Final = {
    "_au": "AU",
    "_deg": "deg",
    "_kms": "km/s",
    "_km": "km",
    "_m2kg": "m2/kg",
    "_days": "d",
    "_h": "h",
    "_jd": "d",
    "_arcsec": "arcsec",
}
"""Units that the ends of column names stand for (VOUnits 1.1)."""

UCDS: Final = {
    "designation": "meta.id;meta.main",
    "name": "meta.id",
    "class": "meta.code.class",
    "probability_artificial": "stat.probability",
    "a_au": "phys.size.smajAxis;src.orbital",
    "e": "src.orbital.eccentricity",
    "i_deg": "src.orbital.inclination",
    "node_deg": "src.orbital.node",
    "peri_deg": "src.orbital.periastron",
    "mean_anomaly_deg": "src.orbital.meanAnomaly",
    "epoch_tdb_jd": "time.epoch",
    "H": "phys.magAbs",
    "albedo": "phys.albedo",
    "diameter_km": "phys.size.diameter",
    "last_observation": "time.epoch",
}
"""What columns mean (UCD1+)."""


def encode(table: pl.DataFrame, form: Format, signature: Mapping[str, Any]) -> bytes:
    """``table`` in the given form. Unknown values are empty in CSV and VOTable, null in JSON and Parquet."""
    if form == "csv":
        return to_csv(table)
    if form == "parquet":
        return to_parquet(table, signature)
    if form == "json":
        return to_json({"signature": signature, "rows": table.to_dicts()}, indent=None).encode()
    return votable(table, signature)


def votable(table: pl.DataFrame, signature: Mapping[str, Any]) -> bytes:
    """``table`` as VOTable 1.4 with TABLEDATA (Ochsenbein et al. 2019, IVOA Recommendation).

    Lists are joined with ``"; "``. The signature stands in INFO elements.
    """
    flat = table.with_columns(
        pl.col(name).cast(pl.List(pl.String)).list.join("; ")
        for name, kind in table.schema.items()
        if isinstance(kind, pl.List)
    )
    out = io.StringIO()
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n<RESOURCE type="results">\n'
    )
    for name, value in _infos(signature):
        out.write(f"<INFO name={quoteattr(name)} value={quoteattr(value)}/>\n")
    out.write(f'<TABLE nrows="{flat.height}">\n')
    for name in flat.columns:
        out.write(_field(name, flat[name]))
    out.write("<DATA>\n<TABLEDATA>\n")
    for row in flat.iter_rows():
        cells = "".join(f"<TD>{_cell(value)}</TD>" for value in row)
        out.write(f"<TR>{cells}</TR>\n")
    out.write("</TABLEDATA>\n</DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n")
    return out.getvalue().encode()


def table_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a table; columns are those of the first row, in its order."""
    return pl.DataFrame(rows, infer_schema_length=None)


def _infos(signature: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "QUERY_STATUS", "OK"
    for name, value in signature.items():
        text = value if isinstance(value, str) else to_json(value, indent=None).strip()
        yield name, text


def _field(name: str, column: pl.Series) -> str:
    kind, extra = _datatype(column)
    unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), None)
    attributes = f"name={quoteattr(name)} datatype={quoteattr(kind)}{extra}"
    if unit is not None:
        attributes += f" unit={quoteattr(unit)}"
    if name in UCDS:
        attributes += f" ucd={quoteattr(UCDS[name])}"
    return f"<FIELD {attributes}/>\n"


def _datatype(column: pl.Series) -> tuple[str, str]:
    kind = column.dtype
    if kind.is_float():
        return "double", ""
    if kind.is_integer():
        return "long", ""
    if kind == pl.Boolean():
        return "boolean", ""
    if kind in (pl.Date, pl.Datetime):
        return "char", ' arraysize="*" xtype="timestamp"'
    texts = column.cast(pl.String, strict=False).drop_nulls()
    plain = all(text.isascii() for text in texts)
    return ("char" if plain else "unicodeChar"), ' arraysize="*"'


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return escape(to_json(value, indent=None).strip())
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return escape("".join(char if char >= " " or char in "\t\n" else " " for char in text))
