"""Kept replies of several processes: each keeps its own, and a write anywhere makes all of them forget.

Every process listens to one channel of Valkey (Redis). While it does not hear it, it keeps nothing: a reply that nobody
can recall must not be given. Workers, which keep no replies, only speak.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Final
from uuid import UUID, uuid4

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from aneos_api.middleware.reads import Kept
from aneos_api.middleware.state import CachePlan
from aneos_api.reads import Reads, tags_of
from aneos_api.settings import CacheSettings

CHANNEL: Final = "aneos:reads"
EVERYTHING: Final = "*"
SILENCE_S: Final = 5.0
"""How often a silent connection is asked whether it lives."""

AGAIN_S: Final = 1.0
LOST: Final = (RedisError, OSError, TimeoutError)

log = structlog.get_logger("aneos_api.reads")


class Speaker:
    """Tells all processes what was written. A server that does not answer is logged: listeners lose it too."""

    def __init__(self, settings: CacheSettings) -> None:
        if settings.url is None:
            raise ValueError("the channel needs a server")
        self._url = settings.url.get_secret_value()
        self._timeout_s = settings.timeout_s
        self.name = uuid4().hex
        self._client: Redis = self.connection(settings.timeout_s)

    async def invalidate(self, touched: set[tuple[UUID | None, str]]) -> None:
        """What a committed unit of work changed."""
        await self.say(tags_of(touched))

    async def say(self, tags: Iterable[str]) -> None:
        try:
            await self._client.publish(CHANNEL, json.dumps([self.name, *tags]))
        except LOST as error:
            log.warning("other processes were not told of a write", reason=type(error).__name__)

    async def close(self) -> None:
        await self._client.aclose()

    def connection(self, timeout_s: float) -> Redis:
        """A client whose answers come within ``timeout_s``."""
        return Redis.from_url(
            self._url,
            socket_timeout=timeout_s,
            socket_connect_timeout=self._timeout_s,
            retry=Retry(NoBackoff(), 0),
        )


class SharedReads(Reads):
    """Replies of one process, forgotten when any process writes."""

    shared = True

    def __init__(self, settings: CacheSettings) -> None:
        super().__init__(max_entries=settings.max_entries, max_bytes=settings.max_bytes)
        self._speaker = Speaker(settings)
        self.listening = False

    async def get(self, key: str) -> Kept | None:
        return await super().get(key) if self.listening else None

    def expects(self, key: str) -> bool:
        return self.listening and super().expects(key)

    async def put(self, key: str, kept: Kept, plan: CachePlan) -> None:
        if self.listening:
            await super().put(key, kept, plan)

    async def invalidate(self, touched: set[tuple[UUID | None, str]]) -> None:
        await super().invalidate(touched)
        await self._speaker.invalidate(touched)

    async def clear_everywhere(self) -> int:
        await self._speaker.say([EVERYTHING])
        return self.clear()

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except LOST as error:
                log.warning("replies are not kept until Valkey answers", reason=type(error).__name__)
            finally:
                self.listening = False
                self.clear()
            await asyncio.sleep(AGAIN_S)

    async def close(self) -> None:
        await self._speaker.close()

    async def _listen(self) -> None:
        client = self._speaker.connection(2 * SILENCE_S)
        try:
            async with client.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                silent = 0
                while True:
                    message = await channel.get_message(timeout=SILENCE_S)
                    task = asyncio.current_task()
                    if task is not None and task.cancelling():
                        raise asyncio.CancelledError  # the client may have swallowed it: see events/valkey.py
                    if message is None:
                        silent += 1
                        if silent > 2:
                            raise TimeoutError
                        await channel.ping()  # an answer counts as a message
                        continue
                    silent = 0
                    if message["type"] == "subscribe":
                        self.clear()  # what was said before is not known
                        self.listening = True
                    elif message["type"] == "message":
                        self._hear(message["data"])
        finally:
            await client.aclose()

    def _hear(self, data: bytes) -> None:
        speaker, *tags = json.loads(data)
        if speaker == self._speaker.name:
            return
        if EVERYTHING in tags:
            self.clear()
        else:
            self.forget(tags)
