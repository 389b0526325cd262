"""The current screen as a picture needs it: a few columns of every object, and the objects that it names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from aneos_api.database.models import Assessment, CatalogueObject
from aneos_api.database.services.base import Service


class OverviewService(Service):
    """Reads of one screen; ``screen_id`` is that of :meth:`AnalysisService.current_screen`."""

    async def columns(self, screen_id: UUID) -> list[tuple[int, float | None, float, str]]:
        """(rank, speed past Earth in km/s, inclination in degrees, class) of every ranked object."""
        statement = (
            select(
                Assessment.rank,
                Assessment.v_encounter_kms,
                CatalogueObject.i_deg,
                Assessment.object_class,
            )
            .join(CatalogueObject, CatalogueObject.id == Assessment.object_id)
            .where(Assessment.screen_id == screen_id, Assessment.rank.is_not(None))
        )
        rows = (await self.session.execute(statement)).all()
        return [(int(rank or 0), speed, i_deg, name) for rank, speed, i_deg, name in rows]

    async def named(
        self, screen_id: UUID, *, classes: Sequence[str], ranks: int, limit: int
    ) -> list[dict[str, Any]]:
        """In rank order: alerts, objects of ``classes``, and those of the first ``ranks``; ``limit`` at most."""
        statement = (
            select(Assessment, CatalogueObject.i_deg)
            .join(CatalogueObject, CatalogueObject.id == Assessment.object_id)
            .where(
                Assessment.screen_id == screen_id,
                or_(Assessment.object_class.in_(classes), Assessment.alert, Assessment.rank <= ranks),
            )
            .order_by(Assessment.rank)
            .limit(limit)
        )
        return [
            {
                "designation": row.designation,
                "rank": row.rank,
                "class": row.object_class,
                "alert": row.alert,
                "probability_artificial": row.probability_artificial,
                "log10_bayes_factor": row.log10_bayes_factor,
                "v_encounter_kms": row.v_encounter_kms,
                "i_deg": i_deg,
            }
            for row, i_deg in await self.session.execute(statement)
        ]

    async def designation_of_rank(self, screen_id: UUID, rank: int) -> str | None:
        """Which object stands at a place of the screen; None where none does."""
        statement = select(Assessment.designation).where(
            Assessment.screen_id == screen_id, Assessment.rank == rank
        )
        return await self.session.scalar(statement)

    async def changes(self, screen_id: UUID, *, limit: int) -> list[dict[str, Any]]:
        """Objects of the screen whose class is another than in the screen before, the newest change first.

        Earlier screens keep only the answers that changed since, so what is not found did not change.
        """
        now, before, between = aliased(Assessment), aliased(Assessment), aliased(Assessment)
        newest = (
            select(func.max(between.id))
            .where(between.object_id == now.object_id, between.screen_id.is_not(None), between.id < now.id)
            .correlate(now)
            .scalar_subquery()
        )
        statement = (
            select(now, before.object_class)
            .join(before, before.object_id == now.object_id)
            .where(now.screen_id == screen_id, before.id == newest, before.object_class != now.object_class)
            .order_by(now.since.desc(), now.rank)
            .limit(limit)
        )
        return [
            {
                "designation": row.designation,
                "class": row.object_class,
                "class_before": old,
                "rank": row.rank,
                "since": row.since,
            }
            for row, old in await self.session.execute(statement)
        ]
