"""The worker: claims jobs, runs their tasks, keeps their leases alive, and settles them.

It outlives the database: while that is away nothing is claimed, and what was finished meanwhile is settled later, or
taken over by another worker once the lease has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from structlog.contextvars import bound_contextvars

from aneos.errors import AneosError
from aneos_api.clock import utc_now
from aneos_api.database import Database, Lease, LeaseLost
from aneos_api.database.types import uuid7
from aneos_api.ending import end
from aneos_api.errors import ServiceError, Unavailable
from aneos_api.jobs.context import JobCancelled, JobContext
from aneos_api.jobs.executors import make_executor
from aneos_api.jobs.queue import JobQueue, TableQueue
from aneos_api.jobs.registry import Registry
from aneos_api.observability.metrics import JOB_SECONDS, JOBS_SETTLED
from aneos_api.observability.traces import annotate, job_span, mark_failed
from aneos_api.settings import Settings

logger = logging.getLogger("aneos.jobs")

LONGEST_PAUSE_S: Final = 5.0
"""Longest pause between two questions to a database that is away."""


@dataclass(slots=True)
class _Running:
    lease: Lease
    context: JobContext
    task: asyncio.Task[None]
    cancelled: bool = False
    lost: bool = False


class Worker:
    """Runs jobs until it is stopped. Make it with an open database and start it with :meth:`run`."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        registry: Registry | None = None,
        queue: JobQueue | None = None,
        executor: Executor | None = None,
        name: str | None = None,
    ) -> None:
        if registry is None:
            from aneos_api.jobs.tasks import TASKS

            registry = TASKS
        self.database = database
        self.settings = settings
        self.registry = registry
        self.queue: JobQueue = queue or TableQueue(database, settings.jobs, registry)
        self.name = name or f"{socket.gethostname()}:{os.getpid()}:{uuid7().hex[-6:]}"
        self.started_at = utc_now()
        self.finished = 0
        self._executor = executor
        self._running: dict[UUID, _Running] = {}
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()

    @property
    def running(self) -> int:
        """Jobs at work now."""
        return len(self._running)

    def wake(self) -> None:
        """Look for jobs now: call it after the commit that queued one."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; :meth:`run` ends when the running jobs are done or given back."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Work until :meth:`stop` is called, or the task is cancelled."""
        executor = self._executor or make_executor(self.settings.jobs)
        self._executor = executor
        logger.info("worker %s started", self.name)
        await self._put_schedules()
        claiming = asyncio.create_task(self._claim_loop())
        beating = asyncio.create_task(self._beat_loop())
        try:
            await self._stopping.wait()
            # A claim that is under way is let through: cut off, its jobs would wait for the end of their leases.
            await asyncio.wait([claiming], timeout=self.settings.jobs.shutdown_s)
            await self._drain()
        finally:
            await end([claiming, beating])
            await self._abandon()
            with contextlib.suppress(Unavailable):
                await self.queue.gone(self.name)
            executor.shutdown(wait=False, cancel_futures=True)
            logger.info("worker %s stopped", self.name)

    async def run_until_idle(self) -> int:
        """Do everything that is due now, then return; how many jobs were settled. For tests and one-off runs."""
        if self._executor is None:
            self._executor = make_executor(self.settings.jobs)
        before = self.finished
        while True:
            await self.queue.run_schedules()
            leases = await self.queue.claim(
                self.name, limit=self.settings.jobs.concurrency, tasks=self.registry.names
            )
            if not leases:
                return self.finished - before
            for lease in leases:
                self._begin(lease)
            await asyncio.gather(*(running.task for running in list(self._running.values())))

    async def _put_schedules(self) -> None:
        from aneos_api.jobs.tasks import put_schedules

        try:
            async with self.database.write() as work:
                await put_schedules(work, self.settings)
        except Unavailable as error:
            logger.warning("the schedules were not renewed: %s", error)

    async def _claim_loop(self) -> None:
        pause = self.settings.jobs.poll_s
        while not self._stopping.is_set():
            self._wake.clear()
            room = self.settings.jobs.concurrency - len(self._running)
            claimed = 0
            try:
                if room > 0:
                    await self.queue.run_schedules()
                    leases = await self.queue.claim(self.name, limit=room, tasks=self.registry.names)
                    claimed = len(leases)
                    for lease in leases:
                        self._begin(lease)
                pause = self.settings.jobs.poll_s
            except Unavailable as error:
                logger.warning("no jobs claimed: %s", error)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            if claimed == 0 or claimed == room:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()

    async def _beat_loop(self) -> None:
        while True:
            await asyncio.sleep(self.settings.jobs.heartbeat_s)
            try:
                await self._beat()
            except Unavailable as error:
                logger.warning("no heartbeat: %s", error)

    async def _beat(self) -> None:
        await self.queue.alive(
            self.name,
            started_at=self.started_at,
            running=len(self._running),
            detail={"jobs": [str(job) for job in self._running], "finished": self.finished},
        )
        running = dict(self._running)
        held = await self.queue.beat([(job, entry.lease.token) for job, entry in running.items()])
        for job, entry in running.items():
            if entry.task.done():
                continue
            if job not in held:
                entry.lost = True
                entry.task.cancel()
            elif held[job]:
                entry.cancelled = True
                entry.task.cancel()
            else:
                done, total, text = entry.context.reported
                with contextlib.suppress(LeaseLost):
                    await self.queue.progress(entry.lease, done=done, total=total, text=text)

    def _begin(self, lease: Lease) -> None:
        if self._executor is None:
            raise RuntimeError("the worker does not run")
        context = JobContext(lease, self.database, self.settings, self._executor)
        task = asyncio.create_task(self._traced(lease, context), name=f"job {lease.job.id}")
        self._running[lease.job.id] = _Running(lease, context, task)
        task.add_done_callback(lambda _: self._ended(lease.job.id))

    def _ended(self, job: UUID) -> None:
        self._running.pop(job, None)
        self.finished += 1
        self._wake.set()

    async def _traced(self, lease: Lease, context: JobContext) -> None:
        with job_span(lease.job):
            await self._work(lease, context)

    async def _work(self, lease: Lease, context: JobContext) -> None:
        """Run one job and settle it; raises nothing but its own cancellation while the worker is torn down."""
        job = lease.job
        logger.info("job %s (%s) attempt %d", job.id, job.task, job.attempts)
        started, outcome = time.perf_counter(), "failed"
        try:
            task = self.registry.get(job.task)
            if task is None:
                await self._settle(
                    lambda: self.queue.fail(lease, f"no task is called {job.task!r}", final=True)
                )
                return
            with bound_contextvars(
                job=str(job.id), task=job.task, tenant=None if job.tenant_id is None else str(job.tenant_id)
            ):
                result = await task.run(context)
        except asyncio.CancelledError:
            outcome = "stopped"
            await self._settle_cancelled(lease)
        except JobCancelled:
            outcome = "cancelled"
            await self._settle(lambda: self.queue.cancelled(lease))
        except LeaseLost:
            outcome = "taken_over"
            logger.warning("job %s was taken over", job.id)
        except Exception as error:  # noqa: BLE001 - whatever a task raises is the job's, not the worker's
            await self._failed(lease, error)
        else:
            outcome = "succeeded"
            await self._settle(lambda: self.queue.succeed(lease, result))
        finally:
            JOBS_SETTLED.labels(job.task, outcome).inc()
            JOB_SECONDS.labels(job.task).observe(time.perf_counter() - started)
            annotate({"aneos.job.outcome": outcome})

    async def _failed(self, lease: Lease, error: Exception) -> None:
        mark_failed(error)
        told = isinstance(error, AneosError)
        passing = not told or isinstance(error, Unavailable)
        if not told:
            logger.error("job %s (%s) failed", lease.job.id, lease.job.task, exc_info=error)
        final = not passing and (not isinstance(error, ServiceError) or error.status < 500)
        text = str(error) if told else f"{type(error).__name__}: {error}"
        await self._settle(lambda: self.queue.fail(lease, text, final=final))

    async def _settle_cancelled(self, lease: Lease) -> None:
        entry = self._running.get(lease.job.id)
        if entry is not None and entry.lost:
            logger.warning("job %s was taken over", lease.job.id)
        elif entry is not None and entry.cancelled:
            await self._settle(lambda: self.queue.cancelled(lease))
        else:
            await self._settle(lambda: self.queue.give_back(lease))

    async def _settle(self, say: Callable[[], Awaitable[object]]) -> None:
        """Tell the queue, again and again while the database is away, until the lease would have ended."""
        pause, waited = 0.2, 0.0
        while True:
            try:
                await say()
                return
            except LeaseLost:
                logger.warning("a job was taken over before it was settled")
                return
            except Unavailable as error:
                if waited > self.settings.jobs.lease_s:
                    logger.warning("a job could not be settled and will be done again: %s", error)
                    return
                await asyncio.sleep(pause)
                waited += pause
                pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _drain(self) -> None:
        tasks = [entry.task for entry in self._running.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=self.settings.jobs.shutdown_s)

    async def _abandon(self) -> None:
        """Give back what still runs."""
        tasks = [entry.task for entry in self._running.values()]
        await end(tasks)
