"""``admin/jobs``: what runs in the background."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from aneos_api.context import context_of
from aneos_api.database.models import Job
from aneos_api.database.services.jobs import JOBS
from aneos_api.dependencies import Admin, Changes, Paged, Reading
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.schemas.work import JobReply, JobRow
from aneos_api.security.permissions import Permission, Principal

router = APIRouter(prefix="/api/v1/admin/jobs", tags=["admin"])


@router.get(
    "",
    response_model=page_of(JobRow),
    operation_id="job_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(JOBS),
)
async def jobs(who: Admin, work: Reading, paging: Paged) -> Any:
    """Jobs of the organisation, or of all for an operator; the newest first."""
    return reply(await work.jobs.page(paging.request, tenant_id=_scope(who)), JobRow, paging)


@router.get("/{job_id}", operation_id="job_show")
async def show(job_id: UUID, who: Admin, request: Request) -> JobReply:
    """One job and how far it is."""
    job = await context_of(request).keyed.get(Job, job_id, "job", tenant_id=_scope(who))
    return JobReply(job=JobRow.model_validate(job))


@router.post("/{job_id}/retry", operation_id="job_retry")
async def retry(job_id: UUID, who: Admin, changes: Changes) -> JobReply:
    """Put a dead or cancelled job into the queue again."""
    async with changes.begin() as change:
        job = await change.work.jobs.retry(job_id, tenant_id=_scope(who))
        change.queued = True
        await change.note("job.retry", "job", job_id)
        await change.work.session.refresh(job)
        return JobReply(job=JobRow.model_validate(job))


@router.post("/{job_id}/cancel", operation_id="job_cancel")
async def cancel(job_id: UUID, who: Admin, changes: Changes) -> JobReply:
    """End a job: at once while it waits, at its next step while it runs."""
    async with changes.begin() as change:
        job = await change.work.jobs.cancel(job_id, tenant_id=_scope(who))
        await change.note("job.cancel", "job", job_id)
        await change.work.session.refresh(job)
        return JobReply(job=JobRow.model_validate(job))


def _scope(who: Principal) -> UUID | None:
    return None if who.may(Permission.OPERATE) else who.tenant_id
