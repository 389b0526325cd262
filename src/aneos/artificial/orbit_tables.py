"""Orbits of every form that can be read, as one table on elements about the Sun.

In: a file of any kind that :func:`aneos.catalogue.read_any` or :func:`aneos.artificial.departure_files.read_orbits`
reads. Out: a :class:`~aneos.catalogue.Catalogue`. Elements about the Earth or on the equator, state vectors and
elements under other names are converted; what stands beside them (H, arc, forces) goes along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from aneos.artificial.departure_files import OrbitFile, has_orbits_of_another_form, read_orbits
from aneos.artificial.orbit_words import axes_of, told_axes
from aneos.catalogue import Catalogue, read_any
from aneos.catalogue.assembly import Assembly
from aneos.catalogue.schema import COLUMNS
from aneos.dynamics import check_span
from aneos.dynamics.uncertainty import FORCES, KEPLERIAN, OrbitUncertainty
from aneos.errors import InputError, RejectedRow

Row = Mapping[str, Any]

CARRIED: Final = (
    "H", "U", "arc_days", "n_obs", "last_observation", "rms_arcsec",
    "amr_m2kg", "amr_sigma_m2kg", "A1", "A1_sigma", "A2", "A2_sigma", "A3", "A3_sigma",
)  # fmt: skip
"""What a record may say beside its elements, in the catalogue's columns."""

SMALL: Final = 1e-2
"""Steps of the differences that carry widths over, in standard deviations."""

WIDTHS: Final = frozenset(f"sigma_{name}" for name in KEPLERIAN)
"""Widths of elements, which belong to the elements that were given."""


def read_objects(path: str | Path) -> Catalogue:
    """Read the objects of a file, whatever its form, on heliocentric elements (ecliptic J2000, TDB).

    Rows that are no closed orbit about the Sun stand in ``rejected`` where their form does not allow a catalogue row.
    Raises InputError (file, line, reason) where the file is of no known kind or holds no usable orbit.
    """
    try:
        return on_the_sun(read_any(path))
    except InputError:
        if not has_orbits_of_another_form(path):
            raise
    return _from_orbits(read_orbits(path), path)


def on_the_sun(catalogue: Catalogue) -> Catalogue:
    """The catalogue with the rows whose ``centre`` or ``frame`` (under any usual name) is not Sun and ecliptic
    converted. Rows that name another body or other axes, or that cannot be converted, are rejected."""
    table = catalogue.table
    columns = told_axes(table.columns)
    if not columns:
        return catalogue
    rows: list[dict[str, Any]] = []
    rejected: list[RejectedRow] = []
    for row in table.iter_rows(named=True):
        try:
            changed = _elements(row, {ours: row[name] for name, ours in columns.items()})
            old_widths = {name: None for name in row if changed and name in WIDTHS}
            rows.append({**row, **old_widths, **changed})
        except InputError as error:
            line = int(row["source_line"] or 0)
            rejected.append(RejectedRow(line, error.reason, row["designation"], row["source"]))
    kept = pl.DataFrame(rows, schema=table.schema).drop(columns)
    return replace(catalogue, table=kept, rejected=(*catalogue.rejected, *rejected))


# -- below: steps ----------------------------------------------------------------------------------


def _elements(row: Row, told: Row) -> dict[str, float]:
    """The six elements of a row about the Sun on the ecliptic; nothing to change where they are so already."""
    axes = axes_of({ours: value for ours, value in told.items() if value is not None}, row["designation"])
    if axes["centre"] == "sun" and axes["frame"] == "ecliptic":
        return {}
    given = OrbitUncertainty(
        float(row["epoch_tdb_jd"]),
        KEPLERIAN,
        np.array([row[label] for label in KEPLERIAN], dtype=np.float64),
        np.zeros((6, 6)),
        centre="Earth" if axes["centre"] == "earth" else "Sun",
        frame="equatorial" if axes["frame"] == "equatorial" else "ecliptic",
    )
    return _about_the_sun(given, row["designation"])


def _about_the_sun(orbit: OrbitUncertainty, name: str) -> dict[str, float]:
    """Osculating heliocentric elements. InputError for what is no orbit, or a parabola."""
    if orbit.centre == "Earth":
        check_span(orbit.epoch_tdb_jd, "epoch")
    states = orbit.nominal()
    if not np.isfinite(states.position_au).all():
        raise InputError(f"the elements of {name} describe no orbit")
    elements = states.elements()
    found = {item.name: float(getattr(elements, item.name)[0]) for item in fields(elements)}
    if not np.isfinite(found["a_au"]):
        raise InputError(f"the orbit of {name} is a parabola (e = 1), not a closed orbit: outside the screen")
    return found


