"""JPL's Small-Body Database: one object with its covariance, and the table of all near-Earth asteroids.

Formats: https://ssd-api.jpl.nasa.gov/doc/sbdb.html (1.3) and https://ssd-api.jpl.nasa.gov/doc/sbdb_query.html (1.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aneos.archives import fair_use
from aneos.archives.catalogues import read_catalogue
from aneos.archives.contents import Object, as_list, as_object, check_count, check_signature, object_of
from aneos.archives.covariance import OrbitCovariance
from aneos.archives.errors import Ambiguous, ArchiveChanged, ArchiveIncomplete, NotFound
from aneos.archives.fetcher import Fetcher
from aneos.archives.reply import Reply, Request
from aneos.archives.sbdb_covariance import read_covariance
from aneos.catalogue import Catalogue, read_sbdb
from aneos.catalogue.json_records import Json

OBJECT: Final = "JPL SBDB"
OBJECT_SOURCE: Final = "NASA/JPL Small-Body Database (SBDB) API"
OBJECT_VERSIONS: Final = ("1.3", "1.0")
"""Versions whose recorded replies this adapter was tested with."""

QUERY: Final = "JPL SBDB query"
QUERY_SOURCE: Final = "NASA/JPL SBDB (Small-Body DataBase) Query API"
QUERY_VERSIONS: Final = ("1.0",)

QUERY_FIELDS: Final = (
    "full_name", "pdes", "name", "epoch", "a", "e", "i", "om", "w", "ma", "H", "G", "condition_code", "data_arc",
    "n_obs_used", "last_obs", "diameter", "albedo", "rot_per", "spec_B", "spec_T",
    "A1", "A1_sigma", "A2", "A2_sigma", "A3", "A3_sigma",
)  # fmt: skip
"""What is asked of every near-Earth asteroid. The area-to-mass ratio is in the record of the single object only."""


@dataclass(frozen=True, slots=True)
class SbdbObject:
    """One object as JPL has it.

    ``catalogue`` has one row; its elements are at JPL's standard epoch. ``covariance`` has an epoch and nominal
    values of its own, None where JPL publishes none. ``orbit_id`` numbers JPL's solution.
    """

    designation: str
    full_name: str
    orbit_id: str
    catalogue: Catalogue
    covariance: OrbitCovariance | None


class Sbdb:
    """Client of the database's two services."""

    def __init__(self, fetcher: Fetcher, address: str) -> None:
        self._fetcher = fetcher
        self._address = address

    async def object(self, name: str) -> SbdbObject:
        """The object of this number, name or designation, with covariance and physical parameters.

        Raises NotFound, Ambiguous (with the candidates) and every other ArchiveError.
        """
        request = Request(
            OBJECT,
            f"{self._address}/sbdb.api",
            {"sstr": name, "cov": "mat", "phys-par": 1, "full-prec": 1},
            statuses=frozenset({200, 300, 404}),
            max_age_s=fair_use.OBJECT_MAX_AGE_S,
        )
        return await self._fetcher.get("jpl", request, lambda reply: read_object(reply, name))

    async def near_earth_asteroids(self, *, max_age_s: float = fair_use.LIST_MAX_AGE_S) -> Catalogue:
        """All near-Earth asteroids (no comets) in full precision. Raises every ArchiveError."""
        params: dict[str, str | int] = {
            "fields": ",".join(QUERY_FIELDS),
            "sb-group": "neo",
            "sb-kind": "a",
            "full-prec": 1,
        }
        request = Request(QUERY, f"{self._address}/sbdb_query.api", params, max_age_s=max_age_s)
        return await self._fetcher.get("jpl", request, read_query)


def read_object(reply: Reply, name: str) -> SbdbObject:
    """A reply of the single-object service."""
    content = object_of(reply)
    _refuse_message(content, reply, name)
    check_signature(content, OBJECT, OBJECT_SOURCE, OBJECT_VERSIONS)
    body = as_object(content.get("object"), OBJECT, "its object")
    orbit = as_object(content.get("orbit"), OBJECT, "its orbit")
    catalogue = read_catalogue(reply, read_sbdb, "one object")
    return SbdbObject(
        designation=catalogue.table["designation"][0],
        full_name=str(body.get("fullname")),
        orbit_id=str(orbit.get("orbit_id")),
        catalogue=catalogue,
        covariance=read_covariance(content, OBJECT),
    )


def read_query(reply: Reply) -> Catalogue:
    """A reply of the query service with the fields of :data:`QUERY_FIELDS`, in any order."""
    content = object_of(reply)
    check_signature(content, QUERY, QUERY_SOURCE, QUERY_VERSIONS)
    rows = as_list(content.get("data", []), QUERY, "the list of records")
    check_count(content.get("count"), len(rows), QUERY)
    if not rows:
        raise ArchiveIncomplete(QUERY, "lists no near-Earth asteroid at all")
    fields = as_list(content.get("fields"), QUERY, "the list of fields")
    missing = [field for field in QUERY_FIELDS if field not in fields]
    if missing:
        seen = f"without {', '.join(missing)}"
        raise ArchiveChanged(QUERY, "the list of fields", seen=seen, expected="every field asked for")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list) or len(row) != len(fields):
            reason = f"record {number} has not the {len(fields)} values that the fields announce"
            raise ArchiveIncomplete(QUERY, reason)
    return read_catalogue(reply, read_sbdb, "a table of near-Earth asteroids")


def _refuse_message(content: Object, reply: Reply, name: str) -> None:
    """SBDB says in ``message`` and ``code`` that it knows no such object, or in ``list`` that it knows several."""
    message = content.get("message")
    listed = content.get("list")
    if isinstance(listed, list) and "orbit" not in content:
        raise Ambiguous(OBJECT, name, [_candidate(item) for item in listed])
    if isinstance(message, str) and "orbit" not in content:
        if "not found" in message:
            raise NotFound(OBJECT, f"knows no object {name!r}")
        raise ArchiveChanged(OBJECT, "its message", seen=repr(message[:100]), expected="an object")
    if reply.status != 200:
        raise ArchiveChanged(OBJECT, "its HTTP status", seen=str(reply.status), expected="200")


def _candidate(item: Json) -> str:
    return str(item.get("pdes", item.get("name", item))) if isinstance(item, dict) else str(item)
