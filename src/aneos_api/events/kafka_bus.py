"""A bus over one partition of a Kafka topic, shared by all processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from aneos_api.events.bus import BusUnavailable, packed, unpacked
from aneos_api.events.event import Event
from aneos_api.events.kafka import connection, make_topics
from aneos_api.settings import EventSettings

ANSWER_S: Final = 10.0
BLOCK_MS: Final = 1000
LOOK_BACK: Final = 200
"""Records before the one that was looked for that are read again: relays at work at once may put them out of order."""
RECORD_BYTES: Final = 500_000


class KafkaBus:
    """The topic ``PREFIX.bus``.

    A record holds some events in order of position, whole or not at all. Relays at work at once may put the same
    events twice; as each begins after the top, every event stands after those before it, and followers pass over what
    they have.
    """

    def __init__(self, settings: EventSettings) -> None:
        self._settings = settings
        self._part = TopicPartition(f"{settings.topic_prefix}.bus", 0)
        self._producer: AIOKafkaProducer | None = None
        self._tail: AIOKafkaConsumer | None = None
        self._top: int | None = None
        self._busy = asyncio.Lock()

    async def top(self) -> int | None:
        async with self._busy:
            try:
                with _told():
                    async with asyncio.timeout(ANSWER_S):
                        await self._look()
            except BaseException:
                await self._forget()
                raise
        return self._top

    async def put(self, events: Sequence[Event]) -> None:
        if not events:
            return
        top = await self.top()
        async with self._busy:
            try:
                with _told():
                    async with asyncio.timeout(ANSWER_S):
                        await self._send([event for event in events if top is None or event.position > top])
            except BaseException:
                await self._forget()
                raise

    async def follow(self, after: int) -> AsyncIterator[Event]:
        with _told():
            async with asyncio.timeout(ANSWER_S):
                consumer = await self._consumer()
        try:
            with _told():
                async with asyncio.timeout(ANSWER_S):
                    await self._seek(consumer, after)
            while True:
                with _told():
                    found = await consumer.getmany(self._part, timeout_ms=BLOCK_MS)
                    if not found:  # a client waits in silence for a broker that is away
                        async with asyncio.timeout(ANSWER_S):
                            await self._same(consumer)
                _not_cancelled()
                for record in found.get(self._part, ()):
                    for event in _events(record.value):
                        if event.position > after:
                            after = event.position
                            yield event
        finally:
            await _stop(consumer)

    async def close(self) -> None:
        async with self._busy:
            await self._forget()

    async def _look(self) -> None:
        """Read what came since the last look."""
        if self._tail is None:
            self._top = None
            self._tail = await self._consumer()
            begin, end = await self._ends(self._tail)
            self._tail.seek(self._part, max(begin, end - LOOK_BACK))
        end = await self._same(self._tail)
        while await self._tail.position(self._part) < end:
            found = await self._tail.getmany(self._part, timeout_ms=BLOCK_MS)
            for record in found.get(self._part, ()):
                self._top = max(self._top or 0, _events(record.value)[-1].position)

    async def _send(self, events: Sequence[Event]) -> None:
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                **connection(self._settings), acks="all", enable_idempotence=self._settings.kafka_idempotent
            )
            await self._producer.start()
        for value in _records(events):
            await self._producer.send_and_wait(self._part.topic, value, partition=self._part.partition)

    async def _consumer(self) -> AIOKafkaConsumer:
        await make_topics(self._settings, [self._part.topic], partitions=1)
        consumer = AIOKafkaConsumer(
            **connection(self._settings), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            await consumer.start()
        except BaseException:
            await _stop(consumer)
            raise
        consumer.assign([self._part])
        return consumer

    async def _seek(self, consumer: AIOKafkaConsumer, after: int) -> None:
        """Go to where the events after a position begin, or somewhat before."""
        begin, end = await self._ends(consumer)
        back = LOOK_BACK
        while end - back > begin:
            consumer.seek(self._part, end - back)
            record = await consumer.getone(self._part)
            if _events(record.value)[-1].position <= after:
                break
            back *= 4
        consumer.seek(self._part, max(begin, end - back - LOOK_BACK))

    async def _ends(self, consumer: AIOKafkaConsumer) -> tuple[int, int]:
        begin = await consumer.beginning_offsets([self._part])
        end = await consumer.end_offsets([self._part])
        return begin[self._part], end[self._part]

    async def _same(self, consumer: AIOKafkaConsumer) -> int:
        """The end of the topic. Raises BusUnavailable where it is no longer the topic that was read."""
        end: int = (await consumer.end_offsets([self._part]))[self._part]
        if await consumer.position(self._part) > end:
            raise BusUnavailable("the topic began anew")
        return end

    async def _forget(self) -> None:
        """Close the clients: the next use makes new ones."""
        clients = (self._producer, self._tail)
        self._producer = self._tail = self._top = None
        for client in clients:
            await _stop(client)


def _records(events: Sequence[Event]) -> Iterator[bytes]:
    lines: list[str] = []
    size = 0
    for event in events:
        line = json.dumps([event.position, packed(event)], separators=(",", ":"))
        if lines and size + len(line) > RECORD_BYTES:
            yield f"[{','.join(lines)}]".encode()
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield f"[{','.join(lines)}]".encode()


def _events(value: bytes) -> list[Event]:
    return [unpacked(position, text) for position, text in json.loads(value)]


async def _stop(client: AIOKafkaConsumer | AIOKafkaProducer | None) -> None:
    if client is not None:
        try:
            async with asyncio.timeout(ANSWER_S):
                await client.stop()
        except (KafkaError, OSError, TimeoutError):
            return  # what it had is kept by the store; a broker that is away takes no farewell


def _not_cancelled() -> None:
    """Raise a cancellation that a client's library lost."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise BusUnavailable(f"{type(error).__name__}: {error}") from error
