"""The registry of artificial objects: one of them, where all are now, when they return, launches."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from aneos.artificial.known import load_known
from aneos.artificial.launches import ACKNOWLEDGEMENT, load_launches
from aneos_api.clock import utc_now
from aneos_api.dashboard.rendering import renderer_of
from aneos_api.dashboard.visitors import PageRoute, visitor
from aneos_api.science import known_object

router = APIRouter(route_class=PageRoute)

Text = Annotated[str, Query(max_length=64)]


@router.get("/registry/{identifier}")
async def registry_object(request: Request, identifier: Annotated[str, Path(max_length=100)]) -> Response:
    """One known artificial object: who it is, its orbits as published, its place on the sky, its returns."""
    visitor(request)
    known = known_object(identifier)
    never = await asyncio.to_thread(_never_placed)
    values = {"title": known.name, "known": known, "now": _now(), "never": never.get(known.id)}
    return renderer_of(request).page(request, "registry_object.html", values)


@router.get("/sky")
async def sky(
    request: Request, regime: Annotated[str, Query(pattern="^(heliocentric|all)$")] = "heliocentric"
) -> Response:
    """Where the registry's objects are now; those about the Earth only when asked for: their paths take longer."""
    visitor(request)
    never = await asyncio.to_thread(_never_placed)
    known = [
        (item.id, item.name, never.get(item.id)) for item in load_known() if regime in ("all", item.regime)
    ]
    values = {"title": "Where they are now", "known": known, "now": _now(), "regime": regime}
    return renderer_of(request).page(request, "sky.html", values)


@router.get("/returns")
async def returns(request: Request) -> Response:
    """When they come back."""
    visitor(request)
    return renderer_of(request).page(request, "returns.html", {"title": "Returns"})


@router.get("/launches")
async def launches(request: Request, q: Text = "", regime: Text = "") -> Response:
    """Launches beyond the Earth, the newest first."""
    visitor(request)
    text = q.strip().casefold()
    every = load_launches()
    rows = [
        launch
        for launch in reversed(every)
        if (not regime or launch.regime == regime)
        and (not text or text in f"{launch.name} {launch.mission} {launch.site}".casefold())
    ]
    values = {
        "title": "Launches",
        "launches": rows,
        "total": len(every),
        "q": q,
        "regime": regime,
        "acknowledgement": ACKNOWLEDGEMENT,
    }
    return renderer_of(request).page(request, "launches.html", values)


@lru_cache(maxsize=1)
def _never_placed() -> dict[str, str]:
    """Objects of which no ephemeris can be made at any time: id → why."""
    from aneos.artificial.ephemerides import not_placed

    return {item.object_id: item.reason for item in not_placed()}


def _now() -> str:
    """The present minute, UTC, as a form field takes it."""
    return f"{utc_now():%Y-%m-%dT%H:%M}"
