"""The science as the service calls it: assessments in threads, a few at a time, never on the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from aneos.artificial.known import KnownObject, load_known
from aneos.assessment import DEFAULT_PRIOR, Report, check_prior
from aneos.catalogue import Catalogue, load_bundled
from aneos.errors import InputError
from aneos_api.errors import Invalid, NotFound, Unavailable
from aneos_api.observability.metrics import ASSESS_SECONDS

T = TypeVar("T")
WAITING: Final = 64
"""Requests that may queue for a free thread before further ones get 503."""


class Science:
    """``concurrency`` computations run at once: the numerical libraries use the cores themselves."""

    def __init__(self, concurrency: int) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._queued = 0

    async def run(self, work: Callable[[], T]) -> T:
        """``work()`` in a thread. Raises Unavailable where too many wait already."""
        if self._queued >= WAITING:
            raise Unavailable("Too many computations are waiting", retry_after=2)
        self._queued += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work)
        except InputError as error:
            raise Invalid(str(error)) from error
        finally:
            self._queued -= 1

    async def warm(self) -> None:
        """Load the reference populations, so that the first request does not wait for them."""

        def once() -> object:
            from aneos import screening  # in this thread: it takes long to load

            return screening.assess(load_bundled(), ["2006 RH120"])

        await self.run(once)

    async def assess(
        self, objects: Catalogue, *, without: Sequence[str] = (), prior: float | None = None
    ) -> Report:
        """A quick assessment of every object of ``objects``. Raises Invalid for what cannot be judged."""
        started = time.perf_counter()
        chosen = DEFAULT_PRIOR if prior is None else prior
        check_prior(chosen)

        def judge() -> Report:
            from aneos import screening  # in this thread: the first time it takes long to load

            return screening.assess(objects, objects, without=without, prior=chosen)

        report = await self.run(judge)
        ASSESS_SECONDS.labels("quick").observe(time.perf_counter() - started)
        return report


def known_object(identifier: str) -> KnownObject:
    """An object of the registry by its id. Raises NotFound."""
    for known in load_known():
        if known.id == identifier:
            return known
    raise NotFound(f"the registry has no object {identifier!r}")
