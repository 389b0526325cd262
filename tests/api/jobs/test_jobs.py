"""The queue: claimed once, fenced, retried, buried, cancelled, repeated on schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, select, update

from aneos_api.clock import time_at, utc_now
from aneos_api.database import Database, ItemResult, Lease, LeaseLost, NewItem, PageRequest
from aneos_api.database.models import Job, JobSchedule, OutboxEvent
from aneos_api.database.services.schedules import next_moment
from aneos_api.errors import Conflict, Invalid, NotFound, Unavailable
from aneos_api.jobs import JobContext, Registry, Worker
from aneos_api.settings import Settings, load_settings
from tests.api.conftest import People


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    quick = {
        "lease_s": 3.0,
        "heartbeat_s": 0.1,
        "poll_s": 0.05,
        "backoff_s": 0.05,
        "batch_chunk": 7,
    }
    return load_settings(data_dir=tmp_path, jobs=quick)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def no_jobs(database: Database) -> None:
    async with database.write() as work:
        await work.session.execute(delete(Job))
        await work.session.execute(delete(JobSchedule))


async def put(database: Database, task: str = "t", **values: Any) -> Job:
    async with database.write() as work:
        return await work.jobs.enqueue(task, **values)


async def claim(database: Database, worker: str = "w", limit: int = 1, lease_s: float = 30.0) -> list[Lease]:
    async with database.write() as work:
        await work.jobs.bury()
        return await work.jobs.claim(worker, limit=limit, lease_s=lease_s)


async def state(database: Database, job: Job) -> Job:
    async with database.read(fresh=True) as work:
        return await work.jobs.get(job.id)


async def test_many_workers_claim_every_job_once(database: Database) -> None:
    async with database.write() as work:
        jobs = [await work.jobs.enqueue("t", {"n": n}) for n in range(60)]

    async def take_all(worker: str) -> list[Lease]:
        taken: list[Lease] = []
        while leases := await claim(database, worker, limit=4):
            taken += leases
        return taken

    taken = await asyncio.gather(*(take_all(f"w{n}") for n in range(4)))
    numbers = sorted(lease.job.payload["n"] for leases in taken for lease in leases)
    assert numbers == list(range(60))
    assert len(jobs) == 60


async def test_higher_priority_goes_first_and_later_jobs_wait(database: Database) -> None:
    await put(database, "late", delay_s=60)
    await put(database, "low", priority=-1)
    await put(database, "first")
    await put(database, "second")
    await put(database, "high", priority=5)
    assert [lease.job.task for lease in await claim(database, limit=9)] == ["high", "first", "second", "low"]


async def test_work_that_fails_is_not_queued(database: Database) -> None:
    async def undone() -> None:
        async with database.write() as work:
            await work.jobs.enqueue("t")
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        await undone()
    assert await claim(database) == []


async def test_a_dedupe_key_gives_the_open_job_back(database: Database) -> None:
    first = await put(database, dedupe_key="k")
    assert (await put(database, dedupe_key="k")).id == first.id
    (lease,) = await claim(database)
    assert (await put(database, dedupe_key="k")).id == first.id
    async with database.write() as work:
        await work.jobs.succeed(first.id, lease.token)
    assert (await put(database, dedupe_key="k")).id != first.id


async def test_a_worker_that_was_silent_too_long_can_write_nothing(
    database: Database, people: People
) -> None:
    job = await put(database)
    (old,) = await claim(database, "silent", lease_s=0.05)
    await asyncio.sleep(0.1)
    (new,) = await claim(database, "next")
    assert new.job.id == job.id
    async with database.write() as work:
        assert await work.jobs.beat([(job.id, old.token)], lease_s=30) == {}
        assert await work.jobs.beat([(job.id, new.token)], lease_s=30) == {job.id: False}

    async def write_with(lease: Lease) -> None:
        async with database.write() as work:
            await work.audit.record(f"by {lease.token}", actor="x", tenant_id=people.tenant_id)
            await work.jobs.progress(job.id, lease.token, done=1, total=2, lease_s=30)

    with pytest.raises(LeaseLost):
        await write_with(old)
    await write_with(new)
    async with database.read(fresh=True) as work:
        events = (await work.audit.page(PageRequest(), tenant_id=people.tenant_id)).items
    assert [event.action for event in events] == [f"by {new.token}"], "the zombie's writes were rolled back"
    for say in ("succeed", "fail", "give_back", "cancelled"):
        with pytest.raises(LeaseLost):
            await _say(database, say, old)


async def _say(database: Database, what: str, lease: Lease) -> None:
    async with database.write() as work:
        if what == "fail":
            await work.jobs.fail(lease.job.id, lease.token, "x", backoff_s=1, backoff_max_s=1)
        else:
            await getattr(work.jobs, what)(lease.job.id, lease.token)


async def test_pauses_between_attempts_double_until_the_job_is_dead(database: Database) -> None:
    job = await put(database, max_attempts=3)
    pauses = []
    for attempt in range(1, 4):
        async with database.write() as work:
            await work.session.execute(update(Job).where(Job.id == job.id).values(available_at=utc_now()))
        (lease,) = await claim(database)
        before = utc_now()
        async with database.write() as work:
            told = await work.jobs.fail(
                job.id, lease.token, f"failure {attempt}", backoff_s=10, backoff_max_s=15
            )
        stored = await state(database, job)
        pauses.append(round((stored.available_at - before).total_seconds()))
        assert (stored.attempts, stored.error) == (attempt, f"failure {attempt}")
    assert pauses[:2] == [10, 15]
    assert (told, stored.status) == ("dead", "dead")
    async with database.write() as work:
        again = await work.jobs.retry(job.id)
    assert (again.status, again.attempts, again.error) == ("queued", 0, None)
    with pytest.raises(Conflict):
        async with database.write() as work:
            await work.jobs.retry(job.id)


async def test_a_job_that_kills_every_worker_is_buried_but_progress_gives_new_attempts(
    database: Database,
) -> None:
    job = await put(database, max_attempts=2)
    for attempt in range(3):
        (lease,) = await claim(database, lease_s=0.01)
        if attempt < 2:
            async with database.write() as work:
                await work.jobs.progress(job.id, lease.token, done=attempt + 1, total=9, lease_s=0.01)
        await asyncio.sleep(0.03)
        assert (await state(database, job)).attempts == (1 if attempt < 2 else 2)
    assert await claim(database) == []
    assert (await state(database, job)).status == "dead"


async def test_giving_a_job_back_costs_no_attempt(database: Database) -> None:
    job = await put(database)
    (lease,) = await claim(database)
    async with database.write() as work:
        await work.jobs.give_back(job.id, lease.token)
    stored = await state(database, job)
    assert (stored.status, stored.attempts, stored.lease_token) == ("queued", 0, None)


async def test_cancelling(database: Database, people: People) -> None:
    waiting = await put(database, tenant_id=people.tenant_id)
    async with database.write() as work:
        assert (await work.jobs.cancel(waiting.id, tenant_id=people.tenant_id)).status == "cancelled"
    with pytest.raises(Conflict):
        async with database.write() as work:
            await work.jobs.cancel(waiting.id)
    running = await put(database)
    (lease,) = await claim(database)
    async with database.write() as work:
        await work.jobs.cancel(running.id)
        assert await work.jobs.beat([(running.id, lease.token)], lease_s=30) == {running.id: True}
    with pytest.raises(NotFound):
        async with database.write() as work:
            await work.jobs.cancel(running.id, tenant_id=people.tenant_id)


# --- the worker ---------------------------------------------------------------------------------------------


async def until(database: Database, job: Job, condition: Callable[[Job], bool]) -> None:
    for _ in range(400):
        if condition(await state(database, job)):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came")


def worker_with(database: Database, settings: Settings, task: Any) -> Worker:
    registry = Registry()
    registry.task("t")(task)
    return Worker(database, settings, registry=registry)


async def test_a_worker_stores_result_and_progress(database: Database, settings: Settings) -> None:
    async def task(context: JobContext) -> Mapping[str, Any]:
        context.report("half", 1, 2)
        async with context.transaction() as work:
            await work.metrics.record("done", 1.0)
        return {"square": await context.compute(pow, context.payload["n"], 2)}

    job = await put(database, payload={"n": 7})
    assert await worker_with(database, settings, task).run_until_idle() == 1
    stored = await state(database, job)
    assert (stored.status, stored.result, stored.error) == ("succeeded", {"square": 49}, None)
    assert (stored.progress_done, stored.progress_total, stored.progress_text) == (1, 2, "half")


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (Invalid("no", field="x"), "dead", "x: no"),
        (NotFound("nothing there"), "dead", "nothing there"),
        (Unavailable("the archive is away"), "queued", "the archive is away"),
        (ZeroDivisionError("division by zero"), "queued", "ZeroDivisionError: division by zero"),
    ],
)
async def test_what_cannot_succeed_is_dead_at_once_what_may_is_tried_again(
    database: Database,
    settings: Settings,
    error: Exception,
    status: str,
    text: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def task(context: JobContext) -> None:
        raise error

    job = await put(database)
    worker = worker_with(database, settings, task)
    with time_at(job.available_at):  # time stands still: the pause after a failure does not end
        await worker.run_until_idle()
    stored = await state(database, job)
    assert (stored.status, stored.error) == (status, text)
    assert stored.attempts == 1


async def test_a_long_job_keeps_its_lease_and_shows_progress(database: Database, settings: Settings) -> None:
    async def task(context: JobContext) -> None:
        for step in range(10):
            context.report("waiting", step, 10)
            await asyncio.sleep(0.15)

    job = await put(database)
    worker = worker_with(database, settings, task)
    running = asyncio.create_task(worker.run())
    await until(database, job, lambda stored: stored.progress_done > 0)
    assert (await state(database, job)).status == "running"
    assert await claim(database, "thief") == []
    async with database.read(fresh=True) as work:
        assert [row.name for row in await work.jobs.workers()] == [worker.name]
    await until(database, job, lambda stored: stored.status == "succeeded")
    assert (await state(database, job)).attempts == 1
    worker.stop()
    await running
    async with database.read(fresh=True) as work:
        assert await work.jobs.workers() == []


async def test_a_running_job_ends_soon_after_it_is_cancelled(database: Database, settings: Settings) -> None:
    async def task(context: JobContext) -> None:
        await asyncio.sleep(30)

    job = await put(database)
    worker = worker_with(database, settings, task)
    running = asyncio.create_task(worker.run())
    await until(database, job, lambda stored: stored.status == "running")
    async with database.write() as work:
        await work.jobs.cancel(job.id)
    await until(database, job, lambda stored: stored.status == "cancelled")
    worker.stop()
    await running


async def test_a_worker_that_stops_gives_its_jobs_back(database: Database, tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, jobs={"poll_s": 0.05, "shutdown_s": 0.1})

    async def task(context: JobContext) -> None:
        await asyncio.sleep(30)

    job = await put(database)
    worker = worker_with(database, settings, task)
    running = asyncio.create_task(worker.run())
    await until(database, job, lambda stored: stored.status == "running")
    worker.stop()
    await running
    stored = await state(database, job)
    assert (stored.status, stored.attempts) == ("queued", 0)


async def test_a_batch_of_stored_and_unknown_objects(
    database: Database, settings: Settings, people: People
) -> None:
    """Real science: objects by name, an unknown one, one that the screen refuses."""
    from aneos.catalogue import Catalogue, load_bundled
    from aneos_api.database.loading import store_catalogue

    bundled = load_bundled()
    await store_catalogue(database, Catalogue(bundled.table.tail(30), bundled.provenance))
    names = bundled.table.tail(3)["designation"].to_list()
    async with database.write() as work:
        batch = await work.batches.create(
            tenant_id=people.tenant_id, items=[NewItem(name) for name in (*names, "no such object")], shard=2
        )
        given = await work.batches.create(
            tenant_id=people.tenant_id,
            items=[
                NewItem("mine", {**ELEMENTS, "designation": "mine"}),
                NewItem("mine", {**ELEMENTS, "designation": "mine", "e": 1.2, "a_au": -1.5}),
                NewItem("mine", {**ELEMENTS, "designation": "mine", "i_deg": None}),
            ],
        )
    await Worker(database, settings).run_until_idle()
    async with database.read(fresh=True) as work:
        batch = await work.batches.get(batch.id, tenant_id=people.tenant_id)
        items = (await work.batches.results(batch.id, PageRequest(), tenant_id=people.tenant_id)).items
        others = (await work.batches.results(given.id, PageRequest(), tenant_id=people.tenant_id)).items
        statuses = set(await work.session.scalars(select(Job.status)))
    assert (batch.status, batch.succeeded, batch.failed) == ("succeeded", 3, 1)
    assert batch.signature is not None
    assert batch.signature["source"] == "aNEOS"
    assert [item.result["designation"] for item in items[:3] if item.result] == names
    assert items[3].error == "no object of the catalogue is called 'no such object'"
    assert [item.status for item in others] == ["succeeded", "failed", "failed"]
    assert "not elliptic" in (others[1].error or "")
    assert "i_deg" in (others[2].error or "")
    assert statuses == {"succeeded"}


async def test_a_dead_batch_job_gives_its_items_their_reason_and_can_be_retried(
    database: Database, settings: Settings, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("too much")

    async with database.write() as work:
        batch = await work.batches.create(
            tenant_id=people.tenant_id, items=[NewItem("mine", {**ELEMENTS, "designation": "mine"})] * 3
        )
        await work.session.execute(update(Job).values(max_attempts=1))
    monkeypatch.setattr("aneos_api.jobs.tasks.assess_given", broken)
    worker = Worker(database, settings)
    await worker.run_until_idle()
    async with database.write() as work:
        stored = await work.batches.get(batch.id, tenant_id=people.tenant_id)
        items = (await work.batches.results(batch.id, PageRequest(), tenant_id=people.tenant_id)).items
        assert (stored.status, stored.failed) == ("succeeded", 3)
        assert {item.error for item in items} == {"the job failed: ArithmeticError: too much"}
        monkeypatch.undo()
        await work.batches.retry(batch.id, tenant_id=people.tenant_id)
    await worker.run_until_idle()
    async with database.read(fresh=True) as work:
        stored = await work.batches.get(batch.id, tenant_id=people.tenant_id)
    assert (stored.status, stored.succeeded, stored.failed) == ("succeeded", 3, 0)


async def test_a_part_of_a_batch_is_not_cancelled_alone_and_a_waiting_job_s_end_is_told(
    database: Database, people: People
) -> None:
    async with database.write() as work:
        batch = await work.batches.create(tenant_id=people.tenant_id, items=[NewItem("433")])
        part = await work.session.scalar(select(Job).where(Job.batch_id == batch.id))
        assert part is not None
        with pytest.raises(Conflict, match="cancel the batch"):
            await work.jobs.cancel(part.id, tenant_id=people.tenant_id)
        alone = await work.jobs.enqueue("nothing", tenant_id=people.tenant_id)
        await work.jobs.cancel(alone.id)
    async with database.read(fresh=True) as work:
        told = await work.session.scalars(select(OutboxEvent).where(OutboxEvent.key == str(alone.id)))
        assert [event.payload["status"] for event in told] == ["cancelled"]


async def test_a_cancelled_batch_gets_no_more_answers(
    database: Database, settings: Settings, people: People
) -> None:
    items = [NewItem("mine", {**ELEMENTS, "designation": "mine"})] * 5
    async with database.write() as work:
        batch = await work.batches.create(tenant_id=people.tenant_id, items=items)
    async with database.write() as work:
        stored = await work.batches.cancel(batch.id, tenant_id=people.tenant_id)
    assert (stored.status, stored.cancelled) == ("cancelled", 5)
    await Worker(database, settings).run_until_idle()
    async with database.write() as work:
        assert await work.batches.store(batch.id, [ItemResult(0, error="late")]) == 0
        await work.batches.delete(batch.id, tenant_id=people.tenant_id)


ELEMENTS = {
    "epoch_tdb_jd": 2461000.5, "a_au": 1.02, "e": 0.03, "i_deg": 0.5, "node_deg": 10.0, "peri_deg": 20.0,
    "mean_anomaly_deg": 30.0, "H": 28.0,
}  # fmt: skip


# --- schedules ----------------------------------------------------------------------------------------------


async def test_what_is_due_is_queued_once_however_many_ask(database: Database) -> None:
    async with database.write() as work:
        await work.schedules.put("daily", "t", cron="15 2 * * *", payload={"n": 1})
        await work.schedules.put("often", "t", interval_s=30)
    later = utc_now() + timedelta(days=2)

    async def ask() -> int:
        with time_at(later):
            async with database.write() as work:
                return len(await work.schedules.run_due())

    assert sum(await asyncio.gather(*(ask() for _ in range(4)))) == 2
    async with database.read(fresh=True) as work:
        schedules = {row.name: row for row in await work.schedules.all()}
    assert schedules["often"].next_run_at == later + timedelta(seconds=30)
    assert (schedules["daily"].next_run_at.hour, schedules["daily"].next_run_at.minute) == (2, 15)
    assert later < schedules["daily"].next_run_at <= later + timedelta(days=1)


async def test_putting_a_schedule_again_does_not_put_it_off(database: Database) -> None:
    async with database.write() as work:
        first = (await work.schedules.put("s", "t", interval_s=600)).next_run_at
    async with database.write() as work:
        assert (await work.schedules.put("s", "t", interval_s=600)).next_run_at == first
        assert (await work.schedules.put("s", "t", interval_s=60)).next_run_at < first


@pytest.mark.parametrize(
    ("cron", "interval_s"),
    [(None, None), ("* * * * *", 5.0), ("nonsense", None), ("0 0 31 2 *", None), (None, 0.0), (None, 1e9)],
)
def test_a_rhythm_that_makes_no_sense_is_refused(cron: str | None, interval_s: float | None) -> None:
    with pytest.raises(Invalid):
        next_moment(datetime(2026, 7, 1, tzinfo=UTC), cron=cron, interval_s=interval_s)
