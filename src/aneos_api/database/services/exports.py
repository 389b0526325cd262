"""Files that are made for somebody: their records. The files themselves are written by the export job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from aneos_api.clock import after, utc_now
from aneos_api.database.models import Export
from aneos_api.database.models.work import EXPORT_FORMATS
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.database.services.jobs import JobService
from aneos_api.errors import Invalid

EXPORT: Final = "export"
KINDS: Final = ("watchlist", "objects", "batch", "artificial")
EXPORTS: Final = Listing(
    Export.id,
    {
        "kind": Export.kind,
        "format": Export.format,
        "status": Export.status,
        "created_at": Export.created_at,
        "expires_at": Export.expires_at,
    },
    default="-created_at",
)


class ExportService(Service):
    """Exports of one tenant."""

    async def create(
        self,
        *,
        tenant_id: UUID,
        kind: str,
        format: str,
        query: Mapping[str, Any] | None = None,
        created_by_id: UUID | None = None,
        lifetime_s: float = 7 * 86400,
    ) -> Export:
        """Record an export and queue the job that makes it. Raises Invalid for an unknown kind or format."""
        if kind not in KINDS:
            raise Invalid(f"there are {', '.join(KINDS)}", field="kind")
        if format not in EXPORT_FORMATS:
            raise Invalid(f"there are {', '.join(EXPORT_FORMATS)}", field="format")
        export = await self._add(
            Export(
                tenant_id=tenant_id,
                kind=kind,
                format=format,
                query=dict(query or {}),
                created_by_id=created_by_id,
                expires_at=after(lifetime_s),
            )
        )
        job = await JobService(self.session).enqueue(
            EXPORT, {"export_id": str(export.id)}, tenant_id=tenant_id, created_by_id=created_by_id
        )
        export.job_id = job.id
        await self.session.flush()
        return export

    async def get(self, export_id: UUID, *, tenant_id: UUID | None = None) -> Export:
        return await self._get(Export, export_id, "export", tenant_id=tenant_id)

    async def page(self, tenant_id: UUID, request: PageRequest) -> Page[Export]:
        return await EXPORTS.page(self.session, select(Export).where(Export.tenant_id == tenant_id), request)

    async def finish(self, export_id: UUID, *, path: str, rows: int, size_bytes: int, sha256: str) -> Export:
        """The file is there."""
        export = await self.get(export_id)
        export.status, export.error = "succeeded", None
        export.path, export.rows, export.size_bytes, export.sha256 = path, rows, size_bytes, sha256
        await self.session.flush()
        return export

    async def fail(self, export_id: UUID, error: str) -> None:
        export = await self.get(export_id)
        export.status, export.error = "failed", error[:2000]
        await self.session.flush()

    async def expired(self) -> list[Export]:
        """Exports whose file is to be removed; say so with :meth:`removed`."""
        statement = select(Export).where(Export.expires_at < utc_now(), Export.path.is_not(None))
        return list(await self.session.scalars(statement))

    async def removed(self, export_id: UUID) -> None:
        export = await self.get(export_id)
        export.status, export.path = "expired", None
        await self.session.flush()
