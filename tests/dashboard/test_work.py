"""What people do with the pages: encounters, comparison, saved filters, observations, registry, no network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from uuid import UUID

import pytest

from aneos_api.database import Database
from tests.dashboard.conftest import Site, apart
from tests.dashboard.visiting import Visit, expect_count

TWO_OBSERVATIONS = """\
     K18L00A  C2018 06 02.34850816 10 59.352-11 20 21.37         18.2 GV~2i5UG96
     K18L00A  C2018 06 02.35372316 10 48.154-11 21 08.95         18.3 GV~2i5UG96
"""


def test_encounters_are_those_of_the_api(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    seen.open("/objects/2006 RH120")
    seen.page.wait_for_selector("#approaches[data-count]")
    path = "/api/v1/analysis/objects/2006 RH120/approaches?from_year=1957&until_year=2060&within_au=0.1"
    told = [item for item in seen.site.get(path, "viewer").json()["approaches"] if item["kind"] != "end"]
    rows = seen.page.eval_on_selector_all(
        "#approaches tbody tr", "(all) => all.map((row) => ({...row.dataset}))"
    )
    assert [float(row["jd"]) for row in rows] == pytest.approx([item["epoch_tdb_jd"] for item in told])
    assert [float(row["au"]) for row in rows] == pytest.approx([item["distance_au"] for item in told])
    assert len(told) >= 5, "it was captured in 2006 and 2007"
    assert len(seen.page.query_selector_all("#approaches circle")) == len(told)
    seen.check()


def test_a_comparison_shows_the_numbers_of_each_object(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    seen.open("/compare?object=2006 RH120&object=2011 WE&object=no such thing")
    assert "no such thing:" in seen.page.inner_text(".notice.warn")
    for column, name in enumerate(("2006 RH120", "2011 WE")):
        told = seen.site.get(f"/api/v1/analysis/objects/{name}", "viewer").json()["assessment"]
        for line in told["evidence"]:
            cell = seen.page.locator(f'tr[data-line="{line["line"]}"] td').nth(column).inner_text()
            measured = line["status"] == "measured"
            assert cell == (f"{line['log10_bayes_factor']:+.2f}" if measured else line["status"])
    assert "D_SH" in seen.page.inner_text("main")
    seen.check()


def test_a_filter_is_saved_and_becomes_a_rule(visit: Callable[..., Visit]) -> None:
    seen = visit("admin")
    seen.page.on("dialog", lambda dialog: dialog.accept())
    seen.open("/watchlist?i_max=0.2&class=insufficient_data")
    listed = re.search(r"([\d,]+) objects fit", seen.page.inner_text(".headline"))
    assert listed is not None
    seen.page.click("text=Save this filter")
    seen.page.fill("details[open] [name=name]", "flat and undecided")
    seen.page.click("details[open] button[type=submit]")
    seen.page.wait_for_selector(".chips a[aria-current]:has-text('flat and undecided')")
    seen.page.click("text=Be alerted by it")
    seen.page.fill("details[open] [name=name]", "flat and undecided")
    seen.page.click("text=Try it first")
    seen.page.wait_for_selector(f"output:has-text('{listed[1]} objects fit now')")
    seen.page.click("text=Make the rule")
    seen.page.wait_for_url("**/alerts")
    seen.page.locator("tr", has_text="flat and undecided").wait_for()
    seen.open("/watchlist")
    seen.page.click(".chips a:has-text('flat and undecided')")
    seen.page.wait_for_selector("h1")
    assert seen.page.input_value("[name=i_max]") == "0.2"
    seen.page.click(".chips button[aria-label='Remove the filter flat and undecided']")
    expect_count(seen.page.locator(".chips li"), 0)
    seen.check()


def test_rules_are_made_from_fields(visit: Callable[..., Visit]) -> None:
    seen = visit("operator")
    seen.open("/alerts")
    seen.page.click("summary:has-text('New rule about objects')")
    form = seen.page.locator("details[open] form")
    form.locator("[name=name]").fill("flat orbits")
    form.get_by_label("Field").select_option("i_deg")
    form.get_by_label("Comparison").select_option("is at most")
    form.get_by_label("Value").fill("0.2")
    form.get_by_text("And…").click()
    form.get_by_label("Field").nth(1).select_option("alert")
    form.get_by_label("Value").nth(1).fill("false")
    form.get_by_text("Try it first").click()
    form.locator("output:has-text('fit now')").wait_for()
    form.locator("button[type=submit]").click()
    made = seen.page.locator("tr", has_text="flat orbits")
    made.wait_for()
    assert json.loads(made.locator("code").inner_text()) == {"i_deg__le": 0.2, "alert": False}
    seen.page.click("summary:has-text('New rule about the service')")
    form = seen.page.locator("details[open] form").nth(1)
    form.locator("[name=name]").fill("much memory")
    form.get_by_label("Measure").select_option("Memory of the process")
    form.get_by_label("Tell when it is at least").fill("2e12")
    form.get_by_label("Over again at").fill("1e12")
    form.locator("button[type=submit]").click()
    made = seen.page.locator("tr", has_text="much memory")
    made.wait_for()
    kept = made.locator("code").inner_text()
    assert json.loads(kept) == {"metric": "memory_bytes", "ge": 2e12, "clear": 1e12}
    assert seen.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    seen.check()


def test_observations_are_recognised_sent_and_their_fit_is_drawn(visit: Callable[..., Visit]) -> None:
    seen = visit("analyst")
    seen.open("/workbench")
    seen.page.fill("textarea", TWO_OBSERVATIONS)
    assert "Read as observations" in seen.page.inner_text("#kind")
    seen.page.click("#ask button[type=submit]")
    seen.page.wait_for_url("**/workbench?set=*")
    seen.page.wait_for_selector("#told:has-text('Waiting for a worker')")
    number = UUID(seen.page.url.partition("set=")[2])
    answer = seen.site.get("/api/v1/analysis/objects/2011 WE", "viewer").json()["assessment"]
    fit = {"n_used": 2, "n_obs": 2, "nights": 1, "arc_days": 0.0052, "rms_arcsec": 0.1, "reduced_chi2": 1.0}
    answer |= {"designation": "2018 LA", "orbit": {**answer["orbit"], **fit}}
    times = ["2018-06-02T08:21:51.0Z", "2018-06-02T08:29:21.7Z"]
    residuals = {
        "time_utc": times,
        "station": ["G96", "G96"],
        "kind": ["optical", "optical"],
        "east_arcsec": [0.1, -0.1],
        "north_arcsec": [0.05, -0.05],
        "used": [True, True],
        "source_line": [1, 2],
    }
    track = {
        "time_utc": times,
        "ra_deg": [242.747, 242.701],
        "dec_deg": [-11.339, -11.352],
        "mag": [18.2, 18.3],
    }
    series = [{"designation": "2018 LA", "residuals": residuals, "track": track}]
    _finish(seen.site, number, {"assessments": [answer], "rejected": [], "series": series})
    seen.page.wait_for_selector("article.answer:has-text('2018 LA')")
    assert seen.page.get_attribute('[data-plot="residuals"]', "data-points") == "2"
    assert len(seen.page.query_selector_all('[data-plot="residuals"] circle')) == 4
    assert len(seen.page.query_selector_all('[data-plot="track"] circle')) == 2
    seen.check()


def test_an_ephemeris_is_that_of_the_api(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    seen.open("/registry/surveyor-2-centaur")
    seen.page.fill("[name=start]", "2026-09-17T00:00")
    seen.page.fill("[name=days]", "2")
    seen.page.fill("[name=rows]", "3")
    seen.page.click("#ephemeris button")
    seen.page.wait_for_selector("#positions tbody tr")
    rows = seen.page.eval_on_selector_all(
        "#positions tbody tr", "(all) => all.map((row) => Number(row.dataset.ra))"
    )
    path = (
        "/api/v1/catalogue/artificial/surveyor-2-centaur/ephemeris?start=2026-09-17T00:00:00Z&days=2&rows=3"
    )
    told = seen.site.get(path, "viewer").json()["points"]
    assert rows == pytest.approx([point["ra_deg"] for point in told])
    seen.check()


def test_without_a_network_the_watch_list_is_the_one_seen_last(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer", service_workers="allow")
    seen.open("/watchlist")
    seen.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    seen.open("/watchlist")
    first = seen.page.inner_text("table.watch tbody a")
    seen.page.wait_for_timeout(500)
    seen.check()
    seen.page.context.set_offline(True)
    seen.page.goto(f"{seen.site.url}/watchlist")
    assert "No network: this is the watch list as this device saw it last" in seen.page.inner_text("main")
    assert seen.page.inner_text("table.watch tbody a") == first
    seen.page.goto(f"{seen.site.url}/monitoring")
    assert "The service cannot be reached" in seen.page.inner_text("main")


def test_a_webhook_shows_what_was_sent_to_it(visit: Callable[..., Visit]) -> None:
    seen = visit("admin")
    seen.page.on("dialog", lambda dialog: dialog.accept())
    seen.open("/administration/webhooks")
    seen.page.click("summary")
    seen.page.fill("details[open] [name=name]", "observatory")
    seen.page.fill("details[open] [name=url]", "https://example.org/aneos")
    seen.page.click("details[open] button[type=submit]")
    row = seen.page.locator("tr", has_text="https://example.org/aneos")
    row.get_by_role("button", name="Test").click()
    row.get_by_role("link", name="observatory").click()
    seen.page.wait_for_selector("h1:has-text('Webhook observatory')")
    seen.page.locator("tr", has_text="pending").wait_for()
    seen.check()


def _finish(site: Site, number: UUID, result: dict[str, object]) -> None:
    """What the job that fits observations stores at its end."""

    async def work() -> None:
        async with Database(f"sqlite:///{site.folder / 'aneos.db'}") as database, database.write() as work:
            await work.observations.finish(number, result=result, n_obs=2, designation="2018 LA")

    apart(work, 60.0)
