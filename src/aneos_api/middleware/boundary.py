"""The outermost layer: gives each request its id, each reply its security headers, each failure its one shape."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aneos_api.errors import BadRequest, ServiceError
from aneos_api.middleware.replies import send_error
from aneos_api.middleware.state import STATE, RequestState, header
from aneos_api.observability import metrics

log = structlog.get_logger("aneos_api")

GIVEN_ID: Final = re.compile(r"[0-9A-Za-z._-]{8,64}")
MAX_AGENT: Final = 300

API_POLICY: Final = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Content-security policy of replies that are data. Pages set their own."""

FIXED_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class BoundaryMiddleware:
    """Nothing passes it but replies. ``hosts`` are the names under which the service is called ("*.example.org")."""

    def __init__(self, app: ASGIApp, *, hsts_s: int, hosts: Collection[str] = ("*",)) -> None:
        self._app = app
        self._hosts = None if "*" in hosts else tuple(host.lower() for host in hosts)
        self._headers = list(FIXED_HEADERS)
        if hsts_s > 0:
            self._headers.append(
                (b"strict-transport-security", f"max-age={hsts_s}; includeSubDomains".encode())
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = header(scope, b"x-request-id")
        request_id = given if given and GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=request_id)  # of this request's task alone
        state = RequestState(request_id, scope["method"], scope["path"])
        state.agent = (header(scope, b"user-agent") or "")[:MAX_AGENT]
        scope[STATE] = state
        mine = [*self._headers, (b"x-request-id", request_id.encode())]
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = list(message.get("headers", ()))
                names = {name for name, _ in headers}
                headers += [item for item in mine if item[0] not in names]
                if b"content-security-policy" not in names:
                    headers.append((b"content-security-policy", API_POLICY))
                if b"cache-control" not in names:
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = headers
            await send(message)

        try:
            if self._hosts is not None:
                self._check_host(header(scope, b"host"))
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if started:  # half a reply is out: only closing the connection tells the client so
                log.exception("reply broken off", request_id=request_id, path=state.path)
                raise
            await send_error(send_with_headers, self._told(error, state), request_id)

    def _told(self, error: Exception, state: RequestState) -> ServiceError:
        if isinstance(error, ServiceError):
            return error
        metrics.ERRORS.labels(state.route or "unmatched").inc()
        log.error("request failed", request_id=state.request_id, path=state.path, exc_info=error)
        return ServiceError("The service failed; the fault has been logged under this request_id")

    def _check_host(self, host: str | None) -> None:
        name = (
            (host or "").lower().rsplit(":", 1)[0]
            if host and not host.endswith("]")
            else (host or "").lower()
        )
        for allowed in self._hosts or ():
            if name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:])):
                return
        raise BadRequest("This host is not served here")
