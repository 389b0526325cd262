"""JPL's close-approach data (CAD): past and coming encounters of small bodies with planets and the Moon.

Format: https://ssd-api.jpl.nasa.gov/doc/cad.html (1.5).
"""

from __future__ import annotations

from typing import Final

from aneos.archives import fair_use
from aneos.archives.contents import (
    ArchiveTable,
    Field,
    check_signature,
    named_rows,
    object_of,
    provenance_of,
    typed_table,
)
from aneos.archives.fetcher import Fetcher
from aneos.archives.reply import Reply, Request
from aneos.catalogue.sbdb import SBDB_ACKNOWLEDGEMENT

CAD: Final = "JPL CAD"
CAD_SOURCE: Final = "NASA/JPL SBDB Close Approach Data API"
CAD_VERSIONS: Final = ("1.5",)

FIELDS: Final = {
    "des": Field("designation", "text"),
    "orbit_id": Field("orbit_id", "text"),
    "jd": Field("time_tdb_jd"),
    "cd": Field("time_tdb", "text"),
    "dist": Field("distance_au"),
    "dist_min": Field("distance_min_au"),
    "dist_max": Field("distance_max_au"),
    "v_rel": Field("v_rel_kms"),
    "v_inf": Field("v_inf_kms"),
    "t_sigma_f": Field("time_sigma", "text"),
    "h": Field("H"),
    "body": Field("body", "text", optional=True),
    "diameter": Field("diameter_km", optional=True),
    "diameter_sigma": Field("diameter_sigma_km", optional=True),
    "fullname": Field("full_name", "text", optional=True),
}
"""CAD field → column. Distances are from the body's centre, min and max at 3 sigma; times TDB; ``v_inf`` relative
to a massless body; ``time_sigma`` 3 sigma as JPL writes it ("< 00:01", "2_15:23")."""


class CloseApproaches:
    """Client of the service."""

    def __init__(self, fetcher: Fetcher, address: str) -> None:
        self._fetcher = fetcher
        self._address = address

    async def of(self, designation: str, *, body: str = "Earth", within_au: float = 0.2) -> ArchiveTable:
        """All approaches of one object to a body (or ``ALL``) within a distance, 1900 to 2200, in order of time."""
        params: dict[str, str | float] = {"des": designation, "body": body, "dist-max": within_au}
        return await self._ask(params | {"date-min": "1900-01-01", "date-max": "2200-01-01"})

    async def between(
        self, first: str, last: str, *, body: str = "Earth", within_au: float = 0.05
    ) -> ArchiveTable:
        """All approaches between two dates (ISO, TDB) to a body (or ``ALL``) within a distance."""
        return await self._ask({"date-min": first, "date-max": last, "body": body, "dist-max": within_au})

    async def _ask(self, params: dict[str, str | float]) -> ArchiveTable:
        query = params | {"fullname": "true", "diameter": "true"}
        request = Request(CAD, f"{self._address}/cad.api", query, max_age_s=fair_use.OBJECT_MAX_AGE_S)
        return await self._fetcher.get("jpl", request, read_close_approaches)


def read_close_approaches(reply: Reply) -> ArchiveTable:
    """A reply of the service; no approach is a table without rows."""
    content = object_of(reply)
    check_signature(content, CAD, CAD_SOURCE, CAD_VERSIONS)
    table = typed_table(named_rows(content, CAD), FIELDS, CAD)
    return ArchiveTable(table.sort("time_tdb_jd"), provenance_of(reply, "jpl-cad", SBDB_ACKNOWLEDGEMENT))
