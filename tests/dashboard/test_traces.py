"""The way back to a launch from an object's page: begun by an analyst, followed, shown to everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import pytest

from aneos_api.database import Database, ItemResult
from aneos_api.database.paging import PageRequest
from aneos_api.database.services.batches import NewItem
from tests.dashboard.conftest import Site, apart
from tests.dashboard.visiting import Visit, expect_count

NAME: Final = "2022 DX"
LAUNCHES: Final = [
    ("1985-056", "1985-056 Giotto (Ariane 1)", "1985-07-02", -0.9284, 0.99994, 0.68, 1.165),
    ("1985-033", "1985-033 Prognoz-10-IK (Molniya 8K78M)", "1985-04-26", -1.107, 1.0, 0.01, 0.0),
]
"""What 100 clones of a = 1.0329 au, e = 0.0333, i = 0.1384 deg lead back to (``aneos departures``)."""
SUMMARY: Final = "No launch stands out; history lost before 1959-07-03."


def answer() -> dict[str, Any]:
    """An answer in the shape that the job of such a batch stores."""
    names = ("launch", "name", "date", "score", "chance_probability", "fraction", "spread_days")
    inputs = {
        "candidates": [dict(zip(names, row, strict=True)) | {"probable": False} for row in LAUNCHES],
        "history_lost_before": "1959-07-03",
        "clones": 100,
        "clones_failed": 0,
        "clones_within_reach": 0.72,
        "look_alikes": 50,
        "uncertainty": "assumed from the arc and U = 4",
        "uncertainty_assumed": True,
        "push": "not known: drawn from what hardware has",
    }
    line = {
        "line": "departure",
        "status": "measured",
        "log10_bayes_factor": -0.29,
        "interval": [-0.42, -0.14],
        "summary": SUMMARY,
        "inputs": inputs,
    }
    return {
        "designation": NAME,
        "class": "insufficient_data",
        "probability_artificial": 1e-4,
        "evidence": [line],
    }


def test_an_analyst_carries_an_object_back_and_everybody_sees_the_answer(visit: Callable[..., Visit]) -> None:
    before, seen = visit("viewer"), visit("analyst")
    before.open(f"/objects/{NAME}")
    assert "Nobody in your organisation has carried this object back yet; analysts can." in _said(before)
    expect_count(before.page.locator("#trace"), 0)
    seen.open(f"/objects/{NAME}")
    seen.page.click("#trace button")
    seen.page.wait_for_selector("#trace-told:has-text('Waiting for a worker,')")
    batch = UUID(str(seen.page.get_attribute("#departures", "data-batch")))
    told = seen.site.get(f"/api/v1/analysis/batch/{batch}", "viewer").json()["batch"]
    assert (told["options"]["kind"], told["total"], told["status"]) == ("departures", 1, "queued")
    _store(seen.site, batch, answer())
    for one in (seen, before):
        if one is before:
            one.open(f"/objects/{NAME}")
        one.page.wait_for_selector("#trace-lost:has-text('History lost before 1959-07-03')")
        rows = one.page.eval_on_selector_all(
            "#departures tbody tr",
            "(all) => all.map((row) => [row.dataset.launch, row.querySelector('[data-chance]').dataset.chance])",
        )
        assert [row[0] for row in rows] == [item[0] for item in LAUNCHES]
        assert [float(row[1]) for row in rows] == pytest.approx([item[4] for item in LAUNCHES])
        assert SUMMARY in _said(one)
        assert "covariance" in one.page.inner_text("#trace-missing")
        one.check()
    expect_count(seen.page.locator("#trace"), 1)
    expect_count(before.page.locator("#trace"), 0)


def test_a_try_that_failed_says_why(site: Site) -> None:
    async def work() -> None:
        async with Database(f"sqlite:///{site.folder / 'aneos.db'}") as database, database.write() as work:
            tenant = await work.tenants.by_slug("tests")
            assert tenant is not None
            batch = await work.batches.create(
                tenant_id=tenant.id, items=[NewItem("2023 FY3")], options={"kind": "departures"}
            )
            await work.batches.store(batch.id, [ItemResult(0, error="the arc is too short")])

    apart(work, 60.0)
    page = site.get("/objects/2023 FY3", "viewer").text
    assert "The last try gave no answer: the arc is too short" in page


def _said(seen: Visit) -> str:
    return " ".join(str(seen.page.inner_text("#departures")).split())


def _store(site: Site, batch: UUID, result: dict[str, Any]) -> None:
    """What the job of the batch stores at its end."""

    async def work() -> None:
        async with Database(f"sqlite:///{site.folder / 'aneos.db'}") as database, database.write() as work:
            tenant = await work.tenants.by_slug("tests")
            assert tenant is not None
            items = (await work.batches.results(batch, PageRequest(limit=1), tenant_id=tenant.id)).items
            await work.batches.store(batch, [ItemResult(items[0].position, assessment=result)])

    apart(work, 60.0)
