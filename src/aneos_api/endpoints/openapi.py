"""The OpenAPI document: what FastAPI knows, and what follows from signatures and middleware.

Each operation says which permission it needs (``x-permission``), how to prove who one is, and every error that it may
answer with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from aneos_api.dependencies import MayBePublic, Needs
from aneos_api.endpoints.routers import ROUTERS, is_open
from aneos_api.schemas.common import ErrorReply

LOGGED_IN: Final = "logged in"
PUBLIC: Final = "public"

SCHEMES: Final[dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an access token, or an API key"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "an API key"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "aneos_session",
        "description": "a browser's session; changes need the header X-CSRF-Token too",
    },
}

ERRORS: Final[dict[str, str]] = {
    "400": "The request cannot be read",
    "401": "Nobody is logged in, or the credential does not hold",
    "403": "A permission is lacking",
    "404": "There is no such thing, or not for you",
    "409": "The change contradicts what is stored",
    "413": "The request is too large",
    "422": "The request can be read but not used",
    "423": "Locked after too many failed attempts",
    "429": "Too many requests: try again after the seconds in Retry-After",
    "503": "The database does not answer: try again after the seconds in Retry-After",
}

ALSO_404: Final = frozenset({("get", "/api/v1/prediction/drift")})
"""Operations that name nothing and need something all the same: a model that answers."""

DESCRIPTION: Final = """
Every error has the shape `{"error", "detail", "request_id"}`. Every reply carries a `signature`: who answered, with
which catalogue and model. Lists come in pages: `items`, `next` (send it as `cursor`), `total`, `truncated`; choose
`fields`, `sort`, and filter by any field. Reads carry an `ETag`: send it as `If-None-Match` and get 304 where nothing
changed. POSTs that create something take an `Idempotency-Key`.
"""


def document(app: FastAPI, *, public_registry: bool) -> None:
    """Give ``app`` its OpenAPI document, made when it is first asked for."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(_generated(app), public_registry=public_registry)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def permissions() -> dict[tuple[str, str], str]:
    """(method, path) → the permission that the route's signature asks for."""
    return {
        (method, route.path): _permission(route)
        for route in _routes()
        for method in sorted(route.methods or ())
    }


def _generated(app: FastAPI) -> dict[str, Any]:
    return get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=DESCRIPTION.strip(),
        routes=app.routes,
        license_info={"name": "BSD-3-Clause"},
    )


def _complete(specification: dict[str, Any], *, public_registry: bool) -> dict[str, Any]:
    needed = permissions()
    components = specification.setdefault("components", {})
    components["securitySchemes"] = SCHEMES
    components["schemas"]["ErrorReply"] = ErrorReply.model_json_schema()
    components["schemas"].pop("HTTPValidationError", None)
    components["schemas"].pop("ValidationError", None)
    for path, operations in specification["paths"].items():
        for method, operation in operations.items():
            permission = needed[method.upper(), path]
            if permission == "registry":
                permission = PUBLIC if public_registry else "read"
            operation["x-permission"] = permission
            operation["security"] = [] if permission == PUBLIC else [{name: []} for name in SCHEMES]
            for status in _errors(method, path, operation, permission):
                operation["responses"][status] = _error(operation["responses"].get(status), status)
    return specification


def _errors(method: str, path: str, operation: dict[str, Any], permission: str) -> Iterator[str]:
    operation["responses"].pop("422", None)
    if not path.startswith("/api/"):
        yield from (status for status in operation["responses"] if status not in ("200",))
        if path == "/metrics":
            yield "401"
        return
    changes = method != "get"
    yield from ("429", "503")
    if operation.get("parameters") or "requestBody" in operation:
        yield "422"
    if permission != PUBLIC or path.startswith("/api/v1/auth/"):
        yield from ("401", "403")
    if path.startswith("/api/v1/auth/") and changes:
        yield "423"
    names_something = "{" in path or ("requestBody" in operation and permission != PUBLIC)
    if names_something or (method, path) in ALSO_404:
        yield "404"
    if changes:
        yield from ("400", "409", "413")
    yield from (status for status in operation["responses"] if status[0] in "45")
    if not changes:
        operation["responses"].setdefault(
            "304", {"description": "Nothing changed since the ETag that was sent"}
        )


def _error(known: dict[str, Any] | None, status: str) -> dict[str, Any]:
    description = (known or {}).get("description") or ERRORS.get(status, "Refused")
    out: dict[str, Any] = {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorReply"}}},
    }
    if status in ("429", "503", "423"):
        out["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    return out


def _routes() -> Iterator[APIRoute]:
    for router in ROUTERS:
        yield from (
            route for route in router.routes if isinstance(route, APIRoute) and route.include_in_schema
        )


def _permission(route: APIRoute) -> str:
    for dependency in _flat(route.dependant):
        if isinstance(dependency.call, MayBePublic):
            return "registry"
        if isinstance(dependency.call, Needs):
            return LOGGED_IN if dependency.call.permission is None else str(dependency.call.permission)
    if route.path.startswith("/api/"):
        method = next(iter(route.methods or ("GET",)))
        assert is_open(method, route.path, public_registry=False), f"{route.path} names no permission"
    return PUBLIC


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _flat(inner)
