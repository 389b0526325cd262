"""Installed as an app: manifest, service worker, the page without a network; and paths that lead nowhere."""

from __future__ import annotations

import json
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException

from aneos import __version__
from aneos_api.dashboard.assets import FOLDER
from aneos_api.dashboard.rendering import renderer_of
from aneos_api.dashboard.visitors import PageRoute
from aneos_api.errors import NotFound

router = APIRouter()
nowhere = APIRouter(route_class=PageRoute)

WORKER: Final = "sw.js"
WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"
KEPT: Final = ("main.css", "main.js")
COLOURS: Final = {"theme_color": "#0a2540", "background_color": "#f3f5f8"}


class OutsideApi(Convertor[str]):
    """Every path but those of the API, whose errors are JSON."""

    regex = "(?!api/).*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("outside_api", OutsideApi())


@router.get("/manifest.webmanifest")
async def manifest(request: Request) -> Response:
    """How the dashboard is installed as an app."""
    assets = renderer_of(request).assets
    icons = [
        {"src": url, "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any maskable"}
        for size in (192, 512)
        if (url := assets.url(f"icon-{size}.png")) is not None
    ]
    told = {
        "name": "aNEOS",
        "short_name": "aNEOS",
        "description": "Artificial objects among near-Earth asteroids, with the evidence.",
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "icons": icons,
        **COLOURS,
    }
    return Response(
        json.dumps(told), headers={"cache-control": "no-cache"}, media_type="application/manifest+json"
    )


@router.get("/sw.js")
async def worker(request: Request) -> Response:
    """The service worker, told which files it keeps. Raises NotFound where the assets are not built."""
    assets = renderer_of(request).assets
    name = assets.files.get(WORKER)
    if name is None:
        raise NotFound("The dashboard's assets are not built")
    kept = {
        "version": f"{__version__}-{name}",
        "keep": [assets.url(entry) for entry in KEPT],
    }
    text = f"self.aneos = {json.dumps(kept)};\n" + (FOLDER / name).read_text(encoding="utf-8")
    headers = {"cache-control": "no-cache", "content-security-policy": WORKER_POLICY}
    return Response(text, headers=headers, media_type="text/javascript")


@router.get("/offline")
async def offline(request: Request) -> Response:
    """What is shown without a network; the same for everybody."""
    return renderer_of(request).page(request, "offline.html", {"title": "No network"})


@nowhere.get("/{path:outside_api}")
async def unknown(request: Request, path: str) -> Response:
    """Tell a person, in a page, that there is nothing; tell a program as the API does."""
    if "text/html" not in request.headers.get("accept", ""):
        raise HTTPException(404)
    raise NotFound(f"This site has no page /{path[:100]}")
