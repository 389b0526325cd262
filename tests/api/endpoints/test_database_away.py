"""A PostgreSQL server that is killed and comes back: 503 with Retry-After meanwhile, then all is well by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from aneos_api.app import create_app
from aneos_api.database import Database, init_database
from aneos_api.settings import DatabaseSettings
from tests.api.conftest import apart
from tests.api.endpoints.conftest import add_organisation, make_settings
from tests.api.postgres import Postgres

SETTINGS = DatabaseSettings(
    pool_size=3, pool_timeout_s=1.0, connect_timeout_s=1.0, statement_timeout_s=2.0, lock_timeout_s=1.0
)
NOBODY = UUID(int=7)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of these tests alone: others go on with theirs."""
    started = Postgres(durable=True)
    try:
        yield started
    finally:
        started.close()


async def test_requests_get_503_with_retry_after_and_recover(server: Postgres, tmp_path: Path) -> None:
    url = server.url("postgres")
    await (await init_database(url)).close()
    async with asyncio.timeout(120), Database(url, SETTINGS) as database:
        app = create_app(make_settings(tmp_path), database=database, tell=lambda _: None)
        async with app.router.lifespan_context(app):
            people = await add_organisation(app.state.context, "away")
            headers = people["analyst"].headers
            transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test", timeout=30) as client:
                made = await client.post(
                    "/api/v1/analysis/batch", json={"designations": ["433"]}, headers=headers
                )
                assert made.status_code == 202, made.text
                batch = f"/api/v1/analysis/batch/{made.json()['batch']['id']}"
                assert (await client.get(batch, headers=headers)).status_code == 200

                server.kill()
                asked = [
                    ("GET", batch, None),
                    ("GET", f"/api/v1/analysis/batch/{NOBODY}", None),
                    ("GET", "/api/v1/analysis/watchlist", None),
                    ("GET", "/api/v1/analysis/search?q=4", None),
                    ("POST", "/api/v1/analysis/batch", {"designations": ["433"]}),
                    ("POST", "/api/v1/auth/login", {"email": "a@example.org", "password": "x" * 12}),
                ]
                for method, path, body in asked:
                    reply = await client.request(method, path, json=body, headers=headers)
                    assert reply.status_code == 503, (method, path, reply.status_code, reply.text)
                    assert int(reply.headers["retry-after"]) >= 1
                    assert reply.json()["error"] == "unavailable"
                    assert "Traceback" not in reply.text
                assert (await client.get("/health/ready")).status_code == 503
                assert (await client.get("/health/live")).status_code == 200

                await asyncio.to_thread(server.start)
                for _ in range(40):
                    reply = await client.get(batch, headers=headers)
                    if reply.status_code == 200:
                        break
                    await asyncio.sleep(0.25)
                assert reply.status_code == 200, f"not recovered: {reply.text}"
                again = await client.post(
                    "/api/v1/analysis/batch", json={"designations": ["433"]}, headers=headers
                )
                assert again.status_code == 202
                assert (await client.get("/health/ready")).status_code == 200


def test_the_server_of_this_test_is_not_that_of_the_others(postgres: Postgres, server: Postgres) -> None:
    assert server.pid != postgres.pid
    assert apart(postgres.execute("SELECT 1")) is None
