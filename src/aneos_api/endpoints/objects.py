"""``analysis/objects``: what is believed of one object, since when, and why."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from aneos.output import json_ready
from aneos_api.approaches import FIRST_YEAR, LAST_YEAR, Asked, approaches
from aneos_api.clock import utc_now
from aneos_api.context import Context
from aneos_api.database.elements import stored_catalogue
from aneos_api.database.models import Assessment, CatalogueObject
from aneos_api.database.services.analysis import ASSESSMENTS
from aneos_api.database.unit import Work
from aneos_api.dependencies import Ctx, Paged, Reading, Viewer, cached
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.provenance import answer_signature, current_provenance
from aneos_api.errors import Invalid, NotFound
from aneos_api.schemas.common import Designation, Signature, service_signature
from aneos_api.schemas.motion import ApproachesReply
from aneos_api.schemas.science import (
    AsOfReply,
    AssessmentRow,
    EvidenceReply,
    EvidenceRow,
    ObjectAssessment,
)

router = APIRouter(prefix="/api/v1/analysis", tags=["analysis"])

Named = Annotated[Designation, Path()]
Year = Annotated[int, Query(ge=FIRST_YEAR, le=LAST_YEAR)]


@router.get(
    "/objects/{designation}",
    operation_id="analysis_object",
    dependencies=[cached("assessments", "objects")],
    response_model_exclude_unset=True,
)
async def object_assessment(designation: Named, who: Viewer, ctx: Ctx, work: Reading) -> ObjectAssessment:
    """The assessment of an object, with every line of evidence, what is missing, and the orbit that was used."""
    found, row = await work.analysis.latest(designation, tenant_id=who.tenant_id)
    if row is None:
        detail, signature = await _assessed_now(ctx, work, found)
        return ObjectAssessment.model_validate({"assessment": detail, "signature": signature})
    if row.detail is not None:
        return ObjectAssessment.model_validate(
            {"assessment": row.detail, "signature": await answer_signature(work, row)}
        )
    detail, _ = await _assessed_now(ctx, work, found, row)
    return ObjectAssessment.model_validate(
        {"assessment": detail, "signature": await answer_signature(work, row)}
    )


@router.get(
    "/objects/{designation}/history",
    operation_id="analysis_object_history",
    response_model=page_of(AssessmentRow),
    dependencies=[cached("assessments", "objects")],
    response_model_exclude_unset=True,
    openapi_extra=documented(ASSESSMENTS),
)
async def object_history(designation: Named, who: Viewer, work: Reading, paging: Paged) -> Any:
    """What was believed of an object before: screens and single answers, the newest first."""
    found = await work.catalogue.find(designation, tenant_id=who.tenant_id)
    page = await work.analysis.history(found.id, paging.request, tenant_id=who.tenant_id)
    return reply(page, AssessmentRow, paging)


@router.get(
    "/objects/{designation}/as-of",
    operation_id="analysis_object_as_of",
    dependencies=[cached("assessments", "objects")],
)
async def object_as_of(
    designation: Named,
    who: Viewer,
    work: Reading,
    day: Annotated[date, Query(description="its end, UTC", examples=["2026-03-01"])],
) -> AsOfReply:
    """What was believed of an object on a day: the edition in force, the elements it gave, the screen's answer."""
    if day > utc_now().date():
        raise Invalid("has not come yet", field="day")
    moment = datetime.combine(day, time.max, UTC)
    found = await work.catalogue.find(designation, tenant_id=who.tenant_id)
    stood = await work.catalogue.elements_at(found, moment)
    if stood is None:
        raise NotFound(
            f"{found.designation} was not known here on {day}: it came on {found.created_at:%Y-%m-%d}"
        )
    elements, since, until = stood
    edition = await work.catalogue.version_at(moment)
    answer = await work.analysis.believed(found.id, moment)
    return AsOfReply.model_validate(
        {
            "designation": found.designation,
            "moment": moment,
            "listed": found.removed_at is None or found.removed_at > moment,
            "edition": edition,
            "elements": json_ready(dict(elements)),
            "elements_since": since,
            "elements_until": until,
            "assessment": answer,
        }
    )


@router.get(
    "/objects/{designation}/evidence",
    operation_id="analysis_object_evidence",
    dependencies=[cached("assessments", "objects")],
)
async def object_evidence(designation: Named, who: Viewer, ctx: Ctx, work: Reading) -> EvidenceReply:
    """Every line of evidence on an object: its log10 Bayes factor with interval, and the numbers that went in."""
    found, row = await work.analysis.latest(designation, tenant_id=who.tenant_id)
    stored = [] if row is None else await work.analysis.evidence(row.id)
    if stored and row is not None:
        lines = [EvidenceRow.model_validate(line) for line in stored]
        return EvidenceReply(
            designation=found.designation, evidence=lines, signature=await answer_signature(work, row)
        )
    detail, signature = await _assessed_now(ctx, work, found, row)
    lines = [
        EvidenceRow.model_validate({**line, "lo": line["interval"][0], "hi": line["interval"][1]})
        for line in detail["evidence"]
    ]
    return EvidenceReply(
        designation=found.designation, evidence=lines, signature=Signature.model_validate(signature)
    )


@router.get(
    "/objects/{designation}/approaches",
    operation_id="analysis_object_approaches",
    dependencies=[cached("objects")],
)
async def object_approaches(
    designation: Named,
    who: Viewer,
    ctx: Ctx,
    work: Reading,
    from_year: Year = 1950,
    until_year: Year = LAST_YEAR,
    within_au: Annotated[float, Query(gt=0.0, le=0.3, description="from the Earth")] = 0.05,
) -> ApproachesReply:
    """Passages by the Earth and the Moon: the nominal orbit carried through time with planets, Moon, five asteroids,
    relativity and the push of sunlight where it was fitted. The Moon's are listed within 0.001 au."""
    if until_year < from_year:
        raise Invalid("lies before from_year", field="until_year")
    found = await work.catalogue.find(designation, tenant_id=who.tenant_id)
    table = stored_catalogue([found], await current_provenance(work))
    asked = Asked(from_year, until_year, within_au)
    told = await ctx.science.run(lambda: approaches(table.table, asked))
    return ApproachesReply.model_validate(
        {
            "designation": found.designation,
            "from_year": from_year,
            "until_year": until_year,
            "within_au": within_au,
            "U": found.U,
            "approaches": told.pop("items"),
            **told,
            "signature": service_signature().model_copy(update={"catalogue": table.signature() or None}),
        }
    )


async def _assessed_now(
    ctx: Context, work: Work, found: CatalogueObject, row: Assessment | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The full answer for a stored object, made on demand; rank and q-value are those of the screen."""
    report = await ctx.science.assess(stored_catalogue([found], await current_provenance(work)))
    if not report.assessments:
        reason = report.rejected[0].reason if report.rejected else "it cannot be judged"
        raise NotFound(f"There is no assessment of {found.designation}: {reason}")
    detail = report.assessments[0].to_dict()
    if row is not None:
        detail |= {"rank": row.rank, "q_value": row.q_value}
    return detail, report.signature
