"""Mixing further objects into a catalogue without losing or replacing any."""

from __future__ import annotations

import polars as pl

from aneos.catalogue.assembly import designation_key
from aneos.catalogue.schema import COLUMNS, Catalogue
from aneos.catalogue.validation import printable
from aneos.errors import InputError, RejectedRow


def concat(base: Catalogue, *extras: Catalogue) -> Catalogue:
    """The objects of ``base`` followed by those of ``extras``, in order.

    Nothing is replaced: a row of an extra whose designation or number is already borne by an object (as
    designation, number, name or alias) is rejected, and the reason names that object. To screen other
    elements of the same object, give the row another designation. Provenance and rejections of all are kept.
    """
    for extra in extras:
        base = joined(base, extra)
    return base


def joined(base: Catalogue, extra: Catalogue) -> Catalogue:
    taken = bearers(base.table)
    own = extra.table.with_row_index("row").select("row", "designation", "number", "source_line")
    keys = pl.concat(
        [
            own.select("row", key=designation_key(pl.col("designation"))),
            own.select("row", key=pl.col("number").cast(pl.String)).drop_nulls(),
        ]
    )
    clashes = keys.join(taken, on="key").unique("row", keep="first", maintain_order=True).sort("row")
    source = extra.provenance[0].source if extra.provenance else None
    rejected = [
        RejectedRow(
            line=row["source_line"] if row["source_line"] is not None else row["row"] + 1,
            reason=f"designation {printable(row['designation'])} is already borne by {row['bearer']}",
            designation=printable(row["designation"]),
            source=source,
        )
        for row in clashes.join(own, on="row").sort("row").iter_rows(named=True)
    ]
    kept = extra.table.with_row_index("row").join(clashes, on="row", how="anti").drop("row")
    return Catalogue(
        table=stacked(base.table, kept, source),
        provenance=tuple(dict.fromkeys(base.provenance + extra.provenance)),
        rejected=(*base.rejected, *extra.rejected, *rejected),
    )


def bearers(table: pl.DataFrame) -> pl.DataFrame:
    """Every name in use (``key``) with the object that bears it, worded (``bearer``)."""
    bearer = pl.concat_str(pl.col("designation"), pl.lit(" of "), pl.col("source").fill_null("the catalogue"))
    number = pl.col("number").cast(pl.String)
    names = [pl.col("designation"), pl.col("name"), number]
    columns = [table.select(name.alias("key"), bearer.alias("bearer")) for name in names]
    columns.append(table.select(pl.col("aliases").alias("key"), bearer.alias("bearer")).explode("key"))
    every = pl.concat(columns).drop_nulls("key")
    return every.with_columns(designation_key(pl.col("key"))).unique("key", keep="first", maintain_order=True)


def stacked(upper: pl.DataFrame, lower: pl.DataFrame, source: str | None) -> pl.DataFrame:
    """Rows of both; columns that only one has are null in the other, those of differing type become text."""
    for name in set(upper.columns) & set(lower.columns) - COLUMNS.keys():
        types = upper.schema[name], lower.schema[name]
        if types[0] != types[1]:
            try:
                upper = upper.with_columns(pl.col(name).cast(pl.String))
                lower = lower.with_columns(pl.col(name).cast(pl.String))
            except pl.exceptions.PolarsError as error:
                reason = f"column {printable(name)} has type {types[1]} here but {types[0]} in another file"
                raise InputError(reason, source=source) from error
    return pl.concat([upper, lower], how="diagonal")
