"""A running application over a real database, with two organisations and every role in each."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx2
import polars as pl
import pytest
import pytest_asyncio
from fastapi import FastAPI

from aneos.catalogue import Catalogue, load_bundled
from aneos_api.app import create_app
from aneos_api.context import Context
from aneos_api.database import Database
from aneos_api.database.loading import screen_into_database
from aneos_api.security.keys import new_key
from aneos_api.settings import Settings, load_settings
from tests.api.conftest import ENGINES, QUICK
from tests.api.postgres import Postgres

PASSWORD: Final = "correct battery horse staple"
DESIGNATIONS: Final = ("99942", "2006 RH120", "1991 VG", "2000 SG344", "101955", "433", "2015 TC25", "469219")
ROLES: Final = ("viewer", "analyst", "admin")


@dataclass
class Person:
    """A member of an organisation with an API key."""

    user_id: UUID
    tenant_id: UUID
    email: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"X-API-Key": self.key}


@dataclass
class Service:
    """The application, a client without credentials, and the people: ``people["alpha"]["viewer"]``.

    ``operator`` is an admin of ``alpha`` who is superuser.
    """

    app: FastAPI
    client: httpx2.AsyncClient
    context: Context
    people: dict[str, dict[str, Person]]
    operator: Person

    def as_(self, role: str, tenant: str = "alpha") -> dict[str, str]:
        """Headers of somebody with this role."""
        if role == "anonymous":
            return {}
        person = self.operator if role == "operator" else self.people[tenant][role]
        return person.headers


@pytest.fixture(scope="session")
def small_catalogue() -> Catalogue:
    """Some well-known objects of the bundled catalogue, as the Minor Planet Center lists them."""
    bundled = load_bundled()
    number = pl.col("number").cast(pl.String())
    chosen = bundled.table.filter(pl.col("designation").is_in(DESIGNATIONS) | number.is_in(DESIGNATIONS))
    assert chosen.height == len(DESIGNATIONS)
    return Catalogue(chosen, bundled.provenance)


@pytest.fixture(scope="session")
def service_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Cheap password hashes, no limits: tests of limits make an application of their own."""
    return make_settings(tmp_path_factory.mktemp("service"))


def make_settings(folder: Path, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "data_dir": folder,
        "security": {"argon2_memory_kib": 8192, "argon2_time_cost": 1, "secret_key": "x9" * 20},
        "limits": {"enabled": False},
        "jobs": {"in_process": False},
        "events": {"stream_lifetime_s": 0.3},
        "observability": {"log_level": "ERROR"},
    }
    for area, given in changes.items():
        values[area] = {**values.get(area, {}), **given}
    return load_settings(**values)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service(
    service_settings: Settings, service_database: Database, small_catalogue: Catalogue
) -> AsyncIterator[Service]:
    """The application over the engine under test, with a small screened catalogue."""
    await screen_into_database(service_database, small_catalogue)
    app = create_app(service_settings, database=service_database, tell=lambda _: None)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            context = app.state.context
            people = {tenant: await add_organisation(context, tenant) for tenant in ("alpha", "beta")}
            operator = await add_member(
                context, people["alpha"]["admin"].tenant_id, "operator", superuser=True
            )
            yield Service(app, client, context, people, operator)


async def add_organisation(context: Context, slug: str) -> dict[str, Person]:
    async with context.database.write() as work:
        tenant = await work.tenants.by_slug(slug) or await work.tenants.create(slug=slug, name=slug.title())
        tenant_id = tenant.id
    return {role: await add_member(context, tenant_id, role, prefix=slug) for role in ROLES}


async def add_member(
    context: Context, tenant_id: UUID, role: str, *, prefix: str = "alpha", superuser: bool = False
) -> Person:
    hashed = await context.passwords.hash(PASSWORD)
    fresh = new_key()
    email = f"{role}@{prefix}.example.org"
    async with context.database.write() as work:
        user = await work.users.create(
            email=email,
            password_hash=hashed,
            tenant_id=tenant_id,
            role="admin" if superuser else role,
            superuser=superuser,
        )
        await work.keys.create(
            tenant_id=tenant_id,
            user_id=user.id,
            name="tests",
            prefix=fresh.prefix,
            key_hash=fresh.digest,
            role="admin" if superuser else role,
        )
        return Person(user.id, tenant_id, email, fresh.text)


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=ENGINES)
async def service_database(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    postgres: Postgres,
    postgres_template: str,
) -> AsyncIterator[Database]:
    """A database of each engine, for all tests of this folder."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("service-db") / "aneos.db"
        shutil.copyfile(sqlite_template, path)
        async with Database(f"sqlite:///{path}", QUICK) as opened:
            yield opened
        return
    name = await postgres.create(template=postgres_template)
    async with Database(postgres.url(name), QUICK) as opened:
        yield opened
    await postgres.drop(name)
