"""Several processes that meet an empty database at once: one makes the first administrator, the others go on."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aneos_api.database import Database
from aneos_api.first_admin import make_first_admin
from aneos_api.security.passwords import Passwords
from aneos_api.settings import SecuritySettings
from tests.api.conftest import ENGINES, apart
from tests.api.postgres import Postgres


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database without users."""
    if request.param == "sqlite":
        path = tmp_path / "aneos.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = apart(server.create(template=request.getfixturevalue("postgres_template")))
    yield server.url(name)
    apart(server.drop(name))


async def test_one_of_many_makes_it_and_nobody_fails(url: str) -> None:
    passwords = Passwords(memory_kib=8192, time_cost=1)
    databases = [Database(url) for _ in range(6)]
    told: list[str] = []
    try:
        made = await asyncio.gather(
            *(make_first_admin(item, passwords, SecuritySettings(), told.append) for item in databases)
        )
    finally:
        for item in databases:
            await item.close()
    assert sorted(made) == [False] * 5 + [True]
    assert len(told) == 1
