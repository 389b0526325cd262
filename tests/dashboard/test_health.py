"""What the overview and the monitoring say of returns and of remote archives."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from aneos.archives.health import Tried
from aneos_api.database import Database
from tests.dashboard.conftest import Site, apart
from tests.dashboard.visiting import Visit

NOTED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def test_the_next_returns_are_those_of_the_calendar(site: Site) -> None:
    told = site.get("/api/v1/catalogue/artificial/returns", "viewer").json()["approaches"][:5]
    html = site.get("/", "viewer").text.split('id="next-returns"')[1].split("</section>")[0]
    assert len(told) == 5
    assert [float(jd) for jd in re.findall(r'data-jd="([^"]+)"', html)] == [
        item["epoch_tdb_jd"] for item in told
    ]
    for item in told:
        assert f'href="/registry/{item["object_id"]}"' in html
        assert f"{item['distance_low_au']:.4f} … {item['distance_high_au']:.4f} au" in html


def test_archives_say_how_they_answered_or_that_nobody_asked(visit: Callable[..., Visit]) -> None:
    seen = visit("viewer")
    told = {
        item["archive"]: item
        for item in seen.site.get("/api/v1/monitoring/archives", "viewer").json()["items"]
    }
    silent = [name for name, item in told.items() if item["state"] == "never_asked"]
    _note(seen.site, Tried(silent[0], told[silent[0]]["provider"], NOTED, None, None, 0, 0.0))
    _note(
        seen.site,
        Tried(silent[1], told[silent[1]]["provider"], NOTED, "unreachable", "it does not answer", 1, 0.0),
    )
    seen.open("/")
    card = seen.page.inner_text("#health")
    assert f"{silent[0]}: answers, last success 2026-03-01 12:30 UTC" in card
    assert f"{silent[1]}: fails, last error 2026-03-01 12:30 UTC: it does not answer" in card
    assert silent[2] in card.split("No contact yet:")[1]
    seen.open("/monitoring")
    rows = {row[0]: row for row in _rows(seen, "Remote archives")}
    assert rows[silent[0]][1:3] == ["answers", "2026-03-01 12:30 UTC"]
    assert rows[silent[1]][1:5] == ["fails", "–", "2026-03-01 12:30 UTC", "it does not answer"]
    assert rows[silent[2]][1] == "no contact yet"
    assert "memory_bytes" not in seen.page.inner_text("main")
    seen.check()


def _rows(seen: Visit, title: str) -> list[list[str]]:
    found: list[list[str]] = seen.page.eval_on_selector_all(
        f'[aria-label="{title}"] tbody tr',
        "(all) => all.map((row) => [...row.cells].map((cell) => cell.textContent))",
    )
    return found


def _note(site: Site, tried: Tried) -> None:
    async def work() -> None:
        async with Database(f"sqlite:///{site.folder / 'aneos.db'}") as database, database.write() as work:
            await work.archives.note(tried)

    apart(work, 60.0)
