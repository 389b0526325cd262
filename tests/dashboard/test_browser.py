"""The pages in a real browser: every page and role at three widths, without an error and without a forbidden load."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest

from aneos.orbits import KeplerianElements, earth_elements, elements_to_state
from aneos_api.dashboard.visitors import LOGIN
from tests.dashboard.conftest import PASSWORD, Site
from tests.dashboard.visiting import Visit, expect_count

WIDTHS: Final = (390, 1024, 1600)
FIRST_PAGE_BYTES: Final = 300_000
OVERVIEW_MS: Final = 1500.0

COMMON: Final = (
    "/",
    "/objects/2011 WE",
    "/watchlist",
    "/registry",
    "/launches?q=Centaur",
    "/models",
    "/monitoring",
    "/alerts",
    "/account",
    "/search?q=2006 R",
    "/cases",
    "/compare?object=2006 RH120&object=2011 WE",
    "/registry/surveyor-2-centaur",
    "/returns",
    "/offline",
)
ADMINISTRATION: Final = tuple(
    f"/administration/{part}" for part in ("users", "keys", "sessions", "audit", "jobs", "webhooks", "usage")
)
OPERATION: Final = tuple(f"/administration/{part}" for part in ("tenants", "backups", "configuration"))
ACCESS_PAGES: Final = (
    "/",
    "/objects/2011 WE",
    "/workbench",
    "/administration/users",
    "/account",
    "/watchlist?q_max=0.584",
    "/launches?q=Apollo",
    "/alerts",
    "/monitoring",
    "/objects/no-such-object",
    "/compare?object=2006 RH120&object=2011 WE",
    "/registry/surveyor-2-centaur",
    "/cases",
)
OWN_PAGES: Final = {
    "anonymous": ("/login", "/offline"),
    "viewer": (*COMMON, "/sky", "/workbench"),
    "analyst": (*COMMON, "/workbench", "/administration/users"),
    "admin": (*COMMON, "/workbench", *ADMINISTRATION, "/administration/backups"),
    "operator": (*COMMON, "/workbench", *ADMINISTRATION, *OPERATION),
}
"""What is opened as whom: every page that the role has, and one that it has not."""
REFUSED: Final = {
    ("viewer", "/workbench"),
    ("analyst", "/administration/users"),
    ("admin", "/administration/backups"),
}
PICTURED: Final = ("/", "/objects/2011 WE", "/watchlist", "/monitoring", "/registry/surveyor-2-centaur")
"""Pages of which a wide picture is kept; a narrow one is kept of every page."""


@pytest.mark.parametrize("role", list(OWN_PAGES))
def test_every_page_opens_cleanly_at_every_width(visit: Callable[..., Visit], role: str) -> None:
    seen = visit(None if role == "anonymous" else role)
    for path in OWN_PAGES[role]:
        seen.expected = {403} if (role, path) in REFUSED else set()
        seen.open(path)
        for width in WIDTHS:
            seen.page.set_viewport_size({"width": width, "height": 800})
            assert seen.width_within(width), (path, width)
            if role == "viewer" and (width == WIDTHS[0] or (width == WIDTHS[2] and path in PICTURED)):
                seen.keep(f"{width}-{re.sub('[^a-z0-9]+', '-', path.lower()).strip('-') or 'overview'}")
        assert not seen.page.query_selector("main .notice.bad:visible") or seen.expected, path
        assert len(seen.page.query_selector_all("h1")) == 1
        seen.check()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault_of_access(visit: Callable[..., Visit], scheme: str) -> None:
    # Only axe itself is brought in past the policy; the pages are judged under it in the test above.
    seen = visit("operator", color_scheme=scheme, bypass_csp=True)
    found = []
    for path in ACCESS_PAGES if scheme == "light" else ACCESS_PAGES[:5]:
        seen.open(path)
        found += seen.access_faults()
    assert found == []


def test_log_in_shows_what_is_wrong_and_then_leads_back(visit: Callable[..., Visit]) -> None:
    seen = visit()
    seen.expected = {401}
    seen.page.goto(f"{seen.site.url}/watchlist?class=natural")
    assert LOGIN in seen.page.url
    seen.page.fill("[name=email]", "viewer@example.org")
    seen.page.fill("[name=password]", "wrong")
    seen.page.click("button[type=submit]")
    seen.page.wait_for_selector("[role=alert]:visible")
    seen.page.fill("[name=password]", PASSWORD)
    seen.page.click("button[type=submit]")
    seen.page.wait_for_url("**/watchlist?class=natural")
    seen.check()


def test_the_first_page_is_light(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    session = seen.page.context.new_cdp_session(seen.page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    seen.open("/")
    seen.page.wait_for_selector("#plot[data-drawn]")
    assert len(sizes) >= 5
    print(f"first page: {sum(sizes) / 1000.0:.1f} kB in {len(sizes)} replies")
    assert sum(sizes) < FIRST_PAGE_BYTES


def test_the_overview_plots_the_whole_catalogue_in_time(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    times = []
    for _ in range(3):
        seen.open("/")
        seen.page.wait_for_selector("#plot[data-drawn]")
        times.append(seen.page.evaluate("performance.getEntriesByName('plotted')[0].startTime"))
    total = seen.site.get("/api/v1/analysis/statistics", "viewer").json()["objects"]
    assert seen.page.get_attribute("#plot", "data-drawn") == str(total)
    assert total == 40_874
    print(f"overview plotted after {', '.join(f'{value:.0f}' for value in times)} ms")
    assert min(times) < OVERVIEW_MS


def test_a_flagged_object_in_the_picture_leads_to_its_page(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer", viewport={"width": 1600, "height": 1000})
    seen.open("/")
    seen.page.wait_for_selector("#plot[data-drawn]")
    first = seen.site.get("/api/v1/analysis/watchlist?limit=1", "viewer").json()["items"][0]
    box = seen.page.locator("#plot .u-over").bounding_box()
    across = np.log10(first["v_encounter_kms"] / 0.02) / np.log10(80.0 / 0.02)
    down = 1.0 - np.log10(first["i_deg"] / 0.008) / np.log10(180.0 / 0.008)
    seen.page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    seen.page.wait_for_selector(".tip:visible")
    assert first["designation"] in seen.page.inner_text(".tip")
    seen.page.mouse.down()
    seen.page.mouse.up()
    seen.page.wait_for_url("**/objects/**")
    assert seen.page.inner_text("h1").startswith(first["designation"])
    seen.check()


@pytest.mark.parametrize("days", [0, 1000, -2500])
def test_distances_beside_the_orbit_are_those_of_the_library(visit: Callable[..., Visit], days: int) -> None:
    seen = visit("viewer")
    seen.open("/objects/2006 RH120")
    seen.page.eval_on_selector(
        "#orbit-time",
        "(slider, days) => { slider.value = days; slider.dispatchEvent(new Event('input')); }",
        days,
    )
    shown = seen.page.eval_on_selector("#orbit-distances", "(line) => ({...line.dataset})")
    orbit = seen.site.get("/api/v1/analysis/objects/2006 RH120", "viewer").json()["assessment"]["orbit"]
    names = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "epoch_tdb_jd")
    own = KeplerianElements(*(np.array([orbit[name]]) for name in names))
    moment = float(orbit["epoch_tdb_jd"]) + days
    bodies = (own, earth_elements(orbit["epoch_tdb_jd"]))
    places = [elements_to_state(body, moment)[0][0] for body in bodies]
    assert float(shown["jd"]) == moment
    assert float(shown["sun"]) == pytest.approx(np.linalg.norm(places[0]), abs=1e-6)
    assert float(shown["earth"]) == pytest.approx(np.linalg.norm(places[0] - places[1]), abs=1e-6)


def test_the_workbench_gives_the_api_s_verdict_and_tells_a_bad_row(visit: Callable[..., Visit]) -> None:
    seen = visit("analyst")
    seen.open("/workbench")
    seen.page.fill("textarea", "designation,a_au\nx,much")
    seen.page.click("#ask button[type=submit]")
    seen.page.wait_for_selector("[role=alert]:visible")
    assert "Line 2: a_au is no number" in seen.page.inner_text("[role=alert]:visible")
    seen.page.click("#example")
    seen.page.click("#ask button[type=submit]")
    seen.page.wait_for_selector("article.answer")
    assert "P(artificial)" in seen.page.inner_text("article.answer")
    assert len(seen.page.query_selector_all("article.answer tbody tr")) >= 4
    seen.page.click("text=Save the case")
    seen.page.click("output.good a")
    seen.page.wait_for_selector("h1")
    assert "example (elements of 2020 SO)" in seen.page.inner_text("main")
    seen.page.click("main td a")
    seen.page.wait_for_selector(".waterfall")
    assert "your organisation asked for" in seen.page.inner_text(".headline")
    seen.check()


def test_htmx_adds_the_following_rows(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    seen.open("/watchlist")
    seen.page.click("tr.more button")
    expect_count(seen.page.locator("table.watch tbody tr:not(.more)"), 100)
    seen.check()


def test_a_user_made_in_the_administration_can_be_switched_off(visit: Callable[..., Visit]) -> None:
    seen = visit("admin")
    seen.page.on("dialog", lambda dialog: dialog.accept())
    seen.open("/administration/users")
    seen.page.click("summary")
    seen.page.fill("[name=email]", "fresh@example.org")
    seen.page.click("form[data-api] button[type=submit]")
    seen.page.wait_for_selector("output.good code")
    row = seen.page.locator("tr", has_text="fresh@example.org")
    row.locator("text=Switch off").click()
    row.locator("text=Switch on").wait_for()
    seen.check()


def test_a_list_that_fails_says_so_and_offers_another_try(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    seen.expected = {503}
    failure = {"status": 503, "json": {"error": "unavailable", "detail": "The database does not answer"}}
    seen.page.route("**/api/v1/monitoring/alerts*", lambda route: route.fulfill(**failure))
    seen.open("/alerts")
    seen.page.wait_for_selector("text=The database does not answer")
    seen.page.unroute("**/api/v1/monitoring/alerts*")
    seen.page.click("text=Try again")
    seen.page.wait_for_selector("text=No alert: no rule has found anything.")
    seen.check()


def test_theme_and_menu_answer_to_the_keyboard(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer", viewport={"width": 390, "height": 800})
    seen.open("/watchlist")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.className") == "skip"
    assert not seen.page.is_visible("#navigation")
    seen.page.focus("[data-menu]")
    seen.page.keyboard.press("Enter")
    assert seen.page.is_visible("#navigation")
    seen.page.focus("[data-theme-button]")
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
    seen.open("/registry")
    assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
    seen.check()


def test_the_welcome_page_opens_cleanly(visit: Callable[..., Visit], fresh_site: Site) -> None:
    seen = visit("operator", where=fresh_site)
    seen.open("/")
    assert seen.page.is_visible("text=Take in and screen the catalogue")
    seen.check()
