"""A request that is refused is counted and logged with the status that the client is given."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from aneos_api.errors import ServiceError, Unauthorized
from aneos_api.middleware import measure
from aneos_api.middleware.measure import MeasureMiddleware
from aneos_api.middleware.state import STATE, RequestState


@pytest.mark.parametrize(
    ("raised", "status"), [(Unauthorized(), 401), (ServiceError(), 500), (OSError(), 500)]
)
async def test_a_refusal_counts_with_its_own_status(
    raised: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[int] = []

    class Log:
        def info(self, event: str, *, status: int, **others: object) -> None:
            lines.append(status)

    monkeypatch.setattr(measure, "log", Log())

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        raise raised

    async def unused() -> Message:
        raise AssertionError

    async def silent(message: Message) -> None:
        raise AssertionError

    measured = MeasureMiddleware(refuse, log_requests=True)
    with pytest.raises(type(raised)):
        await measured(
            {"type": "http", STATE: RequestState("id", "GET", "/api/v1/none", route="unmatched")},
            unused,
            silent,
        )
    assert lines == [status]


async def test_a_stream_is_timed_until_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[float] = []

    class Log:
        def info(self, event: str, *, ms: float, **others: object) -> None:
            times.append(ms)

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["path"].encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b""})

    async def unused() -> Message:
        raise AssertionError

    async def silent(message: Message) -> None:
        return

    monkeypatch.setattr(measure, "log", Log())
    measured = MeasureMiddleware(stream, log_requests=True)
    for kind in ("text/event-stream; charset=utf-8", "application/json"):
        state = RequestState("id", "GET", kind, route="unmatched")
        await measured({"type": "http", "path": kind, STATE: state}, unused, silent)
    begun, whole = times
    assert begun < 200.0 <= whole + 1.0
