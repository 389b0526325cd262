"""Alerts, events, webhooks, models, metrics, idempotency keys, exports, cases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import delete

from aneos_api.clock import after, time_at, utc_now
from aneos_api.database import Database, NewPrediction, PageRequest, Replay, Sample
from aneos_api.database.models import Experiment, OutboxEvent, Webhook
from aneos_api.database.services.ml import choose_arm
from aneos_api.database.types import uuid7
from aneos_api.errors import Conflict, Invalid, NotFound
from tests.api.conftest import People


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nothing_to_send(database: Database) -> None:
    async with database.write() as work:
        await work.session.execute(delete(OutboxEvent))
        await work.session.execute(delete(Webhook))
        await work.session.execute(delete(Experiment))


# --- alerts -------------------------------------------------------------------------------------------------


async def raise_one(database: Database, people: People | None, key: str) -> tuple[UUID, int, bool]:
    async with database.write() as work:
        alert, new = await work.alerts.raise_alert(
            dedupe_key=key,
            title="An object turned up",
            severity="warning",
            tenant_id=None if people is None else people.tenant_id,
            designation="2020 SO",
        )
        return alert.id, alert.count, new


async def test_an_alert_that_repeats_counts_up_until_it_is_resolved(
    database: Database, people: People
) -> None:
    outcomes = await asyncio.gather(*(raise_one(database, people, "k") for _ in range(4)))
    assert len({alert for alert, _, _ in outcomes}) == 1
    assert sorted(count for _, count, _ in outcomes) == [1, 2, 3, 4]
    assert sum(new for _, _, new in outcomes) == 1
    alert_id = outcomes[0][0]
    async with database.write() as work:
        await work.alerts.acknowledge(alert_id, tenant_id=people.tenant_id, user_id=people.analyst_id)
        await work.alerts.resolve(
            alert_id, tenant_id=people.tenant_id, user_id=people.analyst_id, note="known"
        )
    assert (await raise_one(database, people, "k"))[2], "after it was resolved it is new"
    async with database.read() as work:
        kinds = [event.kind for event in await work.events.since(0, tenant_id=people.tenant_id)]
        assert kinds == [], "nothing is sent before it is published"
        assert await work.alerts.counts(people.tenant_id) == {"open": 1, "acknowledged": 0, "resolved": 1}
    async with database.write() as work:
        await work.events.publish()
        kinds = [event.kind for event in await work.events.since(0, tenant_id=people.tenant_id)]
    assert kinds == ["alert.opened", "alert.acknowledged", "alert.resolved", "alert.opened"]
    with pytest.raises(Conflict):
        async with database.write() as work:
            await work.alerts.acknowledge(alert_id, tenant_id=people.tenant_id, user_id=people.analyst_id)


async def test_alerts_of_another_tenant_are_not_seen_those_of_everybody_are(
    database: Database, people: People, other_people: People
) -> None:
    mine, _, _ = await raise_one(database, people, "same")
    _, count, new = await raise_one(database, other_people, "same")
    shared, _, _ = await raise_one(database, None, f"shared {uuid7()}")
    assert (count, new) == (1, True), "keys of different tenants do not meet"
    async with database.read() as work:
        with pytest.raises(NotFound):
            await work.alerts.get(mine, tenant_id=other_people.tenant_id)
        assert (await work.alerts.get(shared, tenant_id=other_people.tenant_id)).tenant_id is None


async def test_rule_names_are_taken_once_per_tenant(
    database: Database, people: People, other_people: People
) -> None:
    for owner in (people.tenant_id, other_people.tenant_id):
        async with database.write() as work:
            rule = await work.alerts.create_rule(
                tenant_id=owner, name="slow", kind="science", condition={"q": 0.1}
            )
    with pytest.raises(Conflict):
        async with database.write() as work:
            await work.alerts.create_rule(tenant_id=owner, name="slow", kind="science", condition={})
    async with database.write() as work:
        _, changed = await work.alerts.update_rule(
            rule.id, tenant_id=owner, enabled=False, severity="critical"
        )
        assert changed == {"enabled": (True, False), "severity": ("warning", "critical")}
        await work.alerts.delete_rule(rule.id, tenant_id=owner)


# --- events and webhooks ------------------------------------------------------------------------------------


async def test_positions_are_without_gaps_however_many_write_and_send(database: Database) -> None:
    async def write(worker: int) -> None:
        for n in range(10):
            async with database.write() as work:
                await work.events.emit("objects", "object.changed", {"n": n}, key=str(worker))

    async def send() -> None:
        for _ in range(10):
            async with database.write() as work:
                await work.events.publish(limit=3)

    await asyncio.gather(write(1), write(2), send(), send())
    async with database.write() as work:
        await work.events.publish()
    async with database.read(fresh=True) as work:
        events = await work.events.since(0)
        assert await work.events.unsent() == 0
    assert [event.position for event in events] == list(range(1, 21))
    for key in ("1", "2"):
        assert [event.payload["n"] for event in events if event.key == key] == list(range(10)), (
            "order per key"
        )


async def test_one_resumes_behind_any_position_with_ones_own_topics_and_tenant(
    database: Database, people: People, other_people: People
) -> None:
    async with database.write() as work:
        for topic, tenant in (
            ("a", None),
            ("b", people.tenant_id),
            ("b", other_people.tenant_id),
            ("a", None),
        ):
            await work.events.emit(topic, "x", {}, tenant_id=tenant)
        await work.events.publish()
        seen = await work.events.since(1, tenant_id=people.tenant_id)
        assert [event.position for event in seen] == [2, 4]
        assert [event.position for event in await work.events.since(0, topics=["b"])] == []


async def test_a_webhook_gets_each_event_once_in_order(
    database: Database, people: People, other_people: People
) -> None:
    async with database.write() as work:
        hooks = [
            await work.webhooks.create(
                tenant_id=owner.tenant_id,
                name="h",
                url="https://example.org",
                encrypted_secret="s",
                topics=topics,
            )
            for owner, topics in ((people, ["alerts"]), (other_people, []))
        ]
        for n in range(3):
            await work.events.emit("alerts", "x", {"n": n}, tenant_id=people.tenant_id)
        await work.events.emit("objects", "x", {})
        events = await work.events.publish()
        assert [await work.webhooks.add_deliveries(event) for event in (*events, events[0])] == [
            1,
            1,
            1,
            1,
            0,
        ]

    async def claim() -> list[tuple[UUID, UUID, int]]:
        async with database.write() as work:
            claimed = await work.webhooks.claim_deliveries(limit=10, lease_s=60)
            return [(delivery.id, hook.id, delivery.payload.get("n", -1)) for delivery, hook in claimed]

    both = [item for claimed in await asyncio.gather(claim(), claim()) for item in claimed]
    assert sorted((hook, n) for _, hook, n in both) == sorted([(hooks[0].id, 0), (hooks[1].id, -1)])
    first = next(delivery for delivery, hook, _ in both if hook == hooks[0].id)
    async with database.write() as work:
        await work.webhooks.not_delivered(first, error="timed out", retry_at=after(-1))
    assert [n for _, _, n in await claim()] == [0], "the failed one goes again before the next"
    async with database.write() as work:
        await work.webhooks.delivered(first, status=200, excerpt="ok", duration_ms=3.0)
    assert [n for _, _, n in await claim()] == [1]
    async with database.read() as work:
        with pytest.raises(NotFound):
            await work.webhooks.deliveries(hooks[0].id, PageRequest(), tenant_id=other_people.tenant_id)
        page = await work.webhooks.deliveries(hooks[0].id, PageRequest(), tenant_id=people.tenant_id)
    assert sorted(item.status for item in page.items) == ["delivered", "pending", "pending"]


async def test_a_webhook_that_fails_too_often_is_switched_off_and_says_why(
    database: Database, people: People
) -> None:
    async with database.write() as work:
        hook = await work.webhooks.create(
            tenant_id=people.tenant_id, name="h", url="https://example.org", encrypted_secret="s"
        )
        await work.webhooks.add_delivery(hook.id, uuid7(), "alerts", {})
        ((delivery, _),) = await work.webhooks.claim_deliveries(limit=1, lease_s=1)
        await work.webhooks.not_delivered(delivery.id, error="refused", retry_at=None, disable_after=1)
    async with database.write() as work:
        stored = await work.webhooks.get(hook.id, tenant_id=people.tenant_id)
        assert (stored.enabled, stored.disabled_reason) == (False, "1 deliveries failed, the last: refused")
        await work.webhooks.update(hook.id, tenant_id=people.tenant_id, enabled=True)
        assert (await work.webhooks.replay(delivery.id, tenant_id=people.tenant_id)).status == "pending"
        assert stored.failures == 0


# --- models -------------------------------------------------------------------------------------------------


async def new_model(database: Database, name: str, version: str, *, stored: bool = True) -> UUID:
    async with database.write() as work:
        model = await work.ml.register(
            name=name,
            version=version,
            algorithm="gradient boosting",
            features=["v_encounter_kms"],
            artefact_path="m.skops" if stored else None,
        )
    return model.id


async def test_one_version_of_a_model_answers(database: Database) -> None:
    name = uuid7().hex
    first, second = await new_model(database, name, "1"), await new_model(database, name, "2")
    empty = await new_model(database, name, "3", stored=False)
    for model in (first, second):
        async with database.write() as work:
            await work.ml.activate(model)
    async with database.read(fresh=True) as work:
        champion = await work.ml.champion(name)
        assert champion is not None
        assert (champion.id, (await work.ml.get_model(first)).stage) == (second, "retired")
    with pytest.raises(Conflict, match="no stored file"):
        async with database.write() as work:
            await work.ml.activate(empty)
    with pytest.raises(Conflict, match="already"):
        await new_model(database, name, "1")


async def test_predictions_of_a_tenant_are_its_own(
    database: Database, people: People, other_people: People
) -> None:
    model = await new_model(database, uuid7().hex, "1")
    name = uuid7().hex
    async with database.write() as work:
        await work.ml.store_predictions(model, [NewPrediction(name, 0.1, 0.2, (0.1, 0.3))])
        await work.ml.store_predictions(model, [NewPrediction(name, 0.9)], tenant_id=people.tenant_id)
    async with database.read() as work:
        assert (await work.ml.latest(name, tenant_id=people.tenant_id)).score == 0.9
        assert (await work.ml.latest(name, tenant_id=other_people.tenant_id)).score == 0.1
        assert (
            await work.ml.predictions(PageRequest(), tenant_id=people.tenant_id, designation=name)
        ).total == 2
        with pytest.raises(NotFound):
            await work.ml.latest("nothing", tenant_id=people.tenant_id)


async def test_an_experiment_shares_objects_out_as_set_and_always_alike(database: Database) -> None:
    models = [await new_model(database, uuid7().hex, "1") for _ in range(2)]
    with pytest.raises(Invalid, match="sum to 1"):
        async with database.write() as work:
            await work.ml.create_experiment(
                name="x", metric="recall", arms={"a": (models[0], 0.5), "b": (models[1], 0.6)}
            )
    async with database.write() as work:
        made = await work.ml.create_experiment(
            name=uuid7().hex, metric="recall", arms={"a": (models[0], 0.8), "b": (models[1], 0.2)}
        )
        await work.ml.start_experiment(made.id)
    async with database.read(fresh=True) as work:
        running = await work.ml.running_experiment()
    assert running is not None
    chosen = [choose_arm(*running, f"2020 A{n}").name for n in range(2000)]
    assert chosen == [choose_arm(*running, f"2020 A{n}").name for n in range(2000)]
    assert 0.77 < chosen.count("a") / 2000 < 0.83
    async with database.write() as work:
        other = await work.ml.create_experiment(
            name=uuid7().hex, metric="recall", arms={"a": (models[0], 0.5), "b": (models[1], 0.5)}
        )
        with pytest.raises(Conflict, match="is running"):
            await work.ml.start_experiment(other.id)
    async with database.write() as work:
        assert (await work.ml.stop_experiment(made.id, {"winner": "a"})).status == "concluded"


# --- the rest -----------------------------------------------------------------------------------------------


async def test_metrics_have_a_history_in_steps(database: Database) -> None:
    name, start = uuid7().hex, datetime(2026, 7, 1, tzinfo=UTC)
    async with database.write() as work:
        samples = [
            Sample(name, float(n), {"route": "a" if n % 2 else "b"}, start + timedelta(seconds=n))
            for n in range(120)
        ]
        assert await work.metrics.record_many(samples) == 120
        with pytest.raises(Invalid):
            await work.metrics.record(name, float("nan"))
    async with database.read() as work:
        points = await work.metrics.history(
            name, since=start, until=start + timedelta(seconds=119), step_s=60
        )
        odd = await work.metrics.history(
            name, since=start, until=start + timedelta(seconds=59), step_s=60, labels={"route": "a"}
        )
        latest = await work.metrics.latest([name])
        with pytest.raises(Invalid):
            await work.metrics.history(name, since=start, step_s=0.001)
    assert [(point.at, point.mean, point.minimum, point.maximum, point.count) for point in points] == [
        (start, 29.5, 0.0, 59.0, 60),
        (start + timedelta(seconds=60), 89.5, 60.0, 119.0, 60),
    ]
    assert odd[0].count == 30
    assert [row.value for row in latest] == [119.0]


async def test_an_idempotency_key_gives_the_first_answer_again(database: Database, people: People) -> None:
    key = {"tenant_id": people.tenant_id, "principal": "user:1", "key": uuid7().hex}

    async def once(body: str, *, fails: bool = False) -> Replay | None:
        async with database.write() as work:
            replay = await work.idempotency.begin(**key, request_hash=body, lifetime_s=60)  # type: ignore[arg-type]
            if replay is None:
                if fails:
                    raise RuntimeError("failed")
                await work.idempotency.finish(**key, status_code=202, response={"n": 1})  # type: ignore[arg-type]
            return replay

    with pytest.raises(RuntimeError):
        await once("body", fails=True)
    outcomes = await asyncio.gather(once("body"), once("body"), once("body"))
    assert sum(outcome is None for outcome in outcomes) == 1
    assert [outcome for outcome in outcomes if outcome is not None] == [Replay(202, {"n": 1}, {})] * 2
    with pytest.raises(Conflict):
        await once("another body")
    with time_at(utc_now() + timedelta(seconds=61)):
        assert await once("another body") is None


async def test_exports_expire(database: Database, people: People) -> None:
    with pytest.raises(Invalid, match="format"):
        async with database.write() as work:
            await work.exports.create(tenant_id=people.tenant_id, kind="watchlist", format="xls")
    async with database.write() as work:
        export = await work.exports.create(
            tenant_id=people.tenant_id, kind="watchlist", format="csv", lifetime_s=60
        )
        await work.exports.finish(export.id, path="x.csv", rows=1, size_bytes=2, sha256="0" * 64)
    with time_at(utc_now() + timedelta(seconds=61)):
        async with database.write() as work:
            assert [row.id for row in await work.exports.expired()] == [export.id]
            await work.exports.removed(export.id)
            assert await work.exports.expired() == []
            assert (await work.exports.get(export.id)).status == "expired"


async def test_filters_are_ones_own_unless_shared(
    database: Database, people: People, other_people: People
) -> None:
    async with database.write() as work:
        own = await work.cases.save_filter(
            tenant_id=people.tenant_id, user_id=people.analyst_id, name="slow", query={"v__lt": 1}
        )
        again = await work.cases.save_filter(
            tenant_id=people.tenant_id,
            user_id=people.analyst_id,
            name="slow",
            query={"v__lt": 2},
            shared=True,
        )
        assert (own.id, again.query) == (again.id, {"v__lt": 2})
        seen = await work.cases.get_filter(own.id, tenant_id=people.tenant_id, user_id=people.viewer_id)
        assert seen.id == own.id
        with pytest.raises(NotFound):
            await work.cases.delete_filter(own.id, tenant_id=people.tenant_id, user_id=people.viewer_id)
        with pytest.raises(NotFound):
            await work.cases.get_filter(own.id, tenant_id=other_people.tenant_id, user_id=people.analyst_id)


async def test_an_object_is_in_a_case_once(database: Database, people: People) -> None:
    async with database.write() as work:
        case = await work.cases.create(tenant_id=people.tenant_id, user_id=people.analyst_id, title="Leakers")
        await work.cases.add_item(case.id, tenant_id=people.tenant_id, designation="2020 SO")
        with pytest.raises(Conflict):
            await work.cases.add_item(case.id, tenant_id=people.tenant_id, designation="2020 SO")
        _, changed = await work.cases.update(
            case.id, tenant_id=people.tenant_id, status="closed", title="Leakers"
        )
        assert changed == {"status": ("open", "closed")}
        await work.cases.remove_item(case.id, tenant_id=people.tenant_id, designation="2020 SO")
        assert await work.cases.items(case.id, tenant_id=people.tenant_id) == []
