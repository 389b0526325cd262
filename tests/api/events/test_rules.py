"""Alert rules over a stored screen and over the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import select, update

from aneos.catalogue import Catalogue
from aneos_api.clock import time_at, utc_now
from aneos_api.database import Database
from aneos_api.database.loading import screen_into_database
from aneos_api.database.models import Alert, AlertRule, Assessment
from aneos_api.errors import Invalid
from aneos_api.events.rules import Judge, try_out
from tests.api.conftest import People
from tests.api.endpoints.conftest import small_catalogue  # noqa: F401 - a fixture
from tests.api.events.conftest import Running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def screened(database: Database, small_catalogue: Catalogue) -> Database:  # noqa: F811
    await screen_into_database(database, small_catalogue)
    return database


async def rule(database: Database, people: People, kind: str, condition: dict[str, Any], **more: Any) -> UUID:
    async with database.write() as work:
        row = await work.alerts.create_rule(
            tenant_id=people.tenant_id, name=f"{kind} {condition}", kind=kind, condition=condition, **more
        )
        return row.id


async def alerts(database: Database, rule_id: UUID) -> list[tuple[str | None, str, int]]:
    async with database.read(fresh=True) as work:
        rows = await work.session.scalars(
            select(Alert).where(Alert.rule_id == rule_id).order_by(Alert.created_at)
        )
        return [(row.designation, row.status, row.count) for row in rows]


async def believe(database: Database, designation: str, **values: Any) -> None:
    """Let the current screen say something else, and every rule be judged again as after a new screen."""
    async with database.write() as work:
        screen = await work.analysis.current_screen()
        assert screen is not None
        await work.session.execute(
            update(Assessment)
            .where(Assessment.screen_id == screen.id, Assessment.designation == designation)
            .values(**values)
        )
        await work.session.execute(update(AlertRule).values(state={}))


async def test_a_science_rule_opens_once_holds_on_and_clears(screened: Database, people: People) -> None:
    async with screened.read() as work:
        page = await try_out(work, "science", {"rank__le": 1})
    ((top,), total) = page.designations, page.total
    assert total == 1
    await believe(screened, top, probability_artificial=0.9)
    condition = {
        "designation": top,
        "probability_artificial__ge": 0.5,
        "clear": {"probability_artificial__lt": 0.4},
    }
    rule_id = await rule(screened, people, "science", condition, cooldown_s=600)
    judge = Judge(screened)
    assert await judge.step() == 1
    assert await judge.step() == 0
    assert await alerts(screened, rule_id) == [(top, "open", 1)]
    await believe(screened, top, probability_artificial=0.45)
    assert await judge.step() == 0, "between the two thresholds nothing changes"
    await believe(screened, top, probability_artificial=0.3)
    assert await judge.step() == 1
    assert await alerts(screened, rule_id) == [(top, "resolved", 1)]
    await believe(screened, top, probability_artificial=0.9)
    assert await judge.step() == 0, "within the cool-down nothing opens"
    with time_at(utc_now() + timedelta(seconds=601)):
        assert await judge.step() == 1, "after it, the rule is still fitting"
    assert [status for _, status, _ in await alerts(screened, rule_id)] == ["resolved", "open"]
    async with screened.write() as work:
        await work.events.publish()
        told = await work.events.since(0, topics=["alerts"], tenant_id=people.tenant_id)
    assert [event.kind for event in told] == ["alert.opened", "alert.resolved", "alert.opened"]


async def test_a_system_rule_watches_the_queue_with_hysteresis(screened: Database, people: People) -> None:
    condition = {"metric": "queue_test", "ge": 10, "clear": 5}
    rule_id = await rule(screened, people, "system", condition, cooldown_s=0)
    judge = Judge(screened)
    seen = []
    for n, value in enumerate((3.0, 12.0, 20.0, 7.0, 9.0, 4.0, 11.0)):
        with time_at(utc_now() + timedelta(seconds=n)):
            async with screened.write() as work:
                await work.metrics.record("queue_test", value)
            await judge.step()
        seen.append([status for _, status, _ in await alerts(screened, rule_id)])
    open_, over = ["open"], ["resolved"]
    assert seen == [[], open_, open_, open_, open_, over, [*over, *open_]]


async def test_the_length_of_the_queue_is_measured_from_its_table(screened: Database) -> None:
    async with screened.write() as work:
        before = (await try_out(work, "system", {"metric": "jobs_queued", "ge": 0})).value
        await work.jobs.enqueue("nothing", {})
    async with screened.read(fresh=True) as work:
        found = await try_out(work, "system", {"metric": "jobs_queued", "ge": (before or 0) + 1})
        unknown = await try_out(work, "system", {"metric": "no_such", "le": 1})
    assert (found.total, found.value) == (1, (before or 0) + 1)
    assert (unknown.total, unknown.value) == (0, None)


@pytest.mark.parametrize(
    ("kind", "condition", "fault"),
    [
        ("science", {}, "no filter"),
        ("science", {"colour": "red"}, "no such field"),
        ("science", {"rank__le": 1, "clear": 3}, "object of filters"),
        ("system", {"metric": "x"}, "either ge or le"),
        ("system", {"metric": "x", "ge": "much"}, "is a number"),
        ("system", {"metric": "x", "ge": 5, "clear": 6}, "quiet side"),
    ],
)
async def test_a_faulty_condition_is_named(
    screened: Database, kind: str, condition: dict[str, Any], fault: str
) -> None:
    async with screened.read() as work:
        with pytest.raises(Invalid, match=fault):
            await try_out(work, kind, condition)


async def test_a_rule_is_tried_by_the_service_without_a_trace(
    screened: Database, running: Running, client: httpx2.AsyncClient
) -> None:
    reply = await client.post(
        f"{running.url}/api/v1/monitoring/rules/try",
        json={"kind": "science", "condition": {"rank__le": 3}, "limit": 2},
        headers=running.headers("admin"),
    )
    assert reply.status_code == 200, reply.text
    assert (reply.json()["total"], len(reply.json()["designations"])) == (3, 2)
