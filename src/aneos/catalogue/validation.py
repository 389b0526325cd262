"""What a row must satisfy to enter the table, and the sentence that says why it does not.

Values arrive as text (or, from Parquet, typed) and leave in the types of the schema. An empty cell and a
not-a-number are *missing*: allowed in ``H`` and the optional columns, a reason for rejection elsewhere.
Hyperbolic elements (a < 0, e > 1) are valid here; whether they are screened is decided by the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from aneos.catalogue.files import shown
from aneos.catalogue.schema import COLUMNS, REQUIRED
from aneos.errors import RejectedRow

EPOCH_RANGE_TDB_JD: Final = (2_378_496.5, 2_524_593.5)
"""Epochs accepted, TDB: 1800-01-01 to 2200-01-01, the span in which asteroid orbits are published."""

H_RANGE_MAG: Final = (-5.0, 45.0)
"""Absolute magnitudes accepted: brighter than any minor planet to fainter than a coin."""

MAX_ANGLE_DEG: Final = 3600.0
"""Ten turns: larger node, perihelion or mean-anomaly angles are taken for errors (hyperbolic M excepted)."""

MAX_DESIGNATION_CHARS: Final = 64

RAW: Final = "raw\0"
"""Prefix under which the values as read stay beside their typed columns; no source column can bear it."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """About one column: ``broken`` is true in the rows that break the rule; null counts as kept. ``reason``
    words it for a row."""

    column: str
    broken: pl.Expr
    reason: Callable[[Row], str]


def admit(raw: pl.DataFrame, source: str) -> tuple[pl.DataFrame, list[RejectedRow]]:
    """Splits records into typed rows and rejections.

    ``raw`` has one row per record, ``source_line`` (Int64) and source columns as text or typed; it may lack
    columns. The table returned has all of :data:`COLUMNS`, then the unknown columns unchanged.
    """
    known = [name for name in COLUMNS if name in raw.columns]
    unknown = [name for name in raw.columns if name not in COLUMNS]
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in COLUMNS.items() if name not in known]
    typed = [typed_column(name, raw.schema[name]) for name in known]
    kept = [pl.col(name).alias(RAW + name) for name in known]
    kept += [pl.lit(None, pl.String()).alias(RAW + name) for name in NEEDED if name not in known]
    work = raw.select(*typed, *absent, *kept, *unknown)
    work = work.with_columns(pl.col("source").fill_null(source))

    rules = unreadable_rules(raw.schema, known)
    rules += [rule for rule in RULES if rule.column in known or rule.column in REQUIRED]
    broken = work.select(rule.broken.fill_null(False).alias(str(k)) for k, rule in enumerate(rules))
    bad = broken.select(pl.any_horizontal(pl.all())).to_series()
    rejected = [
        RejectedRow(
            line=row["source_line"],
            reason="; ".join(
                rule.reason(row) for rule, is_broken in zip(rules, flags, strict=True) if is_broken
            ),
            designation=None if row["designation"] is None else printable(row["designation"]),
            source=source,
        )
        for row, flags in zip(
            work.filter(bad).iter_rows(named=True), broken.filter(bad).iter_rows(), strict=True
        )
    ]
    return work.filter(~bad).select(*COLUMNS, *unknown), rejected


def printable(text: str) -> str:
    """A designation fit for one line of output: itself, or quoted, escaped and cut."""
    return text if text.isprintable() and len(text) <= MAX_DESIGNATION_CHARS else shown(text)


# --- from text to types -----------------------------------------------------------------------------------


def typed_column(name: str, found: pl.DataType) -> pl.Expr:
    """The column in its schema type; what cannot be read becomes null (and breaks a rule below)."""
    wanted = COLUMNS[name]
    column = pl.col(name)
    if name == "source_line":
        return column
    if wanted == pl.Float64():
        return as_float(column, found).alias(name)
    if wanted == pl.Int64():
        value = as_float(column, found)
        return pl.when(value == value.round()).then(value).cast(pl.Int64, strict=False).alias(name)
    if wanted == pl.Date():
        if found == pl.String():
            return stripped(column).str.to_date("%Y-%m-%d", strict=False).alias(name)
        return column.cast(pl.Date, strict=False).alias(name)
    if wanted == pl.Boolean():
        if found != pl.String():
            return column.cast(pl.Boolean, strict=False).alias(name)
        text = stripped(column).str.to_lowercase()
        return (
            pl.when(text.is_in(["true", "1", "yes"]))
            .then(True)
            .when(text.is_in(["false", "0", "no"]))
            .then(False)
            .otherwise(None)
            .alias(name)
        )
    if wanted == pl.List(pl.String()):
        if found == pl.String():
            parts = stripped(column).str.split("|").list.eval(pl.element().str.strip_chars())
            return parts.list.filter(pl.element() != "").alias(name)
        return column.cast(wanted, strict=False).alias(name)
    return as_text(column, found).alias(name)


def as_float(column: pl.Expr, found: pl.DataType) -> pl.Expr:
    text = stripped(column) if found == pl.String() else column
    return text.cast(pl.Float64, strict=False).fill_nan(None)


def as_text(column: pl.Expr, found: pl.DataType) -> pl.Expr:
    if found == pl.String():
        return stripped(column)
    if found.is_float():
        whole = column.cast(pl.Int64, strict=False)
        text = pl.when(column == whole).then(whole.cast(pl.String)).otherwise(column.cast(pl.String))
        return pl.when(column.is_not_nan()).then(text)
    return column.cast(pl.String, strict=False)


def stripped(column: pl.Expr) -> pl.Expr:
    text = column.str.strip_chars()
    return pl.when(text != "").then(text)


def unreadable_rules(schema: Mapping[str, pl.DataType], known: list[str]) -> list[Rule]:
    """A value is there but is not of the column's kind."""
    rules = []
    for name in known:
        if name == "source_line" or COLUMNS[name] == pl.String():
            continue
        raw, found = pl.col(RAW + name), schema[name]
        present = raw.is_not_null()
        if found == pl.String():
            text = raw.str.strip_chars()
            present = (text != "") & (text.str.to_lowercase().is_in(["nan", "+nan", "-nan"]).not_())
        elif found.is_float():
            present = present & raw.is_not_nan()
        rules.append(Rule(name, present & pl.col(name).is_null(), Unreadable(name)))
    return rules


