"""What two editions of a catalogue differ in: objects added, removed, renamed, and changed in which columns.

An object is the same when its designation is (without regard to case and spaces). One that comes under another
designation, because it was linked with an older one, is *renamed*: the new row bears the old name among its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from aneos.catalogue import COLUMNS
from aneos.catalogue.assembly import designation_key

COMPARED: Final = tuple(name for name in COLUMNS if name not in ("source", "source_line"))
"""Columns whose values are an object's data; where a row stood in which file is not."""

ELEMENTS: Final = ("epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
HASH_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Difference:
    """``added`` and ``removed``: designations in the order of their catalogues. ``changed``: designation, and the
    columns that differ. ``renamed``: old and new designation; the new one counts as neither added nor removed."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[tuple[str, tuple[str, ...]], ...]
    renamed: tuple[tuple[str, str], ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.renamed)

    def to_assess(self) -> tuple[str, ...]:
        """Designations, in the newer catalogue, of the objects whose data are new."""
        return (*self.added, *(new for _, new in self.renamed), *(name for name, _ in self.changed))

    def counts(self) -> dict[str, int]:
        moved = sum(bool(set(columns) & set(ELEMENTS)) for _, columns in self.changed)
        return {
            "added": len(self.added),
            "removed": len(self.removed),
            "renamed": len(self.renamed),
            "changed": len(self.changed),
            "changed_elements": moved,
        }

    def to_dict(self) -> dict[str, Any]:
        return {
            **{f"n_{name}": number for name, number in self.counts().items()},
            "added": list(self.added),
            "removed": list(self.removed),
            "renamed": [{"from": old, "to": new} for old, new in self.renamed],
            "changed": [{"designation": name, "columns": list(columns)} for name, columns in self.changed],
        }


def difference(older: pl.DataFrame, newer: pl.DataFrame) -> Difference:
    """The difference of two catalogue tables (columns of :mod:`aneos.catalogue.schema`)."""
    before, after = _hashed(older), _hashed(newer)
    gone = before.join(after, on="key", how="anti")
    come = after.join(before, on="key", how="anti")
    renamed = _renamed(gone, come, newer)
    left, entered = {old for old, _ in renamed}, {new for _, new in renamed}
    both = before.join(after, on="key", suffix="_after").filter(pl.col("hash") != pl.col("hash_after"))
    changed = _changed(older, newer, both.sort("row_after"))
    return Difference(
        added=tuple(name for name in come["designation"] if name not in entered),
        removed=tuple(name for name in gone["designation"] if name not in left),
        changed=changed,
        renamed=renamed,
    )


def element_hash(table: pl.DataFrame) -> pl.Series:
    """A hash of each row's data (:data:`COMPARED`), as text; equal data hash equal on every machine and version."""
    hashes = [
        hashlib.blake2b(repr(row).encode(), digest_size=HASH_BYTES).hexdigest()
        for row in table.select(COMPARED).iter_rows()
    ]
    return pl.Series("hash", hashes, pl.String())


def content_hash(table: pl.DataFrame) -> str:
    """A hash of a whole table's data, whatever the order of its rows."""
    digest = hashlib.sha256()
    for line in sorted(element_hash(table)):
        digest.update(line.encode())
    return digest.hexdigest()


def _hashed(table: pl.DataFrame) -> pl.DataFrame:
    names = table.select("designation", key=designation_key(pl.col("designation")))
    return names.with_columns(element_hash(table)).with_row_index("row")


def _renamed(gone: pl.DataFrame, come: pl.DataFrame, newer: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    if gone.is_empty() or come.is_empty():
        return ()
    fresh = newer[come["row"]]
    names = [pl.col("aliases"), pl.concat_list("name"), pl.concat_list(pl.col("number").cast(pl.String))]
    owner = pl.concat(
        fresh.select(new="designation", key=name).explode("key").drop_nulls("key") for name in names
    ).with_columns(designation_key(pl.col("key")))
    pairs = (
        gone.join(owner, on="key")
        .select("designation", "new")
        .unique("new", keep="first", maintain_order=True)
    )
    return tuple((old, new) for old, new in pairs.iter_rows())


def _changed(
    older: pl.DataFrame, newer: pl.DataFrame, both: pl.DataFrame
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if both.is_empty():
        return ()
    one, other = older[both["row"]].select(COMPARED), newer[both["row_after"]].select(COMPARED)
    differs = pl.DataFrame([one[name].ne_missing(other[name]).alias(name) for name in COMPARED])
    return tuple(
        (name, tuple(column for column, changed in zip(COMPARED, flags, strict=True) if changed))
        for name, flags in zip(other["designation"], differs.iter_rows(), strict=True)
    )
