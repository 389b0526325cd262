"""The one clock of the service: aware UTC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_fixed: ContextVar[datetime | None] = ContextVar("aneos_fixed_time", default=None)


def utc_now() -> datetime:
    """The present moment, aware, UTC."""
    fixed = _fixed.get()
    return datetime.now(UTC) if fixed is None else fixed


def after(seconds: float) -> datetime:
    """The moment ``seconds`` from now (before now when negative), aware, UTC."""
    return utc_now() + timedelta(seconds=seconds)


@contextmanager
def time_at(moment: datetime) -> Iterator[None]:
    """Let :func:`utc_now` answer ``moment`` within the block, in this task only. For replays and tests."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
