"""Every adapter as one case: what is called, where it asks, and what a good reply looks like."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aneos.archives import Archives
from tests.archives import written_replies as written

TIMES = [2451544.5, 2451545.5]


@dataclass(frozen=True)
class Adapter:
    name: str
    service: str
    path: str
    call: Callable[[Archives], Awaitable[Any]]
    reply: Callable[[], Any]
    content_type: str = "application/json"
    signed: bool = False
    counted: bool = False
    """Whether the reply announces how many records it has."""

    def body(self) -> bytes:
        value = self.reply()
        return value if isinstance(value, bytes) else written.encoded(value)


ADAPTERS = [
    Adapter("sbdb object", "JPL SBDB", "/jpl/sbdb.api", lambda a: a.sbdb.object("99942"),
            written.sbdb_object, signed=True),
    Adapter("sbdb query", "JPL SBDB query", "/jpl/sbdb_query.api", lambda a: a.sbdb.near_earth_asteroids(),
            written.sbdb_query, signed=True, counted=True),
    Adapter("cad of", "JPL CAD", "/jpl/cad.api", lambda a: a.close_approaches.of("99942"),
            written.cad, signed=True, counted=True),
    Adapter("cad between", "JPL CAD", "/jpl/cad.api",
            lambda a: a.close_approaches.between("2029-01-01", "2030-01-01"),
            written.cad, signed=True, counted=True),
    Adapter("horizons vectors", "JPL Horizons", "/ssd/horizons.api", lambda a: a.horizons.vectors("99942", TIMES),
            lambda: written.horizons("VECTORS"), signed=True),
    Adapter("horizons elements", "JPL Horizons", "/ssd/horizons.api", lambda a: a.horizons.elements("99942", TIMES),
            lambda: written.horizons("ELEMENTS"), signed=True),
    Adapter("sentry summary", "JPL Sentry", "/jpl/sentry.api", lambda a: a.sentry.summary(),
            written.sentry_summary, signed=True, counted=True),
    Adapter("sentry object", "JPL Sentry", "/jpl/sentry.api", lambda a: a.sentry.object("101955"),
            written.sentry_object, signed=True),
    Adapter("sentry removed", "JPL Sentry", "/jpl/sentry.api", lambda a: a.sentry.removed(),
            written.sentry_removed, signed=True, counted=True),
    Adapter("scout summary", "JPL Scout", "/jpl/scout.api", lambda a: a.scout.summary(),
            written.scout_summary, signed=True, counted=True),
    Adapter("scout orbits", "JPL Scout", "/jpl/scout.api", lambda a: a.scout.orbits("P10vY9r"),
            written.scout_orbits, signed=True),
    Adapter("mpc list", "MPC nea_extended", "/mpc/Extended_Files/nea_extended.json.gz",
            lambda a: a.mpc.near_earth_asteroids(), lambda: gzip.compress(written.encoded(written.nea_records())),
            "application/x-gzip"),
    Adapter("mpc orbit", "MPC orbits", "/data/get-orb", lambda a: a.mpc.orbit("2062"), written.mpc_orbit),
    Adapter("mpc observations", "MPC observations", "/data/get-obs", lambda a: a.mpc.observations("2024 XX"),
            written.mpc_observations),
    Adapter("mpc neocp", "MPC confirmation page", "/mpc/Extended_Files/neocp.json", lambda a: a.mpc.neocp(),
            written.neocp),
    Adapter("mpc neocp observations", "MPC confirmation page", "/data/get-obs-neocp",
            lambda a: a.mpc.neocp_observations("xkos423"), written.mpc_observations),
    Adapter("mpc identifier", "MPC designation identifier", "/data/query-identifier",
            lambda a: a.mpc.identify(["Ceres", "nobody", "Boriso"]), written.identities),
    Adapter("neodys", "NEODyS", "/neodys/epoch/99942.eq1", lambda a: a.neodys.orbit("99942"),
            lambda: written.oef().encode(), "text/plain"),
]  # fmt: skip

SIGNED = [adapter for adapter in ADAPTERS if adapter.signed]
COUNTED = [adapter for adapter in ADAPTERS if adapter.counted]
JSON = [adapter for adapter in ADAPTERS if adapter.content_type == "application/json"]
"""The others are a packed list, whose reader is tested with the catalogue, and a file whose order is fixed."""
