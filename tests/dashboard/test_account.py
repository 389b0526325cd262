"""A newcomer's first log-in: the one-time password is changed, a second factor is set up, its code is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable

import pyotp

from tests.dashboard.conftest import PASSWORD, Site
from tests.dashboard.visiting import Visit

NEW = "a longer password of one's own"


def _log_in(seen: Visit, password: str, code: str = "") -> None:
    seen.page.fill("[name=email]", "newcomer@example.org")
    seen.page.fill("[name=password]", password)
    seen.page.fill("[name=code]", code)
    seen.page.click("button[type=submit]")


def test_a_newcomer_chooses_a_password_and_sets_up_a_second_factor(
    visit: Callable[..., Visit], fresh_site: Site
) -> None:
    seen = visit(None, where=fresh_site, viewport={"width": 390, "height": 800})
    seen.page.goto(f"{fresh_site.url}/watchlist")
    _log_in(seen, PASSWORD)
    seen.page.wait_for_url("**/account")
    seen.page.goto(f"{fresh_site.url}/watchlist")
    assert seen.page.url.endswith("/account"), "nothing else before the new password"
    seen.page.fill("[name=current]", PASSWORD)
    seen.page.fill("[name=new]", NEW)
    seen.page.click("button:has-text('Change the password')")
    seen.page.wait_for_selector("text=The password is changed. Log in with the new one.")
    _log_in(seen, NEW)
    seen.page.wait_for_selector("h1:has-text('Welcome')")
    seen.page.goto(f"{fresh_site.url}/account")
    seen.page.click("button:has-text('Make a secret')")
    seen.page.wait_for_selector("svg.qr path")
    assert seen.width_within(390)
    secret = seen.page.inner_text("output.good code")
    seen.page.fill("[name=code]", pyotp.TOTP(secret).now())
    seen.page.click("button:has-text('Confirm')")
    recovery = seen.page.inner_text("output.good:has-text('Recovery codes') code")
    assert len(recovery.split(",")) >= 5
    seen.page.click("button:has-text('Log out')")
    seen.page.wait_for_url("**/login")
    seen.expected = {401}
    _log_in(seen, NEW)
    seen.page.wait_for_selector("[role=alert]:visible")
    _log_in(seen, NEW, pyotp.TOTP(secret).at(int(time.time()) + 30))
    seen.page.wait_for_selector("h1:has-text('Welcome')")
    seen.check()
