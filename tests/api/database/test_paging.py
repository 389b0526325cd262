"""Pages neither skip nor repeat, whichever way they are sorted, and take nothing that they do not know."""

from __future__ import annotations

import base64
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from aneos_api.database import Database, NewItem, Page, PageRequest
from aneos_api.database.models import AuditEvent, BatchItem
from aneos_api.errors import Invalid
from tests.api.conftest import People

NAMES = ["2020 SO", "99942", "a", "B", "é", "ß", "100%", "under_score", "back\\slash", "' OR 1=1 --"]


@pytest_asyncio.fixture(loop_scope="session")
async def batch_id(database: Database, people: People) -> UUID:
    """A batch of 60 items with repeated and missing values."""
    rng = random.Random(7)
    async with database.write() as work:
        batch = await work.batches.create(
            tenant_id=people.tenant_id, items=[NewItem(NAMES[k % len(NAMES)]) for k in range(60)]
        )
        for position in range(60):
            probability = None if position % 3 == 0 else round(rng.random(), 1)
            await work.session.execute(
                update(BatchItem)
                .where(BatchItem.batch_id == batch.id, BatchItem.position == position)
                .values(probability_artificial=probability)
            )
    return batch.id


async def walk(database: Database, people: People, batch_id: UUID, **request: Any) -> list[BatchItem]:
    """All items, page by page."""
    items: list[BatchItem] = []
    cursor = None
    async with database.read() as work:
        while True:
            page: Page[BatchItem] = await work.batches.results(
                batch_id, PageRequest(limit=7, cursor=cursor, **request), tenant_id=people.tenant_id
            )
            items += page.items
            assert page.truncated == (page.next is not None)
            if page.next is None:
                assert page.total == len(items)
                return items
            cursor = page.next


@pytest.mark.parametrize(
    "sort",
    [
        "position",
        "-position",
        "probability_artificial",
        "-probability_artificial",
        "designation,-probability_artificial",
        "-probability_artificial,designation,position",
    ],
)
async def test_pages_hold_every_row_once_in_the_order_of_one_question(
    database: Database, people: People, batch_id: UUID, sort: str
) -> None:
    items = await walk(database, people, batch_id, sort=sort)
    async with database.read() as work:
        whole = await work.batches.results(
            batch_id, PageRequest(limit=100, sort=sort), tenant_id=people.tenant_id
        )
    assert sorted(item.position for item in items) == list(range(60))
    assert [item.position for item in items] == [item.position for item in whole.items]
    if "probability" in sort.split(",")[0]:
        unknown = [item.probability_artificial is None for item in items]
        assert unknown == sorted(unknown), "unknown comes last, whichever way"


async def test_rows_that_come_and_go_between_pages_neither_repeat_nor_push_others_out(
    database: Database, people: People
) -> None:
    tag = str(people.tenant_id)
    async with database.write() as work:
        for k in range(10):
            await work.audit.record(f"{tag}.{k}", actor="x", tenant_id=people.tenant_id)
    async with database.read() as work:
        first = await work.audit.page(PageRequest(limit=4), tenant_id=people.tenant_id)
    async with database.write() as work:
        await work.audit.record(f"{tag}.new", actor="x", tenant_id=people.tenant_id)
    async with database.read() as work:
        second = await work.audit.page(PageRequest(limit=4, cursor=first.next), tenant_id=people.tenant_id)
    assert [event.action for event in (*first.items, *second.items)] == [
        f"{tag}.{k}" for k in range(9, 1, -1)
    ]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"designation": "2020 SO"}, 6),
        ({"designation__ne": "2020 SO"}, 54),
        ({"designation__in": "2020 SO,99942"}, 12),
        ({"designation__contains": "%"}, 6),
        ({"designation__contains": "_"}, 6),
        ({"designation__contains": "\\"}, 6),
        ({"designation__contains": "' OR 1=1 --"}, 6),
        ({"designation__startswith": "2020 s"}, 6),
        ({"position__ge": "10", "position__lt": 20}, 10),
        ({"probability_artificial__null": "true"}, 20),
        ({"probability_artificial__null": False}, 40),
        ({"status": "pending"}, 60),
        ({"status": "'; DROP TABLE batch_items; --"}, 0),
        ({"designation": None}, 60),
    ],
)
async def test_filters_mean_the_same_on_both_engines(
    database: Database, people: People, batch_id: UUID, filters: dict[str, Any], count: int
) -> None:
    assert len(await walk(database, people, batch_id, filters=filters)) == count


def cursor_of(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (PageRequest(limit=0), "limit: must be between 1 and 1000"),
        (PageRequest(limit=1001), "limit: must be between 1 and 1000"),
        (PageRequest(sort="id"), "cannot sort by 'id'"),
        (PageRequest(sort="position; DROP TABLE users"), "cannot sort by"),
        (PageRequest(filters={"batch_id": "x"}), "no such field"),
        (PageRequest(filters={"position": "x"}), "'x' is no whole number"),
        (PageRequest(filters={"position": 2**40}), "no whole number in range"),
        (PageRequest(filters={"probability_artificial__lt": "nan"}), "no finite number"),
        (PageRequest(filters={"position__contains": "1"}), "takes eq, ne, in, lt"),
        (PageRequest(filters={"designation": "a\x00b"}), "no text of reasonable length"),
        (PageRequest(filters={"designation": "x" * 300}), "no text of reasonable length"),
        (PageRequest(filters={"designation__in": ["x"] * 201}), "at most 200 values"),
        (PageRequest(sort="position,designation,status,class"), "at most 3 fields"),
        (PageRequest(cursor="?"), "no cursor"),
        (PageRequest(cursor="é"), "no cursor"),
        (PageRequest(cursor=cursor_of([1, 2, 3])), "no cursor"),
        (
            PageRequest(cursor=cursor_of(["position", ["x", 1]])),
            "no whole",
        ),
        (
            PageRequest(cursor=cursor_of(["status", [1, 1]])),
            "another order",
        ),
    ],
)
async def test_what_is_not_understood_is_refused_with_one_sentence(
    database: Database, people: People, batch_id: UUID, request_: PageRequest, message: str
) -> None:
    async with database.read() as work:
        with pytest.raises(Invalid, match=message.replace("(", r"\(")) as caught:
            await work.batches.results(batch_id, request_, tenant_id=people.tenant_id)
    assert caught.value.status == 422


async def test_moments_sort_and_compare_alike_on_both_engines(database: Database, people: People) -> None:
    start = datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=UTC)
    async with database.write() as work:
        for k in range(5):
            work.session.add(
                AuditEvent(
                    tenant_id=people.tenant_id,
                    actor="x",
                    action=f"a{k}",
                    outcome="done",
                    created_at=start + timedelta(microseconds=k),
                )
            )
    filters = {"created_at__gt": "2026-07-01T14:00:00.000002+02:00"}
    async with database.read() as work:
        page = await work.audit.page(
            PageRequest(filters=filters, sort="created_at"), tenant_id=people.tenant_id
        )
        moments = await work.session.scalars(
            select(AuditEvent.created_at).where(AuditEvent.tenant_id == people.tenant_id)
        )
    assert [event.action for event in page.items] == ["a2", "a3", "a4"]
    assert all(moment.tzinfo is UTC for moment in moments)
