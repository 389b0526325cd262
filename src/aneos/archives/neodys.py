"""NEODyS (University of Pisa, SpaceDyS): equinoctial elements with covariance.

Format: OrbFit's orbit file OEF2.0, several lines an object (``.eq0`` near the middle of the arc, ``.eq1`` near
the present).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from aneos.archives import fair_use
from aneos.archives.catalogues import one_orbit
from aneos.archives.contents import as_number
from aneos.archives.covariance import OrbitCovariance, checked, from_upper_triangle
from aneos.archives.errors import ArchiveChanged, ArchiveIncomplete, NotFound
from aneos.archives.fetcher import Fetcher
from aneos.archives.reply import TEXT_TYPES, Reply, Request
from aneos.catalogue import Catalogue
from aneos.errors import InputError
from aneos.evidence.base import FloatArray

NEODYS: Final = "NEODyS"
NEODYS_ACKNOWLEDGEMENT: Final = "Orbits: NEODyS-2, University of Pisa and SpaceDyS, sponsored by ESA."
OEF_VERSION: Final = "OEF2.0"
REFERENCE: Final = "ECLM J2000"

MJD_0: Final = 2_400_000.5
KNOWN: Final = "99942"
"""An object that NEODyS certainly has. A web server says 404 for an object without a file as for a folder that was
moved: when this one is not there either, the archive has changed."""

Near = Literal["arc", "present"]

EQUINOCTIAL: Final = ("a_au", "h", "k", "p", "q", "mean_longitude_deg")

FORCES: Final[dict[int, tuple[str, float]]] = {1: ("amr_m2kg", 1e-3), 2: ("A2", 1e-10)}
"""Code of a fitted non-gravitational parameter in the ``LSP`` line → ours, and the factor to our unit (the files have
m²/t and 1e-10 au/d²)."""


@dataclass(frozen=True, slots=True)
class NeodysOrbit:
    """NEODyS' orbit of one object: a catalogue of one row (Keplerian, H and G), and the covariance of the equinoctial
    elements that were fitted."""

    designation: str
    catalogue: Catalogue
    covariance: OrbitCovariance


class Neodys:
    """Client of the orbit files."""

    def __init__(self, fetcher: Fetcher, address: str) -> None:
        self._fetcher = fetcher
        self._address = address

    async def orbit(self, designation: str, *, near: Near = "present") -> NeodysOrbit:
        """The orbit of one object, by number or designation. NotFound where NEODyS has no file of it."""
        name = "".join(designation.split())
        if not re.fullmatch(r"[0-9A-Za-z-]{1,20}", name):
            raise InputError(f"{designation!r} is no number or designation", source="designation")
        try:
            return await self._file(name, near, designation)
        except NotFound:
            if name == KNOWN:
                raise self._moved() from None
        try:
            await self._file(KNOWN, near, KNOWN)
        except NotFound:
            raise self._moved() from None
        raise NotFound(NEODYS, f"has no orbit of {designation!r}")

    async def _file(self, name: str, near: Near, designation: str) -> NeodysOrbit:
        request = Request(
            NEODYS,
            f"{self._address}/epoch/{name}.{'eq1' if near == 'present' else 'eq0'}",
            statuses=frozenset({200, 404}),
            content_types=TEXT_TYPES,
            max_age_s=fair_use.OBJECT_MAX_AGE_S,
        )
        return await self._fetcher.get("neodys", request, lambda reply: read_oef(reply, designation))

    def _moved(self) -> ArchiveChanged:
        where = f"{self._address}/epoch/"
        return ArchiveChanged(
            NEODYS, "its folder", seen=f"without {KNOWN}", expected=f"all orbits in {where}"
        )


def read_oef(reply: Reply, designation: str) -> NeodysOrbit:
    """An orbit file of one object in equinoctial elements."""
    if reply.status == 404:
        raise NotFound(NEODYS, f"has no orbit of {designation!r}")
    text = reply.content().decode("utf-8", "replace")
    head, mark, body = text.partition("END_OF_HEADER")
    _check_header(head, bool(mark))
    lines = [line.strip() for line in body.splitlines() if line.strip() and not line.strip().startswith("!")]
    if not lines:
        raise ArchiveIncomplete(NEODYS, "the file ends after its header")
    name, records = lines[0], _records(lines[1:])
    elements = _numbers(records, "EQU", 6)
    epoch = _epoch(records)
    labels, factors = _parameters(records)
    k = len(labels)
    forces = _numbers(records, "NGR", k - 6) if k > 6 else np.zeros(0)
    values = np.concatenate([elements, forces]) * factors
    entries = _numbers(records, "COV", k * (k + 1) // 2)
    matrix = from_upper_triangle(entries, k) * np.outer(factors, factors)
    covariance = checked(NEODYS, epoch, labels, values, matrix)
    cells = _cells(name, elements, epoch, records, covariance)
    return NeodysOrbit(name, one_orbit(reply, cells, "neodys", NEODYS_ACKNOWLEDGEMENT), covariance)


def keplerian(equinoctial: FloatArray) -> tuple[float, float, float, float, float, float]:
    """a (au), e, i, node, argument of perihelion, mean anomaly (degrees) of equinoctial elements, shape (6,).

    With perihelion longitude w + node: h = e sin, k = e cos; p = tan(i/2) sin(node), q = tan(i/2) cos(node); the last
    element is the mean longitude in degrees (Broucke & Cefola 1972, Celest. Mech. 5, 303).
    """
    a, h, k, p, q, longitude = (float(value) for value in equinoctial)
    node = np.degrees(np.arctan2(p, q))
    perihelion = np.degrees(np.arctan2(h, k))
    inclination = np.degrees(2.0 * np.arctan(np.hypot(p, q)))
    return (
        a,
        float(np.hypot(h, k)),
        float(inclination),
        float(node % 360.0),
        float((perihelion - node) % 360.0),
        float((longitude - perihelion) % 360.0),
    )


def _check_header(head: str, complete: bool) -> None:
    version = re.search(r"format\s*=\s*'([^']*)'", head)
    if version is None:
        raise ArchiveChanged(NEODYS, "its header", seen=repr(head[:40]), expected=f"format {OEF_VERSION!r}")
    if version[1] != OEF_VERSION:
        raise ArchiveChanged(NEODYS, "its format", seen=repr(version[1]), expected=repr(OEF_VERSION))
    if not complete:
        raise ArchiveIncomplete(NEODYS, "the file ends within its header")
    system = re.search(r"refsys\s*=\s*([^!\n]*)", head)
    seen = "" if system is None else system[1].strip()
    if seen != REFERENCE:
        raise ArchiveChanged(NEODYS, "its reference system", seen=repr(seen), expected=repr(REFERENCE))


def _records(lines: list[str]) -> dict[str, list[str]]:
    """The values of each kind of line; repeated kinds (``COV``) are joined."""
    records: dict[str, list[str]] = {}
    for line in lines:
        key, *values = line.split()
        records.setdefault(key, []).extend(values)
    return records


def _numbers(records: dict[str, list[str]], key: str, count: int) -> FloatArray:
    given = records.get(key)
    if given is None:
        raise ArchiveIncomplete(NEODYS, f"the file has no {key} line")
    if len(given) != count:
        raise ArchiveIncomplete(NEODYS, f"the {key} lines have {len(given)} values, expected {count}")
    return np.array([as_number(value.replace("D", "E"), NEODYS, key) for value in given])


def _epoch(records: dict[str, list[str]]) -> float:
    given = records.get("MJD", [])
    if len(given) != 2:
        raise ArchiveIncomplete(NEODYS, "the file has no MJD line")
    if given[1] != "TDT":
        raise ArchiveChanged(NEODYS, "its time scale", seen=repr(given[1]), expected="'TDT'")
    return as_number(given[0], NEODYS, "MJD") + MJD_0


def _parameters(records: dict[str, list[str]]) -> tuple[list[str], FloatArray]:
    """Labels and unit factors of what was fitted: six elements, and what the ``LSP`` line lists."""
    given = [int(as_number(value, NEODYS, "LSP")) for value in records.get("LSP", [])]
    codes = given[3:]
    unknown = [code for code in codes if code not in FORCES]
    dimension = given[2] if len(given) > 2 else 6
    if unknown or dimension != 6 + len(codes):
        seen = " ".join(map(str, given))
        raise ArchiveChanged(NEODYS, "its LSP line", seen=seen, expected="codes 1 (A/M) and 2 (A2) only")
    labels = [*EQUINOCTIAL, *(FORCES[code][0] for code in codes)]
    return labels, np.array([1.0] * 6 + [FORCES[code][1] for code in codes])


def _cells(
    name: str,
    elements: FloatArray,
    epoch: float,
    records: dict[str, list[str]],
    covariance: OrbitCovariance,
) -> dict[str, str | None]:
    names = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
    cells: dict[str, str | None] = {
        column: repr(value) for column, value in zip(names, keplerian(elements), strict=True)
    }
    magnitude = records.get("MAG", [])
    cells |= {
        "designation": _spaced(name),
        "epoch_tdb_jd": repr(epoch),
        "H": magnitude[0] if magnitude else None,
        "G": magnitude[1] if len(magnitude) > 1 else None,
    }
    for label in covariance.labels[6:]:
        sigma = "amr_sigma_m2kg" if label == "amr_m2kg" else f"{label}_sigma"
        cells |= {label: repr(covariance.value(label)), sigma: repr(covariance.sigma(label))}
    return cells


def _spaced(name: str) -> str:
    """OrbFit's names have no space: 2024YR4 is 2024 YR4."""
    return re.sub(r"^(\d{4})([A-Z]{2}\d*)$", r"\1 \2", name)
