"""``admin/backups``: copies of the whole database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from aneos_api.database.services.backups import BACKUPS
from aneos_api.dependencies import Changes, Operator, Paged, Reading
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.schemas.work import BackupReply, BackupRow, JobReply, JobRow, RestoreRequest

router = APIRouter(prefix="/api/v1/admin/backups", tags=["admin"])


@router.get(
    "",
    response_model=page_of(BackupRow),
    operation_id="backup_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(BACKUPS),
)
async def backups(who: Operator, work: Reading, paging: Paged) -> Any:
    """Backups, the newest first."""
    return reply(await work.backups.page(paging.request), BackupRow, paging)


@router.post("", operation_id="backup_create", status_code=202)
async def create(who: Operator, changes: Changes) -> JobReply:
    """Have a copy made in the background; asking again while one is being made gives the same job."""
    async with changes.begin() as change:
        job = await change.work.backups.request(created_by_id=who.user_id)
        change.queued = True
        await change.note("backup.create", "job", job.id)
        return JobReply(job=JobRow.model_validate(job))


@router.get("/{backup_id}", operation_id="backup_show")
async def show(backup_id: UUID, who: Operator, work: Reading) -> BackupReply:
    """One backup: size, checksum, and the rows of every table in it."""
    return BackupReply(backup=BackupRow.model_validate(await work.backups.get(backup_id)))


@router.post("/{backup_id}/restore", operation_id="backup_restore", status_code=202)
async def restore(backup_id: UUID, body: RestoreRequest, who: Operator, changes: Changes) -> JobReply:
    """Have a new database made from a backup, beside the one in use, and its rows counted against the backup's.

    The job's ``result`` names the database; the service uses it when ``ANEOS_DATABASE__URL`` says so and it is
    started again.
    """
    async with changes.begin() as change:
        job = await change.work.backups.request_restore(backup_id, name=body.name, created_by_id=who.user_id)
        change.queued = True
        await change.note("backup.restore", "backup", backup_id, after={"name": body.name})
        return JobReply(job=JobRow.model_validate(job))
