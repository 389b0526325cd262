"""The catalogue that ships with aNEOS: all near-Earth asteroids of the Minor Planet Center on one day."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

import polars as pl

from aneos.catalogue.schema import COLUMNS, Catalogue, Provenance
from aneos.errors import MissingResourceError

BUNDLED_VERSION: Final = "2026-02-12"

REBUILD: Final = "python -m aneos.catalogue.snapshot INPUT --out PATH --version YYYY-MM-DD"


def bundled_path() -> Path:
    """Where the snapshot lies in the installation."""
    return Path(str(files("aneos.catalogue") / "data" / f"nea_{BUNDLED_VERSION}.parquet"))


def load_bundled() -> Catalogue:
    """The 40,874 near-Earth asteroids that the MPC knew on 2026-02-12, with their provenance.

    Osculating heliocentric elements, ecliptic J2000, epochs TT (taken as TDB, within 2 ms). Raises
    :class:`MissingResourceError` where the installation lacks the file.
    """
    return load_snapshot(bundled_path())


def load_snapshot(path: Path) -> Catalogue:
    """A snapshot written by :mod:`aneos.catalogue.snapshot`; provenance comes from its Parquet metadata."""
    try:
        metadata = pl.read_parquet_metadata(path)
        table = pl.read_parquet(path)
        provenance = Provenance(**{name: metadata[f"aneos:{name}"] for name in Provenance.__slots__})
    except (OSError, KeyError, pl.exceptions.PolarsError) as error:
        reason = f"{path}: the bundled catalogue is absent or damaged; rebuild it: {REBUILD}"
        raise MissingResourceError(reason) from error
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in COLUMNS.items() if name not in table.columns]
    return Catalogue(table.with_columns(*absent).select(*COLUMNS), (provenance,))
