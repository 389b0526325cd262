"""How the remote archives answered: the last success, the last error, the circuit breaker, for all processes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import select

from aneos_api.clock import utc_now
from aneos_api.database.models import ArchiveHealth
from aneos_api.database.services.base import Service

if TYPE_CHECKING:
    from aneos.archives.health import Tried

ArchiveState = Literal["never_asked", "answering", "failing", "left_alone"]
Circuit = Literal["closed", "open", "half_open"]

STORED: Final = [
    "requests",
    "errors",
    "failures",
    "asked_at",
    "answered_at",
    "failed_at",
    "error_kind",
    "error",
]


@dataclass(frozen=True, slots=True)
class ArchiveView:
    """One archive now; fields as in :class:`ArchiveHealth`. Moments are aware and in UTC, None where there was none."""

    archive: str
    provider: str
    state: ArchiveState = "never_asked"
    requests: int = 0
    errors: int = 0
    failures: int = 0
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    failed_at: datetime | None = None
    error_kind: str | None = None
    error: str | None = None
    circuit: Circuit = "closed"
    circuit_open_until: datetime | None = None


class ArchiveService(Service):
    """The table of archives. It belongs to no tenant."""

    async def note(self, tried: Tried) -> None:
        """Count a try and keep what became of it."""
        failed = tried.error is not None
        until = tried.at + timedelta(seconds=tried.circuit_open_s) if tried.circuit_open_s > 0 else None
        now: dict[str, Any] = {
            "asked_at": tried.at,
            "circuit_failures": tried.circuit_failures,
            "circuit_open_until": until,
        }
        if failed:
            now |= {"failed_at": tried.at, "error_kind": tried.kind, "error": (tried.error or "")[:400]}
        else:
            now |= {"answered_at": tried.at}
        statement = self._insert(ArchiveHealth).values(
            archive=tried.archive,
            provider=tried.provider,
            requests=1,
            errors=int(failed),
            failures=int(failed),
            **now,
        )
        changed = {
            "requests": ArchiveHealth.requests + 1,
            "errors": ArchiveHealth.errors + int(failed),
            "failures": ArchiveHealth.failures + 1 if failed else 0,
        }
        await self.session.execute(
            statement.on_conflict_do_update(index_elements=[ArchiveHealth.archive], set_=now | changed)
        )

    async def all(self) -> list[ArchiveView]:
        """Every archive that aNEOS can ask, those that it never asked included."""
        from aneos.archives.archives import ARCHIVES  # its HTTP client takes long to load

        stored = {row.archive: row for row in await self.session.scalars(select(ArchiveHealth))}
        circuits = _newest(stored.values())
        out = []
        for archive, provider in ARCHIVES.items():
            row = stored.get(archive)
            circuit, until = _circuit(circuits.get(provider))
            shown = ArchiveView(archive, provider, circuit=circuit, circuit_open_until=until)
            if row is not None:
                state: ArchiveState = "failing" if row.failures else "answering"
                shown = replace(shown, state=state, **{name: getattr(row, name) for name in STORED})
            out.append(replace(shown, state="left_alone") if circuit == "open" else shown)
        return out

    async def circuits(self) -> dict[str, tuple[int, float]]:
        """Institution → failures in a row and the seconds for which it is still left alone: where to go on."""
        found = _newest(await self.session.scalars(select(ArchiveHealth)))
        return {name: (row.circuit_failures, _left_s(row.circuit_open_until)) for name, row in found.items()}


def _newest(rows: Iterable[ArchiveHealth]) -> dict[str, ArchiveHealth]:
    """By institution, the row of its archive that was asked last."""
    return {row.provider: row for row in sorted(rows, key=lambda row: row.asked_at)}


def _circuit(row: ArchiveHealth | None) -> tuple[Circuit, datetime | None]:
    from aneos.archives.fair_use import BREAKER_FAILURES

    if row is None or row.circuit_failures < BREAKER_FAILURES:
        return "closed", None
    return ("open" if _left_s(row.circuit_open_until) > 0.0 else "half_open"), row.circuit_open_until


def _left_s(until: datetime | None) -> float:
    return 0.0 if until is None else max(0.0, (until - utc_now()).total_seconds())
