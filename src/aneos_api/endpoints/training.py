"""``admin/training``: models are trained in the background."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from aneos_api.database.models import Job
from aneos_api.database.paging import PageRequest
from aneos_api.database.services.jobs import JOBS
from aneos_api.database.unit import Work
from aneos_api.dependencies import Change, Changes, Operator, Paged, Reading
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.errors import Invalid, NotFound
from aneos_api.jobs.names import TRAIN
from aneos_api.schemas.models import TrainingCreate
from aneos_api.schemas.work import JobReply, JobRow

router = APIRouter(prefix="/api/v1/admin/training", tags=["admin"])


@router.post("", response_model=JobReply, operation_id="training_start", status_code=202)
async def start(
    body: TrainingCreate, who: Operator, changes: Changes, once: Idempotent
) -> JobReply | Response:
    """Train a model in the background, which takes minutes. When it is done, ``result`` names it; it is a candidate
    until it is activated. One training waits or runs at a time."""

    async def make(change: Change) -> JobReply:
        job = await change.work.jobs.enqueue(
            TRAIN, body.model_dump(), created_by_id=who.user_id, dedupe_key=TRAIN, max_attempts=2
        )
        change.queued = True
        await change.note("training.start", "job", job.id, after=body.model_dump())
        return JobReply(job=JobRow.model_validate(job))

    return await once.make(changes, who, body, make, status=202)


@router.get(
    "",
    response_model=page_of(JobRow),
    operation_id="training_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(JOBS),
)
async def trainings(who: Operator, work: Reading, paging: Paged) -> Any:
    """Trainings, the newest first."""
    asked = paging.request
    if "task" in asked.filters:
        raise Invalid("every job of this list is a training", field="task")
    request = PageRequest(
        limit=asked.limit, cursor=asked.cursor, sort=asked.sort, filters={**asked.filters, "task": TRAIN}
    )
    return reply(await work.jobs.page(request), JobRow, paging)


@router.get("/{job_id}", operation_id="training_show")
async def show(job_id: UUID, who: Operator, work: Reading) -> JobReply:
    """One training and how far it is; ``result`` has the model and its held-out figures."""
    return JobReply(job=JobRow.model_validate(await _training(work, job_id)))


@router.post("/{job_id}/cancel", operation_id="training_cancel")
async def cancel(job_id: UUID, who: Operator, changes: Changes) -> JobReply:
    """End a training: at once while it waits, at its next step while it runs."""
    async with changes.begin() as change:
        await _training(change.work, job_id)
        job = await change.work.jobs.cancel(job_id)
        await change.note("training.cancel", "job", job_id)
        await change.work.session.refresh(job)
        return JobReply(job=JobRow.model_validate(job))


async def _training(work: Work, job_id: UUID) -> Job:
    job = await work.jobs.get(job_id)
    if job.task != TRAIN:
        raise NotFound("there is no such training")
    return job
