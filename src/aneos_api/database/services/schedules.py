"""Work that comes again: by interval, or by cron expression in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cronsim import CronSim, CronSimError
from sqlalchemy import delete, select, update

from aneos_api.clock import utc_now
from aneos_api.database.models import Job, JobSchedule
from aneos_api.database.services.base import Service
from aneos_api.database.services.jobs import JobService
from aneos_api.errors import Invalid


class ScheduleService(Service):
    """The schedules table."""

    async def put(
        self,
        name: str,
        task: str,
        *,
        cron: str | None = None,
        interval_s: float | None = None,
        payload: Mapping[str, Any] | None = None,
        priority: int = 0,
        enabled: bool = True,
    ) -> JobSchedule:
        """Make the schedule ``name`` be so. Its next moment changes only when its rhythm does."""
        first = next_moment(utc_now(), cron=cron, interval_s=interval_s)
        found = await self.session.scalar(select(JobSchedule).where(JobSchedule.name == name))
        if found is None:
            return await self._add(
                JobSchedule(
                    name=name,
                    task=task,
                    cron=cron,
                    interval_s=interval_s,
                    payload=dict(payload or {}),
                    priority=priority,
                    enabled=enabled,
                    next_run_at=first,
                )
            )
        if (found.cron, found.interval_s, found.enabled) != (cron, interval_s, enabled):
            found.next_run_at = first
        found.task, found.cron, found.interval_s = task, cron, interval_s
        found.payload, found.priority, found.enabled = dict(payload or {}), priority, enabled
        await self.session.flush()
        return found

    async def remove(self, name: str) -> None:
        await self.session.execute(delete(JobSchedule).where(JobSchedule.name == name))

    async def all(self) -> list[JobSchedule]:
        """All schedules by name."""
        return list(await self.session.scalars(select(JobSchedule).order_by(JobSchedule.name)))

    async def any_due(self) -> bool:
        """Whether a schedule's moment has come."""
        due = select(JobSchedule.id).where(JobSchedule.enabled, JobSchedule.next_run_at <= utc_now()).limit(1)
        return await self.session.scalar(due) is not None

    async def run_due(self) -> list[Job]:
        """Queue what is due, once, however many workers ask; moments that were missed are not made up for."""
        now = utc_now()
        due = await self.session.scalars(
            select(JobSchedule)
            .where(JobSchedule.enabled, JobSchedule.next_run_at <= now)
            .order_by(JobSchedule.next_run_at)
            .with_for_update(skip_locked=True)
        )
        jobs = []
        for schedule in due.all():
            job = await JobService(self.session).enqueue(
                schedule.task,
                schedule.payload,
                priority=schedule.priority,
                dedupe_key=f"schedule:{schedule.name}",
            )
            await self._mark(schedule.id, job.id, now, schedule)
            jobs.append(job)
        return jobs

    async def _mark(self, schedule_id: UUID, job_id: UUID, now: datetime, schedule: JobSchedule) -> None:
        await self.session.execute(
            update(JobSchedule)
            .where(JobSchedule.id == schedule_id)
            .values(
                next_run_at=next_moment(now, cron=schedule.cron, interval_s=schedule.interval_s),
                last_run_at=now,
                last_job_id=job_id,
            )
        )


def next_moment(now: datetime, *, cron: str | None, interval_s: float | None) -> datetime:
    """The first moment after ``now``. Raises Invalid unless exactly one rhythm is given and makes sense."""
    if (cron is None) == (interval_s is None):
        raise Invalid("give either a cron expression or an interval", field="schedule")
    if interval_s is not None:
        if not 0 < interval_s <= 366 * 86400:
            raise Invalid("must be more than 0 s and at most a year", field="interval_s")
        return now + timedelta(seconds=interval_s)
    try:
        return next(CronSim(cron or "", now))
    except (CronSimError, StopIteration):
        raise Invalid(f"{(cron or '')[:60]!r} is no cron expression that ever comes", field="cron") from None
