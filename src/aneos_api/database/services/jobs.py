"""The durable queue as a table: enqueue, claim, beat, finish, retry, cancel, schedule.

A claim gives a lease, and every later word of the worker must show its token: a worker that was silent too long, and
whose job was taken over, can no longer write anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update

from aneos_api.clock import after, utc_now
from aneos_api.database.models import Export, Job, ObservationSet, WorkerHeartbeat
from aneos_api.database.models.work import JOB_STATES, OPEN_STATES
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.database.services.events import EventService
from aneos_api.database.types import uuid7
from aneos_api.errors import Conflict
from aneos_api.observability.traces import carried

JOBS: Final = Listing(
    Job.id,
    {
        "task": Job.task,
        "status": Job.status,
        "priority": Job.priority,
        "available_at": Job.available_at,
        "created_at": Job.created_at,
        "finished_at": Job.finished_at,
        "batch_id": Job.batch_id,
        "attempts": Job.attempts,
    },
    default="-created_at",
)
MAX_ATTEMPTS: Final = 5
ERROR_LENGTH: Final = 4000


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job until ``expires_at``."""

    job: Job
    token: UUID
    expires_at: datetime


class LeaseLost(Exception):  # noqa: N818
    """The job is no longer this worker's: it was cancelled, or taken over after a silence."""


