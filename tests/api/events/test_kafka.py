"""Events copied to the topics of a real broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest_asyncio
from sqlalchemy import delete

from aneos_api.database import Database
from aneos_api.database.models import Duty
from aneos_api.ending import end
from aneos_api.events.kafka import DUTY, KafkaSink
from aneos_api.settings import EventSettings
from tests.api.events.broker import Broker


@pytest_asyncio.fixture(loop_scope="session")
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with Broker(tmp_path) as running:
        yield running


def sink(database: Database, broker: Broker, prefix: str, lease_s: float = 2.0) -> KafkaSink:
    settings = EventSettings(
        kafka_servers=(broker.address,), kafka_idempotent=False, topic_prefix=prefix, poll_s=0.05
    )
    return KafkaSink(database, settings, lease_s=lease_s)


async def emit(database: Database, numbers: range) -> None:
    """Events of five objects, numbered by a relay's step."""
    async with database.write() as work:
        for n in numbers:
            await work.events.emit("assessments", "x", {"n": n}, key=f"object {n % 5}")
    async with database.write() as work:
        await work.events.publish()


async def begin(database: Database) -> None:
    """Let the sink begin after what is there, whoever had it before."""
    async with database.write() as work:
        await work.streams.move(DUTY, await work.events.last_position())
        await work.session.execute(delete(Duty))


async def copied(database: Database, timeout_s: float = 60) -> None:
    async with asyncio.timeout(timeout_s):
        while True:
            async with database.read(fresh=True) as work:
                if await work.streams.position(DUTY) == await work.events.last_position():
                    return
            await asyncio.sleep(0.05)


def numbers(records: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for record in records:
        found.setdefault(record.key.decode(), []).append(json.loads(record.value)["data"]["n"])
    return found


async def test_events_arrive_once_in_order_of_each_object_though_sinks_die_and_the_broker_is_deaf(
    database: Database, broker: Broker
) -> None:
    await begin(database)
    prefix = f"kill-{database.name}"
    made = 0
    for turn in range(4):
        await emit(database, range(made, made + 40))
        made += 40
        task = asyncio.create_task(sink(database, broker, prefix, lease_s=2.0).run())
        if turn == 1:
            broker.pause()
        await asyncio.sleep(0.15 * turn)  # killed at another moment each time, without leaving its duty
        await end([task]) if turn != 1 else None
        if turn == 1:
            broker.resume()
            await end([task])
    last = sink(database, broker, prefix, lease_s=2.0)
    task = asyncio.create_task(last.run())
    try:
        await copied(database)
    finally:
        await end([task])
        await last.leave()
    found = numbers(await broker.records(f"{prefix}.assessments"))
    assert found == {f"object {k}": list(range(k, made, 5)) for k in range(5)}


async def test_what_was_written_but_not_noted_is_not_written_again(
    database: Database, broker: Broker
) -> None:
    await begin(database)
    prefix = f"unnoted-{database.name}"
    await emit(database, range(20))

    class Forgetful(KafkaSink):
        async def _store(self, position: int, offsets: dict[str, int]) -> None:
            raise OSError("killed before it was noted")

    first = sink(database, broker, prefix, lease_s=2.0)
    dying = Forgetful(database, first.settings, lease_s=2.0)
    task = asyncio.create_task(dying.run())
    async with asyncio.timeout(25):
        while len(await broker.records(f"{prefix}.assessments")) < 20:
            await asyncio.sleep(0.05)
    await end([task])
    task = asyncio.create_task(first.run())
    try:
        await copied(database)
    finally:
        await end([task])
        await first.leave()
    found = numbers(await broker.records(f"{prefix}.assessments"))
    assert sorted(n for one in found.values() for n in one) == list(range(20))


async def test_a_message_is_of_the_documented_schema(database: Database, broker: Broker) -> None:
    await begin(database)
    await emit(database, range(1))
    copying = sink(database, broker, f"schema-{database.name}")
    task = asyncio.create_task(copying.run())
    try:
        await copied(database)
    finally:
        await end([task])
        await copying.leave()
    (record,) = await broker.records(f"schema-{database.name}.assessments")
    schema = json.loads(files("aneos_api.events").joinpath("event.schema.json").read_text("utf-8"))
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(json.loads(record.value))
    assert dict(record.headers)["schema"] == b"1"


async def test_one_process_at_a_time_has_the_duty(database: Database) -> None:
    async with database.write() as work:
        assert await work.streams.take_duty("d", "first", lease_s=60)
        assert not await work.streams.take_duty("d", "second", lease_s=60)
        assert await work.streams.take_duty("d", "first", lease_s=0.0)
    async with database.write() as work:
        assert await work.streams.take_duty("d", "second", lease_s=60)
        await work.streams.leave_duty("d", "second")
        assert await work.streams.take_duty("d", "third", lease_s=60)
