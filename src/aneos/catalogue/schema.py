"""The one table of objects: column names, types, units, frame and time scale.

Every reader produces this table, every later room reads it. Elements are osculating, heliocentric, in the
mean ecliptic and equinox of J2000, at an epoch in TDB; lengths in au, angles in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from aneos.errors import RejectedRow

FRAME: Final = "ecliptic J2000"
ORIGIN: Final = "Sun"
TIME_SCALE: Final = "TDB"

REQUIRED: Final[dict[str, pl.DataType]] = {
    "designation": pl.String(),
    "epoch_tdb_jd": pl.Float64(),
    "a_au": pl.Float64(),
    "e": pl.Float64(),
    "i_deg": pl.Float64(),
    "node_deg": pl.Float64(),
    "peri_deg": pl.Float64(),
    "mean_anomaly_deg": pl.Float64(),
    "H": pl.Float64(),
}
"""Columns that every row has. ``H`` alone may be null (absolute magnitude unknown)."""

OPTIONAL: Final[dict[str, pl.DataType]] = {
    "name": pl.String(),
    "number": pl.Int64(),
    "aliases": pl.List(pl.String()),
    "G": pl.Float64(),
    "U": pl.String(),
    "arc_days": pl.Float64(),
    "arc_is_lower_bound": pl.Boolean(),
    "n_obs": pl.Int64(),
    "n_oppositions": pl.Int64(),
    "last_observation": pl.Date(),
    "rms_arcsec": pl.Float64(),
    "amr_m2kg": pl.Float64(),
    "amr_sigma_m2kg": pl.Float64(),
    "A1": pl.Float64(),
    "A1_sigma": pl.Float64(),
    "A2": pl.Float64(),
    "A2_sigma": pl.Float64(),
    "A3": pl.Float64(),
    "A3_sigma": pl.Float64(),
    "diameter_km": pl.Float64(),
    "albedo": pl.Float64(),
    "rotation_h": pl.Float64(),
    "source": pl.String(),
    "source_line": pl.Int64(),
}
"""Columns that a source may lack; they are always present in the table, null where unknown.

``U`` is the MPC's uncertainty parameter as published ("0"…"9", or a letter for special cases);
``arc_days`` is the observed arc, a lower bound where only the years of a multi-opposition arc are given;
``A1``, ``A2``, ``A3`` in au/d² at 1 au; ``source`` names the file or catalogue the row came from,
``source_line`` its 1-based line (or record) in the file that was read, so that a later room can say which
line it refuses.
"""

COLUMNS: Final[dict[str, pl.DataType]] = REQUIRED | OPTIONAL


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a table came from; travels with it and appears in every ``signature``.

    ``name`` short identifier ("mpc-nea"), ``version`` usually the date of the snapshot (ISO),
    ``source`` file or service, ``sha256`` of the source bytes, ``acknowledgement`` what the provider asks
    for.
    """

    name: str
    version: str
    source: str
    sha256: str
    acknowledgement: str = ""

    def to_dict(self) -> dict[str, str]:
        return {
            "name": self.name,
            "version": self.version,
            "source": self.source,
            "sha256": self.sha256,
            "acknowledgement": self.acknowledgement,
        }


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A typed table, where it came from, and the rows that could not be used.

    ``table`` has all of :data:`COLUMNS` first, in that order, then any unknown columns of the source as they
    came. Nothing is lost: ``len(table) + len(rejected)`` is the number of records in the source.
    """

    table: pl.DataFrame
    provenance: tuple[Provenance, ...]
    rejected: tuple[RejectedRow, ...] = field(default=())

    def __len__(self) -> int:
        return self.table.height

    def signature(self) -> list[dict[str, Any]]:
        """Provenance in its JSON shape."""
        return [item.to_dict() for item in self.provenance]


def in_columns(table: pl.DataFrame) -> pl.DataFrame:
    """The table with the columns of :data:`COLUMNS` and no others; those that it lacks are empty."""
    blank = [pl.lit(None, dtype).alias(name) for name, dtype in COLUMNS.items() if name not in table.columns]
    return table.with_columns(*blank).select(*COLUMNS)
