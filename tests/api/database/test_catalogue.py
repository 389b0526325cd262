"""Editions of the catalogue, names, screens: stored whole, compared, kept as history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import polars as pl
import pytest
import pytest_asyncio
from sqlalchemy import delete, func, select

from aneos.catalogue import Catalogue, find, load_bundled
from aneos.screening import assess
from aneos_api.database import Database, PageRequest
from aneos_api.database.elements import STORED, given_catalogue, stored_catalogue
from aneos_api.database.loading import screen_into_database, store_catalogue
from aneos_api.database.models import Assessment, CatalogueObject, CatalogueVersion, OutboxEvent, Screen
from aneos_api.errors import NotFound
from tests.api.conftest import People

NAMED = ("2006 RH120", "2020 CD3", "2004 MN4", "1989 UR")


def edition(version: str, names: Collection[str] = (), *, rows: int = 60) -> Catalogue:
    """A small catalogue of real objects, as if published as ``version``."""
    bundled = load_bundled()
    chosen = bundled.table.filter(pl.col("designation").is_in([*NAMED, *names]))
    table = pl.concat([chosen, bundled.table.tail(rows - chosen.height)])
    return Catalogue(table, (replace(bundled.provenance[0], version=version, sha256=version),))


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def empty(database: Database) -> None:
    async with database.write() as work:
        for model in (Screen, Assessment, CatalogueObject, CatalogueVersion, OutboxEvent):
            await work.session.execute(delete(model))


async def test_stored_objects_are_what_the_catalogue_says(database: Database) -> None:
    catalogue = edition("1")
    version = await store_catalogue(database, catalogue)
    assert (version.current, version.objects, version.added) == (True, 60, 60)
    async with database.read() as work:
        objects = list(await work.session.scalars(select(CatalogueObject).order_by(CatalogueObject.id)))
    stored = stored_catalogue(objects, catalogue.provenance).table.select(STORED)
    assert stored.equals(catalogue.table.select(STORED).with_columns(pl.col("aliases").fill_null([])))


async def test_a_new_edition_adds_changes_and_removes_and_keeps_what_was_believed(database: Database) -> None:
    first = edition("1")
    await store_catalogue(database, first)
    changed = first.table.with_columns(
        H=pl.when(pl.col("designation") == "2006 RH120").then(29.9).otherwise("H"), source=pl.lit("mpc-nea 2")
    ).filter(pl.col("designation") != "1989 UR")
    second = Catalogue(changed, (replace(first.provenance[0], version="2", sha256="2"),))
    version = await store_catalogue(database, second)
    assert (version.added, version.changed, version.removed) == (0, 1, 1)
    async with database.read(fresh=True) as work:
        found = await work.catalogue.find("2006 RH120")
        before = await work.catalogue.versions_of(found.id)
        gone = await work.catalogue.find("1989 UR")
        assert (found.H, before[0].elements["H"]) == (29.9, find(first, "2006 RH120")["H"])
        assert gone.removed_at is not None
        page = await work.catalogue.page(PageRequest(limit=100))
        assert "1989 UR" not in {row.designation for row in page.items}
        assert (await work.catalogue.versions(PageRequest())).total == 2
    third = await store_catalogue(database, first)
    assert (third.added, third.changed, third.removed) == (0, 2, 0), "it is listed again"
    again = await store_catalogue(database, first)
    assert (again.id, again.created_at) == (third.id, third.created_at)


async def test_taking_in_an_edition_can_be_killed_and_begun_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aneos_api.database.loading.CHUNK", 20)
    catalogue = edition("1")

    def killed(step: str, done: int, total: int) -> None:
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await store_catalogue(database, catalogue, progress=killed)
    async with database.read(fresh=True) as work:
        assert await work.catalogue.count() == 40
        assert await work.catalogue.current_version() is None
    version = await store_catalogue(database, catalogue)
    assert (version.current, version.added, version.objects) == (True, 20, 60)


@pytest.mark.parametrize(
    "name",
    [
        "99942",
        "apophis",
        "  2004  mn4 ",
        "2004MN4",
        "99942 Apophis (2004 MN4)",
        "Apophis",
        "K04M04N",
        "(99942)",
    ],
)
async def test_an_object_is_found_by_each_of_its_names(database: Database, name: str) -> None:
    await store_catalogue(database, edition("1"))
    async with database.read() as work:
        assert (await work.catalogue.find(name)).designation == "2004 MN4"
        assert (await work.catalogue.find_many([name]))[name].designation == "2004 MN4"


@pytest.mark.parametrize(
    "name",
    ["2004 MN", "2004 MN44", "", " ", "x" * 500, "a\x00b", "'; DROP TABLE objects; --", "%", "Äpophis"],
)
async def test_what_is_no_name_is_not_found(database: Database, name: str) -> None:
    await store_catalogue(database, edition("1"))
    async with database.read() as work:
        with pytest.raises(NotFound):
            await work.catalogue.find(name)
        assert await work.catalogue.find_many([name]) == {}


async def test_a_near_name_is_suggested_and_a_search_gives_the_shortest_first(database: Database) -> None:
    await store_catalogue(database, edition("1"))
    async with database.read() as work:
        with pytest.raises(NotFound, match="did you mean 2006 RH120"):
            await work.catalogue.find("2006 RH1200")
        assert [row.designation for row in await work.catalogue.search("2006 rh")] == ["2006 RH120"]
        assert await work.catalogue.search("%") == []


async def test_a_tenants_own_object_is_its_own_and_goes_first(
    database: Database, people: People, other_people: People
) -> None:
    await store_catalogue(database, edition("1"))
    given = given_catalogue(
        [{**_elements(), "designation": "2006 RH120"}, {**_elements(), "designation": "Mine 1"}]
    )
    assert given.rejected == ()
    async with database.write() as work:
        await work.catalogue.add_objects(
            list(given.table.iter_rows(named=True)), version_id=None, tenant_id=people.tenant_id
        )
    async with database.read(fresh=True) as work:
        assert (await work.catalogue.find("2006 RH120", tenant_id=people.tenant_id)).H == 28.0
        assert (await work.catalogue.find("2006 RH120", tenant_id=other_people.tenant_id)).tenant_id is None
        assert (await work.catalogue.find("mine1", tenant_id=people.tenant_id)).tenant_id == people.tenant_id
        with pytest.raises(NotFound):
            await work.catalogue.find("mine1", tenant_id=other_people.tenant_id)
        mine = await work.catalogue.find("mine1", tenant_id=people.tenant_id)
        with pytest.raises(NotFound):
            await work.catalogue.get(mine.id, tenant_id=other_people.tenant_id)
        assert (await work.catalogue.page(PageRequest(), tenant_id=people.tenant_id)).total == 62
        assert (await work.catalogue.page(PageRequest())).total == 60


async def test_a_screen_is_stored_in_rank_order_with_evidence_of_the_first(database: Database) -> None:
    catalogue = edition("1")
    screen = await screen_into_database(database, catalogue, top=3)
    assert (screen.current, screen.state) == (True, "complete")
    async with database.read(fresh=True) as work:
        page = await work.analysis.watchlist(PageRequest(limit=10))
        rows = [row for row, _ in page.items]
        assert page.total == 60
        assert [row.rank for row in rows] == list(range(1, 11))
        factors = [row.log10_bayes_factor for row in rows]
        assert factors == sorted(factors, reverse=True)
        assert [row.detail is not None for row in rows] == [True] * 3 + [False] * 7
        lines = await work.analysis.evidence(rows[0].id)
        assert [line.line for line in lines] == ["orbit", "area_to_mass", "identity", "physical"]
        assert sum(rows[0].factors.values()) == pytest.approx(rows[0].log10_bayes_factor)
        statistics = await work.analysis.statistics()
        assert statistics["objects"] == 60 == sum(statistics["classes"].values())
        assert sum(statistics["probability"].values()) == 60
        found, belief = await work.analysis.latest("99942 Apophis")
        assert belief is not None
        assert (found.designation, belief.designation) == ("2004 MN4", "2004 MN4")


async def test_the_same_screen_again_costs_nothing(database: Database) -> None:
    first = await screen_into_database(database, edition("1"), top=0)
    assert (await screen_into_database(database, edition("1"), top=0)).id == first.id
    assert (await screen_into_database(database, edition("1"), top=0, without=("physical",))).id != first.id


async def test_a_second_screen_keeps_what_changed_as_history(database: Database) -> None:
    catalogue = edition("1")
    first = await screen_into_database(database, catalogue, top=0)
    slow = catalogue.table["designation"][0]
    changed = Catalogue(
        catalogue.table.with_columns(
            [
                pl.when(pl.col("designation") == slow).then(value).otherwise(name).alias(name)
                for name, value in {"a_au": 1.0, "e": 0.01, "i_deg": 0.1, "H": 30.0}.items()
            ]
        ),
        (replace(catalogue.provenance[0], version="2", sha256="2"),),
    )
    second = await screen_into_database(database, changed, top=0)
    async with database.write() as work:
        left = await work.session.scalar(select(func.count()).where(Assessment.screen_id == first.id))
        assert left is not None
        assert 1 <= left < 60, "unchanged answers are kept once"
        found, belief = await work.analysis.latest(slow)
        assert belief is not None
        assert belief.screen_id == second.id
        history = await work.analysis.history(found.id, PageRequest())
        assert [row.screen_id for row in history.items] == [second.id, first.id]
        unchanged = await work.session.scalar(
            select(Assessment)
            .where(Assessment.screen_id == second.id, Assessment.since < Assessment.created_at)
            .limit(1)
        )
        assert unchanged is not None, "an answer that did not change says since when it holds"
        await work.events.publish()
        events = await work.events.since(0)
    kinds = [event.kind for event in events]
    assert kinds.count("screen.completed") == 2
    moved = [event for event in events if event.kind == "assessment.class_changed"]
    assert slow in {event.payload["designation"] for event in moved}
    async with database.read(fresh=True) as work:
        changes = await work.overview.changes(second.id, limit=100)
    told = {(event.payload["designation"], event.payload["class_before"]) for event in moved}
    assert {(item["designation"], item["class_before"]) for item in changes} == told


async def test_an_unfinished_screen_is_seen_by_nobody_and_removed_by_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await screen_into_database(database, edition("1"), top=0)
    monkeypatch.setattr("aneos_api.database.loading.CHUNK", 20)

    def killed(step: str, done: int, total: int) -> None:
        if step == "storing" and done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await screen_into_database(database, edition("1"), top=0, force=True, progress=killed)
    async with database.read(fresh=True) as work:
        current = await work.analysis.current_screen()
        assert current is not None
        assert current.id == first.id
        found, _ = await work.analysis.latest("2006 RH120")
        assert (await work.analysis.history(found.id, PageRequest())).total == 1
    last = await screen_into_database(database, edition("1"), top=0, force=True)
    async with database.read(fresh=True) as work:
        assert await work.session.scalar(select(func.count()).select_from(Screen)) == 2
        assert await work.session.scalar(select(func.count()).where(Assessment.screen_id == last.id)) == 60


async def test_a_single_answer_is_kept_with_its_evidence_for_its_tenant_only(
    database: Database, people: People, other_people: People
) -> None:
    catalogue = edition("1")
    await store_catalogue(database, catalogue)
    report = assess(catalogue, ["2006 RH120"])
    async with database.write() as work:
        (row,) = await work.analysis.store_report(
            report, tenant_id=people.tenant_id, origin="request", created_by_id=people.analyst_id
        )
    async with database.read(fresh=True) as work:
        _, mine = await work.analysis.latest("2006 RH120", tenant_id=people.tenant_id)
        _, theirs = await work.analysis.latest("2006 RH120", tenant_id=other_people.tenant_id)
        assert mine is not None
        assert (mine.id, theirs) == (row.id, None)
        assert mine.detail is not None
        assert mine.detail["evidence"][0]["line"] == "orbit"
        assert len(await work.analysis.evidence(row.id)) == 4
        with pytest.raises(NotFound):
            await work.analysis.get(row.id, tenant_id=other_people.tenant_id)
        assert (await work.analysis.page(PageRequest(), tenant_id=people.tenant_id)).total == 1


async def test_the_full_answer_of_a_screened_object_is_stored_when_it_is_made(database: Database) -> None:
    catalogue = edition("1")
    await screen_into_database(database, catalogue, top=0)
    answer = assess(catalogue, ["2006 RH120"]).assessments[0]
    async with database.write() as work:
        _, row = await work.analysis.latest("2006 RH120")
        assert row is not None
        assert row.detail is None
        stored = await work.analysis.set_detail(row.id, answer)
        assert stored.detail is not None
        assert (stored.detail["rank"], stored.detail["q_value"]) == (row.rank, row.q_value)
        assert len(await work.analysis.evidence(row.id)) == 4


def _elements() -> dict[str, float]:
    return {
        "epoch_tdb_jd": 2461000.5, "a_au": 1.02, "e": 0.03, "i_deg": 0.5, "node_deg": 10.0, "peri_deg": 20.0,
        "mean_anomaly_deg": 30.0, "H": 28.0,
    }  # fmt: skip
