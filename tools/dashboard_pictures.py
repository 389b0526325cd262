"""Takes the README's three pictures of the dashboard from a running service.

``ANEOS_PASSWORD=… python tools/dashboard_pictures.py EMAIL [URL]`` writes docs/images/dashboard-*.png, with Debian's
Chromium, in the light theme.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import expect, sync_playwright

PAGES: Final = {
    "overview": ("/", "#plot[data-drawn]"),
    "object": ("/objects/2006 RH120", "#approaches[data-count]"),
    "watchlist": ("/watchlist", "table.watch"),
}
CHROMIUM: Final = "/usr/bin/chromium"
PATIENCE_MS: Final = 60_000


def main(email: str, url: str = "http://127.0.0.1:8000") -> None:
    folder = Path(__file__).parents[1] / "docs/images"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--enable-unsafe-swiftshader"],
            timeout=PATIENCE_MS,
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{url}/login")
        page.fill("[name=email]", email)
        page.fill("[name=password]", os.environ["ANEOS_PASSWORD"])
        page.click("button[type=submit]")
        page.wait_for_url(f"{url}/")
        for name, (path, ready) in PAGES.items():
            page.goto(url + path)
            page.wait_for_selector(ready)
            expect(page.locator("main .loading:visible")).to_have_count(0, timeout=PATIENCE_MS)
            page.screenshot(path=folder / f"dashboard-{name}.png")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or "ANEOS_PASSWORD" not in os.environ:
        sys.exit(__doc__)
    main(*sys.argv[1:])
