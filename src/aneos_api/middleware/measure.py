"""Counts and times every request, and writes one log line for it."""

from __future__ import annotations

import time
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aneos_api.errors import ServiceError
from aneos_api.middleware.state import route_of, state_of
from aneos_api.observability.metrics import IN_FLIGHT, REQUESTS, SECONDS
from aneos_api.observability.traces import annotate

log = structlog.get_logger("aneos_api.access")

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class MeasureMiddleware:
    """``log_requests`` writes one line per request; health checks and metrics are left out.

    A stream of events is timed until it begins: it lasts as long as its reader stays, which is no slowness.
    """

    def __init__(self, app: ASGIApp, *, log_requests: bool) -> None:
        self._app = app
        self._log = log_requests
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[tuple[str, str], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        begun: float | None = None

        async def watch(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status = message["status"]
                _tell_span(scope)
                if dict(message["headers"]).get(b"content-type", b"").startswith(b"text/event-stream"):
                    begun = time.perf_counter()
            await send(message)

        IN_FLIGHT.inc()
        try:
            await self._app(scope, receive, watch)
        except ServiceError as error:  # the boundary around this turns it into a reply
            status = error.status
            _tell_span(scope)
            raise
        finally:
            IN_FLIGHT.dec()
            self._count(scope, status, (begun or time.perf_counter()) - started)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        state = state_of(scope)
        route = route_of(scope, state)
        method = state.method if state.method in METHODS else "OTHER"
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self._counters[method, route, status] = REQUESTS.labels(method, route, str(status))
        counter.inc()
        timer = self._timers.get((method, route))
        if timer is None:
            timer = self._timers[method, route] = SECONDS.labels(method, route)
        timer.observe(seconds)
        if self._log and route not in ("/health/live", "/health/ready", "/metrics"):
            who = state.principal
            log.info(
                "request",
                request_id=state.request_id,
                method=state.method,
                path=state.path,
                status=status,
                ms=round(seconds * 1000, 2),
                address=state.address,
                user=None if who is None else who.email,
                tenant=None if who is None else str(who.tenant_id),
            )


def _tell_span(scope: Scope) -> None:
    """What FastAPI does not know of the request whose span it keeps."""
    state = state_of(scope)
    who = state.principal
    annotate(
        {
            "aneos.request_id": state.request_id,
            "aneos.tenant": None if who is None else str(who.tenant_id),
            "http.route": route_of(scope, state),
        }
    )
