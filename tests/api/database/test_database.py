"""Units of work, both engines' settings, and a database that goes away and comes back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from aneos_api.database import Database, PageRequest, init_database
from aneos_api.database.engine import database_url
from aneos_api.database.models import AuditEvent, SystemMetric, Tenant
from aneos_api.database.types import uuid7
from aneos_api.errors import Conflict, Invalid, SettingsError, Unavailable
from aneos_api.settings import DatabaseSettings
from tests.api.conftest import QUICK, People
from tests.api.postgres import Postgres


async def test_nothing_is_stored_unless_the_block_ends_well(database: Database) -> None:
    slug = f"u-{uuid7().hex[-12:]}"
    called: list[str] = []

    async def undone() -> None:
        async with database.write() as work:
            work.after_commit(lambda: called.append("undone"))
            await work.tenants.create(slug=slug, name="x")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        await undone()
    async with database.write() as work:
        assert await work.tenants.by_slug(slug) is None
        await work.tenants.create(slug=slug, name="x")
        work.after_commit(lambda: called.append("done"))
        assert called == []
    assert called == ["done"]


async def test_a_cancelled_request_stores_nothing_and_gives_its_connection_back(database: Database) -> None:
    slug = f"c-{uuid7().hex[-12:]}"

    async def slow() -> None:
        async with database.write() as work:
            await work.tenants.create(slug=slug, name="x")
            await asyncio.sleep(30)

    for _ in range(8):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with database.write() as work:
        assert await work.tenants.by_slug(slug) is None
    assert database.pools()["write"].in_use == 0


async def test_a_session_that_reads_cannot_write(database: Database) -> None:
    for fresh in (False, True):
        with pytest.raises(RuntimeError, match="only reads"):
            async with database.read(fresh=fresh) as work:
                await work.tenants.create(slug=f"r-{uuid7().hex[-12:]}", name="x")


async def test_many_writers_and_readers_at_once(database: Database, people: People) -> None:
    async def write(n: int) -> None:
        async with database.write() as work:
            await work.audit.record(f"n{n}", actor="x", tenant_id=people.tenant_id)

    async def read() -> int:
        async with database.read(fresh=True) as work:
            return (await work.audit.page(PageRequest(), tenant_id=people.tenant_id)).total

    await asyncio.gather(*(write(n) for n in range(30)), *(read() for _ in range(30)))
    assert await read() == 30


async def test_a_transaction_that_reads_before_it_writes_waits_for_the_writer(database: Database) -> None:
    """On SQLite a transaction that began by reading could not wait: it would fail at once."""
    name = uuid7().hex

    async def add_one() -> None:
        async with database.write() as work:
            (await work.session.scalars(select(Tenant))).all()
            await work.metrics.record(name, 1.0)

    other = Database(database.url.render_as_string(hide_password=False), QUICK)

    async def add_one_elsewhere() -> None:
        async with other.write() as work:
            (await work.session.scalars(select(Tenant))).all()
            await work.metrics.record(name, 1.0)

    await asyncio.gather(*(add_one() for _ in range(10)), *(add_one_elsewhere() for _ in range(10)))
    await other.close()
    async with database.read(fresh=True) as work:
        count = select(func.count()).select_from(SystemMetric).where(SystemMetric.name == name)
        assert await work.session.scalar(count) == 20


async def test_moments_come_back_aware_in_utc_to_the_microsecond(database: Database, people: People) -> None:
    moment = datetime(2026, 7, 1, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=9)))
    async with database.write() as work:
        row = AuditEvent(tenant_id=people.tenant_id, actor="x", action="a", outcome="done", created_at=moment)
        work.session.add(row)
    async with database.read(fresh=True) as work:
        stored = await work.session.scalar(select(AuditEvent.created_at).where(AuditEvent.id == row.id))
    assert stored == moment
    assert stored is not None
    assert stored.tzinfo is UTC
    with pytest.raises(Exception, match="needs a time zone"):
        async with database.write() as work:
            await work.session.scalar(
                select(AuditEvent.id).where(AuditEvent.created_at > datetime(2026, 7, 1))
            )


async def test_json_holds_no_number_that_is_not_finite(database: Database, people: People) -> None:
    async with database.write() as work:
        await work.audit.record(
            "x",
            actor="x",
            tenant_id=people.tenant_id,
            after={"a": float("nan"), "b": [float("inf"), 1.5], "c": "é\u2028"},
        )
    async with database.read() as work:
        event = (await work.audit.page(PageRequest(), tenant_id=people.tenant_id)).items[0]
    assert event.after == {"a": None, "b": [None, 1.5], "c": "é\u2028"}


async def test_what_the_database_refuses_arrives_as_the_services_own_errors(
    database: Database, people: People
) -> None:
    with pytest.raises(Conflict):
        async with database.write() as work:
            work.session.add(AuditEvent(tenant_id=uuid7(), actor="x", action="a", outcome="done"))
    with pytest.raises(Conflict):
        async with database.write() as work:
            work.session.add(AuditEvent(actor="x", action="a", outcome="unheard of"))
    if database.name == "postgresql":
        with pytest.raises(Invalid):
            async with database.write() as work:
                await work.audit.record("x" * 500, actor="x")
    with pytest.raises(ProgrammingError if database.name == "postgresql" else Exception, match="nowhere"):
        async with database.read() as work:
            await work.session.execute(text("SELECT * FROM nowhere"))


async def test_errors_of_other_code_are_left_alone(database: Database) -> None:
    with pytest.raises(FileNotFoundError):
        async with database.write():
            Path("/nonexistent").read_text()
    with pytest.raises(TimeoutError):
        async with database.write():
            raise TimeoutError


async def test_a_pool_that_is_used_up_is_unavailable_for_now(database_url: str) -> None:
    settings = DatabaseSettings(pool_size=1, pool_overflow=0, pool_timeout_s=0.2, lock_timeout_s=0.2)
    async with Database(database_url, settings) as small:
        async with small.write() as holding:
            await holding.tenants.by_slug("x")
            with pytest.raises(Unavailable) as caught:
                async with small.write() as work:
                    await work.tenants.by_slug("x")
        assert caught.value.headers["Retry-After"] == "5"
        async with small.write() as work:
            await work.tenants.by_slug("x")


async def test_a_lock_that_is_not_given_is_unavailable_for_now(database_url: str) -> None:
    settings = DatabaseSettings(lock_timeout_s=0.3)
    slug = f"l-{uuid7().hex[-12:]}"

    async def take(database: Database) -> None:
        async with database.write() as work:
            await work.session.execute(text("UPDATE tenants SET name = 'y'"))

    async with Database(database_url, settings) as before, before.write() as work:
        await work.tenants.create(slug=f"{slug}-0", name="x")
    async with (
        Database(database_url, settings) as first,
        Database(database_url, settings) as second,
        first.write() as holding,
    ):
        await holding.tenants.create(slug=slug, name="x")
        await holding.session.execute(text("UPDATE tenants SET name = 'z'"))
        with pytest.raises(Unavailable):
            await take(second)


async def test_the_ping_is_quick_and_the_pools_are_shown(database: Database) -> None:
    assert await database.ping() < 1.0
    assert set(database.pools()) == {"read", "write"}


# --- a server that goes away -------------------------------------------------------------------------------


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    server = Postgres(durable=True)
    yield server
    server.close()


async def test_a_server_that_goes_away_is_unavailable_and_the_pool_recovers_by_itself(
    own_server: Postgres,
) -> None:
    database = await init_database(own_server.url("postgres"))
    async with database.write() as work:
        await work.tenants.create(slug="before", name="x")
    await asyncio.to_thread(own_server.kill)
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            async with database.read() as work:
                await work.tenants.by_slug("before")
        assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "5"})
    with pytest.raises(Unavailable):
        await database.ping()
    await asyncio.to_thread(own_server.start)
    async with database.write() as work:
        assert await work.tenants.by_slug("before") is not None
        await work.tenants.create(slug="after", name="x")

    async with database.write() as work:  # killed between two statements of one unit of work
        await work.tenants.create(slug="half", name="x")
        await asyncio.to_thread(own_server.kill)
        with pytest.raises(Exception, match=r"closed|terminat|connection"):
            await work.session.execute(text("SELECT 1"))
        await work.session.rollback()
        work.session.info.clear()
    await asyncio.to_thread(own_server.start)
    async with database.read() as work:
        assert await work.tenants.by_slug("half") is None
        assert await work.tenants.by_slug("after") is not None
    await database.close()


async def test_reads_go_to_the_replica_unless_they_must_be_fresh(
    postgres: Postgres, postgres_template: str
) -> None:
    """A second database stands for a replica that has not caught up."""
    main, replica = [await postgres.create(template=postgres_template) for _ in range(2)]
    settings = DatabaseSettings(replica_url=SecretStr(postgres.url(replica)))
    async with Database(postgres.url(main), settings) as database:
        async with database.write() as work:
            await work.tenants.create(slug="only-main", name="x")
        async with database.read() as work:
            assert await work.tenants.by_slug("only-main") is None
        async with database.read(fresh=True) as work:
            assert await work.tenants.by_slug("only-main") is not None
    for name in (main, replica):
        await postgres.drop(name)


async def test_a_sqlite_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    database = await init_database(f"sqlite:///{tmp_path / 'aneos.db'}")
    await database.close()
    (tmp_path / "aneos.db").unlink()
    (tmp_path / "aneos.db").mkdir()
    with pytest.raises(Unavailable):
        async with database.read() as work:
            await work.tenants.by_slug("x")
    await database.close()


async def test_sqlite_is_opened_as_meant(tmp_path: Path) -> None:
    async with await init_database(f"sqlite:///{tmp_path / 'aneos.db'}") as database:
        for open_, query_only in ((database.write, 0), (database.read, 1)):
            async with open_() as work:
                found = {
                    name: await work.session.scalar(text(f"PRAGMA {name}"))
                    for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout", "query_only")
                }
            assert found == {
                "journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 10_000,
                "query_only": query_only,
            }  # fmt: skip
        assert sqlite3.sqlite_version_info >= (3, 35), "RETURNING is needed"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sqlite:///a/b.db", "sqlite+aiosqlite:///a/b.db"),
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:***@h/d"),
        ("postgresql://u:p@h:5/d?sslmode=require", "postgresql+asyncpg://u:***@h:5/d?ssl=require"),
    ],
)
def test_urls_get_the_driver_that_is_used(given: str, meant: str) -> None:
    assert database_url(given).render_as_string(hide_password=True) == meant


@pytest.mark.parametrize("given", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "no url", ""])
def test_other_urls_are_refused(given: str) -> None:
    with pytest.raises(SettingsError):
        database_url(given)


def test_identifiers_ascend_and_say_when() -> None:
    made = [uuid7() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == 5000
    assert {(item.version, item.variant) for item in made} == {(7, "specified in RFC 4122")}
    age = datetime.now(UTC).timestamp() - (made[0].int >> 80) / 1000
    assert 0 <= age < 60
