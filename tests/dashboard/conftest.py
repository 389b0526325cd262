"""The service on a real port over a real database with the whole catalogue screened, for a real browser."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
import psutil
import pytest
import uvicorn
from fastapi import FastAPI

from aneos.catalogue import load_bundled
from aneos_api.app import create_app
from aneos_api.dashboard.assets import Assets
from aneos_api.database import init_database
from aneos_api.database.loading import screen_into_database
from aneos_api.security.passwords import Passwords
from aneos_api.settings import Settings, load_settings
from tests.dashboard.visiting import Visit

CHROMIUM: Final = Path("/usr/bin/chromium")
PASSWORD: Final = "correct battery horse staple"
ROLES: Final = ("viewer", "analyst", "admin", "operator")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--enable-unsafe-swiftshader",
)
FILL_S: Final = 240.0
LAUNCH_S: Final = 60.0
START_S: Final = 60.0
STOP_S: Final = 30.0
CLOSE_S: Final = 20.0
"""Nothing here waits without an end."""
CHEAP_HASHES: Final = {"argon2_memory_kib": 8192, "argon2_time_cost": 1, "secret_key": "x9" * 20}


@dataclass
class Site:
    """A running service. ``sessions`` keeps the cookies of each role's log-in."""

    url: str
    app: FastAPI
    folder: Path
    sessions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def cookies(self, role: str) -> list[dict[str, Any]]:
        """The cookies of somebody with this role; logs in once."""
        if role not in self.sessions:
            reply = httpx2.post(
                f"{self.url}/api/v1/auth/login",
                json={"email": f"{role}@example.org", "password": PASSWORD},
                timeout=60,
            )
            assert reply.status_code == 200, reply.text
            self.sessions[role] = [
                {"name": cookie.name, "value": cookie.value, "url": self.url} for cookie in reply.cookies.jar
            ]
        return self.sessions[role]

    def get(self, path: str, role: str | None = None, **headers: str) -> httpx2.Response:
        """A page as a browser without scripts sees it; redirects are not followed."""
        cookies = {} if role is None else {item["name"]: item["value"] for item in self.cookies(role)}
        return httpx2.get(f"{self.url}{path}", cookies=cookies, headers=headers, timeout=60)


def site_settings(folder: Path) -> Settings:
    return load_settings(
        data_dir=folder,
        security=CHEAP_HASHES,
        limits={"enabled": False},
        jobs={"in_process": False},
        observability={"log_level": "ERROR", "sample_s": 1.0},
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The service with the whole bundled catalogue (40,874 objects) and a member of each role."""
    folder = tmp_path_factory.mktemp("dashboard")
    apart(lambda: _fill(folder, screened=True))
    yield from serve(folder)


@pytest.fixture(scope="session")
def fresh_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The service before the first screen."""
    folder = tmp_path_factory.mktemp("fresh-dashboard")
    apart(lambda: _fill(folder, screened=False))
    yield from serve(folder)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium. Absent: skipped with the reason, except in CI, where that is a failure."""
    lacks = [] if CHROMIUM.exists() else [f"{CHROMIUM} is missing (apt-get install chromium)"]
    if not Assets.load().built:
        lacks.append("the assets are not built (make assets)")
    if lacks:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no browser tests: " + ", ".join(lacks))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(ARGUMENTS), timeout=LAUNCH_S * 1000.0
        )
        try:
            yield opened
        finally:
            _close(opened)


@pytest.fixture
def visit(site: Site, browser: Any) -> Iterator[Callable[..., Visit]]:
    contexts = []

    def enter(role: str | None = None, *, where: Site = site, **options: Any) -> Visit:
        contexts.append(
            browser.new_context(
                **{"viewport": {"width": 1024, "height": 800}, "service_workers": "block"} | options
            )
        )
        if role is not None:
            contexts[-1].add_cookies(where.cookies(role))
        return Visit(where, contexts[-1])

    yield enter
    for context in contexts:
        context.close()


def _close(browser: Any) -> None:
    """Close the browser; one that does not answer is killed by its process id, with what it started."""
    children = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            children += [child] if "chrom" in child.name() else []
    timer = threading.Timer(CLOSE_S, _kill, (children,))
    timer.start()
    try:
        browser.close()
    finally:
        timer.cancel()
        _kill(children)


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


def apart(work: Callable[[], Coroutine[Any, Any, None]], timeout_s: float = FILL_S) -> None:
    """Run a coroutine in a thread of its own: Playwright keeps a loop running in this one."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:  # noqa: BLE001 - told to the caller
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout_s)
    assert not thread.is_alive(), f"not done within {timeout_s:g} s"
    if failures:
        raise failures[0]


async def _fill(folder: Path, *, screened: bool) -> None:
    database = await init_database(f"sqlite:///{folder / 'aneos.db'}")
    try:
        if screened:
            await screen_into_database(database, load_bundled())
        hashed = await Passwords(memory_kib=8192, time_cost=1).hash(PASSWORD)
        async with database.write() as work:
            tenant = await work.tenants.create(slug="tests", name="Tests")
            for role in ROLES:
                await work.users.create(
                    email=f"{role}@example.org",
                    password_hash=hashed,
                    tenant_id=tenant.id,
                    role="admin" if role == "operator" else role,
                    superuser=role == "operator",
                )
            await work.users.create(
                email="newcomer@example.org",
                password_hash=hashed,
                tenant_id=tenant.id,
                role="viewer",
                must_change_password=True,
            )
    finally:
        await database.close()


def serve(folder: Path) -> Iterator[Site]:
    app = create_app(site_settings(folder), tell=lambda _: None)
    config = uvicorn.Config(
        app, port=0, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_S
        while not server.started:
            assert time.monotonic() < deadline, f"the service did not start within {START_S:g} s"
            assert thread.is_alive(), "the service stopped while it started"
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Site(f"http://127.0.0.1:{port}", app, folder)
    finally:
        server.should_exit = True
        thread.join(STOP_S)
