"""The queue that workers speak to, and the one that lives in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from aneos_api.database import Database, Lease
from aneos_api.database.models import Job
from aneos_api.jobs.registry import Registry
from aneos_api.settings import JobSettings


class JobQueue(Protocol):
    """What a worker needs of a queue. A lease's token fences everything said after the claim."""

    async def claim(self, worker: str, *, limit: int, tasks: Sequence[str] | None = None) -> list[Lease]: ...

    async def beat(self, leases: Iterable[tuple[UUID, UUID]]) -> dict[UUID, bool]: ...

    async def progress(self, lease: Lease, *, done: int, total: int | None, text: str) -> bool: ...

    async def succeed(self, lease: Lease, result: Mapping[str, Any] | None) -> None: ...

    async def fail(self, lease: Lease, error: str, *, final: bool) -> str: ...

    async def give_back(self, lease: Lease) -> None: ...

    async def cancelled(self, lease: Lease) -> None: ...

    async def run_schedules(self) -> int: ...

    async def alive(
        self, worker: str, *, started_at: datetime, running: int, detail: Mapping[str, Any]
    ) -> None: ...

    async def gone(self, worker: str) -> None: ...


class TableQueue:
    """The ``jobs`` table of the service's database: jobs are as durable as what they are about.

    A job that dies takes its task's ``on_dead`` along in the same transaction.
    """

    def __init__(self, database: Database, settings: JobSettings, registry: Registry) -> None:
        self.database = database
        self.settings = settings
        self.registry = registry

    async def claim(self, worker: str, *, limit: int, tasks: Sequence[str] | None = None) -> list[Lease]:
        async with self.database.read(fresh=True) as work:
            if not await work.jobs.any_due():
                return []
        async with self.database.write() as work:
            for job in await work.jobs.bury():
                await self.registry.dead(work, job)
            return await work.jobs.claim(worker, limit=limit, lease_s=self.settings.lease_s, tasks=tasks)

    async def beat(self, leases: Iterable[tuple[UUID, UUID]]) -> dict[UUID, bool]:
        async with self.database.write() as work:
            return await work.jobs.beat(leases, lease_s=self.settings.lease_s)

    async def progress(self, lease: Lease, *, done: int, total: int | None, text: str) -> bool:
        async with self.database.write() as work:
            return await work.jobs.progress(
                lease.job.id, lease.token, done=done, total=total, text=text, lease_s=self.settings.lease_s
            )

    async def succeed(self, lease: Lease, result: Mapping[str, Any] | None) -> None:
        async with self.database.write() as work:
            await work.jobs.succeed(lease.job.id, lease.token, result)

    async def fail(self, lease: Lease, error: str, *, final: bool) -> str:
        async with self.database.write() as work:
            state = await work.jobs.fail(
                lease.job.id,
                lease.token,
                error,
                backoff_s=self.settings.backoff_s,
                backoff_max_s=self.settings.backoff_max_s,
                final=final,
            )
            if state == "dead":
                job: Job = await work.jobs.get(lease.job.id)
                await work.session.refresh(job)
                await self.registry.dead(work, job)
            return state

    async def give_back(self, lease: Lease) -> None:
        async with self.database.write() as work:
            await work.jobs.give_back(lease.job.id, lease.token)

    async def cancelled(self, lease: Lease) -> None:
        async with self.database.write() as work:
            await work.jobs.cancelled(lease.job.id, lease.token)

    async def run_schedules(self) -> int:
        async with self.database.read(fresh=True) as work:
            if not await work.schedules.any_due():
                return 0
        async with self.database.write() as work:
            return len(await work.schedules.run_due())

    async def alive(
        self, worker: str, *, started_at: datetime, running: int, detail: Mapping[str, Any]
    ) -> None:
        async with self.database.write() as work:
            await work.jobs.worker_seen(worker, started_at=started_at, running=running, detail=detail)

    async def gone(self, worker: str) -> None:
        async with self.database.write() as work:
            await work.jobs.worker_gone(worker)
