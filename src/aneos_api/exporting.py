"""Makes the file of an export: reads the list page by page, writes the file whole, then says that it is there."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import polars as pl

from aneos.artificial.known import load_known
from aneos.output import write_whole
from aneos_api.database import Work
from aneos_api.database.models import Export, Job
from aneos_api.database.paging import Page, PageRequest
from aneos_api.errors import Invalid, ServiceError
from aneos_api.schemas.common import service_signature
from aneos_api.schemas.science import KnownRow, ObjectRow, WatchRow
from aneos_api.schemas.work import BatchItemRow
from aneos_api.tables import encode, table_of

if TYPE_CHECKING:
    from aneos_api.jobs.context import JobContext

PAGE: Final = 1000
SUFFIXES: Final = {"csv": "csv", "json": "json", "parquet": "parquet", "votable": "vot"}

Rows = list[dict[str, Any]]
Read = Callable[[Work, Export, PageRequest], Awaitable[Page[Any]]]


async def make_export(context: JobContext) -> Mapping[str, Any]:
    """The task ``export``. What the caller asked for wrongly ends the export with its reason."""
    export_id = UUID(context.payload["export_id"])
    async with context.database.read(fresh=True) as work:
        export = await work.exports.get(export_id)
        signature = await _signature(work)
    try:
        rows = await _rows(context, export)
    except Invalid as error:
        async with context.transaction() as work:
            await work.exports.fail(export_id, error.detail)
        return {"rows": 0, "error": error.detail}
    data = await context.compute(_encoded, rows, export.format, signature)
    name = f"{export.tenant_id}/{export.id}.{SUFFIXES[export.format]}"
    await context.compute(write_whole, context.settings.exports_dir / name, data)
    async with context.transaction() as work:
        await work.exports.finish(
            export_id,
            path=name,
            rows=len(rows),
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )
    return {"rows": len(rows), "size_bytes": len(data)}


async def export_dead(work: Work, job: Job) -> None:
    """The job failed for good: so did the export."""
    await work.exports.fail(UUID(job.payload["export_id"]), f"the job failed: {job.error or 'unknown'}")


async def _rows(context: JobContext, export: Export) -> Rows:
    """Every row of the list, in its order."""
    read, shape = _LISTS[export.kind]
    query = dict(export.query)
    sort = query.pop("sort", None)
    if sort is not None and not isinstance(sort, str):
        raise Invalid("must be text", field="sort")
    rows: Rows = []
    cursor: str | None = None
    while True:
        request = PageRequest(limit=PAGE, cursor=cursor, sort=sort, filters=query)
        async with context.database.read(fresh=True) as work:
            page = await read(work, export, request)
        rows += [shape(row) for row in page.items]
        context.report("reading", len(rows), page.total)
        cursor = page.next
        if cursor is None:
            return rows


async def _signature(work: Work) -> dict[str, Any]:
    screen = await work.analysis.current_screen()
    return service_signature().model_dump(mode="json") if screen is None else screen.signature


async def _watchlist(work: Work, export: Export, request: PageRequest) -> Page[Any]:
    return await work.analysis.watchlist(request)


async def _objects(work: Work, export: Export, request: PageRequest) -> Page[Any]:
    return await work.catalogue.page(request, tenant_id=export.tenant_id)


async def _batch(work: Work, export: Export, request: PageRequest) -> Page[Any]:
    filters = dict(request.filters)
    try:
        batch_id = UUID(str(filters.pop("batch_id", "")))
    except ValueError:
        raise Invalid("is needed: the id of the batch", field="batch_id") from None
    asked = PageRequest(limit=request.limit, cursor=request.cursor, sort=request.sort, filters=filters)
    try:
        return await work.batches.results(batch_id, asked, tenant_id=export.tenant_id)
    except ServiceError as error:
        raise Invalid(error.detail) from error


async def _artificial(work: Work, export: Export, request: PageRequest) -> Page[Any]:
    from aneos_api.endpoints.registry import registry_page

    return registry_page(load_known(), request)


def _watch_row(row: Any) -> dict[str, Any]:
    assessment, found = row
    out: dict[str, Any] = {}
    for name in WatchRow.model_fields:
        if name in ("id", "factors"):
            continue
        out["class" if name == "object_class" else name] = getattr(
            assessment if hasattr(assessment, name) else found, name
        )
    for line, factor in assessment.factors.items():
        out[f"bf_{line}"] = factor
    return out


def _plain(model: type[Any], leave_out: frozenset[str] = frozenset()) -> Callable[[Any], dict[str, Any]]:
    def shape(row: Any) -> dict[str, Any]:
        return {name: getattr(row, name) for name in model.model_fields if name not in leave_out}

    return shape


_LISTS: Final[dict[str, tuple[Read, Callable[[Any], dict[str, Any]]]]] = {
    "watchlist": (_watchlist, _watch_row),
    "objects": (_objects, _plain(ObjectRow, frozenset({"id", "removed_at"}))),
    "batch": (_batch, _plain(BatchItemRow, frozenset({"result"}))),
    "artificial": (_artificial, _plain(KnownRow)),
}


def _encoded(rows: Rows, form: Any, signature: Mapping[str, Any]) -> bytes:
    table = table_of(rows) if rows else pl.DataFrame()
    return encode(table, form, signature)
