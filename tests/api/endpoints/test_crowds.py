"""A crowd that asks for one thing at the same moment: the database is asked once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from aneos_api.authentication import Authenticator
from aneos_api.database.unit import Work
from aneos_api.errors import Unauthorized
from aneos_api.middleware.gate import Identified, Presented
from aneos_api.middleware.reads import HIT, MISS
from aneos_api.security.permissions import Credential
from tests.api.endpoints.conftest import Service

OBJECT = "/api/v1/analysis/objects/Apophis"
CROWD = 40


@contextmanager
def statements() -> Iterator[list[str]]:
    """What SQLAlchemy asks any database meanwhile."""
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def crowd(service: Service, path: str, role: str = "viewer") -> list[int]:
    replies = await asyncio.gather(
        *(service.client.get(path, headers=service.as_(role)) for _ in range(CROWD))
    )
    assert len({reply.content for reply in replies}) == 1
    return [reply.status_code for reply in replies]


async def test_one_look_into_the_database_tells_who_all_are(service: Service) -> None:
    service.context.authenticator.forget()
    with statements() as asked:
        assert await crowd(service, OBJECT) == [200] * CROWD
    assert len([text for text in asked if text.startswith("SELECT api_keys")]) == 1


async def test_a_forgotten_reply_is_made_once(service: Service) -> None:
    await crowd(service, OBJECT)
    service.context.reads.forget(["objects"])
    before = MISS._value.get(), HIT._value.get()
    assert await crowd(service, OBJECT) == [200] * CROWD
    assert (MISS._value.get() - before[0], HIT._value.get() - before[1]) == (1, CROWD - 1)


async def test_who_waits_for_a_reply_that_fails_asks_himself(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crowd(service, OBJECT)
    service.context.reads.forget(["objects"])

    async def lost(*_: object) -> None:
        """A cache that keeps nothing, as one whose tags were written meanwhile."""

    monkeypatch.setattr(service.context.reads, "put", lost)
    assert await crowd(service, OBJECT) == [200] * CROWD


class _Slow(Authenticator):
    """Answers when told to."""

    def __init__(self, service: Service) -> None:
        context = service.context
        super().__init__(context.database, context.quick, context.tokens, context.settings)
        self.go = asyncio.Event()
        self.asked = 0

    async def _find(self, work: Work, presented: Presented) -> Identified | None:
        self.asked += 1
        await self.go.wait()
        return await super()._find(work, presented)


async def test_what_was_asked_before_a_change_is_not_remembered_after_it(service: Service) -> None:
    slow = _Slow(service)
    presented = Presented(Credential.API_KEY, service.people["alpha"]["viewer"].key)
    early = [asyncio.create_task(slow.identify(presented)) for _ in range(3)]
    await asyncio.sleep(0)
    while slow.asked < 1:
        await asyncio.sleep(0.001)
    slow.forget()
    late = asyncio.create_task(slow.identify(presented))
    while slow.asked < 2:
        await asyncio.sleep(0.001)
    early[0].cancel()  # one who gives up takes nothing from the others
    slow.go.set()
    found = await asyncio.gather(*early, late, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert all(isinstance(item, Identified) for item in found[1:])
    assert slow.asked == 2
    await slow.identify(presented)
    assert slow.asked == 2, "the later answer is remembered"


async def test_a_refused_key_is_asked_for_again(service: Service) -> None:
    slow = _Slow(service)
    slow.go.set()
    presented = Presented(Credential.API_KEY, "aneos_nobody_nothing")
    for times in (1, 2):
        tries = await asyncio.gather(*(slow.identify(presented) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(item, Unauthorized) for item in tries)
        assert slow.asked == times
