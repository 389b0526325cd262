"""Both databases, real ones: every test that asks for ``database`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
import pytest_asyncio
import structlog

from aneos_api.database import Database, init_database
from aneos_api.database.types import uuid7
from aneos_api.settings import DatabaseSettings
from tests.api.postgres import Postgres
from tests.nursery import Nursery

Result = TypeVar("Result")

structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)  # as the service does; the default writes every variable of every frame, for seconds

ENGINES = ("sqlite", "postgresql")
QUICK = DatabaseSettings(sqlite_synchronous="NORMAL", pool_size=5)
"""Tests do not wait for the disk; the kill tests use the real settings."""


@dataclass(frozen=True)
class People:
    """A tenant with one user of each role."""

    tenant_id: UUID
    admin_id: UUID
    analyst_id: UUID
    viewer_id: UUID


def apart(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a loop and thread of its own: for set-up that is shared by tests of any loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _migrated(url: str) -> None:
    await (await init_database(url)).close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for all tests of this process."""
    server = Postgres(durable=False)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Begets the service's processes that are killed, for all tests of this process."""
    begetter = Nursery()
    try:
        yield begetter
    finally:
        begetter.close()


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """Name of a database with all tables, to be copied."""
    name = apart(postgres.create())
    apart(_migrated(postgres.url(name)))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "aneos.db"
    apart(_migrated(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="module", params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of an empty migrated database of each engine, for the tests of one module."""
    with new_database(request, tmp_path_factory.mktemp("database"), migrated=True) as url:
        yield url


@pytest.fixture(params=ENGINES)
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty migrated database of each engine, for one test."""
    with new_database(request, tmp_path, migrated=True) as url:
        yield url


@pytest.fixture(params=ENGINES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database of each engine without tables, for one test."""
    with new_database(request, tmp_path, migrated=False) as url:
        yield url


@contextmanager
def new_database(request: pytest.FixtureRequest, folder: Path, *, migrated: bool) -> Iterator[str]:
    """A database of the engine that ``request.param`` names, removed at the end; gives its URL."""
    if request.param == "sqlite":
        path = folder / "aneos.db"
        if migrated:
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template") if migrated else None
    name = apart(server.create(template=template))
    yield server.url(name)
    apart(server.drop(name))


@pytest.fixture
def new_url(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> str:
    """URL of a database that is empty, of the engine of ``database``."""
    if database.sqlite:
        return f"sqlite:///{tmp_path / 'restored.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.url(apart(server.create()))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open migrated database of each engine, shared by the tests of one module."""
    async with Database(database_url, QUICK) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def people(database: Database) -> People:
    """A fresh tenant with its users."""
    tag = uuid7().hex[-12:]
    async with database.write() as work:
        tenant = await work.tenants.create(slug=f"t-{tag}", name=f"Tenant {tag}")
        ids = [
            (
                await work.users.create(
                    email=f"{role}-{tag}@example.org",
                    password_hash="$argon2id$none",
                    tenant_id=tenant.id,
                    role=role,
                    name=role.title(),
                )
            ).id
            for role in ("admin", "analyst", "viewer")
        ]
    return People(tenant.id, *ids)


other_people = people
"""A second tenant for the same test."""
