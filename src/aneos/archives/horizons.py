"""JPL's Horizons: states and osculating elements of any body at chosen times.

Format: https://ssd-api.jpl.nasa.gov/doc/horizons.html (1.2, 1.3): a text inside JSON, whose table is read by the names
of its columns, after its frame, units and centre were checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from aneos.archives import fair_use
from aneos.archives.contents import as_number, as_text, check_signature, object_of, provenance_of
from aneos.archives.errors import Ambiguous, ArchiveChanged, ArchiveIncomplete, ArchiveRefused, NotFound
from aneos.archives.fetcher import Fetcher
from aneos.archives.reply import Reply, Request
from aneos.catalogue import Provenance
from aneos.errors import InputError
from aneos.evidence.base import FloatArray
from aneos.orbits import KeplerianElements

HORIZONS: Final = "JPL Horizons"
HORIZONS_SOURCE: Final = "NASA/JPL Horizons API"
HORIZONS_VERSIONS: Final = ("1.2", "1.3")
HORIZONS_ACKNOWLEDGEMENT: Final = "Ephemerides: NASA/JPL Horizons (Solar System Dynamics group)."

TIMES_PER_REQUEST: Final = 50
"""Times asked for at once: the address stays under 2,000 characters, which every proxy passes."""

TIME_TOLERANCE_D: Final = 2e-9
"""Times come back printed to 1e-9 d."""

FRAME: Final = "Ecliptic of J2000.0"
UNITS: Final = "AU-D"

Table = Literal["VECTORS", "ELEMENTS"]

VECTOR_COLUMNS: Final = ("JDTDB", "X", "Y", "Z", "VX", "VY", "VZ")
ELEMENT_COLUMNS: Final = ("JDTDB", "A", "EC", "IN", "OM", "W", "MA")


@dataclass(frozen=True, slots=True)
class HorizonsStates:
    """States of one body: ``time_tdb_jd`` (n,), ``position_au`` and ``velocity_au_d`` (n, 3), geometric, relative to
    ``center``, mean ecliptic and equinox of J2000. ``target`` and ``solution`` are JPL's words for what was used."""

    target: str
    solution: str
    center: str
    time_tdb_jd: FloatArray
    position_au: FloatArray
    velocity_au_d: FloatArray
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class HorizonsElements:
    """Osculating heliocentric elements of one body at n times; their epochs are the times."""

    target: str
    solution: str
    elements: KeplerianElements
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    target: str
    solution: str
    center: str
    rows: FloatArray
    provenance: Provenance


class Horizons:
    """Client of the service."""

    def __init__(self, fetcher: Fetcher, address: str) -> None:
        self._fetcher = fetcher
        self._url = f"{address}/horizons.api"

    async def vectors(
        self, body: str, times_tdb_jd: npt.ArrayLike, *, center: str = "500@10"
    ) -> HorizonsStates:
        """States of a small body (number or designation; ``major:399`` for a planet, moon or spacecraft).

        ``times_tdb_jd`` scalar or (n,); ``center`` in Horizons' code, the Sun by default. Raises InputError for times
        that are no numbers, NotFound, Ambiguous and every other ArchiveError.
        """
        pages = await self._pages(body, "VECTORS", times_tdb_jd, center, VECTOR_COLUMNS)
        rows = np.concatenate([page.rows for page in pages])
        first, origins = pages[0], tuple(page.provenance for page in pages)
        return HorizonsStates(
            first.target, first.solution, first.center, rows[:, 0], rows[:, 1:4], rows[:, 4:7], origins
        )

    async def elements(self, body: str, times_tdb_jd: npt.ArrayLike) -> HorizonsElements:
        """Osculating heliocentric elements; arguments and errors as for :meth:`vectors`."""
        pages = await self._pages(body, "ELEMENTS", times_tdb_jd, "500@10", ELEMENT_COLUMNS)
        time, a, e, i, node, peri, mean = np.concatenate([page.rows for page in pages]).T
        elements = KeplerianElements(a, e, i, node, peri, mean, time)
        origins = tuple(page.provenance for page in pages)
        return HorizonsElements(pages[0].target, pages[0].solution, elements, origins)

    async def _pages(
        self, body: str, table: Table, times: npt.ArrayLike, center: str, columns: Sequence[str]
    ) -> list[_Page]:
        wanted = np.atleast_1d(np.asarray(times, dtype=np.float64))
        if wanted.ndim != 1 or wanted.size == 0 or not np.isfinite(wanted).all():
            raise InputError("times must be a Julian date or a list of them", source="times_tdb_jd")
        pages = []
        for start in range(0, wanted.size, TIMES_PER_REQUEST):
            part = wanted[start : start + TIMES_PER_REQUEST]
            request = Request(
                HORIZONS,
                self._url,
                _parameters(body, table, part, center),
                max_age_s=fair_use.EPHEMERIS_MAX_AGE_S,
            )
            pages.append(
                await self._fetcher.get(
                    "jpl", request, partial(read_page, body=body, columns=columns, times=part)
                )
            )
        return pages


