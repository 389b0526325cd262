"""Outside ``/api``: health, metrics, documentation."""

from __future__ import annotations

import asyncio
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, Field

from aneos import __version__
from aneos_api.dependencies import Ctx
from aneos_api.errors import NotFound, ServiceError, Unauthorized, Unavailable
from aneos_api.observability.metrics import CONTENT_TYPE, exposition

router = APIRouter(tags=["root"])

READY_S: Final = 3.0

DOCS_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
"""Swagger UI writes style attributes, hence 'unsafe-inline' for styles alone, on this page alone."""

ASSETS: Final[dict[str, str]] = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>aNEOS API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript>The specification as a file: <a href="/openapi.json">/openapi.json</a></noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

START: Final = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  requestInterceptor: (request) => {
    const token = document.cookie.match(/(?:^|; )(?:__Host-)?aneos_csrf=([^;]+)/);
    if (token && request.method !== "GET") request.headers["X-CSRF-Token"] = token[1];
    return request;
  },
});
"""


class Live(BaseModel):
    status: Literal["alive"] = "alive"
    version: str = Field(default=__version__, examples=["0.1.0"])


class Ready(BaseModel):
    status: Literal["ready"] = "ready"
    checks: dict[str, str] = Field(examples=[{"database": "answers"}])


@router.get("/health/live", operation_id="health_live")
async def live() -> Live:
    """Whether the process answers."""
    return Live()


@router.get("/health/ready", operation_id="health_ready", responses={503: {"description": "Not ready"}})
async def ready(ctx: Ctx) -> Ready:
    """Whether the service can do its work: the database answers."""
    try:
        async with asyncio.timeout(READY_S):
            await ctx.database.ping()
    except (ServiceError, TimeoutError) as error:
        raise Unavailable("The database does not answer") from error
    return Ready(checks={"database": "answers"})


@router.get("/metrics", operation_id="metrics", response_class=Response)
async def metrics(request: Request, ctx: Ctx) -> Response:
    """Figures in Prometheus' text format."""
    if not ctx.settings.observability.metrics_public:
        token = request.headers.get("authorization", "")
        from aneos_api.middleware.gate import Presented
        from aneos_api.security.permissions import Credential

        if not token.lower().startswith("bearer aneos_"):
            raise Unauthorized("Metrics need an API key here")
        await ctx.authenticator.identify(Presented(Credential.API_KEY, token[7:].strip()))
    state = await request.app.state.state_metrics.exposition()
    return Response(await asyncio.to_thread(exposition) + state, headers={"content-type": CONTENT_TYPE})


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, ctx: Ctx) -> Response:
    """The specification."""
    _exposed(ctx)
    specification: dict[str, Any] = request.app.openapi()
    return JSONResponse(specification, headers={"cache-control": "public, max-age=300"})


@router.get("/docs", include_in_schema=False)
async def docs(ctx: Ctx) -> Response:
    """The specification to read and try."""
    _exposed(ctx)
    return Response(PAGE, headers=_docs_headers(), media_type="text/html")


@router.get("/docs/{asset}", include_in_schema=False)
async def docs_asset(asset: str, ctx: Ctx) -> Response:
    """Scripts and styles of the documentation page, from this service alone."""
    _exposed(ctx)
    if asset == "start.js":
        return Response(START, headers=_docs_headers(), media_type="text/javascript")
    if asset not in ASSETS:
        raise NotFound("There is no such route")
    return FileResponse(_swagger() / asset, headers=_docs_headers(), media_type=ASSETS[asset])


def _exposed(ctx: Ctx) -> None:
    if not ctx.settings.http.expose_docs:
        raise NotFound("There is no such route")


def _docs_headers() -> dict[str, str]:
    return {"content-security-policy": DOCS_POLICY, "cache-control": "public, max-age=3600"}


@cache
def _swagger() -> Path:
    """Where the wheel of Swagger UI keeps its files."""
    spec = importlib.util.find_spec("swagger_ui_bundle")
    if spec is None or spec.origin is None:
        raise NotFound("The documentation page is not installed: pip install 'aneos[api]'")
    return next((Path(spec.origin).parent / "vendor").glob("swagger-ui-*"))
