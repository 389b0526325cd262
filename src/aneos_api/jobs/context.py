"""What a running task holds: its job, fenced transactions, computation off the event loop, progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from aneos_api.database import Database, Lease, Work
from aneos_api.settings import Settings

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class JobCancelled(Exception):  # noqa: N818
    """The job's end was asked for."""


class JobContext:
    """Given to a task for one attempt at one job."""

    def __init__(self, lease: Lease, database: Database, settings: Settings, executor: Executor) -> None:
        self.lease = lease
        self.job = lease.job
        self.database = database
        self.settings = settings
        self._executor = executor
        self.reported: tuple[int, int | None, str] = (lease.job.progress_done, lease.job.progress_total, "")

    @property
    def id(self) -> UUID:
        return self.job.id

    @property
    def payload(self) -> dict[str, Any]:
        """What the job was given."""
        return self.job.payload

    def report(self, text: str, done: int, total: int | None) -> None:
        """Note progress; it is stored with the next heartbeat. May be called from a thread."""
        self.reported = (done, total, text)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Work]:
        """A unit of work that is stored only while the job is still this worker's.

        Raises :class:`~aneos_api.database.LeaseLost` instead of committing when it is not, and
        :class:`JobCancelled` when the job's end was asked for.
        """
        async with self.database.write() as work:
            yield work
            done, total, text = self.reported
            ended = await work.jobs.progress(
                self.job.id,
                self.lease.token,
                done=done,
                total=total,
                text=text,
                lease_s=self.settings.jobs.lease_s,
            )
            if ended:
                raise JobCancelled

    async def compute(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Run ``function`` in the worker's pool of threads or processes."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, partial(function, *args, **kwargs))
