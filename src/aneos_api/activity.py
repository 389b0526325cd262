"""What requests leave behind, written in bulk: usage counters, last use of keys and sessions, refused attempts.

A request only adds to counters in memory; every :data:`INTERVAL_S` seconds, and at the end, one transaction writes
them all.
Changes are not noted here but in the transaction that makes them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import structlog

from aneos_api.clock import utc_now
from aneos_api.database.database import Database
from aneos_api.database.services.usage import UsageRow
from aneos_api.database.unit import Work
from aneos_api.errors import Conflict, Invalid, ServiceError
from aneos_api.middleware.state import UNMATCHED, RequestState
from aneos_api.observability.metrics import AUDIT_DROPPED
from aneos_api.security.permissions import Credential

log = structlog.get_logger("aneos_api.activity")

INTERVAL_S: Final = 2.0
MAX_REFUSALS: Final = 5_000
REPEAT_S: Final = 60.0
"""A refusal for want of patience (429) is noted once a minute for each address; it is counted in the metrics anyway."""

Counter = tuple[UUID, date, str, str, str, int]


@dataclass(slots=True)
class _Sums:
    user_id: UUID
    api_key_id: UUID | None
    requests: int = 0
    duration_ms: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0


@dataclass(frozen=True, slots=True)
class _Refusal:
    at: datetime
    state: RequestState
    status: int


class Activity:
    """Gathers in memory; :meth:`run` writes now and then."""

    def __init__(self, database: Database, *, idle_s: float) -> None:
        self._database = database
        self._idle_s = idle_s
        self._usage: dict[Counter, _Sums] = {}
        self._keys: dict[UUID, tuple[datetime, str]] = {}
        self._sessions: set[UUID] = set()
        self._refusals: deque[_Refusal] = deque()
        self._impatient: OrderedDict[str, datetime] = OrderedDict()
        self._flushing = asyncio.Lock()

    def used(self, state: RequestState, status: int, seconds: float, bytes_in: int, bytes_out: int) -> None:
        """Count a request of a known principal."""
        who = state.principal
        if who is None:
            return
        now = utc_now()
        by_key = who.credential is Credential.API_KEY
        counter = (
            who.tenant_id,
            now.date(),
            who.key,
            state.method[:8],
            state.route or UNMATCHED,
            status // 100,
        )
        sums = self._usage.get(counter)
        if sums is None:
            sums = self._usage[counter] = _Sums(who.user_id, who.credential_id if by_key else None)
        sums.requests += 1
        sums.duration_ms += seconds * 1000.0
        sums.bytes_in += bytes_in
        sums.bytes_out += bytes_out
        if by_key:
            self._keys[who.credential_id] = (now, state.address)
        elif who.credential is Credential.SESSION:
            self._sessions.add(who.credential_id)

    def refused(self, state: RequestState, status: int) -> None:
        """Note a refused attempt for the audit."""
        if state.audited:
            return
        now = utc_now()
        if status == 429:
            last = self._impatient.get(state.address)
            if last is not None and (now - last).total_seconds() < REPEAT_S:
                return
            self._impatient[state.address] = now
            self._impatient.move_to_end(state.address)
            if len(self._impatient) > MAX_REFUSALS:
                self._impatient.popitem(last=False)
        if len(self._refusals) >= MAX_REFUSALS:
            AUDIT_DROPPED.inc()
            return
        self._refusals.append(_Refusal(now, state, status))

    async def run(self) -> None:
        """Write every few seconds until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            with contextlib.suppress(
                ServiceError
            ):  # logged by flush; what was gathered is kept for the next time
                await self.flush()

    async def flush(self) -> None:
        """Write what was gathered. Raises ServiceError where the database does not answer; nothing is lost then."""
        async with self._flushing:
            usage, self._usage = self._usage, {}
            keys, self._keys = self._keys, {}
            sessions, self._sessions = self._sessions, set()
            refusals, self._refusals = self._refusals, deque()
            if not (usage or keys or sessions or refusals):
                return
            try:
                async with self._database.write() as work:
                    await self._write(work, usage, keys, sessions, refusals)
            except (Conflict, Invalid):  # somebody named in it was deleted meanwhile: save the others
                await self._write_apart(usage, refusals)
            except ServiceError as error:
                log.warning("activity not written yet", reason=error.detail)
                self._put_back(usage, keys, sessions, refusals)
                raise

    async def _write(
        self,
        work: Work,
        usage: dict[Counter, _Sums],
        keys: dict[UUID, tuple[datetime, str]],
        sessions: set[UUID],
        refusals: deque[_Refusal],
    ) -> None:
        await work.usage.add(_usage_row(counter, sums) for counter, sums in usage.items())
        for key_id, (at, address) in keys.items():
            await work.keys.used(key_id, at=at, address=address)
        for session_id in sessions:
            await work.sessions.seen(session_id, idle_s=self._idle_s)
        for refusal in refusals:
            await _record(work, refusal)

    async def _write_apart(self, usage: dict[Counter, _Sums], refusals: deque[_Refusal]) -> None:
        """Each row in its own transaction; usage of who is gone is dropped, refusals are kept by name alone."""
        for counter, sums in usage.items():
            try:
                async with self._database.write() as work:
                    await work.usage.add([_usage_row(counter, sums)])
            except (Conflict, Invalid) as error:
                log.info("usage of a deleted principal dropped", principal=counter[2], reason=error.detail)
        for refusal in refusals:
            try:
                async with self._database.write() as work:
                    await _record(work, refusal)
            except (Conflict, Invalid):
                async with self._database.write() as work:
                    await _record(work, refusal, by_name=True)

    def _put_back(
        self,
        usage: dict[Counter, _Sums],
        keys: dict[UUID, tuple[datetime, str]],
        sessions: set[UUID],
        refusals: deque[_Refusal],
    ) -> None:
        for counter, sums in usage.items():
            mine = self._usage.setdefault(counter, _Sums(sums.user_id, sums.api_key_id))
            mine.requests += sums.requests
            mine.duration_ms += sums.duration_ms
            mine.bytes_in += sums.bytes_in
            mine.bytes_out += sums.bytes_out
        self._keys = keys | self._keys
        self._sessions |= sessions
        room = max(0, MAX_REFUSALS - len(self._refusals))
        kept = list(refusals)[:room]
        AUDIT_DROPPED.inc(len(refusals) - len(kept))
        self._refusals.extendleft(reversed(kept))


