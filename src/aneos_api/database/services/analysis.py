"""Assessments in the database: the ranked list of the whole catalogue, single answers, their evidence and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from aneos.assessment import CLASSES, Report
from aneos.assessment import Assessment as Answer
from aneos.output import json_ready
from aneos_api.clock import utc_now
from aneos_api.database.models import Assessment, AssessmentEvidence, CatalogueObject, Screen
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.database.services.catalogue import CatalogueService
from aneos_api.errors import NotFound

WATCHLIST: Final = Listing(
    Assessment.id,
    {
        "rank": Assessment.rank,
        "designation": Assessment.designation,
        "class": Assessment.object_class,
        "probability_artificial": Assessment.probability_artificial,
        "log10_bayes_factor": Assessment.log10_bayes_factor,
        "p_value": Assessment.p_value,
        "q_value": Assessment.q_value,
        "alert": Assessment.alert,
        "v_encounter_kms": Assessment.v_encounter_kms,
        "moid_au": Assessment.moid_au,
        "since": Assessment.since,
        "a_au": CatalogueObject.a_au,
        "e": CatalogueObject.e,
        "i_deg": CatalogueObject.i_deg,
        "H": CatalogueObject.H,
        "arc_days": CatalogueObject.arc_days,
        "n_obs": CatalogueObject.n_obs,
        "amr_m2kg": CatalogueObject.amr_m2kg,
        "last_observation": CatalogueObject.last_observation,
    },
    default="rank",
    required=("rank",),
)
ASSESSMENTS: Final = Listing(
    Assessment.id,
    {
        "created_at": Assessment.created_at,
        "designation": Assessment.designation,
        "class": Assessment.object_class,
        "probability_artificial": Assessment.probability_artificial,
        "log10_bayes_factor": Assessment.log10_bayes_factor,
        "q_value": Assessment.q_value,
        "origin": Assessment.origin,
    },
    default="-created_at",
)


class AnalysisService(Service):
    """Assessments of the open catalogue, and those that a tenant asked for."""

    async def current_screen(self) -> Screen | None:
        """The newest complete run over the whole catalogue; None before the first."""
        return await self.session.scalar(select(Screen).where(Screen.current))

    async def watchlist(self, request: PageRequest) -> Page[tuple[Assessment, CatalogueObject]]:
        """The current screen in rank order (or as asked), with the objects. Empty before the first screen."""
        screen = await self.current_screen()
        if screen is None:
            return Page([], None, 0, False)
        statement = (
            select(Assessment, CatalogueObject)
            .join(CatalogueObject, CatalogueObject.id == Assessment.object_id)
            .where(Assessment.screen_id == screen.id)
        )
        return await WATCHLIST.page(self.session, statement, request)

    async def get(self, assessment_id: int, *, tenant_id: UUID | None = None) -> Assessment:
        """One assessment, when it is everybody's or the tenant's."""
        row = await self._get(Assessment, assessment_id, "assessment")
        if row.tenant_id is not None and row.tenant_id != tenant_id:
            raise NotFound("there is no such assessment")
        return row

    async def latest(
        self, designation: str, *, tenant_id: UUID | None = None
    ) -> tuple[CatalogueObject, Assessment | None]:
        """The object called ``designation`` and what is believed of it: its place in the current screen, or else the
        newest single answer that the caller may see. Raises NotFound for an unknown name."""
        found = await CatalogueService(self.session).find(designation, tenant_id=tenant_id)
        current = (
            select(Assessment)
            .join(Screen, Screen.id == Assessment.screen_id)
            .where(Screen.current, Assessment.object_id == found.id)
        )
        row = await self.session.scalar(current)
        if row is None:
            newest = select(Assessment).where(
                Assessment.object_id == found.id, Assessment.screen_id.is_(None), _visible(tenant_id)
            )
            row = await self.session.scalar(newest.order_by(Assessment.id.desc()).limit(1))
        return found, row

    async def history(
        self, object_id: int, request: PageRequest, *, tenant_id: UUID | None = None
    ) -> Page[Assessment]:
        """All assessments of an object that the caller may see, screens and single answers, the newest first."""
        statement = (
            select(Assessment)
            .outerjoin(Screen, Screen.id == Assessment.screen_id)
            .where(
                Assessment.object_id == object_id,
                _visible(tenant_id),
                or_(Assessment.screen_id.is_(None), Screen.state != "building"),
            )
        )
        return await ASSESSMENTS.page(self.session, statement, request)

    async def believed(self, object_id: int, moment: datetime) -> Assessment | None:
        """The answer of the catalogue's screens that was in force at ``moment``; None before the first.

        Class, probability and Bayes factors are those of that moment. Rank, p- and q-value are those of the last screen
        that came to this answer, since unchanged answers are kept once.
        """
        statement = (
            select(Assessment)
            .join(Screen, Screen.id == Assessment.screen_id)
            .where(Assessment.object_id == object_id, Screen.state != "building", Assessment.since <= moment)
            .order_by(Assessment.since.desc(), Assessment.id.desc())
        )
        return await self.session.scalar(statement.limit(1))

    async def page(self, request: PageRequest, *, tenant_id: UUID) -> Page[Assessment]:
        """Single answers that the tenant asked for."""
        statement = select(Assessment).where(Assessment.tenant_id == tenant_id)
        return await ASSESSMENTS.page(self.session, statement, request)

    async def evidence(self, assessment_id: int) -> list[AssessmentEvidence]:
        """The lines of an assessment in the order in which they were weighed; empty when it has no detail yet."""
        rows = await self.session.scalars(
            select(AssessmentEvidence)
            .where(AssessmentEvidence.assessment_id == assessment_id)
            .order_by(AssessmentEvidence.id)
        )
        return list(rows)

    async def statistics(self) -> dict[str, Any]:
        """Of the current screen: objects, classes, alerts, and objects by decade of P(artificial)."""
        screen = await self.current_screen()
        if screen is None:
            return {
                "screen": None,
                "objects": 0,
                "classes": dict.fromkeys(CLASSES, 0),
                "alerts": 0,
                "probability": {},
            }
        own = Assessment.screen_id == screen.id
        rows = await self.session.execute(
            select(Assessment.object_class, func.count()).where(own).group_by(Assessment.object_class)
        )
        classes = {name: int(count) for name, count in rows}
        decades: dict[str, int] = {}
        edges = (1e-4, 1e-3, 1e-2, 1e-1, 0.5, 1.0)
        low = -1.0
        for high in edges:
            inside = (Assessment.probability_artificial > low, Assessment.probability_artificial <= high)
            count = await self.session.scalar(
                select(func.count()).select_from(Assessment).where(own, *inside)
            )
            decades[f"<={high:g}"] = int(count or 0)
            low = high
        alerts = select(func.count()).select_from(Assessment).where(own, Assessment.alert)
        return {
            "screen": {
                "id": str(screen.id),
                "created_at": screen.created_at.isoformat(),
                "summary": screen.summary,
            },
            "objects": sum(classes.values()),
            "classes": {name: classes.get(name, 0) for name in CLASSES},
            "alerts": int(await self.session.scalar(alerts) or 0),
            "probability": decades,
        }

    async def store_report(
        self,
        report: Report,
        *,
        tenant_id: UUID | None,
        origin: str,
        created_by_id: UUID | None = None,
        observation_set_id: UUID | None = None,
    ) -> list[Assessment]:
        """Keep the answers of a report with their evidence. Designations of the catalogue are linked to it."""
        known = await CatalogueService(self.session).find_many(
            [item.designation for item in report.assessments], tenant_id=tenant_id
        )
        out = []
        signature = json_ready(report.signature)
        for item in report.assessments:
            found = known.get(item.designation)
            row = Assessment(
                tenant_id=tenant_id,
                created_by_id=created_by_id,
                observation_set_id=observation_set_id,
                object_id=None if found is None else found.id,
                origin=origin,
                signature=signature,
                since=utc_now(),
                **_columns(item),
            )
            out.append(row)
        self.session.add_all(out)
        await self.session.flush()
        lines = [
            line for row, item in zip(out, report.assessments, strict=True) for line in _lines(row.id, item)
        ]
        if lines:
            await self.session.execute(insert(AssessmentEvidence), lines)
        self._touch("assessments", tenant_id)
        return out

    async def set_detail(self, assessment_id: int, answer: Answer) -> Assessment:
        """Keep the full answer of an object of a screen, made on demand; numbers of the screen itself stay."""
        row = await self._get(Assessment, assessment_id, "assessment")
        if row.detail is None:
            detail = json_ready(answer.to_dict())
            detail |= {"rank": row.rank, "q_value": row.q_value}
            row.detail, row.verdict = detail, answer.verdict
            await self.session.flush()
            await self.session.execute(
                delete(AssessmentEvidence).where(AssessmentEvidence.assessment_id == assessment_id)
            )
            await self.session.execute(insert(AssessmentEvidence), _lines(assessment_id, answer))
            self._touch("assessments", row.tenant_id)
        return row

    # --- storing a screen: see aneos_api.database.loading -----------------------------------------------------

    async def screen_with(self, fingerprint: str) -> Screen | None:
        """The current screen, when it was made from the same catalogue, model and options."""
        return await self.session.scalar(
            select(Screen).where(Screen.current, Screen.fingerprint == fingerprint)
        )

    async def begin_screen(
        self,
        *,
        fingerprint: str,
        signature: Mapping[str, Any],
        summary: Mapping[str, Any],
        version_id: UUID | None,
    ) -> Screen:
        """A screen that nobody sees yet. What an earlier attempt left unfinished is removed."""
        await self.session.execute(delete(Screen).where(Screen.state == "building"))
        return await self._add(
            Screen(
                fingerprint=fingerprint,
                signature=json_ready(signature),
                summary=json_ready(summary),
                version_id=version_id,
            )
        )

    async def beliefs(self, screen_id: UUID) -> dict[int, tuple[str, float, Any, int | None]]:
        """Of every object of a screen: id → (class, log10 Bayes factor, since when, rank)."""
        rows = await self.session.execute(
            select(
                Assessment.object_id,
                Assessment.object_class,
                Assessment.log10_bayes_factor,
                Assessment.since,
                Assessment.rank,
            ).where(Assessment.screen_id == screen_id)
        )
        return {
            number: (name, factor, since, rank)
            for number, name, factor, since, rank in rows
            if number is not None
        }

    async def add_assessments(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows of ``assessments``, with a value for every column."""
        if rows:
            await self.session.execute(insert(Assessment.__table__), list(rows))  # type: ignore[arg-type]

    async def add_evidence(self, screen_id: UUID, answers: Sequence[tuple[int, Answer]]) -> None:
        """The lines of full answers, given by the object's key."""
        keys = await self.session.execute(
            select(Assessment.object_id, Assessment.id).where(
                Assessment.screen_id == screen_id, Assessment.object_id.in_([key for key, _ in answers])
            )
        )
        numbers = {number: key for number, key in keys if number is not None}
        lines = [line for number, answer in answers for line in _lines(numbers[number], answer)]
        if lines:
            await self.session.execute(insert(AssessmentEvidence), lines)

    async def finish_screen(self, screen_id: UUID) -> Screen:
        """Show the screen instead of the one before.

        Of the one before, answers that did not change are dropped (the new ones say since when they hold); what
        changed stays as history.
        """
        screen = await self._get(Screen, screen_id, "screen")
        before = await self.current_screen()
        if before is not None:
            newer = aliased(Assessment)
            same = exists().where(
                newer.screen_id == screen_id,
                newer.object_id == Assessment.object_id,
                newer.object_class == Assessment.object_class,
                newer.log10_bayes_factor == Assessment.log10_bayes_factor,
            )
            await self.session.execute(
                delete(Assessment)
                .where(Assessment.screen_id == before.id, same)
                .execution_options(synchronize_session=False)
            )
            await self.session.execute(
                update(Screen).where(Screen.id == before.id).values(current=False, state="superseded")
            )
        screen.current, screen.state, screen.finished_at = True, "complete", utc_now()
        await self.session.flush()
        self._touch("assessments")
        self._touch("objects")
        return screen


