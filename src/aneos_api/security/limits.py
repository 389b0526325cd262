"""Rate limits: token buckets per principal and per address.

A bucket holds ``capacity`` tokens and gains ``rate`` a second; a request takes one. Buckets live in the process or,
when several processes share a limit, in Valkey (Redis), where one script does the arithmetic at the server's own clock.
When that server does not answer, requests pass and ``on_failure`` is told: a limiter must not take the service down.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

MAX_BUCKETS: Final = 100_000
"""Buckets kept in a process; the least recently used goes first, which at worst forgives a patient client."""


@dataclass(frozen=True, slots=True)
class Limit:
    """``rate`` in tokens a second, ``capacity`` in tokens."""

    rate: float
    capacity: float

    @classmethod
    def per_minute(cls, count: int, burst_s: float) -> Limit:
        """``count`` a minute; at once as many as ``burst_s`` seconds bring, and never less than one."""
        rate = count / 60.0
        return cls(rate, max(1.0, rate * burst_s))


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the request may pass; ``remaining`` tokens, and seconds until the next one."""

    allowed: bool
    remaining: int
    retry_after: float


class Buckets(Protocol):
    """Where buckets are kept."""

    async def take(self, key: str, limit: Limit, cost: float = 1.0) -> Decision: ...


class MemoryBuckets:
    """Buckets of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, size: int = MAX_BUCKETS) -> None:
        self._clock = clock
        self._size = size
        self._state: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def take(self, key: str, limit: Limit, cost: float = 1.0) -> Decision:
        return self.take_now(key, limit, cost)

    def take_now(self, key: str, limit: Limit, cost: float = 1.0) -> Decision:
        """As :meth:`take`, without a coroutine."""
        now = self._clock()
        state = self._state.get(key)
        tokens = limit.capacity
        if state is not None:
            tokens = min(limit.capacity, state[0] + max(0.0, now - state[1]) * limit.rate)
            self._state.move_to_end(key)
        elif len(self._state) >= self._size:
            self._state.popitem(last=False)
        allowed = tokens >= cost
        if allowed:
            tokens -= cost
        self._state[key] = (tokens, now)
        wait = 0.0 if allowed else (cost - tokens) / limit.rate
        return Decision(allowed, math.floor(tokens), wait)


SCRIPT: Final = """
local rate, capacity, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local state = redis.call('HMGET', KEYS[1], 'k', 't')
local tokens = capacity
if state[1] then tokens = math.min(capacity, tonumber(state[1]) + math.max(0, now - tonumber(state[2])) * rate) end
local allowed, wait = 0, 0
if tokens >= cost then tokens = tokens - cost; allowed = 1 else wait = (cost - tokens) / rate end
redis.call('HSET', KEYS[1], 'k', tostring(tokens), 't', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(1000 * capacity / rate) + 1000)
return {allowed, math.floor(tokens), tostring(wait)}
"""

Evaluate = Callable[[str, str, tuple[str, ...]], Awaitable[list[bytes | int | str]]]
"""Runs a Lua script: (script, key, arguments) → reply."""


class SharedBuckets:
    """Buckets in Valkey or Redis, shared by all processes. ``evaluate`` runs a script there."""

    def __init__(self, evaluate: Evaluate, prefix: str = "aneos:limit:") -> None:
        self._evaluate = evaluate
        self._prefix = prefix

    async def take(self, key: str, limit: Limit, cost: float = 1.0) -> Decision:
        arguments = (repr(limit.rate), repr(limit.capacity), repr(cost))
        allowed, remaining, wait = await self._evaluate(SCRIPT, self._prefix + key, arguments)
        text = wait.decode() if isinstance(wait, bytes) else str(wait)
        return Decision(int(allowed) == 1, int(remaining), float(text))


class Limiter:
    """Takes tokens from the buckets, and lets requests pass where the buckets cannot be reached."""

    def __init__(self, buckets: Buckets, on_failure: Callable[[Exception], None]) -> None:
        self._buckets = buckets
        self._on_failure = on_failure

    async def take(self, key: str, limit: Limit, cost: float = 1.0) -> Decision:
        if isinstance(self._buckets, MemoryBuckets):
            return self._buckets.take_now(key, limit, cost)
        try:
            return await self._buckets.take(key, limit, cost)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the limiter, requests pass
            self._on_failure(error)
            return Decision(True, math.floor(limit.capacity), 0.0)
