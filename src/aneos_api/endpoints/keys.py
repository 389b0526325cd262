"""``admin/api-keys``: keys for programs, each shown once."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from aneos_api.clock import utc_now
from aneos_api.database.services.keys import KEYS
from aneos_api.dependencies import Admin, Change, Changes, Ctx, Paged, Reading
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.errors import Forbidden, Invalid
from aneos_api.schemas.common import Request
from aneos_api.schemas.people import KeyCreate, KeyReply, KeyRow, NewKeyReply
from aneos_api.security.keys import new_key
from aneos_api.security.permissions import Permission, delegable

router = APIRouter(prefix="/api/v1/admin/api-keys", tags=["admin"])


class KeyRotate(Request):
    overlap_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = Field(
        0, description="seconds for which the old key still works"
    )


@router.get(
    "",
    response_model=page_of(KeyRow),
    operation_id="key_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(KEYS),
)
async def keys(who: Admin, work: Reading, paging: Paged) -> Any:
    """Keys of the organisation; the keys themselves are never shown again."""
    return reply(await work.keys.page(who.tenant_id, paging.request), KeyRow, paging)


@router.post("", response_model=NewKeyReply, operation_id="key_create", status_code=201)
async def create(body: KeyCreate, who: Admin, changes: Changes, once: Idempotent) -> NewKeyReply | Response:
    """Make a key. The reply shows it this once. It can do what its role may, narrowed by its scopes."""
    scopes = frozenset(Permission(scope) for scope in body.scopes)
    if not delegable(who, scopes):
        raise Forbidden("A key cannot be given a scope that you do not have")
    expires = body.expires_at
    if expires is not None:
        expires = expires.replace(tzinfo=UTC) if expires.tzinfo is None else expires
        if expires <= utc_now():
            raise Invalid("lies in the past", field="expires_at")

    async def make(change: Change) -> NewKeyReply:
        fresh = new_key()
        row = await change.work.keys.create(
            tenant_id=who.tenant_id,
            user_id=who.user_id,
            name=body.name,
            prefix=fresh.prefix,
            key_hash=fresh.digest,
            role=body.role,
            scopes=sorted(scopes),
            expires_at=expires,
            rate_per_minute=body.rate_per_minute,
        )
        after = {"name": body.name, "prefix": fresh.prefix, "role": str(body.role), "scopes": sorted(scopes)}
        await change.note("key.create", "api_key", row.id, after=after)
        return NewKeyReply(key=KeyRow.model_validate(row), secret=fresh.text)

    return await once.make(changes, who, body, make, secret=True)


@router.post("/{key_id}/rotate", operation_id="key_rotate", status_code=201)
async def rotate(key_id: UUID, body: KeyRotate, who: Admin, ctx: Ctx, changes: Changes) -> NewKeyReply:
    """A new key in the place of an old one, with the same rights."""
    fresh = new_key()
    async with changes.begin() as change:
        row = await change.work.keys.rotate(
            key_id,
            tenant_id=who.tenant_id,
            prefix=fresh.prefix,
            key_hash=fresh.digest,
            overlap_s=body.overlap_s,
        )
        after = {"new": str(row.id), "prefix": fresh.prefix, "overlap_s": body.overlap_s}
        await change.note("key.rotate", "api_key", key_id, after=after)
        shown = NewKeyReply(key=KeyRow.model_validate(row), secret=fresh.text)
    ctx.authenticator.forget()
    return shown


@router.delete("/{key_id}", operation_id="key_revoke")
async def revoke(key_id: UUID, who: Admin, ctx: Ctx, changes: Changes) -> KeyReply:
    """End a key now. It stays in the list, for the record."""
    async with changes.begin() as change:
        row = await change.work.keys.revoke(key_id, tenant_id=who.tenant_id)
        await change.note("key.revoke", "api_key", key_id, before={"name": row.name, "prefix": row.prefix})
        shown = KeyReply(key=KeyRow.model_validate(row))
    ctx.authenticator.forget()
    return shown
