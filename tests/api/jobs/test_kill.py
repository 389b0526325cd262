"""A batch of 10,000 objects, while the API, the workers and the database are killed (SIGKILL) again and again.

Real processes: ``start_api.py``, two workers, a PostgreSQL server of its own. Nothing may be lost, nothing done twice.
The API is started from its file; what comes after it, and the workers, are spared the imports.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from aneos_api.database import Database, init_database
from aneos_api.database.models import Batch, BatchItem, Job
from aneos_api.security.keys import new_key
from tests.api.conftest import ENGINES
from tests.api.postgres import Postgres
from tests.nursery import SERVER, Born, Nursery

OBJECTS = 10_000
CHECKOUT = Path(__file__).resolve().parents[3]
LIMIT_S = 400.0
"""Longest wait for any step: generous, since the test shares its machine."""


class Victims:
    """The processes of one service, to be killed and started again."""

    def __init__(self, folder: Path, url: str, postgres: Postgres | None, nursery: Nursery) -> None:
        self.folder, self.url, self.postgres, self.nursery = folder, url, postgres, nursery
        self.port = _free_port()
        self.processes: dict[str, subprocess.Popen[bytes] | Born] = {}
        self.kills: list[str] = []
        self.environment = {
            name: text for name, text in os.environ.items() if not name.startswith("ANEOS_")
        } | {
            "ANEOS_DATA_DIR": str(folder),
            "ANEOS_DATABASE__URL": url,
            "ANEOS_JOBS__IN_PROCESS": "false",
            "ANEOS_JOBS__LEASE_S": "2",
            "ANEOS_JOBS__HEARTBEAT_S": "0.5",
            "ANEOS_JOBS__POLL_S": "0.1",
            "ANEOS_JOBS__BACKOFF_S": "0.2",
            "ANEOS_JOBS__BATCH_CHUNK": "100",
            "ANEOS_LIMITS__ENABLED": "false",
            "PYTHONWARNINGS": "default",
        }

    def start(self, name: str) -> None:
        """Start ``api``, ``worker-…`` or ``database``."""
        if name == "database":
            assert self.postgres is not None
            self.postgres.start()
            return
        log = self.folder / f"{name}.log"
        arguments = ["--port", str(self.port), "--log-level", "WARNING"] if name == "api" else []
        if name == "api" and name not in self.processes:
            with log.open("ab") as out:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, str(CHECKOUT / "start_api.py"), *arguments],
                    env=self.environment,
                    cwd=CHECKOUT,
                    stdout=out,
                    stderr=out,
                )
            return
        function = SERVER if name == "api" else "tests.api.jobs.victim_worker:main"
        self.processes[name] = self.nursery.beget(function, arguments, self.environment, log)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self.kills.append(name)
        if name == "database":
            assert self.postgres is not None
            self.postgres.kill()
            return
        process = self.processes[name]
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait(10)

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n" + path.read_text(errors="replace")[-3000:]
            for path in self.folder.glob("*.log")
        )


@pytest.fixture(params=ENGINES)
def victims(request: pytest.FixtureRequest, tmp_path: Path, nursery: Nursery) -> Iterator[Victims]:
    """A service on each engine, with the durable settings of production. PostgreSQL's server is its own."""
    server = None
    url = f"sqlite:///{tmp_path / 'kill.db'}"
    if request.param == "postgresql":
        server = Postgres(durable=True)
        url = server.url("postgres")
    made = Victims(tmp_path, url, server, nursery)
    try:
        yield made
    finally:
        made.end()
        if server is not None:
            server.close()


