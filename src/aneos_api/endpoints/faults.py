"""From an exception to the one error shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from aneos.errors import AneosError
from aneos_api.errors import ServiceError
from aneos_api.middleware.replies import error_body
from aneos_api.middleware.state import state_of

MAX_FAULTS: Final = 5
CODES: Final = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
}
TEXTS: Final = {
    404: "There is no such route",
    405: "This method is not offered here",
}


def add_handlers(app: FastAPI) -> None:
    """Let every failure inside the routes answer with ``{"error", "detail", "request_id"}``."""
    app.add_exception_handler(ServiceError, _service)
    app.add_exception_handler(AneosError, _input)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)


async def _service(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)
    state = state_of(request.scope)
    state.refusal = state.refusal or error.code
    return _reply(request, error.status, error.code, error.detail, error.headers)


async def _input(request: Request, error: Exception) -> Response:
    return _reply(request, 422, "invalid", str(error), {})


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    code = CODES.get(status, "refused" if status < 500 else "internal")
    detail = TEXTS.get(status) or str(error.detail)
    return _reply(request, status, code, detail, dict(error.headers or {}))


async def _validation(request: Request, error: Exception) -> Response:
    """What is wrong with a request, field by field; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return _reply(
            request, 400, "bad_request", f"The body is no JSON: {faults[0].get('ctx', {}).get('error')}", {}
        )
    return _reply(request, 422, "invalid", _sentence(faults), {})


def _sentence(faults: Sequence[Any]) -> str:
    parts = []
    for fault in faults[:MAX_FAULTS]:
        where = ".".join(
            str(part)[:64] for part in fault["loc"] if part not in ("body", "query", "path", "header")
        )
        text = str(fault["msg"]).removeprefix("Value error, ")
        parts.append(f"{where}: {text}" if where else text)
    more = len(faults) - MAX_FAULTS
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")


def _reply(request: Request, status: int, code: str, detail: str, headers: dict[str, str]) -> Response:
    body = error_body(code, detail, state_of(request.scope).request_id)
    return Response(body, status, headers | {"cache-control": "no-store"}, media_type="application/json")
