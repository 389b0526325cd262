"""Events that leave the database: written with the change that caused them, sent afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, text

from aneos_api.clock import after, utc_now
from aneos_api.database.models import OutboxEvent
from aneos_api.database.services.base import Service
from aneos_api.database.types import uuid7

SENDER_LOCK = 0x616E656F73  # "aneos"


class EventService(Service):
    """The outbox."""

    async def emit(
        self,
        topic: str,
        kind: str,
        payload: Mapping[str, Any],
        *,
        key: str = "",
        tenant_id: UUID | None = None,
    ) -> OutboxEvent:
        """Add an event: it exists if and only if the unit of work commits. Events of one ``key`` keep their order."""
        return await self._add(
            OutboxEvent(
                event_id=uuid7(), topic=topic, kind=kind, key=key, payload=dict(payload), tenant_id=tenant_id
            )
        )

    async def publish(self, *, limit: int = 500) -> list[OutboxEvent]:
        """Give the next unsent events their position; send them after the commit.

        One sender at a time: positions are without gaps and in the order in which they become visible. An event that
        was committed with a position but not sent is found again by :meth:`since`.
        """
        if self._postgresql:
            await self.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SENDER_LOCK})
        events = list(
            await self.session.scalars(
                select(OutboxEvent)
                .where(OutboxEvent.position.is_(None))
                .order_by(OutboxEvent.id)
                .limit(limit)
            )
        )
        if not events:
            return []
        last = await self.last_position()
        now = utc_now()
        for offset, event in enumerate(events, 1):
            event.position = last + offset
            event.published_at = now
        await self.session.flush()
        return events

    async def last_position(self) -> int:
        """Position of the newest sent event; 0 when none was sent."""
        return int(await self.session.scalar(select(func.max(OutboxEvent.position))) or 0)

    async def since(
        self,
        position: int,
        *,
        topics: Sequence[str] | None = None,
        tenant_id: UUID | None = None,
        limit: int = 500,
    ) -> list[OutboxEvent]:
        """Sent events after ``position`` in order: those for everybody and, given a tenant, its own."""
        visible = OutboxEvent.tenant_id.is_(None)
        statement = (
            select(OutboxEvent)
            .where(
                OutboxEvent.position > position,
                visible if tenant_id is None else or_(visible, OutboxEvent.tenant_id == tenant_id),
            )
            .order_by(OutboxEvent.position)
            .limit(limit)
        )
        if topics is not None:
            statement = statement.where(OutboxEvent.topic.in_(topics))
        return list(await self.session.scalars(statement))

    async def all_since(self, position: int, *, limit: int = 500) -> list[OutboxEvent]:
        """Sent events after ``position`` in order, of all tenants: for the service itself, not to be shown."""
        statement = select(OutboxEvent).where(OutboxEvent.position > position).order_by(OutboxEvent.position)
        return list(await self.session.scalars(statement.limit(limit)))

    async def first_position(self) -> int:
        """Position of the oldest sent event that is kept; 0 when none is."""
        return int(await self.session.scalar(select(func.min(OutboxEvent.position))) or 0)

    async def unsent(self) -> int:
        """How many events wait to be sent."""
        count = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.position.is_(None))
        return int(await self.session.scalar(count) or 0)

    async def standing(self) -> tuple[int, int]:
        """:meth:`unsent` and :meth:`last_position` by one question, which is asked ten times a second."""
        waiting = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.position.is_(None))
        last = select(func.max(OutboxEvent.position))
        row = await self.session.execute(select(waiting.scalar_subquery(), last.scalar_subquery()))
        unsent, newest = row.one()
        return int(unsent or 0), int(newest or 0)

    async def purge(self, *, keep_days: int) -> int:
        """Remove sent events older than ``keep_days`` but the newest, which holds the count; how many."""
        last = await self.last_position()
        return await self._change(
            delete(OutboxEvent).where(
                OutboxEvent.position < last, OutboxEvent.created_at < after(-keep_days * 86400)
            )
        )
