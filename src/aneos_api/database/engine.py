"""Engines for the two databases: SQLite in a file, PostgreSQL by URL.

SQLite has one writer. Each process has one connection that writes, for which its tasks queue in order; others only
read, beside the writer (WAL). PostgreSQL has a pool, and may have a second one on a read replica.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from aneos_api.database.types import to_json
from aneos_api.errors import SettingsError
from aneos_api.settings import DatabaseSettings

DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


@dataclass(frozen=True, slots=True)
class Engines:
    """One engine that writes and one that only reads."""

    write: AsyncEngine
    read: AsyncEngine

    @property
    def sqlite(self) -> bool:
        return self.write.dialect.name == "sqlite"

    async def dispose(self) -> None:
        await self.read.dispose()
        await self.write.dispose()


def database_url(text: str) -> URL:
    """``text`` with the driver that aNEOS uses. Raises :class:`~aneos_api.errors.SettingsError` for other engines."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingsError("the database URL cannot be read: sqlite:///FILE or postgresql://…") from None
    driver = DRIVERS.get(url.drivername)
    if driver is None:
        raise SettingsError(f"no database of the kind {url.drivername!r}: use sqlite or postgresql")
    url = url.set(drivername=driver)
    if driver.startswith("sqlite") and (url.database is None or url.database in {"", ":memory:"}):
        raise SettingsError("SQLite needs a file: sqlite:///FILE")
    if "sslmode" in url.query:
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": url.query["sslmode"]})
    return url


def make_folder(url: URL) -> None:
    """The folder of a SQLite file. Raises SettingsError when it cannot be made."""
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"the database's folder {folder} cannot be made: {error.strerror}") from None


def make_engines(url: URL, settings: DatabaseSettings) -> Engines:
    """Both engines of a database; nothing is connected yet."""
    if url.drivername.startswith("sqlite"):
        return Engines(_sqlite(url, settings, writer=True), _sqlite(url, settings, writer=False))
    write = _postgresql(url, settings)
    replica = settings.replica_url
    read = write if replica is None else _postgresql(database_url(replica.get_secret_value()), settings)
    return Engines(write, read.execution_options(postgresql_readonly=True))


def _sqlite(url: URL, settings: DatabaseSettings, *, writer: bool) -> AsyncEngine:
    make_folder(url)
    engine = create_async_engine(
        url,
        echo=settings.echo,
        json_serializer=to_json,
        pool_size=1 if writer else settings.pool_size,
        max_overflow=0 if writer else settings.pool_overflow,
        pool_timeout=settings.lock_timeout_s if writer else settings.pool_timeout_s,
        pool_recycle=settings.pool_recycle_s,
        connect_args={"timeout": settings.lock_timeout_s},
    )
    pragmas = (
        "journal_mode=WAL",
        f"synchronous={settings.sqlite_synchronous}",
        "foreign_keys=ON",
        f"busy_timeout={round(settings.lock_timeout_s * 1000)}",
        "temp_store=MEMORY",
        "cache_size=-16000",
        f"query_only={'OFF' if writer else 'ON'}",
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late: see _begin
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later cannot wait for the writer: it must ask at its start.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


def _postgresql(url: URL, settings: DatabaseSettings) -> AsyncEngine:
    return create_async_engine(
        url,
        echo=settings.echo,
        json_serializer=to_json,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.pool_timeout_s,
        pool_recycle=settings.pool_recycle_s,
        pool_pre_ping=True,
        pool_use_lifo=True,
        connect_args={
            "timeout": settings.connect_timeout_s,
            "command_timeout": settings.statement_timeout_s * 2,
            "prepared_statement_cache_size": settings.prepared_statements,
            "server_settings": {
                "application_name": "aneos",
                "timezone": "UTC",
                "statement_timeout": str(round(settings.statement_timeout_s * 1000)),
                "lock_timeout": str(round(settings.lock_timeout_s * 1000)),
                "idle_in_transaction_session_timeout": str(round(settings.statement_timeout_s * 2000)),
            },
        },
    )
