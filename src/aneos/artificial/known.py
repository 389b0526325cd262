"""The registry of known artificial objects on distant orbits: who they are, and the orbits fitted to them.

Three tables lie in ``data/``: ``known_objects.csv`` (identity), ``known_orbits.csv`` (orbits as published,
each with its own centre, frame and epoch) and ``known_trajectories.parquet`` (osculating elements between
those epochs, integrated from the published orbits; see :mod:`aneos.artificial.trajectories`). Every row names
its source, most often a Find_Orb fit by B. Gray. Orbits are kept as they were published: an orbit about the
Earth stays one, and an object that
left on a hyperbola has no heliocentric elements here until somebody measures them.

Objects whose nature is disputed (1991 VG, 2000 SG344, 2020 KZ2) and natural look-alikes have no entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import polars as pl

from aneos.artificial.known_tables import KnownObject, KnownOrbit, read_known, tidy
from aneos.catalogue.designations import unpacked
from aneos.catalogue.schema import COLUMNS
from aneos.errors import UnknownDesignationError

__all__ = [
    "KnownObject",
    "KnownOrbit",
    "data_path",
    "find",
    "heliocentric_orbits",
    "load_known",
    "read_known",
    "resolve",
]


@cache
def load_known() -> tuple[KnownObject, ...]:
    """All objects of the bundled registry, with their orbits in order of epoch.

    Raises MissingResourceError where the installation lacks the tables, InputError (file and line) where a
    row of them is wrong.
    """
    return read_known(data_path("known_objects.csv"), data_path("known_orbits.csv"))


def find(designation: str) -> KnownObject | None:
    """The object that bears exactly this name, designation, COSPAR id or "NORAD n"; None if no one does.

    The whole text must agree ("2020 SO" is not "2020"); runs of blanks count as one. Survey names are told
    apart by case ("A10VwK1"), so capitals are overlooked only where no label agrees as written. A designation may be
    packed as the MPC does it ("K20S00O"), or lack its blank.
    """
    exact, folded = _labels()
    text = tidy(designation)
    plain = unpacked(text) or re.sub(r"^(\d{4})([A-Za-z]{2}\d*)$", r"\1 \2", text)
    return exact.get(text) or folded.get(text.casefold()) or exact.get(plain.upper())


def resolve(designation: str) -> KnownObject:
    """Like :func:`find`, but an unknown designation raises UnknownDesignationError."""
    known = find(designation)
    if known is None:
        raise UnknownDesignationError(f"no known artificial object bears the designation {designation!r}")
    return known


def heliocentric_orbits() -> pl.DataFrame:
    """Every published heliocentric orbit, one row each, in the catalogue's columns.

    The columns of ``aneos.catalogue.schema`` come first (``designation`` is the object's name; ecliptic
    J2000, epochs TDB), then ``object_id`` and ``cospar``.
    """
    rows = [_catalogue_row(known, orbit) for known, orbit in _heliocentric(load_known())]
    schema = {**COLUMNS, "object_id": pl.String(), "cospar": pl.String()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def data_path(name: str) -> Path:
    """Where a table of the registry lies in the installation."""
    return Path(str(files("aneos.artificial") / "data" / name))


@cache
def _labels() -> tuple[dict[str, KnownObject], dict[str, KnownObject]]:
    """Objects by label as written, and by label without case where that is unambiguous."""
    exact: dict[str, KnownObject] = {}
    folded: dict[str, KnownObject | None] = {}
    for known in load_known():
        for label in map(tidy, known.labels):
            exact[label] = known
            other = folded.setdefault(label.casefold(), known)
            if other is not known:
                folded[label.casefold()] = None
    return exact, {label: known for label, known in folded.items() if known is not None}


def _heliocentric(known: tuple[KnownObject, ...]) -> Iterator[tuple[KnownObject, KnownOrbit]]:
    return ((item, orbit) for item in known for orbit in item.orbits if orbit.centre == "sun")


def _catalogue_row(known: KnownObject, orbit: KnownOrbit) -> dict[str, object]:
    start, end = orbit.arc_start, orbit.arc_end
    return {
        "designation": known.name,
        "epoch_tdb_jd": orbit.epoch_tdb_jd,
        "a_au": orbit.a_au,
        "e": orbit.e,
        "i_deg": orbit.i_deg,
        "node_deg": orbit.node_deg,
        "peri_deg": orbit.peri_deg,
        "mean_anomaly_deg": orbit.mean_anomaly_deg,
        "H": orbit.H,
        "name": known.name,
        "aliases": [label for label in known.labels if label not in (known.id, known.name)],
        "arc_days": float((end - start).days) if start is not None and end is not None else None,
        "n_obs": orbit.n_obs,
        "last_observation": end,
        "rms_arcsec": orbit.rms_arcsec,
        "amr_m2kg": orbit.amr_m2kg,
        "amr_sigma_m2kg": orbit.amr_sigma_m2kg,
        "A1": orbit.A1,
        "A1_sigma": orbit.A1_sigma,
        "A2": orbit.A2,
        "A2_sigma": orbit.A2_sigma,
        "A3": orbit.A3,
        "A3_sigma": orbit.A3_sigma,
        "source": orbit.source,
        "object_id": known.id,
        "cospar": known.cospar,
    }
