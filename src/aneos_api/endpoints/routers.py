"""All groups of routes, and which of them need no log-in."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from aneos_api.endpoints import (
    administration,
    analysis,
    auth,
    backups,
    batches,
    catalogue,
    delivery,
    exports,
    jobs,
    kept,
    keys,
    monitoring,
    objects,
    observations,
    predicting,
    prediction,
    root,
    rules,
    sky,
    stream,
    training,
    users,
    webhooks,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    root.router,
    batches.router,
    jobs.router,
    exports.router,
    objects.router,
    analysis.router,
    kept.router,
    batches.departures_router,
    observations.router,
    sky.router,
    catalogue.router,
    predicting.router,
    prediction.router,
    monitoring.router,
    rules.router,
    users.router,
    keys.router,
    administration.router,
    training.router,
    backups.router,
    webhooks.router,
    auth.router,
    stream.router,
    delivery.router,
)
"""In the order in which routes are tried. FastAPI completes the routes of each router when it is first tried, and after
a start health is asked for. What is asked for again and again until it is done comes first; what is kept
(objects, lists) is mostly answered before any route is looked for."""

OPEN: Final = frozenset(
    {("POST", "/api/v1/auth/login"), ("POST", "/api/v1/auth/token"), ("POST", "/api/v1/auth/refresh")}
)
REGISTRY: Final = "/api/v1/catalogue/artificial"


def is_open(method: str, path: str, *, public_registry: bool) -> bool:
    """Whether a request under ``/api/`` needs no log-in."""
    if (method, path) in OPEN or method == "OPTIONS":
        return True
    return public_registry and method == "GET" and (path == REGISTRY or path.startswith(f"{REGISTRY}/"))