def detail_columns(answer: Answer) -> dict[str, Any]:
    """What a full answer adds to a row of a screen."""
    return {"detail": json_ready(answer.to_dict()), "verdict": answer.verdict}


def _columns(item: Answer) -> dict[str, Any]:
    return {
        "designation": item.designation[:64],
        "rank": item.rank,
        "object_class": item.object_class,
        "probability_artificial": item.probability_artificial,
        "prob_lo": item.interval[0],
        "prob_hi": item.interval[1],
        "prior": item.prior,
        "log10_bayes_factor": item.log10_bayes_factor,
        "p_value": item.p_value,
        "q_value": item.q_value,
        "factors": {line.line: line.log10_bayes_factor for line in item.evidence},
        "verdict": item.verdict,
        "detail": json_ready(item.to_dict()),
    }


def _lines(assessment_id: int, item: Answer) -> list[dict[str, Any]]:
    return [
        {
            "assessment_id": assessment_id,
            "line": line.line,
            "status": line.status,
            "log10_bayes_factor": line.log10_bayes_factor,
            "lo": line.interval[0],
            "hi": line.interval[1],
            "summary": line.summary,
            "inputs": json_ready(line.inputs),
        }
        for line in item.evidence
    ]


def _visible(tenant_id: UUID | None) -> ColumnElement[bool]:
    everybody = Assessment.tenant_id.is_(None)
    return everybody if tenant_id is None else or_(everybody, Assessment.tenant_id == tenant_id)
