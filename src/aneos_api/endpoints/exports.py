"""``analysis/exports``: files of lists."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from aneos_api.clock import utc_now
from aneos_api.context import context_of
from aneos_api.database.models import Export
from aneos_api.database.services.exports import EXPORTS
from aneos_api.dependencies import Analyst, Change, Changes, Ctx, Paged, Reading, Viewer
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.errors import Conflict, Gone
from aneos_api.schemas.work import ExportCreate, ExportReply, ExportRow

router = APIRouter(prefix="/api/v1/analysis/exports", tags=["analysis"])

MEDIA: Final = {
    "csv": ("text/csv", "csv"),
    "json": ("application/json", "json"),
    "parquet": ("application/vnd.apache.parquet", "parquet"),
    "votable": ("application/x-votable+xml", "vot"),
}


@router.post("", response_model=ExportReply, operation_id="export_create", status_code=202)
async def create(
    body: ExportCreate, who: Analyst, changes: Changes, once: Idempotent
) -> ExportReply | Response:
    """Have a file made of a list, with its filters and order; ask for the export to see when it is there."""

    async def make(change: Change) -> ExportReply:
        export = await change.work.exports.create(
            tenant_id=who.tenant_id,
            kind=body.kind,
            format=body.format,
            query=body.query,
            created_by_id=who.user_id,
        )
        change.queued = True
        await change.note(
            "export.create", "export", export.id, after={"kind": body.kind, "format": body.format}
        )
        return ExportReply(export=ExportRow.model_validate(export))

    return await once.make(changes, who, body, make, status=202)


@router.get(
    "",
    response_model=page_of(ExportRow),
    operation_id="export_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(EXPORTS),
)
async def exports(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Exports of the organisation, the newest first."""
    return reply(await work.exports.page(who.tenant_id, paging.request), ExportRow, paging)


@router.get("/{export_id}", operation_id="export_show")
async def show(export_id: UUID, who: Viewer, request: Request) -> ExportReply:
    """Whether the file is there."""
    export = await context_of(request).keyed.get(Export, export_id, "export", tenant_id=who.tenant_id)
    return ExportReply(export=ExportRow.model_validate(export))


@router.get(
    "/{export_id}/download",
    operation_id="export_download",
    response_class=Response,
    responses={
        200: {"description": "The file", "content": {media: {} for media, _ in MEDIA.values()}},
        409: {"description": "Not made yet, or it failed"},
        410: {"description": "The file has been removed"},
    },
)
async def download(export_id: UUID, who: Viewer, ctx: Ctx, work: Reading) -> Response:
    """The file."""
    export = await work.exports.get(export_id, tenant_id=who.tenant_id)
    expired = export.expires_at is not None and export.expires_at <= utc_now()
    if export.status == "expired" or expired:
        raise Gone("The file has been removed; make the export again")
    if export.status != "succeeded" or export.path is None:
        raise Conflict(f"The file is not there: the export is {export.status}")
    folder = ctx.settings.exports_dir.resolve()
    path = (folder / export.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise Gone("The file has been removed; make the export again")
    media, suffix = MEDIA[export.format]
    return FileResponse(
        path,
        media_type=media,
        filename=f"aneos-{export.kind}-{export.id}.{suffix}",
        headers={"cache-control": "private, no-store"},
    )
