"""The bus that events travel on, behind one protocol; the one inside a process."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol
from uuid import UUID

from aneos_api.errors import SettingsError
from aneos_api.events.event import Event
from aneos_api.settings import EventSettings

KEPT: Final = 10_000
"""Events that a bus keeps; older ones are read from the store."""


class BusUnavailable(Exception):  # noqa: N818 - a state of the bus, as Unavailable of the service
    """The bus does not answer; what it did not take stays in the store."""


class EventBus(Protocol):
    """Carries events in the order of their positions.

    ``put`` may be called with the same events again, by any number of processes: each position is taken once.
    """

    async def top(self) -> int | None:
        """Position of the newest event on the bus; None when it has none."""
        ...

    async def put(self, events: Sequence[Event]) -> None:
        """Take events in order of position; those at or before the top are passed over. Raises BusUnavailable."""
        ...

    def follow(self, after: int) -> AsyncIterator[Event]:
        """Events after a position, for ever, as they come. Raises BusUnavailable.

        What the bus no longer keeps is left out: positions show it, and the store has it."""
        ...

    async def close(self) -> None: ...


class MemoryBus:
    """Inside one process. Each process fills its own from the store, so that it serves several workers too."""

    def __init__(self, kept: int = KEPT) -> None:
        self._events: deque[Event] = deque(maxlen=kept)
        self._more = asyncio.Event()

    async def top(self) -> int | None:
        return self._events[-1].position if self._events else None

    async def put(self, events: Sequence[Event]) -> None:
        for event in events:
            if not self._events or event.position > self._events[-1].position:
                self._events.append(event)
        self._more.set()
        self._more = asyncio.Event()

    async def follow(self, after: int) -> AsyncIterator[Event]:
        while True:
            more = self._more
            for event in [event for event in self._events if event.position > after]:
                yield event
                after = event.position
            if more is self._more:
                await more.wait()

    async def close(self) -> None:
        return


def make_bus(settings: EventSettings) -> EventBus:
    """The bus that the settings name. Raises SettingsError where its address is missing."""
    if settings.backend == "memory":
        return MemoryBus()
    if settings.backend == "valkey":
        if settings.url is None:
            raise SettingsError("ANEOS_EVENTS__URL is missing: the address of the Valkey server")
        from aneos_api.events.valkey import ValkeyBus

        return ValkeyBus(settings.url.get_secret_value(), prefix=settings.topic_prefix)
    if not settings.kafka_servers:
        raise SettingsError("ANEOS_EVENTS__KAFKA_SERVERS is missing: the addresses of the brokers")
    try:
        from aneos_api.events.kafka_bus import KafkaBus
    except ModuleNotFoundError as error:
        raise SettingsError("ANEOS_EVENTS__BACKEND=kafka needs the extra 'kafka' (aiokafka)") from error
    return KafkaBus(settings)


def packed(event: Event) -> str:
    """An event without its position, as a bus outside the process carries it."""
    owner = None if event.tenant_id is None else str(event.tenant_id)
    parts = [str(event.event_id), event.topic, event.kind, event.key, event.timestamp, event.data, owner]
    return json.dumps(parts, separators=(",", ":"))


def unpacked(position: int, text: str) -> Event:
    """What :func:`packed` made, at its position."""
    event_id, topic, kind, key, timestamp, data, owner = json.loads(text)
    return Event(
        position, UUID(event_id), topic, kind, key, timestamp, data, None if owner is None else UUID(owner)
    )
