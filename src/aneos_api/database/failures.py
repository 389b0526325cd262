"""What a failing database means to a caller: gone for now (503), in conflict (409), or impossible input (422)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from aneos_api.errors import Conflict, Invalid, ServiceError, Unavailable

AWAY_SQLSTATES: Final = ("08", "53", "57", "58", "40", "55P03", "25006", "XX")
"""PostgreSQL's classes (or codes) of errors that pass: connection, resources, shutdown and time-outs, system,
deadlock and serialisation, lock not available, read-only server, internal."""

AWAY_SQLITE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn the database's own errors into :class:`~aneos_api.errors.ServiceError`; programming errors pass."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError, OSError, TimeoutError) as error:
        meaning = translate(error)
        if meaning is None:
            raise
        raise meaning from error


def translate(error: BaseException) -> ServiceError | None:
    """The service's error for one of the database's, or None when it is a fault of the program."""
    if isinstance(error, PoolTimeoutError):
        return Unavailable("the database is busy: no connection came free in time")
    if isinstance(error, DBAPIError):
        return _from_driver(error)
    if isinstance(error, OSError | TimeoutError) and _raised_by_driver(error):
        return Unavailable("the database does not answer")
    return None


def _raised_by_driver(error: BaseException) -> bool:
    """Whether the error came through SQLAlchemy, not from other code within the same block."""
    step = error.__traceback__
    while step is not None:
        if str(step.tb_frame.f_globals.get("__name__", "")).startswith("sqlalchemy."):
            return True
        step = step.tb_next
    return False


def refused_write(error: DBAPIError) -> bool:
    """Whether a statement tried to change something where only reading is allowed."""
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY
    return getattr(error.orig, "sqlstate", None) == "25006"


def _from_driver(error: DBAPIError) -> ServiceError | None:
    code = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or "connection" in type(error.orig).__name__.lower():
        return Unavailable("the database does not answer")
    if isinstance(error.orig, sqlite3.Error):
        return _from_sqlite(error.orig)
    if isinstance(code, str):
        if code.startswith("23"):
            return Conflict()
        if code.startswith("22"):
            return Invalid("a value cannot be stored: out of range, too long, or not text")
        if code.startswith(AWAY_SQLSTATES):
            return Unavailable("the database cannot answer now")
        return None
    if type(error.orig).__name__ in {"InterfaceError", "InternalClientError"}:
        return Unavailable("the database does not answer")
    return None


def _from_sqlite(error: sqlite3.Error) -> ServiceError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        closed = "closed" in str(error).lower()
        return Unavailable("the database does not answer") if closed else None
    primary = code & 0xFF
    if primary == sqlite3.SQLITE_CONSTRAINT:
        return Conflict()
    if primary in {sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH}:
        return Invalid("a value cannot be stored: too long or of the wrong type")
    return Unavailable("the database cannot answer now") if primary in AWAY_SQLITE else None
