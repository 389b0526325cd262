"""What people keep: saved filters of the watch list, cases, and the single answers that they asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from aneos.assessment import ObjectClass
from aneos_api.schemas.common import Designation, JsonMap, Name, Prose, Record, Request, Signed
from aneos_api.schemas.science import AssessmentItem


class FilterCreate(Request):
    """A search of the watch list under a name; the same name again replaces it."""

    name: Name
    query: JsonMap = Field(
        description="filters of the watch list, and sort", examples=[{"q_value__le": 0.1, "i_deg__le": 1.0}]
    )
    shared: bool = Field(False, description="whether everybody of the organisation sees it")


class FilterRow(Record):
    id: UUID
    user_id: UUID
    name: str
    query: dict[str, object]
    shared: bool
    created_at: datetime
    updated_at: datetime


class FilterReply(Signed):
    filter: FilterRow


class CaseCreate(Request):
    """An inquiry into some objects. ``designations`` are put into it at once."""

    title: Name
    notes: Prose = ""
    designations: list[Designation] = Field(default_factory=list, max_length=100)


class CaseChange(Request):
    title: Name | None = None
    notes: Prose | None = None
    status: Literal["open", "closed"] | None = None


class CaseRow(Record):
    id: UUID
    user_id: UUID | None
    title: str
    notes: str
    status: Literal["open", "closed"]
    created_at: datetime
    updated_at: datetime


class CaseItemCreate(Request):
    """An object: the newest answer about it that your organisation asked for is kept with it, where there is one."""

    designation: Designation
    note: Prose = ""


class CaseItemRow(Record):
    id: UUID
    designation: str
    assessment_id: int | None
    note: str
    created_at: datetime


class CaseReply(Signed):
    """A case with its objects."""

    case: CaseRow
    items: list[CaseItemRow]


class AnswerRow(Record):
    """One answer that your organisation asked for."""

    id: int
    designation: str
    object_class: ObjectClass = Field(serialization_alias="class")
    probability_artificial: float
    prob_lo: float
    prob_hi: float
    log10_bayes_factor: float
    verdict: str
    origin: str
    created_at: datetime


class AnswerReply(Signed):
    """One answer with every line of evidence and the orbit that was used."""

    assessment: AssessmentItem
