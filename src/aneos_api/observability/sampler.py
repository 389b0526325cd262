"""Stores how the service is doing every few seconds, so that its past can be looked at without other tools."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import Counter, Gauge

from aneos_api.database.services.metrics import Sample
from aneos_api.errors import ServiceError
from aneos_api.observability.metrics import ERRORS, IN_FLIGHT, REQUESTS, SECONDS

if TYPE_CHECKING:
    from aneos_api.context import Context

log = structlog.get_logger("aneos_api.sampler")

PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class Sampler:
    """Samples of this process: requests, latency, memory, processor, connections, kept replies."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._interval_s = context.settings.observability.sample_s
        self._last = (time.monotonic(), *_totals(), _cpu_s())

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            await asyncio.sleep(self._interval_s)
            with contextlib.suppress(ServiceError):  # a database that is away now is asked again next time
                await self.store()

    async def store(self) -> None:
        """Store one set of samples."""
        samples = self.take()
        async with self._context.database.write() as work:
            await work.metrics.record_many(samples)

    def take(self) -> list[Sample]:
        """What there is to say since the last time."""
        now, (requests, seconds, errors), cpu = time.monotonic(), _totals(), _cpu_s()
        before, requests_then, seconds_then, errors_then, cpu_then = self._last
        self._last = (now, requests, seconds, errors, cpu)
        span, answered = max(now - before, 1e-6), requests - requests_then
        entries, size = self._context.reads.size
        values = {
            "requests_per_s": answered / span,
            "mean_request_ms": 1000.0 * (seconds - seconds_then) / answered if answered else 0.0,
            "internal_errors_per_s": (errors - errors_then) / span,
            "requests_in_flight": value_of(IN_FLIGHT),
            "cpu_share": (cpu - cpu_then) / span,
            "memory_bytes": float(memory_bytes()),
            "connections_in_use": float(sum(pool.in_use for pool in self._context.database.pools().values())),
            "read_cache_entries": float(entries),
            "read_cache_bytes": float(size),
        }
        return [Sample(name, value, {"process": str(os.getpid())}) for name, value in values.items()]


def memory_bytes() -> int:
    """Resident memory of this process."""
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def value_of(metric: Counter | Gauge) -> float:
    """Sum of all samples of a counter or gauge of this process."""
    return sum(
        sample.value for family in metric.collect() for sample in family.samples if _counts(sample.name)
    )


def _totals() -> tuple[float, float, float]:
    seconds = sum(
        sample.value
        for family in SECONDS.collect()
        for sample in family.samples
        if sample.name.endswith("_sum")
    )
    return value_of(REQUESTS), seconds, value_of(ERRORS)


def _counts(name: str) -> bool:
    return not name.endswith("_created")


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
