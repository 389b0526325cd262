"""Pages that follow what happens, without being loaded anew."""

from __future__ import annotations

from collections.abc import Callable

import httpx2

from aneos_api.database import Database
from tests.dashboard.conftest import Site, apart
from tests.dashboard.visiting import Visit, expect_count


def _post(site: Site, path: str, body: dict[str, object], role: str) -> httpx2.Response:
    cookies = {item["name"]: item["value"] for item in site.cookies(role)}
    token = next(value for name, value in cookies.items() if name.endswith("csrf"))
    return httpx2.post(
        f"{site.url}/api/v1/{path}", json=body, cookies=cookies, headers={"x-csrf-token": token}, timeout=30
    )


def _raise_alert(site: Site, title: str) -> None:
    async def work() -> None:
        async with Database(f"sqlite:///{site.folder / 'aneos.db'}") as database, database.write() as work:
            tenant = await work.tenants.by_slug("tests")
            assert tenant is not None
            await work.alerts.raise_alert(
                dedupe_key=title, title=title, severity="warning", tenant_id=tenant.id, designation="2011 WE"
            )

    apart(work, 60.0)


def test_a_notice_appears_on_the_page_that_is_open(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    seen.open("/watchlist")
    seen.page.wait_for_selector('#live[data-state="live"]')
    sent = _post(
        seen.site,
        "stream/broadcast",
        {"title": "Telescope time tonight", "link": "/objects/2011 WE"},
        "admin",
    )
    assert sent.status_code == 202, sent.text
    seen.page.wait_for_selector(".toast a:has-text('Telescope time tonight')")
    seen.check()


def test_an_alert_appears_on_overview_and_in_the_list_of_alerts(visit: Callable[..., Visit]) -> None:
    first, second = visit("viewer"), visit("analyst")
    first.open("/")
    second.open("/alerts")
    for seen in (first, second):
        seen.page.wait_for_selector('#live[data-state="live"]')
    _raise_alert(first.site, "Seen while the pages were open")
    first.page.wait_for_selector("#open-alerts li:has-text('Seen while the pages were open')")
    row = second.page.locator("tr", has_text="Seen while the pages were open")
    row.wait_for()
    row.get_by_role("button", name="Acknowledge").click()
    second.page.locator("tr", has_text="acknowledged").wait_for()
    row.get_by_role("button", name="Resolve").click()
    expect_count(first.page.locator("#open-alerts li"), 0)
    first.check()
    second.check()


def test_the_curves_of_the_monitoring_grow(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    seen.open("/monitoring")
    chart = seen.page.locator('[data-chart="memory_bytes"]')
    seen.page.wait_for_selector('[data-chart="memory_bytes"][data-points]')
    before = int(chart.get_attribute("data-points") or 0)
    seen.page.wait_for_selector(f'[data-chart="memory_bytes"]:not([data-points="{before}"])')
    assert int(chart.get_attribute("data-points") or 0) > before
    seen.check()


def test_curves_follow_the_width_of_the_window(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    seen.open("/monitoring")
    seen.page.wait_for_selector('[data-chart="memory_bytes"][data-points]')
    seen.page.set_viewport_size({"width": 390, "height": 800})
    seen.page.wait_for_function("document.documentElement.scrollWidth <= 390")
    seen.check()
