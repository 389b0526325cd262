"""A visitor's window in a real browser, and what went wrong in it. Nothing here waits without an end."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any, Final

PATIENCE_S: Final = 30.0
"""Nothing on a page is waited for longer."""
SCREENSHOTS: Final = Path(
    os.environ.get("ANEOS_SCREENSHOTS", Path(__file__).parents[2] / "results/screenshots")
)

AXE: Final = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"

WATCH: Final = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class Visit:
    """One window of one visitor, and what went wrong in it."""

    def __init__(self, site: Any, context: Any) -> None:
        self.site = site
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_S * 1000.0)
        self.page.add_init_script(WATCH)
        self.faults: list[str] = []
        self.expected: set[int] = set()
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", self._said)

    def _said(self, message: Any) -> None:
        failed = re.search(r"status of (\d+)", message.text)
        if message.type == "error" and not (failed and int(failed[1]) in self.expected):
            self.faults.append(f"console: {message.text} {message.location}")

    def open(self, path: str) -> Any:
        reply = self.page.goto(self.site.url + path)
        self.settle()
        return reply

    def settle(self) -> None:
        expect_count(self.page.locator("main .loading:visible"), 0)

    def width_within(self, width: int) -> bool:
        """Whether the page comes to fit the window: plots follow a change of its size a moment later."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if self.page.evaluate("document.documentElement.scrollWidth") <= width:
                return True
            self.page.wait_for_timeout(50)
        return False

    def access_faults(self) -> list[tuple[str, ...]]:
        """What axe-core calls serious or critical on the page; the window must bypass the policy to let it in."""
        assert AXE.is_file(), "axe-core is not installed: make assets"
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        report = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            (
                self.page.url,
                item["id"],
                item["nodes"][0]["html"][:200],
                item["nodes"][0]["failureSummary"][:300],
            )
            for item in report["violations"]
            if item["impact"] in ("serious", "critical")
        ]

    def check(self) -> None:
        """Fail for anything that the browser complained of."""
        self.faults += self.page.evaluate("window.violations")
        assert self.faults == [], self.page.url

    def keep(self, name: str) -> None:
        """Keep a picture of the whole page among the results."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def expect_count(found: Any, count: int) -> None:
    """Wait until the page has ``count`` of these."""
    from playwright.sync_api import expect

    expect(found).to_have_count(count, timeout=PATIENCE_S * 1000.0)