def _from_orbits(found: OrbitFile, path: str | Path) -> Catalogue:
    assembly = Assembly(found.provenance[0].source if found.provenance else str(path))
    records: list[dict[str, Any]] = []
    for row, uncertainty in zip(found.rows, found.uncertainties, strict=True):
        name, line = str(row.get("designation") or "object"), int(row.get("source_line") or 0)
        try:
            records.append(_record(row, uncertainty, name) | {"designation": name, "source_line": line})
        except InputError as error:
            assembly.reject(line, error.reason, name)
    if records:
        assembly.add(pl.DataFrame(records, schema=_schema(records)))
    done = assembly.finish(found.provenance[0])
    return replace(done, provenance=found.provenance, rejected=(*found.rejected, *done.rejected))


def _record(row: Row, uncertainty: OrbitUncertainty | None, name: str) -> dict[str, Any]:
    beside = {label: row[label] for label in CARRIED if row.get(label) is not None}
    if isinstance(beside.get("last_observation"), date):
        beside["last_observation"] = beside["last_observation"].isoformat()
    if uncertainty is None:
        elements = {label: float(row[label]) for label in (*KEPLERIAN, "epoch_tdb_jd")}
        changed = _elements(elements | {"designation": name}, row_axes(row))
        if not changed and row.get("sigma_a_au") is not None:
            beside["sigma_a_au"] = float(row["sigma_a_au"])
        return beside | elements | changed
    _check_width(uncertainty, name)
    for label in FORCES:
        sigma = "amr_sigma_m2kg" if label == "amr_m2kg" else f"{label}_sigma"
        if label in uncertainty.labels:
            beside[label] = float(uncertainty.values[uncertainty.labels.index(label)])
            beside[sigma] = uncertainty.sigma(label)
        elif label in uncertainty.fixed:
            beside[label] = float(uncertainty.fixed[label])
    about_sun = _about_the_sun(uncertainty, name)
    if uncertainty.matrix.any() and about_sun["e"] < 1.0:
        beside["sigma_a_au"] = _width_of_a(uncertainty)
    return beside | about_sun


def _width_of_a(orbit: OrbitUncertainty) -> float:
    """Standard deviation of the heliocentric semi-major axis (au), to first order in the six parameters."""
    places = [orbit.labels.index(label) for label in orbit.coordinates]
    root = np.sqrt(np.diag(orbit.matrix))
    steps = np.zeros((2 * len(places), len(orbit.labels)))
    for number, place in enumerate(places):
        steps[2 * number, place], steps[2 * number + 1, place] = SMALL * root[place], -SMALL * root[place]
    a = orbit.states(orbit.values + steps).elements().a_au
    slope = np.array([(a[2 * k] - a[2 * k + 1]) / (2.0 * SMALL) for k in range(len(places))])
    scale = np.where(root > 0.0, root, 1.0)
    correlation = (orbit.matrix / np.outer(scale, scale))[np.ix_(places, places)]
    return float(np.sqrt(max(float(slope @ correlation @ slope), 0.0)))


def _check_width(orbit: OrbitUncertainty, name: str) -> None:
    """InputError for an orbit whose size is less sure than it is large: its elements stand for no orbit."""
    for label in ("a_au", "q_au"):
        if label in orbit.labels and orbit.sigma(label) > abs(orbit.values[orbit.labels.index(label)]):
            raise InputError(
                f"the {label.removesuffix('_au')} of {name} is uncertain by {orbit.sigma(label):.2g} au, more than "
                "itself: the orbit is open; observations can be assessed instead (--observations)"
            )


def row_axes(row: Row) -> dict[str, Any]:
    """``centre`` and ``frame`` of a record, as it has them."""
    return {label: row.get(label) for label in ("centre", "frame")}


def _schema(records: Iterable[Row]) -> dict[str, pl.DataType]:
    """Columns of the records: numbers, and text for what may come as either."""
    names = {name for record in records for name in record}
    text = {"designation", "U", "last_observation"}
    return {
        name: pl.String() if name in text else pl.Int64() if name == "source_line" else pl.Float64()
        for name in (*COLUMNS, "sigma_a_au")
        if name in names
    }