async def _record(work: Work, refusal: _Refusal, *, by_name: bool = False) -> None:
    state, who = refusal.state, refusal.state.principal
    known = None if by_name else who
    await work.audit.record(
        f"{state.method.lower()} {state.route or UNMATCHED}"[:100],
        actor="anonymous" if who is None else who.email,
        outcome="refused",
        actor_id=None if known is None else known.user_id,
        api_key_id=known.credential_id if known and known.credential is Credential.API_KEY else None,
        tenant_id=None if known is None else known.tenant_id,
        resource_type="path",
        resource_id=_storable(state.path),
        address=state.address[:64],
        agent=_storable(state.agent),
        request_id=state.request_id,
        reason=f"{refusal.status} {state.refusal or ''}".strip(),
    )


def _usage_row(counter: Counter, sums: _Sums) -> UsageRow:
    tenant_id, day, principal, method, route, status_class = counter
    return UsageRow(
        tenant_id=tenant_id,
        day=day,
        principal=principal,
        method=method,
        route=route,
        status_class=status_class,
        requests=sums.requests,
        duration_ms=sums.duration_ms,
        bytes_in=sums.bytes_in,
        bytes_out=sums.bytes_out,
        user_id=sums.user_id,
        api_key_id=sums.api_key_id,
    )


def _storable(text: str) -> str:
    """A text from outside as a database takes it."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
