"""Launches that an object may have come from.

Two lists: the curated one of launches beyond the Earth (1958 to 2025-11, with stages, payload and departure
energy) and every orbital launch (tag, date, vehicle, payload), since some upper stages of Earth-orbit missions are
disposed of into heliocentric orbits. Facts from GCAT (J. McDowell, planet4589.org, CC BY 4.0); rebuilt by
:mod:`aneos.artificial.build_launches`. A file of one's own in the same CSV format extends the first list.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import polars as pl

from aneos.errors import InputError, MissingResourceError

ACKNOWLEDGEMENT: Final = (
    "Launch facts: McDowell, J. C., General Catalog of Artificial Space Objects, https://planet4589.org/space/gcat, "
    "CC BY 4.0."
)
REQUIRED: Final = ("launch", "date", "jd_utc", "vehicle")
SCHEMA: Final[dict[str, pl.DataType]] = {
    "launch": pl.String(),
    "date": pl.String(),
    "jd_utc": pl.Float64(),
    "vehicle": pl.String(),
    "stages": pl.String(),
    "payload": pl.String(),
    "mission": pl.String(),
    "site": pl.String(),
    "regime": pl.String(),
    "c3_km2s2": pl.Float64(),
    "perigee_km": pl.Float64(),
    "apogee_km": pl.Float64(),
    "inclination_deg": pl.Float64(),
    "source": pl.String(),
}
FIRST_LAUNCH_JD: Final = 2_436_116.0
"""1957-10-04: nothing artificial left the Earth before."""

Regime = Literal["escape", "distant"]


@dataclass(frozen=True, slots=True)
class Launch:
    """One launch beyond the Earth. ``jd_utc`` lift-off; ``c3_km2s2`` twice the specific energy of the first
    published conic (positive: hyperbolic), None where no conic is published; ``regime`` "escape" where the payload
    left on a hyperbola, "distant" where it stayed in a translunar or very high orbit from which stages leak."""

    launch: str
    date: str
    jd_utc: float
    vehicle: str
    stages: str | None
    payload: str | None
    mission: str | None
    site: str | None
    regime: Regime
    c3_km2s2: float | None
    inclination_deg: float | None
    source: str

    @property
    def name(self) -> str:
        """What people call it: tag, payload and vehicle."""
        return f"{self.launch} {self.payload or self.mission or 'payload not named'} ({self.vehicle})"


def load_launches(extra: Path | None = None) -> tuple[Launch, ...]:
    """The curated list, in order of date, with those of a file of one's own mixed in.

    Raises InputError (file and line) for a file that lacks columns or holds an unusable row, and for a tag that the
    list already has.
    """
    table = launch_table()
    if extra is not None:
        own = _read_own(extra)
        clash = own.filter(pl.col("launch").is_in(table["launch"].implode()))
        if clash.height:
            raise InputError(f"launch {clash['launch'][0]!r} is already listed", source=extra)
        table = pl.concat([table, own]).sort("jd_utc")
    names = tuple(field for field in Launch.__slots__)
    return tuple(Launch(**row) for row in table.select(*names).iter_rows(named=True))


@lru_cache(maxsize=1)
def launch_table() -> pl.DataFrame:
    """The curated list as a table with the columns of :data:`SCHEMA`."""
    return pl.read_csv(_data("launches.csv"), schema=SCHEMA).sort("jd_utc")


@lru_cache(maxsize=1)
def orbital_launches() -> pl.DataFrame:
    """Every orbital launch: launch, jd_utc, vehicle, payload, in order of date."""
    return pl.read_parquet(_data("orbital_launches.parquet"))


def _data(name: str) -> Path:
    path = Path(str(files("aneos.artificial") / "data" / name))
    if not path.exists():
        raise MissingResourceError(f"{path}: launch table not found; reinstall aneos (make env)")
    return path


def _read_own(path: Path) -> pl.DataFrame:
    try:
        table = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = next(iter(str(error).strip().splitlines()), "cannot be read")
        raise InputError(f"not a list of launches: {reason}", source=path) from error
    lacking = [name for name in REQUIRED if name not in table.columns]
    if lacking:
        raise InputError(f"missing columns {', '.join(lacking)}", source=path, line=1)
    blank = [pl.lit(None, dtype).alias(name) for name, dtype in SCHEMA.items() if name not in table.columns]
    typed = table.with_columns(*blank).select(
        pl.col(name).cast(dtype, strict=False).alias(name) for name, dtype in SCHEMA.items()
    )
    for line, row in enumerate(typed.iter_rows(named=True), 2):
        if not row["launch"] or row["jd_utc"] is None:
            raise InputError("launch and jd_utc (a number) are needed", source=path, line=line)
    regime = pl.when(pl.col("c3_km2s2") > 0.0).then(pl.lit("escape")).otherwise(pl.lit("distant"))
    return typed.with_columns(
        regime=pl.coalesce(pl.col("regime"), regime),
        source=pl.coalesce(pl.col("source"), pl.lit(str(path.name))),
        vehicle=pl.coalesce(pl.col("vehicle"), pl.lit("not given")),
    )
