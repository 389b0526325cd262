"""A bus over a Valkey (or Redis) stream, shared by all processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from aneos_api.events.bus import KEPT, BusUnavailable, packed, unpacked
from aneos_api.events.event import Event

BLOCK_MS: Final = 5000
READ: Final = 500


class ValkeyBus:
    """The stream ``PREFIX:events``.

    An entry's id is the event's position, and the server refuses an id that is not above the last one: an event that
    is put twice, or by two relays at once, is there once, in order, without any lock.
    """

    def __init__(self, url: str, *, prefix: str = "aneos", kept: int = KEPT) -> None:
        self._client: Redis = Redis.from_url(
            url, socket_timeout=BLOCK_MS / 1000 + 5, socket_connect_timeout=2, decode_responses=True
        )
        self._stream = f"{prefix}:events"
        self._kept = kept

    async def top(self) -> int | None:
        newest = await _ask(self._client.xrevrange(self._stream, count=1))
        return _position(newest[0][0]) if newest else None

    async def put(self, events: Sequence[Event]) -> None:
        if not events:
            return
        async with self._client.pipeline(transaction=False) as pipe:
            for event in events:
                fields: dict[Any, Any] = {"event": packed(event)}
                pipe.xadd(self._stream, fields, id=f"{event.position}-1", maxlen=self._kept, approximate=True)
            replies = await _ask(pipe.execute(raise_on_error=False))
        for reply in replies:
            if isinstance(reply, ResponseError) and "equal or smaller" in str(reply):
                continue  # another relay was first
            if isinstance(reply, Exception):
                raise BusUnavailable(str(reply)) from reply

    async def follow(self, after: int) -> AsyncIterator[Event]:
        while True:
            found = await _ask(self._client.xread({self._stream: f"{after}-1"}, count=READ, block=BLOCK_MS))
            # RESP2 answers with a list of pairs, RESP3 with a mapping of lists
            streams = found.items() if isinstance(found, dict) else found or ()
            for _, entries in streams:
                for number, fields in _flat(entries):
                    after = _position(number)
                    yield unpacked(after, fields["event"])

    async def close(self) -> None:
        await self._client.aclose()


async def _ask(call: Awaitable[Any]) -> Any:
    try:
        answer = await call
    except (RedisError, OSError) as error:
        raise BusUnavailable(f"{type(error).__name__}: {error}") from error
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        # The client writes inside asyncio.wait_for, which on Python 3.11 loses a cancellation that comes just when
        # the write is done: without this a follower would go on for ever.
        raise asyncio.CancelledError
    return answer


def _flat(entries: list[Any]) -> list[tuple[str, dict[str, str]]]:
    """Entries of a stream, which RESP3 wraps in one more list."""
    return entries[0] if entries and isinstance(entries[0], list) else entries


def _position(number: str) -> int:
    return int(number.partition("-")[0])
