"""JPL's Sentry: objects that could hit the Earth in the next hundred years.

Format: https://ssd-api.jpl.nasa.gov/doc/sentry.html (2.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from aneos.archives import fair_use
from aneos.archives.contents import (
    ArchiveTable,
    Field,
    Object,
    as_list,
    as_object,
    check_count,
    check_signature,
    object_of,
    provenance_of,
    typed_table,
)
from aneos.archives.errors import ArchiveChanged, NotFound
from aneos.archives.fetcher import Fetcher
from aneos.archives.reply import Reply, Request
from aneos.catalogue import Provenance
from aneos.catalogue.json_records import Json

SENTRY: Final = "JPL Sentry"
SENTRY_SOURCE: Final = "NASA/JPL Sentry Data API"
SENTRY_VERSIONS: Final = ("2.0",)
SENTRY_ACKNOWLEDGEMENT: Final = "Impact risk: NASA/JPL Center for Near-Earth Object Studies, Sentry."

SUMMARY_FIELDS: Final = {
    "des": Field("designation", "text"),
    "fullname": Field("full_name", "text"),
    "range": Field("years", "text"),
    "n_imp": Field("n_impacts", "integer"),
    "ip": Field("impact_probability"),
    "ps_cum": Field("palermo_cumulative"),
    "ps_max": Field("palermo_max"),
    "ts_max": Field("torino_max"),
    "v_inf": Field("v_inf_kms"),
    "h": Field("H"),
    "diameter": Field("diameter_km"),
    "last_obs": Field("last_observation", "text"),
}
"""Field of the summary → column. ``ts_max`` is null for impacts more than a hundred years ahead."""

OBJECT_FIELDS: Final = {
    "des": Field("designation", "text"),
    "fullname": Field("full_name", "text"),
    "n_imp": Field("n_impacts", "integer"),
    "ip": Field("impact_probability"),
    "ps_cum": Field("palermo_cumulative"),
    "ps_max": Field("palermo_max"),
    "ts_max": Field("torino_max"),
    "v_inf": Field("v_inf_kms"),
    "v_imp": Field("v_impact_kms"),
    "h": Field("H"),
    "diameter": Field("diameter_km"),
    "method": Field("method", "text"),
}

IMPACT_FIELDS: Final = {
    "date": Field("date_tdb", "text"),
    "ip": Field("impact_probability"),
    "ps": Field("palermo"),
    "ts": Field("torino"),
    "energy": Field("energy_mt"),
    "dist": Field("distance_earth_radii", optional=True),
    "width": Field("width_earth_radii", optional=True),
    "sigma_vi": Field("sigma", optional=True),
}

REMOVED_FIELDS: Final = {"des": Field("designation", "text"), "removed": Field("removed_utc", "text")}


@dataclass(frozen=True, slots=True)
class SentryObject:
    """The risk of one object: ``summary`` of one row, ``impacts`` one row per virtual impactor."""

    summary: pl.DataFrame
    impacts: pl.DataFrame
    provenance: Provenance


class Sentry:
    """Client of the service."""

    def __init__(self, fetcher: Fetcher, address: str) -> None:
        self._fetcher = fetcher
        self._url = f"{address}/sentry.api"

    async def summary(self) -> ArchiveTable:
        """All objects on the risk list."""
        return await self._fetcher.get("jpl", self._request(), lambda reply: _table(reply, SUMMARY_FIELDS))

    async def removed(self) -> ArchiveTable:
        """All objects that were taken off the list, and when."""
        request = self._request(removed=1)
        return await self._fetcher.get("jpl", request, lambda reply: _table(reply, REMOVED_FIELDS))

    async def object(self, designation: str) -> SentryObject:
        """The virtual impactors of one object. NotFound, with the date where there is one, if it is not listed."""
        request = self._request(des=designation)
        return await self._fetcher.get("jpl", request, lambda reply: read_sentry_object(reply, designation))

    def _request(self, **params: str | int) -> Request:
        return Request(SENTRY, self._url, params, max_age_s=fair_use.OBJECT_MAX_AGE_S)


def read_sentry_object(reply: Reply, designation: str) -> SentryObject:
    content = _content(reply)
    error = content.get("error")
    if isinstance(error, str):
        if "removed" in error:
            raise NotFound(SENTRY, f"took {designation!r} off the list on {content.get('removed')} (UTC)")
        if "not found" in error:
            raise NotFound(SENTRY, f"does not list {designation!r}")
        raise ArchiveChanged(SENTRY, "its message", seen=repr(error[:100]), expected="an object")
    summary = as_object(content.get("summary"), SENTRY, "its summary")
    impacts = _records(content.get("data"))
    check_count(summary.get("n_imp"), len(impacts), SENTRY)
    return SentryObject(
        typed_table([summary], OBJECT_FIELDS, SENTRY),
        typed_table(impacts, IMPACT_FIELDS, SENTRY),
        _origin(reply),
    )


def _table(reply: Reply, fields: dict[str, Field]) -> ArchiveTable:
    content = _content(reply)
    records = _records(content.get("data", []))
    check_count(content.get("count"), len(records), SENTRY)
    return ArchiveTable(typed_table(records, fields, SENTRY), _origin(reply))


def _content(reply: Reply) -> Object:
    content = object_of(reply)
    check_signature(content, SENTRY, SENTRY_SOURCE, SENTRY_VERSIONS)
    return content


def _records(value: Json) -> list[Object]:
    return [as_object(row, SENTRY, "a record") for row in as_list(value, SENTRY, "the list of records")]


def _origin(reply: Reply) -> Provenance:
    return provenance_of(reply, "jpl-sentry", SENTRY_ACKNOWLEDGEMENT)
