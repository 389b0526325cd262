"""Kept replies of one process: least recently used go first, writes forget by tag.

A reply is kept only where no write has touched its tags since its route began to read. Other processes see a write when
their kept reply is older than its time to live, or at once where they share a channel: :mod:`aneos_api.shared_reads`.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from aneos_api.middleware.reads import Kept
from aneos_api.middleware.state import CachePlan


@dataclass(frozen=True, slots=True)
class _Entry:
    kept: Kept
    tags: tuple[str, ...]
    until: float


def tags_of(touched: Iterable[tuple[UUID | None, str]]) -> list[str]:
    """The tags of areas of everybody and of single tenants."""
    return [area if tenant_id is None else f"{tenant_id}:{area}" for tenant_id, area in touched]


class Reads:
    """At most ``max_entries`` replies of together ``max_bytes``. ``shared``: :meth:`run` listens to other processes."""

    shared = False

    def __init__(self, *, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._by_tag: dict[str, set[str]] = {}
        self._generations: dict[str, int] = {}
        self._cleared = 0
        self._bytes = 0
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def get(self, key: str) -> Kept | None:
        """The kept reply, unless it is too old."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until < time.monotonic():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.kept

    async def put(self, key: str, kept: Kept, plan: CachePlan) -> None:
        """Keep a reply, unless something it rests on has changed since it was read."""
        if self.generation(plan.tags) != plan.generation or len(kept.body) > self._max_bytes:
            return
        self._drop(key)
        self._entries[key] = _Entry(kept, plan.tags, time.monotonic() + plan.ttl_s)
        self._bytes += len(kept.body)
        self._seen[key] = None
        self._seen.move_to_end(key)
        if len(self._seen) > self._max_entries:
            self._seen.popitem(last=False)
        for tag in plan.tags:
            self._by_tag.setdefault(tag, set()).add(key)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def expects(self, key: str) -> bool:
        """Whether a reply to this was kept once, so that the next will be: worth waiting for who is making it."""
        return key in self._seen

    def generation(self, tags: Iterable[str]) -> int:
        """A number that grows whenever something under one of the tags changes."""
        return self._cleared + sum(self._generations.get(tag, 0) for tag in tags)

    def forget(self, tags: Iterable[str]) -> None:
        """Drop what rests on these tags."""
        for tag in tags:
            self._generations[tag] = self._generations.get(tag, 0) + 1
            for key in self._by_tag.pop(tag, set()):
                self._drop(key)

    async def invalidate(self, touched: set[tuple[UUID | None, str]]) -> None:
        """What a committed unit of work changed: an area for one tenant, or for all."""
        self.forget(tags_of(touched))

    def clear(self) -> int:
        """Drop everything; how many replies went."""
        count = len(self._entries)
        self._entries.clear()
        self._by_tag.clear()
        self._bytes = 0
        self._cleared += 1
        return count

    async def run(self) -> None:
        """There is nobody to listen to."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def clear_everywhere(self) -> int:
        """As :meth:`clear`, in every process that shares its replies; how many went here."""
        return self.clear()

    @property
    def size(self) -> tuple[int, int]:
        """Number of replies and bytes kept."""
        return len(self._entries), self._bytes

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self._bytes -= len(entry.kept.body)
        for tag in entry.tags:
            keys = self._by_tag.get(tag)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._by_tag[tag]
