"""``analysis/``: assess and identify at once; the ranked list, search, statistics; uploads of observations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from aneos.assessment import LINES, Report
from aneos_api.context import Context
from aneos_api.database.services.analysis import WATCHLIST
from aneos_api.dependencies import Analyst, Change, Changes, Changing, Ctx, Paged, Reading, Viewer, cached
from aneos_api.endpoints.asked import asked_table, batch_items, batch_options, start_batch
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent, Once
from aneos_api.endpoints.provenance import screen_signature
from aneos_api.errors import Invalid
from aneos_api.schemas.common import PRINTABLE
from aneos_api.schemas.science import (
    AssessRequest,
    FoundItem,
    IdentifyRequest,
    Objects,
    ReportReply,
    SearchReply,
    StatisticsReply,
    WatchRow,
)
from aneos_api.schemas.work import BatchReply
from aneos_api.security.permissions import Principal

router = APIRouter(prefix="/api/v1/analysis", tags=["analysis"])


@router.post(
    "/assess",
    response_model=ReportReply,
    operation_id="analysis_assess",
    response_model_exclude_unset=True,
    responses={202: {"model": BatchReply, "description": "The full depth: a batch is at work"}},
)
async def assess(
    body: AssessRequest, who: Analyst, ctx: Ctx, changes: Changes, once: Idempotent
) -> ReportReply | Response:
    """Assess objects of the catalogue, or orbits of one's own, at once. The answers are kept in your organisation.

    More objects than the limit are a batch. Unknown designations and unusable orbits are in ``rejected``. The full
    depth also traces back to the launches what the quick lines leave undecided: minutes for each object, hence a
    batch, answered with 202.
    """
    if body.depth == "full":
        return await _full(body, who, ctx, changes, once)
    report = await _report(ctx, who, body, without=body.without, prior=body.prior)

    async def keep(change: Change) -> ReportReply:
        rows = await change.work.analysis.store_report(
            report, tenant_id=who.tenant_id, origin="request", created_by_id=who.user_id
        )
        await change.note(
            "analysis.assess",
            "assessment",
            ",".join(str(row.id) for row in rows),
            after={"objects": len(rows)},
        )
        return ReportReply.model_validate(report.to_dict())

    return await once.make(changes, who, body, keep, status=200)


@router.post("/identify", operation_id="analysis_identify", response_model_exclude_unset=True)
async def identify(body: IdentifyRequest, who: Analyst, ctx: Ctx, changes: Changes) -> ReportReply:
    """Hold orbits against the known artificial objects, each moved to the same date. Nothing is kept."""
    others = [line for line in LINES if line != "identity"]
    report = await _report(ctx, who, body, without=others, prior=None)
    async with changes.begin() as change:
        await change.note("analysis.identify", "objects", len(report.assessments))
    return ReportReply.model_validate(report.to_dict())


@router.get(
    "/watchlist",
    response_model=page_of(WatchRow),
    operation_id="analysis_watchlist",
    dependencies=[cached("assessments", "objects")],
    response_model_exclude_unset=True,
    openapi_extra=documented(WATCHLIST),
)
async def watchlist(who: Viewer, work: Reading, paging: Paged) -> Any:
    """The whole catalogue in rank order, the most probably artificial first."""
    page = await work.analysis.watchlist(paging.request)
    answer = reply(page, WatchRow, paging, _watch_row)
    answer.signature = await screen_signature(work)
    return answer


@router.get("/search", operation_id="analysis_search", dependencies=[cached("objects")])
async def search(
    who: Viewer,
    work: Reading,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=64,
            pattern=PRINTABLE,
            description="how the name begins",
            examples=["2006 R"],
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> SearchReply:
    """Find objects by the beginning of a designation, number, name or alias."""
    found = await work.catalogue.search(q, tenant_id=who.tenant_id, limit=limit)
    return SearchReply(items=[FoundItem.model_validate(row) for row in found])


@router.get("/statistics", operation_id="analysis_statistics", dependencies=[cached("assessments")])
async def statistics(who: Viewer, work: Reading) -> StatisticsReply:
    """How many objects of each class the current screen has, and how probable they are."""
    counted = await work.analysis.statistics()
    return StatisticsReply.model_validate({**counted, "signature": await screen_signature(work)})


async def _full(body: AssessRequest, who: Principal, ctx: Context, changes: Changing, once: Once) -> Response:
    items = batch_items(ctx, body)
    most = ctx.settings.limits.assess_objects
    if len(items) > most:
        raise Invalid(f"at most {most} objects are assessed in full depth at once")

    async def make(change: Change) -> BatchReply:
        options = batch_options("full", body.without, body.prior)
        return await start_batch(change, who, items, options, action="analysis.assess", shard=1)

    made = await once.make(changes, who, body, make, status=202)
    return made if isinstance(made, Response) else JSONResponse(made.model_dump(mode="json"), 202)


async def _report(
    ctx: Context, who: Principal, asked: Objects, *, without: Sequence[str], prior: float | None
) -> Report:
    """The report on what was asked for, with what was not found among the rejected."""
    table, unknown = await asked_table(ctx, who, asked)
    report = await ctx.science.assess(table, without=without, prior=prior)
    return Report(report.signature, report.assessments, (*report.rejected, *unknown))


def _watch_row(row: Any) -> dict[str, Any]:
    assessment, found = row
    values = {name: getattr(assessment, name) for name in WatchRow.model_fields if hasattr(assessment, name)}
    return values | {name: getattr(found, name) for name in WatchRow.model_fields if name not in values}
