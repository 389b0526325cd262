"""A SQLite connection for reads, without a thread behind it: what is quick is answered at once, the rest in a thread.

``aiosqlite`` gives each connection a thread and crosses to it four times for a read, which costs more than most reads
themselves. Here a statement runs where it is called, up to :data:`STEPS` instructions of SQLite's virtual machine
(well below a millisecond); one that needs more is broken off and run again in a thread, which a read does not mind.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

STEPS: Final = 4000
"""Instructions of SQLite's virtual machine after which a statement goes to a thread."""

BUSY_MS: Final = 20
"""Longest wait for a lock where everybody waits along; in the thread it is that of the settings."""

THREADS: Final = 4


class InlineConnection:
    """What SQLAlchemy's aiosqlite dialect asks of a connection. Only for statements that change nothing."""

    def __init__(self, connection: sqlite3.Connection, pool: ThreadPoolExecutor, timeout_s: float) -> None:
        self._conn = self._connection = connection
        self._pool = pool
        self._timeout_ms = round(timeout_s * 1000)
        self._stop_early()

    def cursor(self) -> InlineCursor:
        return InlineCursor(self, self._conn.cursor())

    async def run(
        self, cursor: sqlite3.Cursor, statement: str, parameters: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        """All rows."""
        try:
            return cursor.execute(statement, parameters).fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY):
                raise
        loop = asyncio.get_running_loop()
        self._let_run()
        try:
            # Not cut off with its caller: the connection is free again only when the thread has left it.
            return await asyncio.shield(
                loop.run_in_executor(self._pool, lambda: cursor.execute(statement, parameters).fetchall())
            )
        finally:
            self._stop_early()

    async def create_function(
        self, name: str, arguments: int, function: Callable[..., Any], **more: Any
    ) -> None:
        self._conn.create_function(name, arguments, function, **more)

    async def commit(self) -> None:
        """There is nothing to commit: every statement stands alone and reads."""

    async def rollback(self) -> None:
        """As :meth:`commit`."""

    async def close(self) -> None:
        self._conn.close()

    def stop(self) -> None:
        self._conn.close()

    def _stop_early(self) -> None:
        self._conn.set_progress_handler(lambda: 1, STEPS)
        self._conn.execute(f"PRAGMA busy_timeout={BUSY_MS}")

    def _let_run(self) -> None:
        self._conn.set_progress_handler(None, 0)
        self._conn.execute(f"PRAGMA busy_timeout={self._timeout_ms}")


class InlineCursor:
    """What the dialect asks of a cursor."""

    def __init__(self, connection: InlineConnection, cursor: sqlite3.Cursor) -> None:
        self._connection = connection
        self._cursor = cursor
        self._rows: list[tuple[Any, ...]] = []

    async def __aenter__(self) -> InlineCursor:
        return self

    async def execute(self, statement: str, parameters: Iterable[Any] = ()) -> InlineCursor:
        self._rows = await self._connection.run(self._cursor, statement, tuple(parameters))
        return self

    async def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._cursor.close()

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid


def connector(path: str, pool: ThreadPoolExecutor, timeout_s: float) -> Callable[..., Any]:
    """For ``connect_args``: opens connections to the file, which must exist."""

    async def connect(*_: Any, **__: Any) -> InlineConnection:
        opened = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=timeout_s)
        opened.execute("PRAGMA cache_size=-4000")
        opened.execute("PRAGMA query_only=ON")
        return InlineConnection(opened, pool, timeout_s)

    return connect
