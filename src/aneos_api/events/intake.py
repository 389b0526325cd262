"""Candidate observations (ADES) in from a Kafka topic: fitted and assessed, each message once in effect.

A message becomes a set of observations with its job in the same transaction that stores the message's identity and the
offset that was reached. Wherever a consumer dies, the next one begins at the stored offset, and a message that is sent
again under the same identity makes nothing new.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from aneos.errors import InputError
from aneos_api.database.database import Database
from aneos_api.database.types import uuid7
from aneos_api.database.unit import Work
from aneos_api.errors import ServiceError, SettingsError
from aneos_api.events.kafka import LEASE_S, RETRY_S, STEP_S, DutyLostError, connection, make_topics
from aneos_api.settings import EventSettings

log = structlog.get_logger("aneos_api.events")

DUTY: Final = "kafka observations"
LONGEST: Final = 4 << 20
"""Bytes of one message; a night of a survey is a few hundred kB."""
PAGE: Final = 50
POLL_MS: Final = 500


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message. ``identity`` is its header ``id``, or else its key with the hash of its content: the same object may
    be sent again with more observations."""

    topic: str
    partition: int
    offset: int
    identity: str
    name: str
    sha256: str
    text: str | None
    form: str
    fault: str | None


@dataclass
class Intake:
    """Reads until it is cancelled; any number of processes may run one, one at a time does. Raises SettingsError where
    the settings name no topic or no organisation."""

    database: Database
    settings: EventSettings
    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{uuid7().hex[-6:]}")
    lease_s: float = LEASE_S

    def __post_init__(self) -> None:
        if self.settings.kafka_observations is None or self.settings.kafka_observations_tenant is None:
            raise SettingsError("KAFKA_OBSERVATIONS and KAFKA_OBSERVATIONS_TENANT are set together")
        self.topic = self.settings.kafka_observations
        self.owner = self.settings.kafka_observations_tenant

    async def run(self) -> None:
        """Wait for the duty, then read for ever; a broker or database that is away is asked again later."""
        while True:
            try:
                if await self._mine():
                    await self._read()
            except (KafkaError, ServiceError, OSError, DutyLostError, TimeoutError) as error:
                log.warning("observations wait in Kafka", reason=f"{type(error).__name__}: {error}"[:300])
            await asyncio.sleep(min(RETRY_S, self.lease_s / 3))

    async def _mine(self) -> bool:
        async with self.database.write() as work:
            return await work.streams.take_duty(DUTY, self.holder, lease_s=self.lease_s)

    async def _read(self) -> None:
        async with asyncio.timeout(2 * STEP_S):
            await make_topics(self.settings, [self.topic])
        consumer = AIOKafkaConsumer(
            self.topic,
            **connection(self.settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=LONGEST,
        )
        async with asyncio.timeout(STEP_S):
            await consumer.start()
        try:
            async with self.database.read(fresh=True) as work:
                for part in await _parts(consumer, self.topic):
                    reached = await work.streams.position(_reader(self.topic, part.partition))
                    consumer.seek(part, 0 if reached is None else reached + 1)
            while True:
                if not await self._mine():
                    raise DutyLostError("another process reads observations")
                async with asyncio.timeout(STEP_S):
                    batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=PAGE)
                for records in batches.values():
                    for record in records:
                        await self.take(await asyncio.to_thread(candidate, record))
        finally:
            async with asyncio.timeout(STEP_S):
                await consumer.stop()

    async def take(self, message: Candidate) -> UUID | None:
        """Store a message with what it makes necessary, and the offset; the new set, None where there is none.

        Raises DutyLostError, storing nothing, where another process reads by now.
        """
        async with self.database.write() as work:
            if not await work.streams.take_duty(DUTY, self.holder, lease_s=self.lease_s):
                raise DutyLostError("another process reads observations")
            made = await self._store(work, message)
            await work.streams.move(_reader(message.topic, message.partition), message.offset)
        return made

    async def _store(self, work: Work, message: Candidate) -> UUID | None:
        source = f"kafka:{message.topic}"[:200]
        if not await work.streams.receive(source, message.identity, message.sha256):
            return None
        tenant = await work.tenants.by_slug(self.owner)
        if tenant is None:
            raise SettingsError(
                f"ANEOS_EVENTS__KAFKA_OBSERVATIONS_TENANT: there is no organisation {self.owner!r}"
            )
        if message.text is None:
            fault = message.fault or "cannot be used"
            await work.streams.made_of(source, message.identity, error=fault)
            told = {"name": message.name, "source": source, "offset": message.offset, "reason": fault}
            await work.events.emit(
                "assessments", "observations.refused", told, key=message.name, tenant_id=tenant.id
            )
            return None
        row, _ = await work.observations.create(
            tenant_id=tenant.id,
            content=message.text,
            format=message.form,
            name=message.name,
            options={"source": source, "offset": message.offset},
        )
        await work.streams.made_of(source, message.identity, observation_set_id=row.id)
        return row.id


def candidate(record: Any) -> Candidate:
    """A record of the topic, read and checked; what cannot be used has its reason."""
    value: bytes = record.value or b""
    digest = hashlib.sha256(value).hexdigest()
    key = (record.key or b"").decode("utf-8", "replace").replace("\x00", "")
    header = dict(record.headers or ()).get("id", b"").decode("utf-8", "replace").replace("\x00", "")
    identity = header[:200] if header else f"{key[:120]}:{digest}"
    text, form, fault = _text(value)
    where = (record.topic, record.partition, record.offset)
    return Candidate(*where, identity, key[:64] or "candidate", digest, text, form, fault)


def _text(value: bytes) -> tuple[str | None, str, str | None]:
    """(text, format, fault): the observations, or why they cannot be used."""
    from aneos.astrometry import parse_observations

    if len(value) > LONGEST:
        return None, "", f"the message has more than {LONGEST:,} bytes"
    try:
        text = value.decode("utf-8-sig")
        if "\x00" in text:
            return None, "", "the message is binary"
        parse_observations(text, "message")
    except UnicodeDecodeError as error:
        return None, "", f"the message is no UTF-8 text (byte {error.start})"
    except InputError as error:
        return None, "", str(error)
    if text.lstrip().startswith("<"):
        return text, "ades-xml", None
    return text, "ades-psv" if "|" in text else "mpc80", None


async def _parts(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """The topic's partitions, once they are assigned."""
    async with asyncio.timeout(STEP_S):
        while not consumer.assignment():
            await asyncio.sleep(0.05)
    return [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]


def _reader(topic: str, partition: int) -> str:
    return f"kafka in:{topic}:{partition}"[:200]
