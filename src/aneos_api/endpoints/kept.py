"""``analysis/filters``, ``analysis/cases``, ``analysis/assessments``: what people keep of their work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Response

from aneos_api.database.paging import PageRequest
from aneos_api.database.services.analysis import ASSESSMENTS, WATCHLIST
from aneos_api.database.services.cases import CASES, FILTERS
from aneos_api.database.unit import Work
from aneos_api.dependencies import Analyst, Change, Changes, Paged, Reading, Viewer
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.endpoints.provenance import answer_signature
from aneos_api.errors import NotFound
from aneos_api.schemas.common import MAX_INT, Designation
from aneos_api.schemas.kept import (
    AnswerReply,
    AnswerRow,
    CaseChange,
    CaseCreate,
    CaseItemCreate,
    CaseItemRow,
    CaseReply,
    CaseRow,
    FilterCreate,
    FilterReply,
    FilterRow,
)
from aneos_api.security.permissions import Principal

router = APIRouter(prefix="/api/v1/analysis", tags=["analysis"])


@router.get(
    "/filters",
    response_model=page_of(FilterRow),
    operation_id="filter_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(FILTERS),
)
async def filters(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Saved filters of the watch list: your own, and those that others of the organisation share."""
    return reply(await work.cases.filters(who.tenant_id, who.user_id, paging.request), FilterRow, paging)


@router.post("/filters", response_model=FilterReply, operation_id="filter_save", status_code=201)
async def save_filter(
    body: FilterCreate, who: Analyst, changes: Changes, once: Idempotent
) -> FilterReply | Response:
    """Keep a filter of the watch list under a name. Its query is also what the condition of an alert rule takes."""
    check_query(body.query)

    async def make(change: Change) -> FilterReply:
        row = await change.work.cases.save_filter(
            tenant_id=who.tenant_id,
            user_id=who.user_id,
            name=body.name,
            query=body.query,
            shared=body.shared,
        )
        await change.note("filter.save", "filter", row.id, after=body.model_dump())
        await change.work.session.refresh(row)
        return FilterReply(filter=FilterRow.model_validate(row))

    return await once.make(changes, who, body, make)


@router.delete("/filters/{filter_id}", operation_id="filter_delete", status_code=204)
async def delete_filter(filter_id: UUID, who: Analyst, changes: Changes) -> None:
    """Remove a filter of your own."""
    async with changes.begin() as change:
        await change.work.cases.delete_filter(filter_id, tenant_id=who.tenant_id, user_id=who.user_id)
        await change.note("filter.delete", "filter", filter_id)


@router.get(
    "/cases",
    response_model=page_of(CaseRow),
    operation_id="case_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(CASES),
)
async def cases(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Cases of the organisation, the newest first."""
    return reply(await work.cases.page(who.tenant_id, paging.request), CaseRow, paging)


@router.post("/cases", response_model=CaseReply, operation_id="case_create", status_code=201)
async def create_case(
    body: CaseCreate, who: Analyst, changes: Changes, once: Idempotent
) -> CaseReply | Response:
    """Open a case on some objects."""

    async def make(change: Change) -> CaseReply:
        row = await change.work.cases.create(
            tenant_id=who.tenant_id, user_id=who.user_id, title=body.title, notes=body.notes
        )
        for designation in dict.fromkeys(body.designations):
            await _add(change.work, row.id, who, designation, "")
        await change.note("case.create", "case", row.id, after=body.model_dump())
        return await _case(change.work, row.id, who)

    return await once.make(changes, who, body, make)


@router.get("/cases/{case_id}", operation_id="case_show")
async def show_case(case_id: UUID, who: Viewer, work: Reading) -> CaseReply:
    """One case with its objects."""
    return await _case(work, case_id, who)


@router.patch("/cases/{case_id}", operation_id="case_change")
async def change_case(case_id: UUID, body: CaseChange, who: Analyst, changes: Changes) -> CaseReply:
    """Change what is given."""
    async with changes.begin() as change:
        row, changed = await change.work.cases.update(
            case_id, tenant_id=who.tenant_id, **body.model_dump(exclude_none=True)
        )
        await change.changed("case.change", "case", case_id, changed)
        await change.work.session.refresh(row)
        return await _case(change.work, case_id, who)


@router.delete("/cases/{case_id}", operation_id="case_delete", status_code=204)
async def delete_case(case_id: UUID, who: Analyst, changes: Changes) -> None:
    """Remove a case; the answers about its objects stay."""
    async with changes.begin() as change:
        await change.work.cases.delete(case_id, tenant_id=who.tenant_id)
        await change.note("case.delete", "case", case_id)


@router.post("/cases/{case_id}/objects", operation_id="case_add", status_code=201)
async def add_object(case_id: UUID, body: CaseItemCreate, who: Analyst, changes: Changes) -> CaseReply:
    """Put an object into a case."""
    async with changes.begin() as change:
        await _add(change.work, case_id, who, body.designation, body.note)
        await change.note("case.add", "case", case_id, after=body.model_dump())
        return await _case(change.work, case_id, who)


@router.delete("/cases/{case_id}/objects/{designation}", operation_id="case_remove", status_code=204)
async def remove_object(
    case_id: UUID, designation: Annotated[Designation, Path()], who: Analyst, changes: Changes
) -> None:
    """Take an object out of a case."""
    async with changes.begin() as change:
        await change.work.cases.remove_item(case_id, tenant_id=who.tenant_id, designation=designation)
        await change.note("case.remove", "case", case_id, before={"designation": designation})


@router.get(
    "/assessments",
    response_model=page_of(AnswerRow),
    operation_id="answer_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(ASSESSMENTS),
)
async def answers(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Answers that your organisation asked for, the newest first: orbits of one's own, observations, batches."""
    return reply(await work.analysis.page(paging.request, tenant_id=who.tenant_id), AnswerRow, paging)


@router.get("/assessments/{assessment_id}", operation_id="answer_show", response_model_exclude_unset=True)
async def answer(
    assessment_id: Annotated[int, Path(ge=1, le=MAX_INT)], who: Viewer, work: Reading
) -> AnswerReply:
    """One answer in full."""
    row = await work.analysis.get(assessment_id, tenant_id=who.tenant_id)
    if row.detail is None:
        raise NotFound(f"this answer is one line of a screen: see analysis/objects/{row.designation}")
    return AnswerReply.model_validate(
        {"assessment": row.detail, "signature": await answer_signature(work, row)}
    )


def check_query(query: Mapping[str, Any]) -> None:
    """Raises Invalid for what the watch list does not take."""
    WATCHLIST.conditions({name: value for name, value in query.items() if name != "sort"})


async def _case(work: Work, case_id: UUID, who: Principal) -> CaseReply:
    row = await work.cases.get(case_id, tenant_id=who.tenant_id)
    items = await work.cases.items(case_id, tenant_id=who.tenant_id)
    return CaseReply(
        case=CaseRow.model_validate(row), items=[CaseItemRow.model_validate(item) for item in items]
    )


async def _add(work: Work, case_id: UUID, who: Principal, designation: str, note: str) -> None:
    newest = PageRequest(limit=1, filters={"designation": designation})
    found = (await work.analysis.page(newest, tenant_id=who.tenant_id)).items
    await work.cases.add_item(
        case_id,
        tenant_id=who.tenant_id,
        designation=designation,
        assessment_id=found[0].id if found else None,
        note=note,
    )
