"""Events to Kafka topics, each once and in order, by one process of the installation at a time.

Every event goes to the topic ``PREFIX.TOPIC`` under its key, so that the events of one object keep their order. How
far the sink has come, and the offset that each partition had then, is stored after every page. A sink that takes over
reads what its predecessor wrote after that, and leaves it out: nothing is lost, and nothing is there twice.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from aneos_api.database.database import Database
from aneos_api.database.types import uuid7
from aneos_api.errors import ServiceError
from aneos_api.events.event import TOPICS, Event
from aneos_api.settings import EventSettings

log = structlog.get_logger("aneos_api.events")

DUTY: Final = "kafka"
LEASE_S: Final = 30.0
PAGE: Final = 500
RETRY_S: Final = 2.0
REQUEST_MS: Final = 10_000
STEP_S: Final = 20.0
"""A page that is not acknowledged by then is given up and looked at again; well within the lease."""
SCHEMA_VERSION: Final = "1"
QUIET_POLLS: Final = 2


class DutyLostError(Exception):
    """Another process has taken the sink over."""


@dataclass
class KafkaSink:
    """Copies events until it is cancelled; any number of processes may run one."""

    database: Database
    settings: EventSettings
    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{uuid7().hex[-6:]}")
    lease_s: float = LEASE_S
    _written: set[int] = field(default_factory=set, init=False)
    """Positions after the stored one that are in the topics already."""

    async def run(self) -> None:
        """Wait for the duty, then copy for ever; a broker or database that is away is asked again later."""
        while True:
            try:
                if await self._mine():
                    await self._copy()
            except (KafkaError, ServiceError, OSError, DutyLostError, TimeoutError) as error:
                log.warning("events wait for Kafka", reason=f"{type(error).__name__}: {error}"[:300])
            await asyncio.sleep(min(RETRY_S, self.lease_s / 3))

    async def leave(self) -> None:
        """Give the duty up."""
        async with self.database.write() as work:
            await work.streams.leave_duty(DUTY, self.holder)

    async def _mine(self) -> bool:
        async with self.database.write() as work:
            return await work.streams.take_duty(DUTY, self.holder, lease_s=self.lease_s)

    async def _copy(self) -> None:
        clock = asyncio.get_running_loop().time
        async with asyncio.timeout(2 * STEP_S):
            await make_topics(self.settings, [self._topic(name) for name in TOPICS])
        position = await self._recover()
        producer = AIOKafkaProducer(
            **connection(self.settings),
            acks="all",
            enable_idempotence=self.settings.kafka_idempotent,
        )
        async with asyncio.timeout(STEP_S):
            await producer.start()
        renewed = float("-inf")  # looking took its time
        try:
            while True:
                if clock() - renewed > self.lease_s / 3:
                    if not await self._mine():
                        raise DutyLostError("another process copies to Kafka")
                    renewed = clock()
                async with self.database.read(fresh=True) as work:
                    rows = await work.events.all_since(position, limit=PAGE)
                if not rows:
                    await asyncio.sleep(self.settings.poll_s)
                    continue
                first = rows[0].position or 0
                if first > position + 1:
                    log.error("the store no longer has events for Kafka", first=position + 1, last=first - 1)
                async with asyncio.timeout(min(STEP_S, self.lease_s / 2)):
                    offsets = await self._send(producer, [Event.of(row) for row in rows])
                position = rows[-1].position or position
                await self._store(position, offsets)
                renewed = clock()
        finally:
            async with asyncio.timeout(STEP_S):
                await producer.stop()

    async def _send(self, producer: AIOKafkaProducer, events: Sequence[Event]) -> dict[str, int]:
        """Put a page into the topics and wait until it is safe there; the newest offset of each partition."""
        sent = []
        for event in events:
            if event.position in self._written:
                continue
            sent.append(
                await producer.send(
                    self._topic(event.topic),
                    value(event).encode(),
                    key=(event.key or str(event.event_id)).encode(),
                    headers=[
                        ("position", str(event.position).encode()),
                        ("id", str(event.event_id).encode()),
                        ("schema", SCHEMA_VERSION.encode()),
                    ],
                )
            )
        offsets: dict[str, int] = {}
        for told in await asyncio.gather(*sent):
            name = _partition(told.topic, told.partition)
            offsets[name] = max(offsets.get(name, -1), told.offset)
        return offsets

    async def _store(self, position: int, offsets: dict[str, int]) -> None:
        async with self.database.write() as work:
            if not await work.streams.take_duty(DUTY, self.holder, lease_s=self.lease_s):
                raise DutyLostError("another process copies to Kafka")
            await work.streams.move(DUTY, position)
            for name, offset in offsets.items():
                await work.streams.move(name, offset)
        self._written = {number for number in self._written if number > position}

    async def _recover(self) -> int:
        """Where to go on; notes what is in the topics beyond that."""
        async with self.database.read(fresh=True) as work:
            position = await work.streams.position(DUTY) or 0
        consumer = AIOKafkaConsumer(**connection(self.settings), enable_auto_commit=False)
        async with asyncio.timeout(STEP_S):
            await consumer.start()
        try:
            found: set[int] = set()
            async with asyncio.timeout(4 * STEP_S):
                parts = [
                    TopicPartition(self._topic(name), number)
                    for name in TOPICS
                    for number in consumer.partitions_for_topic(self._topic(name)) or ()
                ]
                consumer.assign(parts)
                async with self.database.read(fresh=True) as work:
                    for part in parts:
                        offset = await work.streams.position(_partition(part.topic, part.partition))
                        consumer.seek(part, 0 if offset is None else offset + 1)
                quiet = 0
                while quiet < QUIET_POLLS:
                    batches = await consumer.getmany(timeout_ms=500, max_records=PAGE)
                    quiet = 0 if batches else quiet + 1
                    found |= {_position(record.headers) for records in batches.values() for record in records}
        finally:
            async with asyncio.timeout(STEP_S):
                await consumer.stop()
        self._written = {number for number in found if number > position}
        return position

    def _topic(self, name: str) -> str:
        return f"{self.settings.topic_prefix}.{name}"


def value(event: Event) -> str:
    """The message: see ``event.schema.json`` beside this module."""
    owner = None if event.tenant_id is None else str(event.tenant_id)
    return json.dumps({**json.loads(event.text), "tenant": owner}, separators=(",", ":"))


def connection(settings: EventSettings) -> dict[str, Any]:
    """What clients of the broker have in common. Raises nothing: the broker's absence shows when they start."""
    options: dict[str, Any] = {"bootstrap_servers": list(settings.kafka_servers), "client_id": "aneos"}
    options["request_timeout_ms"] = REQUEST_MS
    password = settings.kafka_password
    if settings.kafka_tls:
        options["ssl_context"] = ssl.create_default_context()
    if password is not None:  # the settings refuse one without the other
        options |= {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": password.get_secret_value(),
        }
    secured = "SASL_" if "sasl_mechanism" in options else ""
    options["security_protocol"] = f"{secured}{'SSL' if settings.kafka_tls else 'PLAINTEXT'}"
    return options


async def make_topics(
    settings: EventSettings, names: Sequence[str], *, partitions: int | None = None
) -> None:
    """Make the topics that are not there; with as many partitions as the settings say, unless told otherwise."""
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        await admin.start()
        missing = set(names) - set(await admin.list_topics())
        if missing:
            new = [
                NewTopic(name, partitions or settings.kafka_partitions, settings.kafka_replication)
                for name in sorted(missing)
            ]
            try:
                await admin.create_topics(new)
            except TopicAlreadyExistsError:
                log.info("the topics were made by another process")
    finally:
        await admin.close()


def _partition(topic: str, number: int) -> str:
    return f"kafka:{topic}:{number}"


def _position(headers: Sequence[tuple[str, bytes]]) -> int:
    text = dict(headers).get("position", b"")
    return int(text) if text.isdigit() else -1
