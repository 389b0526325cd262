"""Batches: many objects to assess, cut into jobs, each answer written exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update

from aneos_api.clock import utc_now
from aneos_api.database.models import Batch, BatchItem
from aneos_api.database.models.work import OPEN_STATES
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.database.services.events import EventService
from aneos_api.database.services.jobs import JobService
from aneos_api.errors import Conflict, Invalid

ASSESS_BATCH: Final = "assess_batch"
BATCHES: Final = Listing(
    Batch.id,
    {
        "name": Batch.name,
        "status": Batch.status,
        "total": Batch.total,
        "created_at": Batch.created_at,
        "finished_at": Batch.finished_at,
    },
    default="-created_at",
)
ITEMS: Final = Listing(
    BatchItem.id,
    {
        "position": BatchItem.position,
        "designation": BatchItem.designation,
        "status": BatchItem.status,
        "class": BatchItem.object_class,
        "probability_artificial": BatchItem.probability_artificial,
    },
    default="position",
)
INSERT_ROWS: Final = 1000
TRACING: Final = ("departures", "full")
"""Kinds of batches that carry orbits back."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """One object to assess: of the catalogue, or with its own elements (a row of an elements file)."""

    designation: str
    elements: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The answer for the item at ``position`` (JSON shape of an assessment), or the reason why there is none."""

    position: int
    assessment: Mapping[str, Any] | None = None
    error: str | None = None


