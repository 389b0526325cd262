"""Idempotency: a POST that creates something may be sent again without creating it twice.

The client names its request in ``Idempotency-Key``. The same key with the same request brings the same reply again;
with another request it is a conflict. Replies that hold a secret are kept encrypted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from aneos_api.context import context_of
from aneos_api.dependencies import Change, Changing
from aneos_api.middleware.state import state_of
from aneos_api.security.permissions import Principal

Reply = TypeVar("Reply", bound=BaseModel)

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="any text of your choice: sending the request again with the same key creates nothing new",
    ),
]


class Once:
    """Runs the making of something once per key."""

    def __init__(self, request: Request, key: str | None) -> None:
        self._request = request
        self._key = key
        self._context = context_of(request)

    async def make(
        self,
        changes: Changing,
        who: Principal,
        body: BaseModel,
        make: Callable[[Change], Awaitable[Reply]],
        *,
        status: int = 201,
        secret: bool = False,
    ) -> Reply | Response:
        """The reply of ``make``, or the one that it gave before for this key."""
        async with changes.begin() as change:
            if self._key is None:
                return await make(change)
            owner: dict[str, Any] = {"tenant_id": who.tenant_id, "principal": who.key[:80], "key": self._key}
            replay = await change.work.idempotency.begin(
                **owner,
                request_hash=self._hash(body),
                lifetime_s=self._context.settings.limits.idempotency_s,
            )
            if replay is not None:
                await change.note("idempotency.replay", "path", state_of(self._request.scope).path)
                response = self._opened(replay.response)
                return JSONResponse(response, replay.status_code, {"Idempotency-Replayed": "true"})
            reply = await make(change)
            stored: Any = reply.model_dump(mode="json", by_alias=True)
            if secret:
                stored = {"sealed": self._context.vault.seal(json.dumps(stored))}
            await change.work.idempotency.finish(**owner, status_code=status, response=stored)
            return reply

    def _hash(self, body: BaseModel) -> str:
        state = state_of(self._request.scope)
        told = f"{state.method} {state.path} {body.model_dump_json()}"
        return hashlib.sha256(told.encode()).hexdigest()

    def _opened(self, stored: Any) -> Any:
        if isinstance(stored, dict) and set(stored) == {"sealed"}:
            return json.loads(self._context.vault.open(stored["sealed"]))
        return stored


async def _once(request: Request, key: Key = None) -> Once:
    return Once(request, key)


Idempotent = Annotated[Once, Depends(_once)]
