"""What a catalogue holds, in a few figures."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from aneos.catalogue.schema import FRAME, ORIGIN, TIME_SCALE, Catalogue

EARTH_PERIHELION_AU: Final = 0.983
EARTH_APHELION_AU: Final = 1.017
NEO_PERIHELION_AU: Final = 1.3
"""Bounds of the near-Earth classes as CNEOS defines them. (The MPC's own flags draw the line at 1 au.)"""


COUNTED: Final = ("number", "name", "U", "arc_days", "amr_m2kg", "A1", "diameter_km", "albedo", "rotation_h")
"""Columns of which the summary says how many rows know them."""


def orbit_class() -> pl.Expr:
    """Name of the near-Earth class (CNEOS): Atira, Aten, Apollo, Amor, or "other"."""
    a, e = pl.col("a_au"), pl.col("e")
    perihelion, aphelion = a * (1.0 - e), a * (1.0 + e)
    bound = e < 1.0
    return (
        pl.when(bound & (aphelion < EARTH_PERIHELION_AU))
        .then(pl.lit("Atira"))
        .when(bound & (a < 1.0))
        .then(pl.lit("Aten"))
        .when(bound & (perihelion < EARTH_APHELION_AU))
        .then(pl.lit("Apollo"))
        .when(bound & (perihelion < NEO_PERIHELION_AU))
        .then(pl.lit("Amor"))
        .otherwise(pl.lit("other"))
        .alias("orbit_class")
    )


def summary(catalogue: Catalogue) -> dict[str, Any]:
    """Counts, ranges and provenance in JSON-ready form: objects, rejected rows, orbit classes (CNEOS),
    absolute magnitudes, epochs (TDB), last observation, share observed in more than one opposition, columns
    measured."""
    table = catalogue.table
    classes = table.select(orbit_class()).to_series().value_counts(sort=True)
    epochs = table["epoch_tdb_jd"]
    oppositions = table["n_oppositions"].drop_nulls()
    commonest = epochs.mode().min() if len(epochs) else None
    last = table["last_observation"].max()
    return {
        "objects": table.height,
        "rejected": len(catalogue.rejected),
        "frame": FRAME,
        "origin": ORIGIN,
        "time_scale": TIME_SCALE,
        "orbit_classes": dict(classes.iter_rows()),
        "H": {
            "min": table["H"].min(),
            "median": table["H"].median(),
            "max": table["H"].max(),
            "unknown": table["H"].null_count(),
        },
        "epoch_tdb_jd": {
            "min": epochs.min(),
            "max": epochs.max(),
            "commonest": commonest,
            "share_at_commonest": None if commonest is None else share(epochs == commonest),
        },
        "multi_opposition_share": share(oppositions > 1),
        "last_observation": None if last is None else str(last),
        "known": {name: table.height - table[name].null_count() for name in COUNTED},
        "provenance": catalogue.signature(),
    }


def share(which: pl.Series) -> float | None:
    """Fraction that is true, None where there is nothing to count."""
    return int(which.sum()) / len(which) if len(which) else None
