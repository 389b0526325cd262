"""A request that is refused is counted and logged with the status that the client is given."""

from __future__ import annotations

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
