"""Alert rules over a stored screen and over the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import select, update

from aneos.catalogue import Catalogue
from aneos.constants import AU_KM
from aneos_api.clock import time_at, utc_now
from aneos_api.database import Database
from aneos_api.database.loading import screen_into_database
from aneos_api.database.models import Alert, AlertRule, Assessment
from aneos_api.errors import Invalid
from aneos_api.events.rules import Judge, try_out
from aneos_api.jobs import Worker
from aneos_api.jobs.names import DRIFT_METRIC, MEASURE_DRIFT
from tests.api.conftest import People
from tests.api.endpoints.conftest import make_settings, small_catalogue  # noqa: F401 - a fixture
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
        ("science", {"approach_within_au": 0.05}, "no filter"),
        ("science", {"rank__le": 1, "approach_within_au": 5}, "at most 0.2"),
        ("science", {"rank__le": 1, "approach_days": 5}, "goes with"),
        ("science", {"saved_filter": "mine"}, "id of a saved filter"),
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


async def test_an_alert_that_nobody_acknowledges_escalates_once(screened: Database, people: People) -> None:
    condition = {"metric": "escalation_test", "ge": 1}
    rule_id = await rule(screened, people, "system", condition, escalate_s=60, severity="warning")
    async with screened.write() as work:
        await work.metrics.record("escalation_test", 5.0)
    judge = Judge(screened)
    assert await judge.step() == 1
    assert await judge.step() == 0
    with time_at(utc_now() + timedelta(seconds=61)):
        assert await judge.step() == 1
        assert await judge.step() == 0, "once"
    async with screened.write() as work:
        (alert,) = await work.session.scalars(select(Alert).where(Alert.rule_id == rule_id))
        assert (alert.severity, alert.status) == ("critical", "open")
        await work.events.publish()
        told = await work.events.since(0, topics=["alerts"], tenant_id=people.tenant_id)
    assert [event.kind for event in told] == ["alert.opened", "alert.escalated"]


async def test_an_acknowledged_alert_does_not_escalate(screened: Database, people: People) -> None:
    condition = {"metric": "acknowledged_test", "ge": 1}
    rule_id = await rule(screened, people, "system", condition, escalate_s=60)
    async with screened.write() as work:
        await work.metrics.record("acknowledged_test", 5.0)
    await Judge(screened).step()
    async with screened.write() as work:
        (alert,) = await work.session.scalars(select(Alert).where(Alert.rule_id == rule_id))
        await work.alerts.acknowledge(alert.id, tenant_id=people.tenant_id, user_id=people.analyst_id)
    with time_at(utc_now() + timedelta(seconds=61)):
        assert await Judge(screened).step() == 0


async def test_a_saved_filter_is_a_rule_and_follows_its_changes(screened: Database, people: People) -> None:
    async def save(query: dict[str, Any]) -> UUID:
        async with screened.write() as work:
            row = await work.cases.save_filter(
                tenant_id=people.tenant_id, user_id=people.analyst_id, name="mine", query=query
            )
            return row.id

    key = await save({"rank__le": 2, "sort": "rank"})
    condition = {"saved_filter": str(key)}
    async with screened.read(fresh=True) as work:
        found = await try_out(work, "science", condition, tenant_id=people.tenant_id)
        assert (found.total, len(found.designations)) == (2, 2)
        with pytest.raises(Invalid, match="no such saved filter"):
            await try_out(work, "science", condition, tenant_id=None)
    rule_id = await rule(screened, people, "science", condition)
    judge = Judge(screened)
    assert await judge.step() == 2
    await save({"rank__le": 3})
    assert await judge.step() == 1, "the filter is wider"
    assert [name for name, _, _ in await alerts(screened, rule_id)][:2] == list(found.designations)


async def test_rules_on_area_to_mass_and_on_new_identities(screened: Database, people: People) -> None:
    async with screened.write() as work:
        rh120 = await work.catalogue.find("2006 RH120")
        rh120.amr_m2kg, rh120.amr_sigma_m2kg = 1.0e-3, 1.0e-4
    async with screened.read(fresh=True) as work:
        measured = await try_out(work, "science", {"amr_significance__ge": 9.5})
        none = await try_out(work, "science", {"amr_significance__ge": 10.5})
        identity = await try_out(work, "science", {"identity_log10_bayes_factor__ge": -100})
        strong = await try_out(work, "science", {"identity_log10_bayes_factor__ge": 100})
    assert measured.designations == ("2006 RH120",)
    assert (none.total, strong.total) == (0, 0)
    assert identity.total > 0
    rule_id = await rule(screened, people, "science", {"amr_significance__ge": 9.5})
    assert await Judge(screened).step() == 1
    assert await alerts(screened, rule_id) == [("2006 RH120", "open", 1)]


async def test_a_close_approach_of_a_watched_object_is_told_once(screened: Database, people: People) -> None:
    """Apophis in April 2029: 38,000 km from the centre of the Earth (JPL CAD)."""
    condition = {"designation": "99942", "approach_within_au": 0.05, "approach_days": 60}
    async with screened.read(fresh=True) as work:
        apophis = await work.catalogue.find("99942")
        condition["designation"] = apophis.designation
    rule_id = await rule(screened, people, "science", condition)
    judge = Judge(screened)
    with time_at(datetime(2029, 3, 10, tzinfo=UTC)):
        await judge.step()
        await judge.step()
    async with screened.read(fresh=True) as work:
        rows = list(await work.session.scalars(select(Alert).where(Alert.rule_id == rule_id)))
    assert sorted(row.detail["body"] for row in rows) == ["Earth", "Moon"], "once each"
    alert = next(row for row in rows if row.detail["body"] == "Earth")
    assert alert.designation == apophis.designation
    assert "on 2029-04-13" in alert.message
    assert alert.detail["distance_au"] == pytest.approx(38_012 / AU_KM, rel=0.02)
    with time_at(datetime(2029, 4, 20, tzinfo=UTC)):
        await judge.step()
    assert [status for _, status, _ in await alerts(screened, rule_id)] == ["resolved"] * 2, (
        "they have passed"
    )


async def test_a_faulty_rule_is_not_stored(running: Running, client: httpx2.AsyncClient) -> None:
    body = {"name": "faulty", "kind": "science", "condition": {"colour": "red"}}
    url = f"{running.url}/api/v1/monitoring/rules"
    reply = await client.post(url, json=body, headers=running.headers("admin"))
    assert reply.status_code == 422, reply.text
    assert "no such field" in reply.text


async def test_drift_is_measured_by_a_job_and_watched_by_a_rule(
    screened: Database, people: People, tmp_path: Path
) -> None:
    async with screened.write() as work:
        job = await work.jobs.enqueue(MEASURE_DRIFT, {})
    await Worker(screened, make_settings(tmp_path)).run_until_idle()
    async with screened.read(fresh=True) as work:
        done = await work.jobs.get(job.id)
    assert (done.status, done.result) == (
        "succeeded",
        {"measured": False, "reason": "no model is active: train one, or activate one"},
    )
    rule_id = await rule(screened, people, "system", {"metric": DRIFT_METRIC, "ge": 0.25, "clear": 0.1})
    async with screened.write() as work:
        await work.metrics.record(DRIFT_METRIC, 0.3, {"model": "m", "feature": "H"})
    with time_at(utc_now() + timedelta(hours=20)):
        await Judge(screened).step()
    assert [status for _, status, _ in await alerts(screened, rule_id)] == ["open"]
