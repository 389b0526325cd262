"""The page of a model: its curves are those that training stored with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from aneos_api.database import Database, init_database
from aneos_api.shelf import adopt, papers
from tests.dashboard.conftest import Site, apart
from tests.dashboard.visiting import Visit

COPIED = ("name", "algorithm", "features", "parameters", "metrics", "training_data", "artefact_path")


def _champion(site: Site) -> UUID:
    """The shipped model in the database."""
    found: list[UUID] = []

    async def work() -> None:
        async with Database(f"sqlite:///{site.folder / 'aneos.db'}") as database:
            await adopt(database)
            async with database.read() as work:
                found.append((await work.ml.answering()).id)

    apart(work, 60.0)
    return found[0]


def _second_model(site: Site) -> None:
    """The shipped model once more under another version: an experiment needs two."""
    _champion(site)

    async def work() -> None:
        async with Database(f"sqlite:///{site.folder / 'aneos.db'}") as database, database.write() as work:
            row = await work.ml.answering()
            told = {name: getattr(row, name) for name in COPIED}
            await work.ml.register(version="the same again", **told)

    apart(work, 60.0)


def test_curves_on_the_page_are_those_of_the_papers(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    told = next(one for one in papers() if one.stage == "champion").content["curves"]
    path = f"/models/{_champion(seen.site)}"
    seen.open(path)
    drawn = {}
    for name in ("reliability", "recall"):
        svg = seen.page.wait_for_selector(f"#{name} svg")
        assert svg is not None
        circles = (
            "(all) => all.map((one) => [Number(one.getAttribute('cx')), Number(one.getAttribute('cy'))])"
        )
        drawn[name] = seen.page.eval_on_selector_all(f"#{name} circle", circles)
        rows = seen.page.eval_on_selector_all(
            f"#{name} tbody tr", "(all) => all.map((row) => [...row.cells].map((cell) => cell.textContent))"
        )
        assert len(rows) == len(drawn[name]) == len(next(iter(told[name].values())))
        if name == "recall":
            assert [int(row[0].replace(",", "")) for row in rows] == told[name]["alerts"]
            shares = [float(row[1].removesuffix(" %")) / 100.0 for row in rows]
            assert shares == pytest.approx(told[name]["recall"], rel=0.01)
        else:
            assert [int(row[3].replace(",", "")) for row in rows] == told[name]["simulated"]
    first, last = drawn["reliability"][0], drawn["reliability"][-1]
    width, height = last[0] - first[0], first[1] - last[1]
    for (x, y), predicted, observed in zip(
        drawn["reliability"], told["reliability"]["predicted"], told["reliability"]["observed"], strict=True
    ):
        ends = [told["reliability"][name] for name in ("predicted", "observed")]
        across, up = (
            (value - end[0]) / (end[-1] - end[0])
            for value, end in zip((predicted, observed), ends, strict=True)
        )
        assert (x - first[0]) / width == pytest.approx(across, abs=0.002)
        assert (first[1] - y) / height == pytest.approx(up, abs=0.002)
    for width in (390, 1600):
        seen.page.set_viewport_size({"width": width, "height": 800})
        assert seen.width_within(width)
    seen.check()
    judged = visit("viewer", bypass_csp=True)
    judged.open(path)
    assert judged.access_faults() == []


def test_a_model_without_curves_says_so(site: Site) -> None:
    kept: dict[str, UUID] = {}

    async def work() -> None:
        async with Database(f"sqlite:///{site.folder / 'aneos.db'}") as database, database.write() as work:
            row = await work.ml.register(
                name="older", version="1", algorithm="trees", features=[], metrics={"ece": 0.01}, reference={}
            )
            kept["id"] = row.id

    apart(work, 60.0)
    html = site.get(f"/models/{kept['id']}", "viewer").text
    block = html.split('id="reference">')[1].split("</script>")[0]
    assert "curves" not in json.loads(block)
    assert html.count("trained before curves were stored") == 2


def test_the_shipped_model_answers_where_the_one_before_is_gone(tmp_path: Path) -> None:
    shipped = next(one for one in papers() if one.stage == "champion")
    answering: list[str] = []

    async def work() -> None:
        database = await init_database(f"sqlite:///{tmp_path / 'aneos.db'}")
        try:
            async with database.write() as work:
                old = await work.ml.register(
                    name=shipped.name, version="gone", algorithm="trees", features=[], artefact_path="gone"
                )
                await work.ml.activate(old.id)
            await adopt(database)
            async with database.read() as work:
                answering.append((await work.ml.answering()).version)
        finally:
            await database.close()

    apart(work, 60.0)
    assert answering == [shipped.id]


def test_an_experiment_is_made_started_and_stopped_on_the_page(visit: Callable[..., Visit]) -> None:
    seen = visit("operator")
    _second_model(seen.site)
    seen.page.on("dialog", lambda dialog: dialog.accept())
    seen.open("/models")
    seen.page.click("summary:has-text('New experiment')")
    form = seen.page.locator("details[open] form")
    form.locator("[name=name]").fill("side by side")
    form.get_by_label("Share of the second").fill("0.25")
    form.locator("button[type=submit]").click()
    row = seen.page.locator("tr", has_text="side by side")
    row.get_by_text("Start").click()
    row.get_by_text("running").wait_for()
    row.get_by_text("Stop").click()
    row.get_by_text("concluded").wait_for()
    (told,) = seen.site.get("/api/v1/prediction/experiments", "viewer").json()["items"]
    path = f"/api/v1/prediction/experiments/{told['id']}"
    shares = {arm["name"]: arm["share"] for arm in seen.site.get(path, "viewer").json()["arms"]}
    assert shares == {"first": 0.75, "second": 0.25}
    seen.check()