class BatchService(Service):
    """Batches of one tenant."""

    async def create(
        self,
        *,
        tenant_id: UUID,
        items: Sequence[NewItem],
        created_by_id: UUID | None = None,
        name: str = "",
        options: Mapping[str, Any] | None = None,
        shard: int = 1000,
        priority: int = 0,
    ) -> Batch:
        """Store a batch with its items and queue a job for every ``shard`` of them: all of it, or nothing."""
        if not items:
            raise Invalid("a batch needs an object", field="objects")
        batch = await self._add(
            Batch(
                tenant_id=tenant_id,
                created_by_id=created_by_id,
                name=name,
                options=dict(options or {}),
                total=len(items),
            )
        )
        for start in range(0, len(items), INSERT_ROWS):
            await self.session.execute(
                insert(BatchItem),
                [
                    {
                        "batch_id": batch.id,
                        "position": start + offset,
                        "designation": item.designation,
                        "elements": None if item.elements is None else dict(item.elements),
                        "status": "pending",
                    }
                    for offset, item in enumerate(items[start : start + INSERT_ROWS])
                ],
            )
        await self._queue(batch, shard=shard, priority=priority)
        self._touch("batches", tenant_id)
        return batch

    async def get(self, batch_id: UUID, *, tenant_id: UUID | None = None) -> Batch:
        return await self._get(Batch, batch_id, "batch", tenant_id=tenant_id)

    async def page(self, tenant_id: UUID, request: PageRequest) -> Page[Batch]:
        return await BATCHES.page(self.session, select(Batch).where(Batch.tenant_id == tenant_id), request)

    async def results(self, batch_id: UUID, request: PageRequest, *, tenant_id: UUID) -> Page[BatchItem]:
        """The items with their answers, by position."""
        await self.get(batch_id, tenant_id=tenant_id)
        return await ITEMS.page(
            self.session, select(BatchItem).where(BatchItem.batch_id == batch_id), request
        )

    async def traced(
        self, tenant_id: UUID, designations: Sequence[str], *, limit: int
    ) -> list[tuple[Batch, BatchItem]]:
        """Of the newest ``limit`` items under these names in batches that carry orbits back to the launches, those
        about the catalogue's orbit, the newest first."""
        statement = (
            select(Batch, BatchItem)
            .join(BatchItem, BatchItem.batch_id == Batch.id)
            .where(
                Batch.tenant_id == tenant_id,
                Batch.options["kind"].as_string().in_(TRACING),
                BatchItem.designation.in_(designations),
            )
            .order_by(Batch.created_at.desc(), BatchItem.id.desc())
            .limit(limit)
        )
        found = await self.session.execute(statement)
        return [(batch, item) for batch, item in found if item.elements is None]

    async def classes(self, batch_id: UUID) -> dict[str, int]:
        """How many items were given each class."""
        rows = await self.session.execute(
            select(BatchItem.object_class, func.count())
            .where(BatchItem.batch_id == batch_id, BatchItem.object_class.is_not(None))
            .group_by(BatchItem.object_class)
        )
        return {str(name): int(count) for name, count in rows}

    async def cancel(self, batch_id: UUID, *, tenant_id: UUID) -> Batch:
        """End a batch: what has no answer yet gets none. Raises Conflict when it is over."""
        batch = await self.get(batch_id, tenant_id=tenant_id)
        if batch.status not in OPEN_STATES:
            raise Conflict("the batch is over")
        now = utc_now()
        ended = await self._change(
            update(BatchItem)
            .where(BatchItem.batch_id == batch_id, BatchItem.status == "pending")
            .values(status="cancelled", finished_at=now)
        )
        await self._count(batch_id, cancelled=ended)
        await self.session.execute(
            update(Batch).where(Batch.id == batch_id).values(status="cancelled", finished_at=now)
        )
        # Items, batch, jobs: in the order in which a worker locks them.
        await JobService(self.session).cancel_batch(batch_id)
        await self._tell(batch_id, "cancelled", tenant_id)
        await self.session.refresh(batch)
        self._touch("batches", tenant_id)
        return batch

    async def delete(self, batch_id: UUID, *, tenant_id: UUID) -> None:
        """Remove a batch with items and jobs. Raises Conflict while it is at work."""
        batch = await self.get(batch_id, tenant_id=tenant_id)
        if batch.status in OPEN_STATES:
            raise Conflict("the batch is at work; cancel it first")
        await self.session.execute(delete(Batch).where(Batch.id == batch_id))
        self._touch("batches", tenant_id)

    async def pending(self, batch_id: UUID, *, start: int, stop: int, limit: int) -> list[BatchItem]:
        """The next items without an answer at positions from ``start`` to before ``stop``."""
        rows = await self.session.scalars(
            select(BatchItem)
            .where(
                BatchItem.batch_id == batch_id,
                BatchItem.status == "pending",
                BatchItem.position >= start,
                BatchItem.position < stop,
            )
            .order_by(BatchItem.position)
            .limit(limit)
        )
        return list(rows)

    async def answered(self, batch_id: UUID, *, start: int, stop: int) -> int:
        """How many items at positions from ``start`` to before ``stop`` are no longer pending."""
        count = await self.session.scalar(
            select(func.count()).where(
                BatchItem.batch_id == batch_id,
                BatchItem.status != "pending",
                BatchItem.position >= start,
                BatchItem.position < stop,
            )
        )
        return int(count or 0)

    async def store(
        self, batch_id: UUID, results: Iterable[ItemResult], *, signature: Mapping[str, Any] | None = None
    ) -> int:
        """Write answers of items that have none; how many. An item is answered once: later answers are dropped.

        The last answer of a batch ends it.
        """
        answers = {result.position: result for result in results}
        # Locked in one order, so that two writers of the same items queue up instead of meeting head-on.
        pending = await self.session.scalars(
            select(BatchItem.position)
            .where(
                BatchItem.batch_id == batch_id,
                BatchItem.status == "pending",
                BatchItem.position.in_(answers),
            )
            .order_by(BatchItem.position)
            .with_for_update()
        )
        now = utc_now()
        rows: list[dict[str, Any]] = [
            _answered(answers[position]) | {"at": position, "finished_at": now} for position in pending
        ]
        if rows:
            items = BatchItem.__table__
            connection = await self.session.connection()
            await connection.execute(
                update(BatchItem)
                .where(items.c.batch_id == batch_id, items.c.position == bindparam("at"))
                .values({name: bindparam(name) for name in rows[0] if name != "at"}),
                rows,
            )
        succeeded: int = sum(row["status"] == "succeeded" for row in rows)
        failed = len(rows) - succeeded
        await self._count(batch_id, succeeded=succeeded, failed=failed, signature=signature)
        return succeeded + failed

    async def give_up(self, batch_id: UUID, *, start: int, stop: int, reason: str) -> int:
        """Give every item without an answer at positions from ``start`` to before ``stop`` this reason; how many."""
        failed = await self._change(
            update(BatchItem)
            .where(
                BatchItem.batch_id == batch_id,
                BatchItem.status == "pending",
                BatchItem.position >= start,
                BatchItem.position < stop,
            )
            .values(status="failed", error=reason[:2000], finished_at=utc_now())
            .execution_options(synchronize_session=False)
        )
        await self._count(batch_id, failed=failed)
        return failed

    async def retry(self, batch_id: UUID, *, tenant_id: UUID, shard: int = 1000) -> Batch:
        """Assess the failed items again. Raises Conflict while the batch is at work or when nothing failed."""
        batch = await self.get(batch_id, tenant_id=tenant_id)
        if batch.status in OPEN_STATES:
            raise Conflict("the batch is at work")
        again = await self._change(
            update(BatchItem)
            .where(BatchItem.batch_id == batch_id, BatchItem.status == "failed")
            .values(status="pending", error=None, finished_at=None)
            .execution_options(synchronize_session=False)
        )
        if not again:
            raise Conflict("nothing failed in this batch")
        batch.failed, batch.status, batch.finished_at = batch.failed - again, "queued", None
        await self.session.flush()
        await self._queue(batch, shard=shard, priority=0)
        self._touch("batches", tenant_id)
        return batch

    async def _queue(self, batch: Batch, *, shard: int, priority: int) -> None:
        jobs = JobService(self.session)
        for start in range(0, batch.total, shard):
            await jobs.enqueue(
                ASSESS_BATCH,
                {"batch_id": str(batch.id), "start": start, "stop": min(start + shard, batch.total)},
                tenant_id=batch.tenant_id,
                created_by_id=batch.created_by_id,
                batch_id=batch.id,
                priority=priority,
            )

    async def _count(
        self,
        batch_id: UUID,
        *,
        succeeded: int = 0,
        failed: int = 0,
        cancelled: int = 0,
        signature: Mapping[str, Any] | None = None,
    ) -> None:
        now = utc_now()
        values: dict[str, Any] = {
            "succeeded": Batch.succeeded + succeeded,
            "failed": Batch.failed + failed,
            "cancelled": Batch.cancelled + cancelled,
            "started_at": func.coalesce(Batch.started_at, now),
            "updated_at": now,
        }
        if signature is not None:
            values["signature"] = dict(signature)
        await self.session.execute(
            update(Batch)
            .where(Batch.id == batch_id)
            .values(values)
            .execution_options(synchronize_session=False)
        )
        await self.session.execute(
            update(Batch)
            .where(Batch.id == batch_id, Batch.status == "queued")
            .values(status="running")
            .execution_options(synchronize_session=False)
        )
        ended = await self._change(
            update(Batch)
            .where(
                Batch.id == batch_id,
                Batch.status == "running",
                Batch.succeeded + Batch.failed + Batch.cancelled >= Batch.total,
            )
            .values(status="succeeded", finished_at=now)
            .execution_options(synchronize_session=False)
        )
        if ended:
            tenant_id = await self.session.scalar(select(Batch.tenant_id).where(Batch.id == batch_id))
            self._touch("batches", tenant_id)
            if not cancelled:
                await self._tell(batch_id, "succeeded", tenant_id)

    async def _tell(self, batch_id: UUID, status: str, tenant_id: UUID | None) -> None:
        """An event: the batch is over."""
        payload = {"id": str(batch_id), "status": status}
        await EventService(self.session).emit(
            "batches", "batch.finished", payload, key=str(batch_id), tenant_id=tenant_id
        )


def _answered(result: ItemResult) -> dict[str, Any]:
    """Columns of an item that has its answer."""
    if result.assessment is None:
        return {
            "status": "failed",
            "result": None,
            "object_class": None,
            "probability_artificial": None,
            "error": (result.error or "unknown")[:2000],
        }
    return {
        "status": "succeeded",
        "result": dict(result.assessment),
        "object_class": result.assessment.get("class"),
        "probability_artificial": result.assessment["probability_artificial"],
        "error": None,
    }
