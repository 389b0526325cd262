"""JPL's Scout: what the objects on the confirmation page could be, while they are there.

Format: https://ssd-api.jpl.nasa.gov/doc/scout.html (1.3).
"""

from __future__ import annotations

from typing import Final

import polars as pl

from aneos.archives import fair_use
from aneos.archives.contents import (
    ArchiveTable,
    Field,
    as_list,
    as_object,
    check_count,
    check_signature,
    named_rows,
    object_of,
    provenance_of,
    typed_table,
)
from aneos.archives.errors import ArchiveChanged, NotFound
from aneos.archives.fetcher import Fetcher
from aneos.archives.reply import Reply, Request
from aneos.catalogue import Provenance

SCOUT: Final = "JPL Scout"
SCOUT_SOURCE: Final = "NASA/JPL Scout API"
SCOUT_VERSIONS: Final = ("1.3",)
SCOUT_ACKNOWLEDGEMENT: Final = "Unconfirmed objects: NASA/JPL Center for Near-Earth Object Studies, Scout."

SUMMARY_FIELDS: Final = {
    "objectName": Field("designation", "text"),
    "nObs": Field("n_obs", "integer"),
    "arc": Field("arc_days"),
    "rmsN": Field("rms_normalised"),
    "H": Field("H"),
    "rating": Field("impact_rating", "integer"),
    "neoScore": Field("neo_score", "integer"),
    "phaScore": Field("pha_score", "integer"),
    "ieoScore": Field("ieo_score", "integer"),
    "geocentricScore": Field("geocentric_score", "integer"),
    "tisserandScore": Field("tisserand_score", "integer"),
    "moid": Field("moid_au"),
    "caDist": Field("close_approach_ld"),
    "vInf": Field("v_inf_kms"),
    "Vmag": Field("V"),
    "rate": Field("rate_arcsec_per_min"),
    "unc": Field("uncertainty_arcmin"),
    "uncP1": Field("uncertainty_next_day_arcmin"),
    "tEphem": Field("ephemeris_time_utc", "text"),
    "lastRun": Field("last_run_utc", "text"),
}
"""Scout's field → column. Scores are per cent; ``geocentric_score`` is the chance of an orbit about the Earth, which
artificial satellites have."""

ORBIT_FIELDS: Final = {
    "idx": Field("sample", "integer"),
    "epoch": Field("epoch_tdb_jd"),
    "ec": Field("e"),
    "qr": Field("q_au"),
    "tp": Field("tp_tdb_jd"),
    "om": Field("node_deg"),
    "w": Field("peri_deg"),
    "inc": Field("i_deg"),
    "H": Field("H"),
    "moid": Field("moid_au"),
    "vinf": Field("v_inf_kms"),
    "impFlag": Field("impact_flag", "integer"),
}
"""Field of a sampled orbit → column; heliocentric, ecliptic J2000."""


class Scout:
    """Client of the service. Its objects come and go within hours."""

    def __init__(self, fetcher: Fetcher, address: str) -> None:
        self._fetcher = fetcher
        self._url = f"{address}/scout.api"

    async def summary(self) -> ArchiveTable:
        """All objects that Scout follows now."""
        request = Request(SCOUT, self._url, max_age_s=fair_use.NIGHT_MAX_AGE_S)
        return await self._fetcher.get("jpl", request, read_summary)

    async def orbits(self, designation: str) -> ArchiveTable:
        """The sampled orbits of one object: what it could be. NotFound once it has left the page."""
        params: dict[str, str | int] = {"tdes": designation, "orbits": 1}
        request = Request(SCOUT, self._url, params, max_age_s=fair_use.NIGHT_MAX_AGE_S)
        return await self._fetcher.get("jpl", request, lambda reply: read_orbits(reply, designation))


def read_summary(reply: Reply) -> ArchiveTable:
    """A reply without ``tdes``; an empty page is a table without rows."""
    content = object_of(reply)
    check_signature(content, SCOUT, SCOUT_SOURCE, SCOUT_VERSIONS)
    rows = as_list(content.get("data", []), SCOUT, "the list of records")
    check_count(content.get("count"), len(rows), SCOUT)
    records = [as_object(row, SCOUT, "a record") for row in rows]
    return ArchiveTable(typed_table(records, SUMMARY_FIELDS, SCOUT), _origin(reply))


def read_orbits(reply: Reply, designation: str) -> ArchiveTable:
    """A reply with ``orbits=1``."""
    content = object_of(reply)
    check_signature(content, SCOUT, SCOUT_SOURCE, SCOUT_VERSIONS)
    error = content.get("error")
    if isinstance(error, str):
        if "not exist" in error or "not found" in error:
            raise NotFound(SCOUT, f"does not follow {designation!r}")
        raise ArchiveChanged(SCOUT, "its message", seen=repr(error[:100]), expected="an object")
    sampled = as_object(content.get("orbits"), SCOUT, "its orbits")
    table = typed_table(named_rows(sampled, SCOUT), ORBIT_FIELDS, SCOUT)
    name = pl.lit(str(content.get("objectName"))).alias("designation")
    return ArchiveTable(table.select(name, *table.columns), _origin(reply))


def _origin(reply: Reply) -> Provenance:
    return provenance_of(reply, "jpl-scout", SCOUT_ACKNOWLEDGEMENT)