@dataclass(frozen=True, slots=True)
class Unreadable:
    name: str

    def __call__(self, row: Row) -> str:
        kind = KINDS[str(COLUMNS[self.name])]
        return f"{self.name}: {shown(row[RAW + self.name])} is not {kind}"


KINDS: Final = {
    "Float64": "a number",
    "Int64": "a whole number",
    "Boolean": "true or false",
    "Date": "a date (YYYY-MM-DD)",
    "List(String)": "a list of names",
}

# --- what the values must satisfy -------------------------------------------------------------------------

FLOATS: Final = [name for name, dtype in COLUMNS.items() if dtype == pl.Float64()]
NEEDED: Final = [name for name in REQUIRED if name not in ("H", "designation")]


def column_rule(name: str, broken: Callable[[pl.Expr], pl.Expr], what: str) -> Rule:
    return Rule(name, broken(pl.col(name)), lambda row: f"{name} = {row[name]:g} {what}")


def missing_rule(name: str) -> Rule:
    raw, typed = RAW + name, pl.col(name)
    text = pl.col(raw).cast(pl.String).str.strip_chars().str.to_lowercase().fill_null("")
    broken = typed.is_null() & text.is_in(["", "nan", "+nan", "-nan"])
    return Rule(name, broken, lambda row: f"{name} is missing")


def infinite_rule(name: str) -> Rule:
    return Rule(name, pl.col(name).is_infinite(), lambda row: f"{name} is not finite")


def epoch_reason(row: Row) -> str:
    epoch = row["epoch_tdb_jd"]
    hint = " (it looks like a modified Julian date)" if 0.0 < epoch < 160_000.0 else ""
    low, high = EPOCH_RANGE_TDB_JD
    return f"epoch_tdb_jd = {epoch} is outside {low}…{high} (years 1800–2200){hint}"


def shape_reason(row: Row) -> str:
    a, e = row["a_au"], row["e"]
    if e == 1.0:
        return f"e = 1 (parabolic) has no finite semi-major axis, but a_au = {a:g}"
    kind = "hyperbolic, needs a_au < 0" if e > 1.0 else "elliptic, needs a_au > 0"
    return f"inconsistent elements: e = {e:g} ({kind}) with a_au = {a:g}"


def outside(low: float, high: float) -> Callable[[pl.Expr], pl.Expr]:
    return lambda column: column.is_finite() & ~column.is_between(low, high)


a, e = pl.col("a_au"), pl.col("e")
designation = pl.col("designation")

RULES: Final[list[Rule]] = [
    Rule("designation", designation.is_null(), lambda row: "designation is empty"),
    Rule(
        "designation",
        (designation.str.len_chars() > MAX_DESIGNATION_CHARS)
        | designation.str.contains(r"[\p{C}\p{Zl}\p{Zp}]")
        | ~designation.str.contains(r"[\p{L}\p{N}]"),
        lambda row: f"designation {shown(row['designation'])} is not a name",
    ),
    *[missing_rule(name) for name in NEEDED],
    *[infinite_rule(name) for name in FLOATS],
    Rule("epoch_tdb_jd", outside(*EPOCH_RANGE_TDB_JD)(pl.col("epoch_tdb_jd")), epoch_reason),
    column_rule("e", lambda column: column < 0.0, "is negative"),
    Rule("a_au", a == 0.0, lambda row: "a_au = 0"),
    Rule(
        "a_au",
        a.is_finite() & e.is_finite() & (((e >= 1.0) & (a > 0.0)) | ((e <= 1.0) & (e >= 0.0) & (a < 0.0))),
        shape_reason,
    ),
    column_rule("i_deg", outside(0.0, 180.0), "is outside 0…180"),
    column_rule("node_deg", outside(-MAX_ANGLE_DEG, MAX_ANGLE_DEG), "is outside ±3600"),
    column_rule("peri_deg", outside(-MAX_ANGLE_DEG, MAX_ANGLE_DEG), "is outside ±3600"),
    Rule(
        "mean_anomaly_deg",
        (e < 1.0) & outside(-MAX_ANGLE_DEG, MAX_ANGLE_DEG)(pl.col("mean_anomaly_deg")),
        lambda row: f"mean_anomaly_deg = {row['mean_anomaly_deg']:g} is outside ±3600",
    ),
    column_rule("H", outside(*H_RANGE_MAG), "is outside -5…45"),
    *[
        column_rule(name, lambda column: column < 0.0, "is negative")
        for name in ("arc_days", "n_obs", "n_oppositions", "rms_arcsec")
    ],
    *[
        column_rule(name, lambda column: column < 0.0, "is negative, but a standard deviation")
        for name in ("amr_sigma_m2kg", "A1_sigma", "A2_sigma", "A3_sigma")
    ],
    *[
        column_rule(name, lambda column: column <= 0.0, "is not positive")
        for name in ("diameter_km", "albedo", "rotation_h", "number")
    ],
    Rule(
        "U",
        pl.col("U").is_not_null() & ~pl.col("U").str.contains(r"^[0-9A-Za-z]$"),
        lambda row: f"U: {shown(row['U'])} is not an uncertainty parameter (0…9 or a letter)",
    ),
]