@pytest.mark.slow
async def test_a_batch_survives_killed_workers_api_and_database(victims: Victims) -> None:
    database = await init_database(victims.url)
    key, tenant_id = await _analyst(database)
    for name in ("api", "worker-1", "worker-2"):
        victims.start(name)
    submitted = asyncio.create_task(asyncio.to_thread(_submit, victims, key))
    await _until(lambda: _answers(victims), "the API is ready")
    await asyncio.sleep(0.5)  # the request is under way, or its answer is
    victims.kill("api")
    victims.start("api")

    await _until_async(lambda: _done(database, OBJECTS // 10), "a tenth is done")
    await _kill(victims, "worker-1")
    await _until_async(lambda: _done(database, 3 * OBJECTS // 10), "three tenths are done")
    before = await _marks(database)
    if victims.postgres is not None:
        await _kill(victims, "database", rest_s=1.0)
    else:  # SQLite lives in its users: all of them at once
        for name in ("worker-1", "worker-2", "api"):
            victims.kill(name)
        for name in ("worker-1", "worker-2", "api"):
            victims.start(name)
    await _until_async(lambda: _done(database, 6 * OBJECTS // 10), "six tenths are done")
    await _kill(victims, "worker-2")
    batch_id = UUID(await submitted)
    await _until_async(lambda: _over(database, batch_id), "the batch is over", victims)

    async with database.read(fresh=True) as work:
        batches = list(await work.session.scalars(select(Batch)))
        jobs = list(await work.session.scalars(select(Job)))
        items = list(await work.session.scalars(select(BatchItem).order_by(BatchItem.position)))
    assert [batch.id for batch in batches] == [batch_id], "the request was repeated, the batch was not"
    batch = batches[0]
    assert (batch.tenant_id, batch.status) == (tenant_id, "succeeded")
    assert (batch.total, batch.succeeded, batch.failed, batch.cancelled) == (OBJECTS, 9900, 100, 0)
    assert [item.position for item in items] == list(range(OBJECTS))
    for item in items:
        if item.position % 100 == 99:
            assert (item.status, item.error, item.result) == ("failed", "cannot be assessed", None)
        else:
            assert item.result is not None
            assert (item.status, item.result["designation"]) == ("succeeded", f"K{item.position:05d}")
    after = {item.position: item.result["mark"] for item in items if item.result is not None}
    assert {position: after[position] for position in before} == before, "no answer was written twice"
    assert len(set(after.values())) == 9900
    assert {job.status for job in jobs} == {"succeeded"}
    assert {"api", "worker-1", "worker-2"} <= set(victims.kills)
    await database.close()


async def _kill(victims: Victims, name: str, *, rest_s: float = 0.2) -> None:
    await asyncio.to_thread(victims.kill, name)
    await asyncio.sleep(rest_s)
    await asyncio.to_thread(victims.start, name)


async def _analyst(database: Database) -> tuple[str, UUID]:
    """The API key of an analyst, and the tenant."""
    key = new_key()
    async with database.write() as work:
        tenant = await work.tenants.create(slug="kill", name="Kill test")
        user = await work.users.create(
            email="analyst@example.org", password_hash="none", tenant_id=tenant.id, role="analyst"
        )
        await work.keys.create(
            tenant_id=tenant.id,
            user_id=user.id,
            name="test",
            prefix=key.prefix,
            key_hash=key.digest,
            role="analyst",
        )
    return key.text, tenant.id


def _submit(victims: Victims, key: str) -> str:
    """Post the batch until somebody answers with its identifier, as a client with an idempotency key does."""
    elements = [
        {
            "designation": f"K{number:05d}",
            "epoch_tdb_jd": 2461000.5,
            "a_au": 1.1,
            "e": 0.1,
            "i_deg": 1.0,
            "node_deg": 10.0,
            "peri_deg": 20.0,
            "mean_anomaly_deg": 30.0,
            "H": 28.0,
        }
        for number in range(OBJECTS)
    ]
    body = json.dumps({"elements": elements, "name": "kill"}).encode()
    deadline = time.monotonic() + LIMIT_S
    last = "nothing"
    while time.monotonic() < deadline:
        request = urllib.request.Request(
            f"http://127.0.0.1:{victims.port}/api/v1/analysis/batch",
            data=body,
            headers={"Content-Type": "application/json", "X-API-Key": key, "Idempotency-Key": "kill-test"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                answer: dict[str, Any] = json.load(reply)
                return str(answer["batch"]["id"])
        except urllib.error.HTTPError as error:
            last = f"{error.code} {error.read()[:300]!r}"
            if error.code < 500 and error.code != 409:
                raise AssertionError(last) from error
        except (OSError, ValueError) as error:
            last = repr(error)
        time.sleep(0.2)
    raise AssertionError(f"the batch was never taken: {last}")


def _answers(victims: Victims) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{victims.port}/health/live", timeout=2) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


async def _done(database: Database, wanted: int) -> bool:
    async with database.read(fresh=True) as work:
        count = await work.session.scalar(
            select(func.count()).select_from(BatchItem).where(BatchItem.status != "pending")
        )
    return int(count or 0) >= wanted


async def _over(database: Database, batch_id: UUID) -> bool:
    async with database.read(fresh=True) as work:
        batch = await work.batches.get(batch_id)
        jobs = await work.jobs.counts()
    return batch.status == "succeeded" and jobs["running"] + jobs["queued"] == 0


async def _marks(database: Database) -> dict[int, str]:
    async with database.read(fresh=True) as work:
        rows = await work.session.execute(
            select(BatchItem.position, BatchItem.result).where(BatchItem.status == "succeeded")
        )
    return {position: result["mark"] for position, result in rows}


async def _until(condition: Any, what: str) -> None:
    async def ask() -> bool:
        return bool(await asyncio.to_thread(condition))

    await _until_async(ask, what)


async def _until_async(condition: Any, what: str, victims: Victims | None = None) -> None:
    from aneos_api.errors import Unavailable

    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        try:
            if await condition():
                return
        except Unavailable:
            pass
        await asyncio.sleep(0.2)
    raise AssertionError(f"never came: {what}\n{victims.logs() if victims else ''}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
