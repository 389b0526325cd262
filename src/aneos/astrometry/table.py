"""The table of observations that every reader gives and every fit takes.

One row an observation. Times are UTC, as reported. Directions are astrometric right ascension and declination in
the ICRF (J2000), as measured by the observer at the time of observation. Radar rows carry the round trip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

from aneos.catalogue.schema import Provenance
from aneos.errors import RejectedRow

Kind = Literal["optical", "delay", "doppler"]
Cell = str | float | int | bool | None
Row = dict[str, Cell]

COLUMNS: Final[dict[str, pl.DataType]] = {
    "object": pl.String(),
    "written_as": pl.String(),
    "kind": pl.String(),
    "time_utc": pl.String(),
    "jd_utc": pl.Float64(),
    "ra_deg": pl.Float64(),
    "dec_deg": pl.Float64(),
    "sigma_ra_arcsec": pl.Float64(),
    "sigma_dec_arcsec": pl.Float64(),
    "correlation": pl.Float64(),
    "sigma_time_s": pl.Float64(),
    "mag": pl.Float64(),
    "band": pl.String(),
    "star_catalogue": pl.String(),
    "station": pl.String(),
    "observer_x_km": pl.Float64(),
    "observer_y_km": pl.Float64(),
    "observer_z_km": pl.Float64(),
    "observer_lon_deg": pl.Float64(),
    "observer_lat_deg": pl.Float64(),
    "observer_alt_m": pl.Float64(),
    "transmitter": pl.String(),
    "delay_s": pl.Float64(),
    "sigma_delay_s": pl.Float64(),
    "doppler_hz": pl.Float64(),
    "sigma_doppler_hz": pl.Float64(),
    "frequency_hz": pl.Float64(),
    "from_surface": pl.Boolean(),
    "program": pl.String(),
    "note": pl.String(),
    "mode": pl.String(),
    "discovery": pl.Boolean(),
    "superseded": pl.Boolean(),
    "source": pl.String(),
    "source_line": pl.Int64(),
}
"""Columns of the table, all present, null where not given.

``object`` is the readable designation (or temporary one) that rows are grouped by, ``written_as`` the text of the
file. ``sigma_ra_arcsec`` is on the sky (times cos dec). ``observer_x_km`` … are geocentric, ICRF, as reported by
spacecraft; ``observer_lon_deg`` … the east longitude, latitude and altitude (WGS84) of a roving observer.
``mode`` is the second note of the MPC format ("C" CCD, "P" photographic, "S" satellite …). ``superseded`` marks
observations that their observers replaced or withdrew: they are kept, but not fitted. ``from_surface`` marks radar
echoes timed to the surface and not to the centre of mass.
"""


@dataclass(frozen=True, slots=True)
class Observations:
    """A table of observations, where it came from, and what became of every line of the file.

    ``records`` counts the records found in the file (a two-line record once), so that
    ``records == len(table) + len(rejected)`` up to radar records, which may give a delay and a Doppler row.
    """

    table: pl.DataFrame
    provenance: tuple[Provenance, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()
    lines: int = 0
    other_lines: int = 0
    records: int = 0

    def __len__(self) -> int:
        return self.table.height

    @property
    def objects(self) -> list[str]:
        """Designations in the order in which they appear."""
        return self.table["object"].unique(maintain_order=True).to_list()

    def completeness(self) -> str:
        """One sentence: lines in, observations out."""
        return (
            f"{self.lines:,} lines: {self.records:,} records and {self.other_lines:,} blank, comment or header lines; "
            f"{len(self):,} observations of {len(self.objects):,} object{'s' if len(self.objects) != 1 else ''}, "
            f"{len(self.rejected):,} records rejected"
        )

    def to_dict(self) -> dict[str, Any]:
        """Counts and rejections in their JSON shape."""
        return {
            "lines": self.lines,
            "records": self.records,
            "other_lines": self.other_lines,
            "observations": len(self),
            "rejected": [row.to_dict() for row in self.rejected],
        }


def build_table(rows: list[Row]) -> pl.DataFrame:
    """The typed table of rows given as mappings; absent keys become null, unknown keys are a mistake."""
    return pl.DataFrame(rows, schema=COLUMNS, orient="row") if rows else pl.DataFrame(schema=COLUMNS)


def conform(table: pl.DataFrame) -> pl.DataFrame:
    """A table of one's own with all columns in their types; extra columns are dropped.

    Needed are ``jd_utc`` and ``station``, and ``ra_deg`` with ``dec_deg`` for optical rows. Raises what Polars
    raises where a column cannot be cast.
    """
    defaults: Mapping[str, Cell] = {
        "object": "object",
        "kind": "optical",
        "superseded": False,
        "discovery": False,
    }
    columns = [
        (pl.col(name) if name in table.columns else pl.lit(defaults.get(name))).cast(dtype).alias(name)
        for name, dtype in COLUMNS.items()
    ]
    return table.select(columns).with_columns(
        pl.col("superseded", "discovery").fill_null(False),
        pl.col("kind").fill_null("optical"),
    )
