"""One row by its key: the read that requests ask for most, without the cost of sessions and objects.

SQLAlchemy compiles the statement once and says how each column is read; the driver runs it. On SQLite that is a call
of some microseconds where it stands (see :mod:`aneos_api.database.inline`), on PostgreSQL one question over a pool of
its own. Whatever goes wrong here is left to the ordinary read, which tells what it means.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import Dialect, bindparam, inspect, select

from aneos_api.database.database import Database
from aneos_api.database.engine import database_url
from aneos_api.database.inline import BUSY_MS, STEPS
from aneos_api.database.models import Base
from aneos_api.database.quick import QuickReads
from aneos_api.errors import NotFound

if TYPE_CHECKING:
    import asyncpg

Convert = Callable[[Any], Any]
LOST: Final[tuple[type[Exception], ...]] = (sqlite3.Error, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A compiled statement: its text, the names of what it gives, how each is read, how the key is written."""

    text: str
    names: tuple[str, ...]
    readers: tuple[tuple[int, Convert], ...]
    key: Convert | None


class KeyedReads:
    """Rows of one database by primary key, from the replica where there is one."""

    def __init__(self, database: Database, quick: QuickReads) -> None:
        self._database = database
        self._quick = quick
        self._dialect: Dialect = database.engines.read.sync_engine.dialect
        self._plans: dict[type[Base], _Plan] = {}
        self._sqlite: sqlite3.Connection | None = None
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._lost = LOST if database.sqlite else (*LOST, *_lost_on_postgresql())

    async def get(
        self, model: type[Base], key: UUID, what: str, *, tenant_id: UUID | None = None
    ) -> dict[str, Any] | Base:
        """The row, as columns by name or as an object. Raises NotFound where there is none, or where it is another
        tenant's; the database's own failures arrive as ServiceError."""
        found: dict[str, Any] | Base | None = await self.row(model, key)
        if found is None:
            async with self._quick.read() as work:
                found = await work.session.get(model, key)
        if found is None:
            raise NotFound(f"there is no such {what}")
        owner = found.get("tenant_id") if isinstance(found, dict) else getattr(found, "tenant_id", None)
        if tenant_id is not None and owner != tenant_id:
            raise NotFound(f"there is no such {what}")
        return found

    async def row(self, model: type[Base], key: UUID) -> dict[str, Any] | None:
        """The columns of the row by attribute name; None where there is none, or where the quick way failed."""
        plan = self._plans.get(model)
        if plan is None:
            plan = self._plans[model] = _plan(model, self._dialect)
        value: Any = key if plan.key is None else plan.key(key)
        try:
            found = self._ask_sqlite(plan, value) if self._database.sqlite else await self._ask(plan, value)
        except self._lost:
            return None
        if found is None:
            return None
        cells = list(found)
        for index, read in plan.readers:
            cells[index] = read(cells[index])
        return dict(zip(plan.names, cells, strict=True))

    async def close(self) -> None:
        """Close the connections of this way."""
        if self._sqlite is not None:
            self._sqlite.close()
            self._sqlite = None
        if self._pool is not None:
            pool, self._pool = self._pool, None
            with contextlib.suppress(*self._lost):
                await asyncio.wait_for(pool.close(), 2.0)

    def _ask_sqlite(self, plan: _Plan, key: Any) -> Any:
        if self._sqlite is None:
            path = str(self._database.url.database)
            self._sqlite = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
            self._sqlite.execute("PRAGMA query_only=ON")
            self._sqlite.set_progress_handler(lambda: 1, STEPS)
        return self._sqlite.execute(plan.text, (key,)).fetchone()

    async def _ask(self, plan: _Plan, key: Any) -> Any:
        pool = self._pool or await self._open()
        return await pool.fetchrow(plan.text, key)

    async def _open(self) -> asyncpg.Pool:
        import asyncpg

        async with self._opening:
            if self._pool is None:
                settings = self._database.settings
                replica = settings.replica_url
                url = self._database.url if replica is None else database_url(replica.get_secret_value())
                _, options = self._dialect.create_connect_args(url)
                for name in (
                    "prepared_statement_cache_size",
                    "prepared_statement_name_func",
                    "async_creator_fn",
                ):
                    options.pop(name, None)
                self._pool = await asyncpg.create_pool(
                    **options,
                    min_size=0,
                    max_size=settings.pool_size,
                    max_inactive_connection_lifetime=60.0,
                    timeout=settings.connect_timeout_s,
                    command_timeout=settings.statement_timeout_s,
                    statement_cache_size=settings.prepared_statements,
                    server_settings={"application_name": "aneos", "timezone": "UTC"},
                    init=_speak_json,
                    reset=_leave,
                )
            return self._pool


def _lost_on_postgresql() -> tuple[type[Exception], ...]:
    import asyncpg  # not where the database is SQLite

    return (asyncpg.PostgresError, asyncpg.InterfaceError)


async def _speak_json(connection: asyncpg.Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


async def _leave(_: asyncpg.Connection) -> None:
    """Nothing is set or begun on these connections, so nothing has to be put back."""


def _plan(model: type[Base], dialect: Dialect) -> _Plan:
    mapper = inspect(model)
    attributes = [(attribute.key, attribute.columns[0]) for attribute in mapper.column_attrs]
    primary = mapper.primary_key[0]
    statement = select(*(column for _, column in attributes)).where(
        primary == bindparam("key", type_=primary.type)
    )
    compiled = statement.compile(dialect=dialect)
    readers = []
    for index, (_, column) in enumerate(attributes):
        read = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if read is not None:
            readers.append((index, read))
    text = str(compiled)
    write = primary.type.dialect_impl(dialect).bind_processor(dialect)
    return _Plan(text, tuple(name for name, _ in attributes), tuple(readers), write)
