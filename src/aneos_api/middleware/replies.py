"""The one error shape, and replies that are made outside the routes."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.types import Send

from aneos_api.errors import ServiceError


def error_body(code: str, detail: str, request_id: str) -> bytes:
    """``{"error", "detail", "request_id"}`` as JSON."""
    reply = {"error": code, "detail": detail, "request_id": request_id}
    return json.dumps(reply, ensure_ascii=False).encode("utf-8", "backslashreplace")


async def send_error(send: Send, error: ServiceError, request_id: str) -> None:
    """Answer with an error of the service."""
    body = error_body(error.code, error.detail, request_id)
    await send_json(send, error.status, body, error.headers | {"cache-control": "no-store"})


async def send_json(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    """Answer with JSON that is serialised already."""
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    raw += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
