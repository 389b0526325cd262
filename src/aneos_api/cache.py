"""Reads that are kept for a while, and are out of date the moment something they rest on is written.

Everything kept rests on *areas* (``objects``, ``assessments``, …), each of everybody or of one tenant. Every area has a
version, which a committed write raises; a value is found only under the versions at which it was read. In one process
the versions live in memory; with Valkey or Redis all processes share values and versions.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from aneos_api.settings import CacheSettings

logger = logging.getLogger("aneos.cache")

Area = tuple[UUID | None, str]
"""A tenant (None: everybody) and a word for what is read."""

PREFIX: Final = "aneos:cache:"


@dataclass(slots=True)
class CacheCounts:
    """What became of the questions put to a cache since the process began."""

    hits: int = 0
    misses: int = 0
    failures: int = 0
    """Questions that a shared cache did not answer: they count as misses for the caller."""


class ReadCache(Protocol):
    """Bytes by key. ``stamp`` is taken before the read whose result is put: a write in between makes it worthless."""

    counts: CacheCounts

    async def stamp(self, areas: Iterable[Area]) -> str | None: ...

    async def get(self, key: str, stamp: str | None) -> bytes | None: ...

    async def put(self, key: str, value: bytes, stamp: str | None, *, ttl_s: float | None = None) -> None: ...

    async def invalidate(self, touched: Iterable[Area]) -> None: ...

    async def clear(self) -> None: ...

    async def close(self) -> None: ...


async def cached(
    cache: ReadCache,
    key: str,
    areas: Iterable[Area],
    read: Callable[[], Awaitable[bytes]],
    *,
    ttl_s: float | None = None,
) -> bytes:
    """The kept value of ``key``, or what ``read`` gives, which is then kept."""
    stamp = await cache.stamp(areas)
    found = await cache.get(key, stamp)
    if found is not None:
        return found
    value = await read()
    await cache.put(key, value, stamp, ttl_s=ttl_s)
    return value


def make_cache(settings: CacheSettings) -> ReadCache:
    """The cache that the settings ask for: shared when they name a server, else of this process."""
    return MemoryCache(settings) if settings.url is None else SharedCache(settings)


class MemoryCache:
    """Of one process. The least recently used go first; other processes' writes are seen when a value is too old."""

    def __init__(self, settings: CacheSettings) -> None:
        self.settings = settings
        self.counts = CacheCounts()
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._versions: dict[Area, int] = {}
        self._bytes = 0
        self._cleared = 0

    @property
    def size(self) -> tuple[int, int]:
        """Values and bytes that are kept."""
        return len(self._values), self._bytes

    async def stamp(self, areas: Iterable[Area]) -> str | None:
        return _stamp(areas, self._versions) + f":{self._cleared}"

    async def get(self, key: str, stamp: str | None) -> bytes | None:
        full = f"{key}@{stamp}"
        found = self._values.get(full)
        if found is None or found[0] < time.monotonic():
            self._drop(full)
            self.counts.misses += 1
            return None
        self._values.move_to_end(full)
        self.counts.hits += 1
        return found[1]

    async def put(self, key: str, value: bytes, stamp: str | None, *, ttl_s: float | None = None) -> None:
        if len(value) > self.settings.max_bytes:
            return
        full = f"{key}@{stamp}"
        self._drop(full)
        self._values[full] = (time.monotonic() + (ttl_s or self.settings.ttl_s), value)
        self._bytes += len(value)
        while len(self._values) > self.settings.max_entries or self._bytes > self.settings.max_bytes:
            self._drop(next(iter(self._values)))

    async def invalidate(self, touched: Iterable[Area]) -> None:
        for area in touched:
            self._versions[area] = self._versions.get(area, 0) + 1

    async def clear(self) -> None:
        self._values.clear()
        self._bytes = 0
        self._cleared += 1

    async def close(self) -> None:
        await self.clear()

    def _drop(self, full: str) -> None:
        found = self._values.pop(full, None)
        if found is not None:
            self._bytes -= len(found[1])


class SharedCache:
    """In Valkey or Redis, for all processes. A server that does not answer in time is a miss, never an error.

    A write whose invalidation did not arrive leaves values that are wrong until their time is over (``ttl_s``).
    """

    def __init__(self, settings: CacheSettings) -> None:
        if settings.url is None:
            raise ValueError("a shared cache needs a URL")
        self.settings = settings
        self.counts = CacheCounts()
        self._redis: Redis = Redis.from_url(
            settings.url.get_secret_value(),
            socket_timeout=settings.timeout_s,
            socket_connect_timeout=settings.timeout_s,
            retry=Retry(NoBackoff(), 1),
        )

    async def stamp(self, areas: Iterable[Area]) -> str | None:
        wanted = _expanded(areas)
        try:
            versions = await self._redis.mget([f"{PREFIX}cleared", *map(_version_key, wanted)])
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return None
        return hashlib.blake2b(repr(versions).encode(), digest_size=12).hexdigest()

    async def get(self, key: str, stamp: str | None) -> bytes | None:
        if stamp is None:
            return None
        try:
            found = await self._redis.get(_value_key(key, stamp))
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return None
        if not isinstance(found, bytes):
            self.counts.misses += 1
            return None
        self.counts.hits += 1
        return found

    async def put(self, key: str, value: bytes, stamp: str | None, *, ttl_s: float | None = None) -> None:
        if stamp is None or len(value) > self.settings.max_bytes:
            return
        try:
            milliseconds = max(1, round((ttl_s or self.settings.ttl_s) * 1000))
            await self._redis.set(_value_key(key, stamp), value, px=milliseconds)
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)

    async def invalidate(self, touched: Iterable[Area]) -> None:
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for area in touched:
                    pipe.incr(_version_key(area))
                await pipe.execute()
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)

    async def clear(self) -> None:
        try:
            await self._redis.incr(f"{PREFIX}cleared")
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)

    async def close(self) -> None:
        await self._redis.aclose()

    def _failed(self, error: Exception) -> None:
        self.counts.failures += 1
        logger.warning("the shared cache does not answer: %s", error)


def _expanded(areas: Iterable[Area]) -> list[Area]:
    """The areas in order; a tenant's stands for everybody's too, since a write for all concerns each tenant."""
    wanted = set(areas)
    wanted |= {(None, area) for _, area in wanted}
    return sorted(wanted, key=lambda area: (area[1], str(area[0])))


def _stamp(areas: Iterable[Area], versions: dict[Area, int]) -> str:
    return ",".join(str(versions.get(area, 0)) for area in _expanded(areas))


def _version_key(area: Area) -> str:
    return f"{PREFIX}version:{area[0] or '*'}:{area[1]}"


def _value_key(key: str, stamp: str) -> str:
    return f"{PREFIX}value:{stamp}:{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"
