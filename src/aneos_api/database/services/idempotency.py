"""Answers that are given again when the same request comes again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from aneos_api.clock import after, utc_now
from aneos_api.database.models import IdempotencyKey
from aneos_api.database.services.base import Service
from aneos_api.errors import Conflict


@dataclass(frozen=True, slots=True)
class Replay:
    """The answer that was given before."""

    status_code: int
    response: Any
    headers: Mapping[str, str]


class IdempotencyService(Service):
    """Idempotency keys of one principal in one tenant."""

    async def begin(
        self, *, tenant_id: UUID, principal: str, key: str, request_hash: str, lifetime_s: float
    ) -> Replay | None:
        """Claim ``key``: None means go on and call :meth:`finish` in the same unit of work.

        The claim is stored with the work's other changes, so a request that fails leaves the key free. A second
        request waits for the first one's transaction. Raises Conflict when the key was used for another request.
        """
        await self.session.execute(
            delete(IdempotencyKey).where(
                IdempotencyKey.tenant_id == tenant_id,
                IdempotencyKey.principal == principal,
                IdempotencyKey.key == key,
                IdempotencyKey.expires_at < utc_now(),
            )
        )
        claimed = await self._change(
            self._insert(IdempotencyKey)
            .values(
                tenant_id=tenant_id,
                principal=principal,
                key=key,
                request_hash=request_hash,
                headers={},
                created_at=utc_now(),
                expires_at=after(lifetime_s),
            )
            .on_conflict_do_nothing()
        )
        if claimed == 1:
            return None
        stored = await self.session.scalar(
            select(IdempotencyKey).where(
                IdempotencyKey.tenant_id == tenant_id,
                IdempotencyKey.principal == principal,
                IdempotencyKey.key == key,
            )
        )
        if stored is None or stored.request_hash != request_hash:
            raise Conflict("this Idempotency-Key was used for another request")
        if stored.status_code is None:
            raise Conflict("the first request with this Idempotency-Key is still at work")
        return Replay(stored.status_code, stored.response, stored.headers)

    async def finish(
        self,
        *,
        tenant_id: UUID,
        principal: str,
        key: str,
        status_code: int,
        response: Any,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the answer."""
        await self.session.execute(
            update(IdempotencyKey)
            .where(
                IdempotencyKey.tenant_id == tenant_id,
                IdempotencyKey.principal == principal,
                IdempotencyKey.key == key,
            )
            .values(status_code=status_code, response=response, headers=dict(headers or {}))
        )

    async def purge(self) -> int:
        """Remove keys that have expired; how many."""
        return await self._change(delete(IdempotencyKey).where(IdempotencyKey.expires_at < utc_now()))