class JobService(Service):
    """The jobs table."""

    async def enqueue(
        self,
        task: str,
        payload: Mapping[str, Any] | None = None,
        *,
        tenant_id: UUID | None = None,
        created_by_id: UUID | None = None,
        batch_id: UUID | None = None,
        priority: int = 0,
        delay_s: float = 0.0,
        max_attempts: int = MAX_ATTEMPTS,
        dedupe_key: str | None = None,
    ) -> Job:
        """Put work into the queue, visible to workers when the unit of work commits.

        Higher ``priority`` goes first. With a ``dedupe_key`` an open job with that key is given back instead of a
        second one.
        """
        now = utc_now()
        job_id = uuid7()
        values: dict[str, Any] = {
            "id": job_id,
            "task": task,
            "payload": {**(payload or {}), **carried()},
            "status": "queued",
            "priority": priority,
            "available_at": now + timedelta(seconds=delay_s),
            "max_attempts": max_attempts,
            "attempts": 0,
            "cancel_requested": False,
            "progress_done": 0,
            "progress_text": "",
            "tenant_id": tenant_id,
            "created_by_id": created_by_id,
            "batch_id": batch_id,
            "dedupe_key": dedupe_key,
            "created_at": now,
            "updated_at": now,
        }
        if dedupe_key is None:
            return await self._add(Job(**values))
        insert = self._insert(Job).values(values).on_conflict_do_nothing()
        if await self._change(insert) == 1:
            return await self.get(job_id)
        return (
            await self.session.execute(
                select(Job).where(Job.dedupe_key == dedupe_key, Job.status.in_(OPEN_STATES))
            )
        ).scalar_one()

    async def get(self, job_id: UUID, *, tenant_id: UUID | None = None) -> Job:
        return await self._get(Job, job_id, "job", tenant_id=tenant_id)

    async def page(self, request: PageRequest, *, tenant_id: UUID | None = None) -> Page[Job]:
        """Jobs of a tenant, or all of them (None: the operator)."""
        statement = select(Job)
        if tenant_id is not None:
            statement = statement.where(Job.tenant_id == tenant_id)
        return await JOBS.page(self.session, statement, request)

    async def counts(self) -> dict[str, int]:
        """Number of jobs in each state."""
        rows = await self.session.execute(select(Job.status, func.count()).group_by(Job.status))
        found = {status: int(count) for status, count in rows}
        return {status: found.get(status, 0) for status in JOB_STATES}

    async def oldest_waiting_s(self) -> float:
        """Seconds that the longest-waiting claimable job has waited; 0 when none waits."""
        oldest = await self.session.scalar(
            select(func.min(Job.available_at)).where(Job.status == "queued", Job.available_at <= utc_now())
        )
        return 0.0 if oldest is None else (utc_now() - oldest).total_seconds()

    async def any_due(self) -> bool:
        """Whether there is something to claim or to bury."""
        due = select(Job.id).where(Job.status.in_(OPEN_STATES), Job.available_at <= utc_now()).limit(1)
        return await self.session.scalar(due) is not None

    async def claim(
        self, worker: str, *, limit: int = 1, lease_s: float, tasks: Sequence[str] | None = None
    ) -> list[Lease]:
        """Take up to ``limit`` jobs: those due, and those whose worker fell silent.

        Call :meth:`bury` before. ``tasks`` limits what is taken.
        """
        now = utc_now()
        due: list[ColumnElement[bool]] = [Job.status.in_(OPEN_STATES), Job.available_at <= now]
        if tasks is not None:
            due.append(Job.task.in_(tasks))
        token = uuid7()
        chosen = (
            select(Job.id)
            .where(*due)
            .order_by(Job.priority.desc(), Job.available_at, Job.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = await self.session.scalars(
            update(Job)
            .where(Job.id.in_(chosen.scalar_subquery()))
            .values(
                status="running",
                worker=worker,
                lease_token=token,
                attempts=Job.attempts + 1,
                available_at=now + timedelta(seconds=lease_s),
                heartbeat_at=now,
                started_at=func.coalesce(Job.started_at, now),
                updated_at=now,
            )
            .returning(Job)
            .execution_options(synchronize_session=False, populate_existing=True)
        )
        leases = [Lease(job, token, job.available_at) for job in rows.all()]
        return sorted(leases, key=lambda lease: (-lease.job.priority, lease.job.created_at))

    async def beat(self, leases: Iterable[tuple[UUID, UUID]], *, lease_s: float) -> dict[UUID, bool]:
        """Extend leases, given as (job, token); for each job still held, whether its end was asked for."""
        held = [and_(Job.id == job, Job.lease_token == token) for job, token in leases]
        if not held:
            return {}
        now = utc_now()
        rows = await self.session.execute(
            update(Job)
            .where(Job.status == "running", or_(*held))
            .values(available_at=now + timedelta(seconds=lease_s), heartbeat_at=now)
            .returning(Job.id, Job.cancel_requested)
            .execution_options(synchronize_session=False)
        )
        return {job: bool(cancel) for job, cancel in rows}

    async def progress(
        self, job_id: UUID, token: UUID, *, done: int, total: int | None, text: str = "", lease_s: float
    ) -> bool:
        """Store progress and begin the count of attempts anew; whether the job's end was asked for.

        Raises :class:`LeaseLost` when the job is no longer this worker's. Called in the transaction that stores the
        results, it fences it: either both are stored, or neither.
        """
        now = utc_now()
        advanced = Job.progress_done < done
        row = (
            await self.session.execute(
                update(Job)
                .where(Job.id == job_id, Job.lease_token == token, Job.status == "running")
                .values(
                    attempts=case((advanced, 1), else_=Job.attempts),
                    progress_done=done,
                    progress_total=total,
                    progress_text=text[:200],
                    available_at=now + timedelta(seconds=lease_s),
                    heartbeat_at=now,
                    updated_at=now,
                )
                .returning(Job.cancel_requested)
                .execution_options(synchronize_session=False)
            )
        ).one_or_none()
        if row is None:
            raise LeaseLost(str(job_id))
        return bool(row[0])

    async def succeed(self, job_id: UUID, token: UUID, result: Mapping[str, Any] | None = None) -> None:
        """The job is done, once: raises :class:`LeaseLost` when it is no longer this worker's."""
        await self._finish(job_id, token, status="succeeded", result=dict(result or {}), error=None)

    async def fail(
        self,
        job_id: UUID,
        token: UUID,
        error: str,
        *,
        backoff_s: float,
        backoff_max_s: float,
        final: bool = False,
    ) -> str:
        """An attempt failed: ``queued`` again after a growing pause, or ``dead``. Gives the new state."""
        job = (
            await self.session.execute(
                select(Job).where(Job.id == job_id, Job.lease_token == token, Job.status == "running")
            )
        ).scalar_one_or_none()
        if job is None:
            raise LeaseLost(str(job_id))
        if final or job.attempts >= job.max_attempts:
            await self._finish(job_id, token, status="dead", result=None, error=error[:ERROR_LENGTH])
            return "dead"
        await self._release(
            job_id, token, delay_s=min(backoff_s * 2 ** (job.attempts - 1), backoff_max_s), error=error
        )
        return "queued"

    async def give_back(self, job_id: UUID, token: UUID) -> None:
        """The worker stops before the job is done: another may take it now. It costs no attempt."""
        await self._release(job_id, token, delay_s=0.0, error=None, spent=False)

    async def cancelled(self, job_id: UUID, token: UUID) -> None:
        """The worker ended the job as it was asked to."""
        await self._finish(job_id, token, status="cancelled", result=None, error=None)
        await self._mark([job_id], OPEN_STATES, "cancelled")

    async def cancel(self, job_id: UUID, *, tenant_id: UUID | None = None) -> Job:
        """End a job: at once while it waits; a running one is told. Raises Conflict when it is over, and for a part
        of a batch, whose items would wait for ever."""
        job = await self.get(job_id, tenant_id=tenant_id)
        if job.batch_id is not None:
            raise Conflict("the job is a part of a batch: cancel the batch")
        now = utc_now()
        ended = await self._change(
            update(Job)
            .where(Job.id == job_id, Job.status == "queued")
            .values(status="cancelled", cancel_requested=True, finished_at=now, updated_at=now)
        )
        if not ended:
            told = await self._change(
                update(Job)
                .where(Job.id == job_id, Job.status == "running")
                .values(cancel_requested=True, updated_at=now)
            )
            if not told:
                raise Conflict("the job is over")
        else:
            await self._mark([job_id], OPEN_STATES, "cancelled")
            await self._tell(job, "cancelled")
        await self.session.refresh(job)
        return job

    async def cancel_batch(self, batch_id: UUID) -> None:
        """End all jobs of a batch."""
        now = utc_now()
        await self.session.execute(
            update(Job)
            .where(Job.batch_id == batch_id, Job.status == "queued")
            .values(status="cancelled", cancel_requested=True, finished_at=now)
        )
        await self.session.execute(
            update(Job).where(Job.batch_id == batch_id, Job.status == "running").values(cancel_requested=True)
        )

    async def retry(self, job_id: UUID, *, tenant_id: UUID | None = None) -> Job:
        """Put a dead or cancelled job into the queue again. Raises Conflict for others."""
        job = await self.get(job_id, tenant_id=tenant_id)
        again = await self._change(
            update(Job)
            .where(Job.id == job_id, Job.status.in_(("dead", "cancelled")))
            .values(
                status="queued",
                attempts=0,
                available_at=utc_now(),
                cancel_requested=False,
                lease_token=None,
                worker=None,
                finished_at=None,
                error=None,
            )
        )
        if not again:
            raise Conflict("only a dead or cancelled job can be retried")
        await self._mark([job_id], ("failed", "cancelled"), "queued")
        await self.session.refresh(job)
        return job

    async def purge(self, *, keep_days: int) -> int:
        """Remove jobs that ended more than ``keep_days`` ago; how many."""
        limit = after(-keep_days * 86400)
        return await self._change(delete(Job).where(Job.status.not_in(OPEN_STATES), Job.finished_at < limit))

    async def worker_seen(
        self, name: str, *, started_at: datetime, running: int, detail: Mapping[str, Any]
    ) -> None:
        """Note that a worker lives."""
        values = {"seen_at": utc_now(), "running": running, "detail": dict(detail), "started_at": started_at}
        insert = self._insert(WorkerHeartbeat).values(name=name, **values)
        await self.session.execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))

    async def worker_gone(self, name: str) -> None:
        await self.session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.name == name))

    async def workers(self, *, seen_within_s: float = 60.0) -> list[WorkerHeartbeat]:
        """Workers that were seen lately."""
        statement = select(WorkerHeartbeat).where(WorkerHeartbeat.seen_at > after(-seen_within_s))
        return list(await self.session.scalars(statement.order_by(WorkerHeartbeat.name)))

    async def bury(self) -> list[Job]:
        """End running jobs whose worker fell silent: dead (given back) when every attempt ended so without progress,
        cancelled when they were to end anyway."""
        now = utc_now()
        lost = (Job.status == "running", Job.available_at <= now)
        cancelled = await self.session.scalars(
            update(Job)
            .where(*lost, Job.cancel_requested)
            .values(status="cancelled", finished_at=now, lease_token=None)
            .returning(Job.id)
            .execution_options(synchronize_session=False)
        )
        if ended := cancelled.all():
            await self._mark(ended, OPEN_STATES, "cancelled")
        dead = await self.session.scalars(
            update(Job)
            .where(*lost, Job.attempts >= Job.max_attempts)
            .values(
                status="dead",
                finished_at=now,
                lease_token=None,
                error="the worker was lost in every attempt, without progress",
            )
            .returning(Job)
            .execution_options(synchronize_session=False, populate_existing=True)
        )
        buried = list(dead)
        for job in buried:
            await self._tell(job, "dead")
        return buried

    async def _finish(self, job_id: UUID, token: UUID, **values: Any) -> None:
        now = utc_now()
        ended = await self._change(
            update(Job)
            .where(Job.id == job_id, Job.lease_token == token, Job.status == "running")
            .values(finished_at=now, updated_at=now, lease_token=None, **values)
            .execution_options(synchronize_session=False)
        )
        if not ended:
            raise LeaseLost(str(job_id))
        job = await self.session.get(Job, job_id)
        if job is not None:
            await self._tell(job, values["status"])

    async def _mark(self, job_ids: Sequence[UUID], were: Sequence[str], status: str) -> None:
        """Uploads and exports wait for one job each: what becomes of it is their state."""
        for model in (ObservationSet, Export):
            of_them = model.job_id.in_(job_ids), model.status.in_(were)
            await self._change(update(model).where(*of_them).values(status=status, error=None))

    async def _tell(self, job: Job, status: str) -> None:
        """An event: the job is over."""
        payload = {"id": str(job.id), "task": job.task, "status": status}
        await EventService(self.session).emit(
            "jobs", "job.finished", payload, key=str(job.id), tenant_id=job.tenant_id
        )

    async def _release(
        self, job_id: UUID, token: UUID, *, delay_s: float, error: str | None, spent: bool = True
    ) -> None:
        released = await self._change(
            update(Job)
            .where(Job.id == job_id, Job.lease_token == token, Job.status == "running")
            .values(
                status="queued",
                lease_token=None,
                worker=None,
                available_at=after(delay_s),
                updated_at=utc_now(),
                attempts=Job.attempts if spent else Job.attempts - 1,
                error=Job.error if error is None else error[:ERROR_LENGTH],
            )
            .execution_options(synchronize_session=False)
        )
        if not released:
            raise LeaseLost(str(job_id))
