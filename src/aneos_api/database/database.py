"""The database of the service: connect, migrate, read, write."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.pool import QueuePool

from aneos_api.database.engine import Engines, database_url, make_engines
from aneos_api.database.failures import database_errors, refused_write
from aneos_api.database.revision import is_newest
from aneos_api.database.unit import Invalidate, Work, unit_of_work
from aneos_api.errors import Unavailable
from aneos_api.settings import DatabaseSettings, Settings, load_settings


@dataclass(frozen=True, slots=True)
class PoolState:
    """Connections of one pool."""

    size: int
    in_use: int
    overflow: int


class Database:
    """An open database. Every read and write goes through :meth:`read` and :meth:`write`."""

    def __init__(self, url: str, settings: DatabaseSettings | None = None) -> None:
        self.settings = settings or DatabaseSettings()
        self.url = database_url(url)
        self.engines: Engines = make_engines(self.url, self.settings)
        self._writers = async_sessionmaker(self.engines.write, expire_on_commit=False)
        self._readers = async_sessionmaker(self.engines.read, expire_on_commit=False, autoflush=False)
        fresh = self.engines.read if self.engines.sqlite else self.engines.write
        self._fresh = async_sessionmaker(
            fresh.execution_options(postgresql_readonly=True), expire_on_commit=False, autoflush=False
        )
        self.invalidate: Invalidate | None = None
        """Called after a commit with the tenants and areas that changed; the cache sets it."""

    @property
    def sqlite(self) -> bool:
        return self.engines.sqlite

    @property
    def name(self) -> str:
        """The engine: ``sqlite`` or ``postgresql``."""
        return "sqlite" if self.sqlite else "postgresql"

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Work]:
        """A unit of work: committed once when the block ends, rolled back when it raises.

        The database's own failures arrive as :class:`~aneos_api.errors.Unavailable`, ``Conflict`` or ``Invalid``.
        On SQLite the process's other writers wait meanwhile: compute before, not within.
        """
        async with unit_of_work(self._writers(), self._invalidated) as work:
            yield work

    @asynccontextmanager
    async def read(self, *, fresh: bool = False) -> AsyncIterator[Work]:
        """A session that only reads, from the replica where there is one; what it sees there may be a little old.

        ``fresh`` reads from the main database.
        """
        try:
            async with unit_of_work(self._fresh() if fresh else self._readers(), None) as work:
                yield work
        except Unavailable as error:
            cause = error.__cause__
            if isinstance(cause, DBAPIError) and refused_write(cause):
                raise RuntimeError("a session that only reads was asked to write") from cause
            raise

    async def ping(self) -> float:
        """Seconds that an empty question takes. Raises :class:`~aneos_api.errors.Unavailable`."""
        started = time.perf_counter()
        with database_errors():
            async with self.engines.read.connect() as connection:
                await connection.execute(text("SELECT 1"))
        return time.perf_counter() - started

    def pools(self) -> dict[str, PoolState]:
        """State of the pools, by ``write`` and ``read``."""
        return {
            "write": _state(self.engines.write.sync_engine),
            "read": _state(self.engines.read.sync_engine),
        }

    async def close(self) -> None:
        """Close all connections."""
        await self.engines.dispose()

    async def bring_up_to_date(self) -> None:
        """Migrate, unless the tables are those of this release already. Raises as :func:`init_database`."""
        if self.sqlite and not Path(str(self.url.database)).exists():
            current = False
        else:
            current = await is_newest(self.engines.read if self.sqlite else self.engines.write)
        if not current:
            from aneos_api.database.migrate import upgrade  # Alembic takes long to load

            await upgrade(self.url)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _invalidated(self, touched: set[tuple[UUID | None, str]]) -> None:
        if self.invalidate is not None:
            await self.invalidate(touched)


async def init_database(source: Settings | str | None = None, *, migrate: bool = True) -> Database:
    """Open the database that ``source`` names and bring its tables up to date.

    ``source`` is a URL, or settings (those of the environment when None). Several processes may do this at once: one
    migrates, the others wait. Raises :class:`~aneos_api.errors.Unavailable` when the database does not answer.
    """
    if isinstance(source, str):
        database = Database(source)
    else:
        settings = source or load_settings()
        migrate = migrate and settings.database.migrate_on_start
        database = Database(settings.database_url, settings.database)
    if migrate:
        try:
            await database.bring_up_to_date()
        except BaseException:
            await database.close()
            raise
    return database


def _state(engine: Engine) -> PoolState:
    pool: Any = engine.pool
    if not isinstance(pool, QueuePool):
        return PoolState(0, 0, 0)
    return PoolState(pool.size(), pool.checkedout(), max(pool.overflow(), 0))
