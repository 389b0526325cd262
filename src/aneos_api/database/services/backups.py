"""Copies of the database: their records. The copies themselves are made by the backup job."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from aneos_api.clock import utc_now
from aneos_api.database.models import Backup, Job
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.database.services.jobs import JobService
from aneos_api.errors import Conflict

BACKUP: Final = "backup"
RESTORE: Final = "restore"
BACKUPS: Final = Listing(
    Backup.id,
    {
        "status": Backup.status,
        "engine": Backup.engine,
        "created_at": Backup.created_at,
        "size_bytes": Backup.size_bytes,
    },
    default="-created_at",
)


class BackupService(Service):
    """Backups of the whole database: the operator's."""

    async def request(self, *, created_by_id: UUID | None = None) -> Job:
        """Queue a backup; asking again while one waits or runs gives the same job."""
        return await JobService(self.session).enqueue(
            BACKUP, {}, created_by_id=created_by_id, dedupe_key=BACKUP, priority=10, max_attempts=2
        )

    async def request_restore(self, backup_id: UUID, *, name: str, created_by_id: UUID | None = None) -> Job:
        """Queue the making of a new database ``name`` from a backup. Raises Conflict where its file is not there."""
        backup = await self.get(backup_id)
        if backup.status != "succeeded" or backup.path is None:
            raise Conflict(f"the backup has no file: it is {backup.status}")
        return await JobService(self.session).enqueue(
            RESTORE,
            {"backup_id": str(backup_id), "name": name},
            created_by_id=created_by_id,
            dedupe_key=f"{RESTORE}:{name}",
            priority=10,
            max_attempts=1,
        )

    async def begin(self, *, engine: str, job_id: UUID | None, created_by_id: UUID | None = None) -> Backup:
        """Record that a copy is being made."""
        return await self._add(
            Backup(engine=engine, status="running", job_id=job_id, created_by_id=created_by_id)
        )

    async def get(self, backup_id: UUID) -> Backup:
        return await self._get(Backup, backup_id, "backup")

    async def page(self, request: PageRequest) -> Page[Backup]:
        return await BACKUPS.page(self.session, select(Backup), request)

    async def finish(
        self,
        backup_id: UUID,
        *,
        path: str,
        size_bytes: int,
        sha256: str,
        encrypted: bool,
        revision: str | None,
        row_counts: dict[str, int],
    ) -> Backup:
        """The copy is there and was checked."""
        backup = await self.get(backup_id)
        backup.status, backup.finished_at = "succeeded", utc_now()
        backup.path, backup.size_bytes, backup.sha256 = path, size_bytes, sha256
        backup.encrypted, backup.revision, backup.row_counts = encrypted, revision, row_counts
        await self.session.flush()
        return backup

    async def fail(self, backup_id: UUID, error: str) -> None:
        backup = await self.get(backup_id)
        backup.status, backup.finished_at, backup.error = "failed", utc_now(), error[:2000]
        await self.session.flush()

    async def fail_job(self, job_id: UUID, error: str) -> None:
        """What this job was copying did not come to an end."""
        await self.session.execute(
            update(Backup)
            .where(Backup.job_id == job_id, Backup.status == "running")
            .values(status="failed", finished_at=utc_now(), error=error[:2000])
        )

    async def surplus(self, *, keep: int) -> list[Backup]:
        """Successful backups beyond the newest ``keep``, whose files may go."""
        statement = (
            select(Backup)
            .where(Backup.status == "succeeded", Backup.path.is_not(None))
            .order_by(Backup.id.desc())
            .offset(keep)
        )
        return list(await self.session.scalars(statement))

    async def removed(self, backup_id: UUID) -> None:
        backup = await self.get(backup_id)
        backup.status, backup.path = "expired", None
        await self.session.flush()
