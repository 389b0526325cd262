"""A known artificial object by any of its names, as a catalogue of one row on an orbit about the Sun."""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final

import polars as pl

from aneos.artificial.known import data_path, find, heliocentric_orbits
from aneos.artificial.known_tables import KnownObject
from aneos.artificial.trajectories import osculating
from aneos.catalogue import Catalogue, Provenance
from aneos.catalogue.schema import in_columns
from aneos.errors import InputError, UnknownDesignationError

PREDICTED_TDB_JD: Final = 2_461_000.5
"""Epoch of the bundled catalogue's elements, to which objects without a published orbit about the Sun are carried."""


def known_catalogue(designation: str) -> Catalogue | None:
    """The registry object of that name on its last published heliocentric orbit, else on its path followed from the
    published geocentric one to the catalogue's epoch; None where the registry knows no such name.

    Raises InputError for an object that cannot be placed on an orbit about the Sun.
    """
    found = find(designation)
    if found is None:
        return None
    orbits = heliocentric_orbits().filter(pl.col("object_id") == found.id).sort("epoch_tdb_jd")
    if orbits.is_empty():
        orbits = _predicted(found)
    if orbits.is_empty():
        cospar = f" ({found.cospar})" if found.cospar else ""
        raise InputError(
            f"is the known artificial object {found.name}{cospar}, of which no heliocentric orbit is known",
            source=designation,
        )
    return Catalogue(orbits.tail(1).with_columns(designation=pl.lit(designation)), (_registry(),))


def _predicted(known: KnownObject) -> pl.DataFrame:
    """The registry's own prediction, in the catalogue's columns; empty if it has none.

    H and the push of sunlight are those of the last published orbit that has them.
    """
    try:
        row = osculating(known.id, PREDICTED_TDB_JD)
    except UnknownDesignationError:
        return pl.DataFrame()
    fitted: dict[str, Any] = {"source": pl.lit("aNEOS registry, predicted path")}
    for value, sigma in (("H", None), ("amr_m2kg", "amr_sigma_m2kg"), ("A1", "A1_sigma")):
        last = next((orbit for orbit in reversed(known.orbits) if getattr(orbit, value) is not None), None)
        if last is not None:
            names = [value] if sigma is None else [value, sigma]
            fitted |= {name: pl.lit(getattr(last, name), pl.Float64) for name in names}
    return in_columns(row).with_columns(**fitted)


def _registry() -> Provenance:
    table = data_path("known_orbits.csv")
    acknowledgement = (
        "Orbits of artificial objects: Bill Gray, Project Pluto, and the sources named in each row."
    )
    digest = sha256(table.read_bytes()).hexdigest()
    return Provenance("known-artificial", version("aneos"), table.name, digest, acknowledgement)
