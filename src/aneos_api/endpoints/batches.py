"""``analysis/batch``: many objects in the background."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from aneos_api.context import context_of
from aneos_api.database.models import Batch
from aneos_api.database.services.batches import BATCHES, ITEMS
from aneos_api.dependencies import Analyst, Change, Changes, Ctx, Paged, Reading, Viewer
from aneos_api.endpoints.asked import batch_items, batch_options, start_batch
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.errors import Invalid
from aneos_api.schemas.science import DeparturesRequest
from aneos_api.schemas.work import BatchCreate, BatchItemRow, BatchReply, BatchRow

FULL_SHARD: Final = 10
"""Items of one job where each takes a minute: several workers share such a batch."""

router = APIRouter(prefix="/api/v1/analysis/batch", tags=["analysis"])
departures_router = APIRouter(prefix="/api/v1/analysis/departures", tags=["analysis"])


@router.post("", response_model=BatchReply, operation_id="batch_create", status_code=202)
async def create(
    body: BatchCreate, who: Analyst, ctx: Ctx, changes: Changes, once: Idempotent
) -> BatchReply | Response:
    """Have many objects assessed in the background; ask for the batch to see how far it is."""
    items = batch_items(ctx, body)
    options = batch_options(body.depth, body.without, body.prior)

    async def make(change: Change) -> BatchReply:
        shard = ctx.settings.jobs.batch_shard if body.depth == "quick" else FULL_SHARD
        return await start_batch(
            change, who, items, options, action="batch.create", shard=shard, name=body.name
        )

    return await once.make(changes, who, body, make, status=202)


@departures_router.post("", response_model=BatchReply, operation_id="analysis_departures", status_code=202)
async def departures(
    body: DeparturesRequest, who: Analyst, ctx: Ctx, changes: Changes, once: Idempotent
) -> BatchReply | Response:
    """Carry orbits back to 1957 with clones and rank the launches that they may have left with: minutes for each
    object, hence a batch. Its results have the shape of an assessment with ``departures``."""
    items = batch_items(ctx, body)
    most = ctx.settings.limits.assess_objects
    if len(items) > most:
        raise Invalid(f"at most {most} objects are traced back at once")
    options: dict[str, Any] = {
        "kind": "departures",
        "clones": body.clones,
        "look_alikes": body.look_alikes,
        "seed": body.seed,
    }
    if body.prior is not None:
        options["prior"] = body.prior

    async def make(change: Change) -> BatchReply:
        return await start_batch(
            change, who, items, options, action="analysis.departures", shard=1, name=body.name
        )

    return await once.make(changes, who, body, make, status=202)


@router.get(
    "",
    response_model=page_of(BatchRow),
    operation_id="batch_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(BATCHES),
)
async def batches(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Batches of the organisation, the newest first."""
    return reply(await work.batches.page(who.tenant_id, paging.request), BatchRow, paging)


@router.get("/{batch_id}", operation_id="batch_show")
async def show(batch_id: UUID, who: Viewer, request: Request) -> BatchReply:
    """How far a batch is."""
    batch = await context_of(request).keyed.get(Batch, batch_id, "batch", tenant_id=who.tenant_id)
    return BatchReply(batch=BatchRow.model_validate(batch))


@router.get(
    "/{batch_id}/results",
    response_model=page_of(BatchItemRow),
    operation_id="batch_results",
    response_model_exclude_unset=True,
    openapi_extra=documented(ITEMS),
)
async def results(batch_id: UUID, who: Viewer, work: Reading, paging: Paged) -> Any:
    """Answers of a batch, in the order of what was asked; also while it is at work."""
    page = await work.batches.results(batch_id, paging.request, tenant_id=who.tenant_id)
    return reply(page, BatchItemRow, paging)


@router.delete("/{batch_id}", operation_id="batch_delete", status_code=204)
async def delete(batch_id: UUID, who: Analyst, changes: Changes) -> None:
    """End a batch that is at work (its answers so far stay), or remove one that is over."""
    async with changes.begin() as change:
        batch = await change.work.batches.get(batch_id, tenant_id=who.tenant_id)
        if batch.status in ("queued", "running"):
            await change.work.batches.cancel(batch_id, tenant_id=who.tenant_id)
            await change.note("batch.cancel", "batch", batch_id)
        else:
            await change.work.batches.delete(batch_id, tenant_id=who.tenant_id)
            await change.note("batch.delete", "batch", batch_id, before={"name": batch.name})
