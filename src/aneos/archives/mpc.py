"""The Minor Planet Center: orbits, observations, the confirmation page, designations, the list of all NEAs.

Formats: https://docs.minorplanetcenter.net/mpc-ops-docs/apis/ and the files in ``Extended_Files`` of its web site.
These replies bear no version (orbits do); what is checked is that every documented field is there.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from aneos.archives import fair_use
from aneos.archives.catalogues import read_catalogue
from aneos.archives.contents import (
    ArchiveTable,
    Field,
    Object,
    as_integer,
    as_list,
    as_object,
    as_text,
    json_of,
    object_of,
    provenance_of,
    typed_table,
)
from aneos.archives.errors import ArchiveChanged, ArchiveIncomplete, NotFound
from aneos.archives.fetcher import Fetcher
from aneos.archives.mpc_orbits import ORBITS, MpcOrbit, read_orbit
from aneos.archives.reply import LIST_TYPES, Reply, Request
from aneos.catalogue import Catalogue, Provenance, read_nea_extended
from aneos.catalogue.files import GZIP_MAGIC
from aneos.catalogue.json_records import Json
from aneos.catalogue.mpc import MPC_ACKNOWLEDGEMENT
from aneos.errors import InputError

LIST: Final = "MPC nea_extended"
OBSERVATIONS: Final = "MPC observations"
NEOCP: Final = "MPC confirmation page"
IDENTIFIER: Final = "MPC designation identifier"

NAMES_PER_REQUEST: Final = 100
"""Names that the identifier takes at once, by its documentation."""

NEOCP_FIELDS: Final = {
    "Temp_Desig": Field("designation", "text"),
    "Score": Field("neo_score", "integer"),
    "R.A.": Field("ra_h"),
    "Decl.": Field("dec_deg"),
    "V": Field("V"),
    "Updated": Field("updated", "text"),
    "NObs": Field("n_obs", "integer"),
    "Arc": Field("arc_days"),
    "H": Field("H"),
    "Not_Seen_dys": Field("not_seen_days"),
    "Discovery_year": Field("discovery_year", "integer"),
    "Discovery_month": Field("discovery_month", "integer"),
    "Discovery_day": Field("discovery_day"),
}
"""Field of the confirmation page → column. ``neo_score`` is digest2's, 0 to 100; right ascension in hours."""


@dataclass(frozen=True, slots=True)
class MpcObservations:
    """Observations of one object in the MPC's 80-column format, ``lines`` in number (some observations take two);
    :func:`aneos.astrometry.reading.parse_observations` reads ``obs80``."""

    designation: str
    obs80: str
    lines: int
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class MpcIdentity:
    """What a name means to the MPC. ``found`` 0: it knows no such object; more than 1: see ``candidates``."""

    query: str
    found: int
    designation: str | None
    number: str | None
    name: str | None
    aliases: tuple[str, ...]
    candidates: tuple[str, ...]


class Mpc:
    """Client of the MPC's services (``data_address``) and files (``address``)."""

    def __init__(self, fetcher: Fetcher, address: str, data_address: str) -> None:
        self._fetcher = fetcher
        self._address = address
        self._data = data_address

    async def near_earth_asteroids(self, *, max_age_s: float = fair_use.LIST_MAX_AGE_S) -> Catalogue:
        """The whole list of near-Earth asteroids. Raises every ArchiveError."""
        url = f"{self._address}/Extended_Files/nea_extended.json.gz"
        request = Request(LIST, url, content_types=LIST_TYPES, max_age_s=max_age_s)
        return await self._fetcher.get("mpc", request, read_list)

    async def orbit(self, name: str) -> MpcOrbit:
        """The orbit of one object, with covariance. NotFound for a name that the MPC has no orbit of."""
        request = self._ask(ORBITS, "get-orb", {"desig": name}, fair_use.OBJECT_MAX_AGE_S)
        return await self._fetcher.get("mpc", request, lambda reply: read_orbit(reply, name))

    async def observations(self, name: str, *, at_least: int = 0) -> MpcObservations:
        """All observations of one object.

        ``at_least`` is the number that is known to exist (:attr:`MpcOrbit.n_observations`): fewer lines are
        ArchiveIncomplete.
        """
        body: dict[str, Json] = {"desigs": [name], "output_format": ["OBS80"]}
        request = self._ask(OBSERVATIONS, "get-obs", body, fair_use.OBJECT_MAX_AGE_S)
        return await self._fetcher.get(
            "mpc", request, lambda reply: read_observation_lines(reply, name, at_least)
        )

    async def neocp(self) -> ArchiveTable:
        """The objects on the confirmation page now; an empty page is a table without rows."""
        url = f"{self._address}/Extended_Files/neocp.json"
        request = Request(NEOCP, url, content_types=LIST_TYPES, max_age_s=fair_use.NIGHT_MAX_AGE_S)
        return await self._fetcher.get("mpc", request, read_neocp)

    async def neocp_observations(self, designation: str, *, at_least: int = 0) -> MpcObservations:
        """All observations of an object while it is on the confirmation page; see :meth:`observations`."""
        body: dict[str, Json] = {"trksubs": [designation], "output_format": ["OBS80"]}
        request = self._ask(NEOCP, "get-obs-neocp", body, fair_use.NIGHT_MAX_AGE_S)
        return await self._fetcher.get(
            "mpc", request, lambda reply: read_observation_lines(reply, designation, at_least)
        )

    async def identify(self, names: Sequence[str]) -> dict[str, MpcIdentity]:
        """What each name means to the MPC, also where it knows none. Raises InputError for an empty list."""
        wanted = list(dict.fromkeys(names))
        if not wanted:
            raise InputError("no name was given", source="names")
        out: dict[str, MpcIdentity] = {}
        for start in range(0, len(wanted), NAMES_PER_REQUEST):
            part = wanted[start : start + NAMES_PER_REQUEST]
            request = self._ask(
                IDENTIFIER, "query-identifier", {"ids": list(part)}, fair_use.OBJECT_MAX_AGE_S
            )
            out |= await self._fetcher.get("mpc", request, partial(read_identities, names=part))
        return out

    def _ask(self, service: str, path: str, body: Object, max_age_s: float) -> Request:
        # The services take their parameters as JSON, and answer an unknown name with 200 or 404.
        return Request(
            service, f"{self._data}/{path}", body=body, statuses=frozenset({200, 404}), max_age_s=max_age_s
        )


