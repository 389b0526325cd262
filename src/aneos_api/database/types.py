"""Column types that mean the same on SQLite and PostgreSQL, and identifiers that sort by time."""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

from aneos.output import json_ready

BigId: Final = BigInteger().with_variant(Integer(), "sqlite")
"""Key of a table with many rows: 64 bits on both engines (SQLite numbers rows itself only under INTEGER)."""

Json: Final = JSON().with_variant(JSONB(), "postgresql")
"""A JSON value; what is not finite is stored as null (see :func:`to_json`)."""


Designation: Final = String(64).with_variant(String(64, collation="C"), "postgresql")
"""A designation or name, compared byte by byte on both engines, so that both sort alike."""


class UTCDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC going in and coming out, to the microsecond.

    SQLite keeps text of fixed width, so that it sorts as the moments do. Raises ``ValueError`` for a naive one.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a stored moment needs a time zone: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_lock = Lock()
_last = 0


def uuid7() -> UUID:
    """A random identifier that begins with the time in milliseconds (RFC 9562, version 7).

    Those of one process ascend in the order in which they are made.
    """
    global _last
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    with _lock:
        if value <= _last:
            value = _last + 1 + secrets.randbits(32)
        _last = value
    return UUID(int=value)


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def to_json(value: Any) -> str:
    """``value`` as compact strict JSON for a column."""
    try:
        return _encoder.encode(value)
    except (
        TypeError,
        ValueError,
    ):  # something that JSON lacks: a number that is not finite, a date, an array
        return _encoder.encode(json_ready(value))
