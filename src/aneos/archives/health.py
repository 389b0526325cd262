"""How an archive answered: one line for every try, for whoever keeps watch over the archives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from aneos.archives.errors import ArchiveChanged, ArchiveError, ArchiveIncomplete, ArchiveRefused, NotFound
from aneos.archives.provider import Provider, ProviderName

Failing = Literal["unreachable", "refused", "changed", "incomplete"]


@dataclass(frozen=True, slots=True)
class Tried:
    """One try at one archive. ``kind`` and ``error`` are None where it answered, "no such object" included.

    ``circuit_failures`` are the institution's failures in a row after this try, ``circuit_open_s`` the seconds for
    which it is left alone now (0: it may be asked).
    """

    archive: str
    provider: ProviderName
    at: datetime
    kind: Failing | None
    error: str | None
    circuit_failures: int
    circuit_open_s: float


Told = Callable[[Tried], None]


def tried(archive: str, provider: Provider, error: ArchiveError | None) -> Tried:
    """What became of a try that ended now."""
    failed = None if isinstance(error, NotFound) else error
    return Tried(
        archive=archive,
        provider=provider.name,
        at=datetime.now(UTC),
        kind=None if failed is None else _kind(failed),
        error=None if failed is None else failed.reason,
        circuit_failures=provider.breaker.failures,
        circuit_open_s=provider.breaker.closed_in_s(),
    )


def _kind(error: ArchiveError) -> Failing:
    if isinstance(error, ArchiveRefused):
        return "refused"
    if isinstance(error, ArchiveChanged):
        return "changed"
    return "incomplete" if isinstance(error, ArchiveIncomplete) else "unreachable"
