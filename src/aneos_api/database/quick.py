"""Reads of requests, with as few questions to the database as there are statements.

Each statement sees the database as it is then: there is no transaction around them, hence no BEGIN, COMMIT or
ROLLBACK; on SQLite there is no thread to cross to either (see :mod:`aneos_api.database.inline`). Whatever needs one
consistent view over several statements uses :meth:`Database.read`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from aneos_api.database.database import Database
from aneos_api.database.failures import database_errors
from aneos_api.database.inline import THREADS, connector
from aneos_api.database.types import to_json
from aneos_api.database.unit import Work
from aneos_api.settings import DatabaseSettings


class QuickReads:
    """Sessions that read without a transaction, from the replica where there is one."""

    def __init__(self, database: Database) -> None:
        self._owned = database.sqlite
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="aneos-read") if self._owned else None
        self._engine = (
            _sqlite(database, self._pool)
            if self._pool is not None
            else database.engines.read.execution_options(isolation_level="AUTOCOMMIT")
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Work]:
        """A session that reads. The database's own failures arrive as ServiceError."""
        session = self._sessions()
        with database_errors():
            try:
                yield Work(session)
            finally:
                await session.close()

    async def close(self) -> None:
        """Close connections that are not the database's own."""
        if self._owned:
            await self._engine.dispose()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _sqlite(database: Database, pool: ThreadPoolExecutor) -> AsyncEngine:
    settings: DatabaseSettings = database.settings
    opens = connector(str(database.url.database), pool, settings.lock_timeout_s)
    engine = create_async_engine(
        database.url,
        json_serializer=to_json,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.pool_timeout_s,
        pool_recycle=settings.pool_recycle_s,
        pool_reset_on_return=None,
        connect_args={"async_creator_fn": opens},
    )

    def nothing(_connection: object) -> None:
        """There is no transaction to end: the connection commits each statement and can only read."""

    for name in ("do_commit", "do_rollback"):
        setattr(engine.sync_engine.dialect, name, nothing)
    return engine
