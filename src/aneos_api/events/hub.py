"""The hub of a process: follows the bus and hands each event to the clients that want it.

A client has a bounded queue. One that is too slow is told which positions it lost, and slows nobody else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from aneos_api.clock import utc_now
from aneos_api.database.database import Database
from aneos_api.database.types import uuid7
from aneos_api.errors import ServiceError, Unavailable
from aneos_api.events.bus import BusUnavailable, EventBus
from aneos_api.events.event import Event, Wanted
from aneos_api.security.permissions import Principal

log = structlog.get_logger("aneos_api.events")

MAX_CLIENTS: Final = 10_000
"""Streams of one process; more are refused with 503."""
PAGE: Final = 500
RETRY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Missed:
    """Events that a client does not get here: between two positions, both among them. ``count`` of them were meant
    for it where that is known. They can be read again by resuming after ``first - 1``, unless ``gone``."""

    first: int
    last: int
    count: int | None = None
    gone: bool = False


Item = Event | Missed


@dataclass(eq=False)
class Client:
    """One open stream."""

    who: Principal
    transport: str
    wanted: Wanted
    size: int
    position: int = 0
    """Position up to which the client has been served."""
    id: UUID = field(default_factory=uuid7)
    since: datetime = field(default_factory=utc_now)
    sent: int = 0
    dropped: int = 0
    turn: int = 0
    """How often it began anew: what was taken before is not to be sent after."""
    _queue: deque[Item] = field(default_factory=deque)
    _missed: Missed | None = None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def offer(self, event: Event) -> None:
        """Queue an event, or note that there was no room for it."""
        if event.position <= self.position or not self.wanted.fits(event, self.who):
            return
        if len(self._queue) >= self.size:
            before = self._missed
            first = event.position if before is None else before.first
            count = 1 if before is None else (before.count or 0) + 1
            self._missed = Missed(first, event.position, count)
            self.dropped += 1
            return
        self._flush()
        self._queue.append(event)
        self._wake.set()

    def restart(self, wanted: Wanted, position: int) -> None:
        """Forget what waits and begin after ``position`` with other wishes; what came before is replayed."""
        self.turn += 1
        self._queue.clear()
        self._missed = None
        self.wanted, self.position = wanted, position

    def wake(self) -> None:
        """Let :meth:`take` return."""
        self._wake.set()

    async def take(self, timeout_s: float) -> list[Item]:
        """What waits, in order; empty after ``timeout_s`` without anything."""
        if not self._queue and self._missed is None:
            self._wake.clear()
            try:
                async with asyncio.timeout(max(timeout_s, 0.001)):
                    await self._wake.wait()
            except TimeoutError:
                return []
        self._flush()
        items = [item for item in self._queue if isinstance(item, Missed) or item.position > self.position]
        self._queue.clear()
        for item in items:
            self.position = max(self.position, item.last if isinstance(item, Missed) else item.position)
        self.sent += sum(isinstance(item, Event) for item in items)
        return items

    def _flush(self) -> None:
        if self._missed is not None:
            self._queue.append(self._missed)
            self._missed = None
            self._wake.set()


class Hub:
    """The clients of one process. ``position`` is that of the newest event they were offered."""

    def __init__(self, database: Database, bus: EventBus, *, queue: int) -> None:
        self._database = database
        self._bus = bus
        self._queue = queue
        self.position = 0
        self.clients: set[Client] = set()
        self.closing = False

    async def start(self) -> None:
        """Begin after the newest event that was sent already."""
        async with self._database.read(fresh=True) as work:
            self.position = await work.events.last_position()

    async def run(self) -> None:
        """Hand out events until cancelled. While the bus is away they are read from the store."""
        while True:
            try:
                async for event in self._bus.follow(self.position):
                    if event.position > self.position + 1:
                        await self._catch_up(event.position - 1)
                    self._hand_out(event)
            except (BusUnavailable, ServiceError) as error:
                log.warning("the bus is away; events are read from the store", reason=str(error))
                try:
                    await self._catch_up(None)
                except ServiceError as fault:
                    log.warning("the store is away too", reason=str(fault))
                await asyncio.sleep(RETRY_S)

    def add(self, who: Principal, transport: str, wanted: Wanted) -> Client:
        """A client that is offered everything from now on. Raises Unavailable when there are too many."""
        if len(self.clients) >= MAX_CLIENTS or self.closing:
            raise Unavailable("No more streams are taken here; try again later")
        client = Client(who, transport, wanted, self._queue, position=self.position)
        self.clients.add(client)
        return client

    def remove(self, client: Client) -> None:
        self.clients.discard(client)

    def close(self) -> None:
        """Ask every stream to end."""
        self.closing = True
        for client in self.clients:
            client.wake()

    async def replay(self, client: Client, after: int) -> AsyncIterator[Item]:
        """What the client wants of the events after a position up to those it is offered, from the store."""
        until = client.position
        async with self._database.read(fresh=True) as work:
            first, last = await work.events.first_position(), await work.events.last_position()
        if after > last:
            yield Missed(last + 1, after, gone=True)  # never given here
            return
        if after > until:  # it came from a process that is ahead of this one
            client.position = after
            return
        if first and after + 1 < first:
            yield Missed(after + 1, first - 1, gone=True)
            after = first - 1
        while after < until:
            async with self._database.read(fresh=True) as work:
                events = [Event.of(row) for row in await work.events.all_since(after, limit=PAGE)]
            if not events:
                return
            for event in events:
                after = event.position
                if after > until:
                    return
                if client.wanted.fits(event, client.who):
                    client.sent += 1
                    yield event

    async def _catch_up(self, until: int | None) -> None:
        while until is None or self.position < until:
            async with self._database.read(fresh=True) as work:
                events = [Event.of(row) for row in await work.events.all_since(self.position, limit=PAGE)]
            if not events:
                return
            for event in events:
                if until is None or event.position <= until:
                    self._hand_out(event)
            if until is not None and events[-1].position >= until:
                return

    def _hand_out(self, event: Event) -> None:
        if event.position <= self.position:
            return
        self.position = event.position
        for client in self.clients:
            client.offer(event)
