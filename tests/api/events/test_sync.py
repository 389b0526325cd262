"""The job that follows an archive, against a server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from aneos.archives.fair_use import BREAKER_FAILURES, BREAKER_OPEN_S
from aneos_api.database import Database
from aneos_api.database.models import Alert, Job, ObjectVersion, OutboxEvent
from aneos_api.database.services.archives import ArchiveView
from aneos_api.jobs import Worker
from aneos_api.jobs.names import SYNC_CATALOGUE
from aneos_api.settings import Settings
from tests.api.endpoints.conftest import make_settings
from tests.api.events.nights import LIST, lists, publish
from tests.archives.server import Answer, ArchiveServer, running_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveServer]:
    with running_server() as running:
        monkeypatch.setenv("ANEOS_MPC_URL", f"{running.url}/mpc")
        yield running


def settings(folder: Path, **archives: Any) -> Settings:
    given = {"enabled": True, "list_max_age_s": 0.0, "timeout_s": 5.0, **archives}
    return make_settings(folder, archives=given, jobs={"backoff_s": 0.01, "backoff_max_s": 0.02})


async def synchronise(database: Database, chosen: Settings, **payload: Any) -> Job:
    """The job, run to its end by a worker."""
    async with database.write() as work:
        job = await work.jobs.enqueue(SYNC_CATALOGUE, {"source": "mpc", "top": 5, **payload}, max_attempts=2)
    worker = Worker(database, chosen)
    for _ in range(3):
        await worker.run_until_idle()
    async with database.read(fresh=True) as work:
        return await work.jobs.get(job.id)


async def told(database: Database, after: int) -> list[OutboxEvent]:
    async with database.read(fresh=True) as work:
        rows = await work.session.scalars(
            select(OutboxEvent)
            .where(OutboxEvent.id > after, OutboxEvent.topic == "assessments")
            .order_by(OutboxEvent.id)
        )
        return list(rows)


async def newest(database: Database) -> int:
    async with database.read(fresh=True) as work:
        return max([row.id for row in await work.session.scalars(select(OutboxEvent))], default=0)


async def test_what_is_new_or_changed_is_taken_in_judged_and_told_once(
    database: Database, server: ArchiveServer, tmp_path: Path
) -> None:
    chosen = settings(tmp_path)
    first, second = lists(start=40, new=3, changed=2, times=1)
    publish(server, first)
    mark = await newest(database)
    job = await synchronise(database, chosen)
    assert job.status == "succeeded", job.error
    assert job.result is not None
    assert (job.result["added"], job.result["screened"]) == (40, True)
    assert [event.kind for event in await told(database, mark)] == ["screen.completed"], (
        "nobody was told of all"
    )
    between = datetime.now(UTC)
    publish(server, second)
    mark = await newest(database)
    job = await synchronise(database, chosen)
    assert job.status == "succeeded", job.error
    assert job.result is not None
    assert (job.result["added"], job.result["changed"], job.result["removed"]) == (3, 2, 0)
    events = await told(database, mark)
    added = {event.key for event in events if event.kind == "assessment.added"}
    assert added == {record["Principal_desig"] for record in second[-3:]}
    moved = {
        event.key for event in events if event.kind in ("assessment.class_changed", "assessment.rank_changed")
    }
    assert moved <= {second[7]["Principal_desig"], second[8]["Principal_desig"]}
    for event in events:
        if event.kind == "assessment.added":
            assert 0 <= event.payload["probability_artificial"] <= 1
            assert event.payload["rank"] >= 1
    mark = await newest(database)
    again = await synchronise(database, chosen)
    assert again.result is not None
    assert again.result["screened"] is False, "the same list is not screened again"
    assert await told(database, mark) == []
    async with database.read(fresh=True) as work:
        name = second[7]["Principal_desig"]
        found = await work.catalogue.find(name)
        (before,) = await work.session.scalars(
            select(ObjectVersion).where(ObjectVersion.object_id == found.id)
        )
    assert before.elements["a_au"] == pytest.approx(first[7]["a"], rel=1e-12), "what we believed before"
    assert found.a_au == pytest.approx(second[7]["a"], rel=1e-12)
    assert before.valid_from < before.valid_to
    async with database.read(fresh=True) as work:
        then = await work.catalogue.elements_at(found, before.valid_to - timedelta(microseconds=1))
        now = await work.catalogue.elements_at(found, before.valid_to)
        assert await work.catalogue.elements_at(found, found.created_at - timedelta(days=1)) is None
        old_edition = await work.catalogue.version_at(between)
        old = await work.analysis.believed(found.id, between)
        new = await work.analysis.believed(found.id, datetime.now(UTC))
    assert then is not None
    assert now is not None
    assert (then[0]["a_au"], then[1], then[2]) == (before.elements["a_au"], found.created_at, before.valid_to)
    assert (now[0]["a_au"], now[1], now[2]) == (found.a_au, before.valid_to, None)
    assert old_edition is not None
    assert old_edition.added == 40, "the first edition was in force"
    assert old is not None
    assert new is not None
    assert old.created_at < new.created_at or old.id == new.id
    assert old.since <= between


async def test_an_archive_that_is_away_or_cut_short_changes_nothing_and_people_are_told(
    database: Database, server: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aneos.archives.fair_use.BACKOFF_S", 0.001)
    chosen = settings(tmp_path)
    whole = lists(start=40, new=0, changed=0, times=0)[0]
    publish(server, whole)
    assert (await synchronise(database, chosen, accept_smaller=True)).status == "succeeded"
    publish(server, whole[:30])
    job = await synchronise(database, chosen)
    assert (job.status, job.attempts) == ("dead", 2)
    assert "cut short" in str(job.error)
    async with database.read(fresh=True) as work:
        alerts = list(await work.session.scalars(select(Alert).where(Alert.status != "resolved")))
        assert (await work.catalogue.hashes()).keys() >= {
            r["Principal_desig"].replace(" ", "").casefold() for r in whole
        }
    assert [alert.title for alert in alerts] == ["The catalogue was not renewed"]
    server.answer(LIST, Answer(b"<html>moved</html>", content_type="text/html"))
    job = await synchronise(database, chosen)
    assert (job.status, job.attempts) == ("dead", 1), "a format that has changed is not asked for again"
    assert "expected" in str(job.error)
    publish(server, whole)
    assert (await synchronise(database, chosen)).status == "succeeded"
    async with database.read(fresh=True) as work:
        assert not list(await work.session.scalars(select(Alert).where(Alert.status != "resolved")))


async def test_no_archive_is_asked_unless_the_settings_say_so(
    database: Database, server: ArchiveServer, tmp_path: Path
) -> None:
    job = await synchronise(database, settings(tmp_path, enabled=False))
    assert job.status == "dead"
    assert "ANEOS_ARCHIVES__ENABLED" in str(job.error)
    assert server.asked == []


async def test_how_an_archive_answers_is_kept_for_all_processes(
    database: Database, server: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aneos.archives.patience.Patience.wait_s", lambda *_: 0.001)
    chosen = settings(tmp_path)
    publish(server, lists(start=40, new=0, changed=0, times=0)[0])
    await synchronise(database, chosen, accept_smaller=True)
    first = await health(database)
    assert (first.state, first.failures, first.circuit) == ("answering", 0, "closed")
    assert first.answered_at is not None
    server.answer(LIST, Answer(b"", 503))
    job = await synchronise(database, chosen)
    assert (job.status, job.attempts) == ("dead", 2)
    away = await health(database)
    assert (away.state, away.circuit, away.error_kind) == ("left_alone", "open", "unreachable")
    assert away.failures == BREAKER_FAILURES, "the second attempt went on where the first stood"
    assert away.requests == first.requests + BREAKER_FAILURES
    assert away.answered_at == first.answered_at
    assert "503" in str(away.error)
    asked = len(server.asked)
    await synchronise(database, chosen)
    assert len(server.asked) == asked, "left alone by every process"
    later = datetime.now(UTC) + timedelta(seconds=BREAKER_OPEN_S)
    monkeypatch.setattr("aneos_api.database.services.archives.utc_now", lambda: later)
    assert (await health(database)).circuit == "half_open"
    publish(server, lists(start=40, new=0, changed=0, times=0)[0])
    await synchronise(database, chosen, accept_smaller=True)
    assert (await health(database)).state == "answering"


async def health(database: Database) -> ArchiveView:
    async with database.read(fresh=True) as work:
        found = {view.archive: view for view in await work.archives.all()}
    assert found["NEODyS"].state == "never_asked"
    return found["MPC nea_extended"]
