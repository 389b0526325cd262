"""The covariance block of JPL's Small-Body Database (``cov=mat``): cometary elements and forces that were fitted.

Two forms are published. Where the covariance's epoch is that of the elements, its nominal values are the elements of
the orbit; where it is another one, the block has elements of its own. Both are read; never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from aneos.archives.contents import Object, as_list, as_number, as_object, as_text, kind_of
from aneos.archives.covariance import OrbitCovariance, checked
from aneos.archives.errors import ArchiveChanged, ArchiveIncomplete
from aneos.catalogue.json_records import Json

SERVICE: Final = "JPL SBDB"

LABELS: Final[Mapping[str, str]] = {
    "e": "e",
    "q": "q_au",
    "tp": "tp_tdb_jd",
    "node": "node_deg",
    "om": "node_deg",
    "peri": "peri_deg",
    "w": "peri_deg",
    "i": "i_deg",
    "A1": "A1",
    "A2": "A2",
    "A3": "A3",
    "DT": "DT",
    "AMRAT": "amr_m2kg",
    "RHO": "rho_kgm3",
}
"""SBDB's label, or name of an element, → ours."""

EXPECTED_UNITS: Final[Mapping[str, frozenset[str | None]]] = {
    "q_au": frozenset({"au"}),
    "tp_tdb_jd": frozenset({"TDB", "JED"}),
    "node_deg": frozenset({"deg"}),
    "peri_deg": frozenset({"deg"}),
    "i_deg": frozenset({"deg"}),
    "A1": frozenset({"au/d^2"}),
    "A2": frozenset({"au/d^2"}),
    "A3": frozenset({"au/d^2"}),
    "DT": frozenset({"d"}),
    "amr_m2kg": frozenset({"m^2/kg"}),
    "rho_kgm3": frozenset({"kg/m^3"}),
}


def read_covariance(content: Mapping[str, Json], service: str = SERVICE) -> OrbitCovariance | None:
    """The covariance of a reply of SBDB's single-object service, None where JPL publishes none.

    Elements are heliocentric, ecliptic and equinox J2000, times TDB; angles in degrees, A1 to A3 in au/d², ``DT`` in
    days, area-to-mass ratio in m²/kg. Raises ArchiveChanged for a label, unit or matrix that is not as documented,
    ArchiveIncomplete where a nominal value or a row is absent. Source: https://ssd-api.jpl.nasa.gov/doc/sbdb.html.
    """
    orbit = as_object(content.get("orbit"), service, "its orbit")
    if orbit.get("covariance") is None:
        return None
    if orbit.get("equinox") not in (None, "J2000"):
        raise ArchiveChanged(service, "its equinox", seen=kind_of(orbit["equinox"]), expected="J2000")
    block = as_object(orbit["covariance"], service, "its covariance")
    published = [as_text(label, service, "a label") for label in _list(block, "labels", service)]
    unknown = [label for label in published if label not in LABELS]
    if unknown:
        raise ArchiveChanged(
            service, "its covariance", seen=f"of {unknown[0]!r}", expected=f"of {', '.join(LABELS)}"
        )
    labels = [LABELS[label] for label in published]
    nominal = _nominal(orbit, block, service)
    absent = [label for label in labels if label not in nominal]
    if absent:
        raise ArchiveIncomplete(service, f"has a covariance of {', '.join(absent)} but no nominal value")
    values = np.array([nominal[label] for label in labels])
    epoch = as_number(block.get("epoch"), service, "the covariance's epoch")
    return checked(service, epoch, labels, values, _matrix(block, len(labels), service))


def _nominal(orbit: Object, block: Object, service: str) -> dict[str, float]:
    """Nominal values at the covariance's epoch, by our labels."""
    own = block.get("elements")
    same_epoch = as_number(block.get("epoch"), service, "the covariance's epoch") == as_number(
        orbit.get("epoch"), service, "the orbit's epoch"
    )
    if own is None and not same_epoch:
        reason = "has a covariance at another epoch than its elements, without elements of its own"
        raise ArchiveIncomplete(service, reason)
    elements = as_list(orbit.get("elements") if own is None else own, service, "its elements")
    forces = orbit.get("model_pars")
    parameters = elements + (as_list(forces, service, "its model parameters") if forces is not None else [])
    nominal: dict[str, float] = {}
    for parameter in parameters:
        item = as_object(parameter, service, "an element")
        label = LABELS.get(as_text(item.get("name"), service, "the name of an element"))
        if label is None:
            continue
        units = item.get("units")
        expected = EXPECTED_UNITS.get(label)
        if expected is not None and units not in expected:
            raise ArchiveChanged(
                service, f"the unit of {label}", seen=kind_of(units), expected=" or ".join(map(str, expected))
            )
        nominal[label] = as_number(item.get("value"), service, label)
    return nominal


def _matrix(block: Object, k: int, service: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rows = [as_list(row, service, "a row of the covariance") for row in _list(block, "data", service)]
    if len(rows) != k or any(len(row) != k for row in rows):
        reason = (
            f"has a covariance of {k} parameters with rows of {sorted({len(row) for row in rows})} values"
        )
        raise ArchiveIncomplete(service, f"{reason}, {len(rows)} rows")
    entries = [[as_number(entry, service, "an entry of the covariance") for entry in row] for row in rows]
    return np.array(entries, dtype=np.float64).reshape(k, k)


def _list(block: Object, name: str, service: str) -> list[Json]:
    return as_list(block.get(name), service, f"the covariance's {name}")