def _parameters(body: str, table: Table, times: FloatArray, center: str) -> dict[str, str]:
    quoted = {
        "COMMAND": command(body),
        "OBJ_DATA": "NO",
        "MAKE_EPHEM": "YES",
        "EPHEM_TYPE": table,
        "CENTER": center,
        "REF_PLANE": "ECLIPTIC",
        "REF_SYSTEM": "ICRF",
        "OUT_UNITS": UNITS,
        "CSV_FORMAT": "YES",
        "TLIST_TYPE": "JD",
        "TIME_TYPE": "TDB",
        "TLIST": " ".join(f"{time:.9f}" for time in times),
    }
    if table == "VECTORS":
        quoted |= {"VEC_TABLE": "2", "VEC_CORR": "NONE"}
    return {"format": "json"} | {name: f"'{value}'" for name, value in quoted.items()}


def command(body: str) -> str:
    """Horizons' name of a body: small bodies by number or designation, others by code after ``major:``."""
    text = " ".join(body.split())
    if not text or not re.fullmatch(r"[\w /:.+-]+", text):
        raise InputError(f"{body!r} is no number or designation", source="body")
    if text.startswith("major:"):
        return text.removeprefix("major:").strip()
    return f"{text};" if text.isdecimal() else f"DES={text};"


def read_page(reply: Reply, body: str, columns: Sequence[str], times: FloatArray) -> _Page:
    """A reply's table: the columns named, shape (n, columns), in the order of ``times``."""
    content = object_of(reply)
    check_signature(content, HORIZONS, HORIZONS_SOURCE, HORIZONS_VERSIONS)
    error = content.get("error")
    text = as_text(content.get("result", error), HORIZONS, "its result")
    _refuse_message(text, body, error is not None)
    if "$$SOE" not in text:
        raise ArchiveChanged(HORIZONS, "its result", seen="without a table ($$SOE)", expected="a table")
    if "$$EOE" not in text:
        raise ArchiveIncomplete(HORIZONS, "its table is cut short: the mark of its end ($$EOE) is absent")
    head, _, rest = text.partition("$$SOE")
    _check_head(head)
    rows = _rows(head, rest.partition("$$EOE")[0], columns)
    if len(rows) != times.size:
        raise ArchiveIncomplete(HORIZONS, f"{times.size} times were asked for, {len(rows)} came")
    if np.abs(rows[:, 0] - times).max() > TIME_TOLERANCE_D:
        raise ArchiveIncomplete(HORIZONS, "the times that came are not those asked for")
    return _Page(
        target=_header(head, "Target body name").split("{")[0].strip(),
        solution=_braces(_header(head, "Target body name")),
        center=_header(head, "Center body name").split("{")[0].strip(),
        rows=rows,
        provenance=provenance_of(reply, "jpl-horizons", HORIZONS_ACKNOWLEDGEMENT),
    )


def _refuse_message(text: str, body: str, is_error: bool) -> None:
    if "No matches found" in text:
        raise NotFound(HORIZONS, f"knows no body {body!r}")
    if re.search(r"Multiple major-bodies|Matching small-bodies", text):
        records = re.findall(r"^\s*(-?\d+)\s", text, re.MULTILINE)
        raise Ambiguous(HORIZONS, body, records)
    if is_error or "$$SOE" not in text:
        last = next((line for line in text.splitlines() if line.strip(" *")), "")
        raise ArchiveRefused(HORIZONS, f"gave no table: {' '.join(last.split())[:200]}", 200)


def _check_head(head: str) -> None:
    """The table is in the units and frame asked for, or it is not read."""
    frame, units = _header(head, "Reference frame"), _header(head, "Output units")
    if frame != FRAME:
        raise ArchiveChanged(HORIZONS, "its frame", seen=repr(frame), expected=repr(FRAME))
    if units.split(",")[0].strip() != UNITS:
        raise ArchiveChanged(HORIZONS, "its units", seen=repr(units), expected=repr(UNITS))


def _rows(head: str, body: str, columns: Sequence[str]) -> FloatArray:
    titles = next((line for line in reversed(head.splitlines()) if "JDTDB" in line), "")
    names = [name.strip() for name in titles.split(",")]
    missing = [name for name in columns if name not in names]
    if missing:
        seen = f"without {', '.join(missing)}"
        raise ArchiveChanged(HORIZONS, "the columns of its table", seen=seen, expected="with them")
    places = [names.index(name) for name in columns]
    rows = []
    for line in body.strip().splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(names):
            raise ArchiveIncomplete(
                HORIZONS, f"a line of its table has {len(cells)} values for {len(names)} columns"
            )
        rows.append([as_number(cells[place], HORIZONS, names[place]) for place in places])
    return np.array(rows, dtype=np.float64).reshape(-1, len(columns))


def _header(head: str, title: str) -> str:
    found = re.search(rf"^{title}\s*:(.*)$", head, re.MULTILINE)
    if found is None:
        raise ArchiveChanged(HORIZONS, "its header", seen=f"without {title!r}", expected="with it")
    return found[1].strip()


def _braces(text: str) -> str:
    found = re.search(r"\{source:\s*([^}]*)\}", text)
    return "" if found is None else found[1].strip()