def read_list(reply: Reply) -> Catalogue:
    """``nea_extended.json`` or ``.json.gz``: whole, or ArchiveIncomplete."""
    content = reply.content()
    if content.startswith(GZIP_MAGIC):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ArchiveIncomplete(LIST, f"the packed list is damaged or cut short ({error})") from error
    tail = content[-64:].rstrip()
    if not content.lstrip().startswith(b"["):
        raise ArchiveChanged(LIST, "its content", seen=repr(content[:40]), expected="a JSON list")
    if not tail.endswith(b"]"):
        raise ArchiveIncomplete(LIST, f"the list is cut short after {len(content):,} bytes")
    if content.strip() == b"[]":
        raise ArchiveIncomplete(LIST, "lists no near-Earth asteroid at all")
    return read_catalogue(reply, read_nea_extended, "a list of orbits")


def read_neocp(reply: Reply) -> ArchiveTable:
    rows = as_list(json_of(reply), NEOCP, "its content")
    records = [as_object(row, NEOCP, "a record") for row in rows]
    table = typed_table(records, NEOCP_FIELDS, NEOCP)
    return ArchiveTable(table, provenance_of(reply, "mpc-neocp", MPC_ACKNOWLEDGEMENT))


def read_observation_lines(reply: Reply, name: str, at_least: int) -> MpcObservations:
    """A reply with ``OBS80``, from either service of observations."""
    service = reply.service
    content = json_of(reply)
    if reply.status == 404:
        raise NotFound(service, f"has no observations of {name!r}")
    parts = as_list(content, service, "its content")
    first = parts[0] if parts else None
    if first is None:
        raise NotFound(service, f"has no observations of {name!r}")
    found = as_object(first, service, "its content")
    if "OBS80" not in found:
        seen = f"with {', '.join(sorted(found)) or 'nothing'}"
        raise ArchiveChanged(service, "its record", seen=seen, expected="with OBS80")
    if found["OBS80"] in (None, ""):
        raise NotFound(service, f"has no observations of {name!r}")
    text = as_text(found["OBS80"], service, "OBS80")
    lines = [line for line in text.splitlines() if line.strip()]
    short = next((line for line in lines if len(line.rstrip()) not in (79, 80)), None)
    if short is not None:
        raise ArchiveIncomplete(
            service, f"a line of observations has {len(short)} characters, not 80: {short!r}"
        )
    if len(lines) < at_least:
        raise ArchiveIncomplete(service, f"{at_least:,} observations of {name!r} exist, {len(lines):,} came")
    return MpcObservations(
        name, text, len(lines), provenance_of(reply, "mpc-observations", MPC_ACKNOWLEDGEMENT)
    )


def read_identities(reply: Reply, names: Sequence[str]) -> dict[str, MpcIdentity]:
    """A reply of the identifier: one record for every name asked for, or ArchiveIncomplete."""
    content = object_of(reply)
    absent = [name for name in names if name not in content]
    if absent:
        raise ArchiveIncomplete(IDENTIFIER, f"{len(names)} names were asked for, no answer to {absent[0]!r}")
    return {
        name: _identity(name, as_object(content[name], IDENTIFIER, f"its record of {name!r}"))
        for name in names
    }


def _identity(query: str, record: Object) -> MpcIdentity:
    needed = ("found", "iau_designation", "permid", "name", "unpacked_primary_provisional_designation",
              "unpacked_secondary_provisional_designations", "disambiguation_list")  # fmt: skip
    missing = [name for name in needed if name not in record]
    if missing:
        seen = f"without {', '.join(missing)}"
        raise ArchiveChanged(IDENTIFIER, f"its record of {query!r}", seen=seen, expected="with them")
    choices = record["disambiguation_list"] or []
    return MpcIdentity(
        query=query,
        found=as_integer(record["found"], IDENTIFIER, "found"),
        designation=_text(record["unpacked_primary_provisional_designation"])
        or _text(record["iau_designation"]),
        number=_text(record["permid"]),
        name=_text(record["name"]),
        aliases=tuple(
            as_text(alias, IDENTIFIER, "an alias")
            for alias in as_list(
                record["unpacked_secondary_provisional_designations"] or [], IDENTIFIER, "its aliases"
            )
        ),
        candidates=tuple(
            _candidate(item) for item in as_list(choices, IDENTIFIER, "its disambiguation_list")
        ),
    )


def _candidate(item: Json) -> str:
    if isinstance(item, dict):
        for key in ("iau_designation", "permid", "name", "unpacked_primary_provisional_designation"):
            if text := _text(item.get(key)):
                return text
    return str(item)


def _text(value: Json) -> str | None:
    return None if value is None or value == "" else str(value)
