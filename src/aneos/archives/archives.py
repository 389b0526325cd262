"""All clients over one connection pool, one cache and one set of turns."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final, Literal

from aneos.archives import fair_use
from aneos.archives.close_approaches import CAD, CloseApproaches
from aneos.archives.fetcher import Fetcher
from aneos.archives.health import Told
from aneos.archives.horizons import HORIZONS, Horizons
from aneos.archives.mpc import IDENTIFIER, LIST, NEOCP, OBSERVATIONS, Mpc
from aneos.archives.mpc_orbits import ORBITS
from aneos.archives.neodys import NEODYS, Neodys
from aneos.archives.patience import Patience
from aneos.archives.provider import Addresses, ProviderName
from aneos.archives.sbdb import OBJECT, QUERY, Sbdb
from aneos.archives.scout import SCOUT, Scout
from aneos.archives.sentry import SENTRY, Sentry
from aneos.catalogue import Catalogue

CatalogueSource = Literal["mpc", "sbdb"]
SOURCES: Final[tuple[CatalogueSource, ...]] = ("mpc", "sbdb")
"""Archives that list all near-Earth asteroids."""

ARCHIVES: Final[dict[str, ProviderName]] = {
    LIST: "mpc",
    ORBITS: "mpc",
    OBSERVATIONS: "mpc",
    NEOCP: "mpc",
    IDENTIFIER: "mpc",
    QUERY: "jpl",
    OBJECT: "jpl",
    CAD: "jpl",
    HORIZONS: "jpl",
    SENTRY: "jpl",
    SCOUT: "jpl",
    NEODYS: "neodys",
}
"""Every archive by the name that its errors bear, and the institution whose circuit breaker it shares."""


class Archives:
    """The clients; an async context manager. ``cache`` is the folder of the replies (see :mod:`aneos.archives.paths`),
    ``addresses`` where the archives are (by default the public ones, or what the environment names), ``told`` is called
    with what became of every try."""

    def __init__(
        self,
        cache: Path | None = None,
        *,
        addresses: Addresses | None = None,
        patience: Patience | None = None,
        told: Told | None = None,
    ) -> None:
        at = Addresses.from_environment() if addresses is None else addresses
        self.fetcher = Fetcher(cache, patience=patience, told=told)
        self.sbdb = Sbdb(self.fetcher, at.jpl)
        self.close_approaches = CloseApproaches(self.fetcher, at.jpl)
        self.sentry = Sentry(self.fetcher, at.jpl)
        self.scout = Scout(self.fetcher, at.jpl)
        self.horizons = Horizons(self.fetcher, at.horizons)
        self.mpc = Mpc(self.fetcher, at.mpc, at.mpc_data)
        self.neodys = Neodys(self.fetcher, at.neodys)

    async def catalogue(
        self, source: CatalogueSource, *, max_age_s: float = fair_use.LIST_MAX_AGE_S
    ) -> Catalogue:
        """All near-Earth asteroids as one archive lists them now. Raises every ArchiveError.

        A kept reply is asked about again when it is older than ``max_age_s``; an unchanged list is not sent again.
        """
        client = self.mpc if source == "mpc" else self.sbdb
        return await client.near_earth_asteroids(max_age_s=max_age_s)

    async def __aenter__(self) -> Archives:
        await self.fetcher.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.fetcher.__aexit__(kind, error, trace)
