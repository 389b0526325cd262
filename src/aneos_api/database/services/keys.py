"""API keys: found by prefix, proved by hash, bound to a user and a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select, update

from aneos_api.clock import after, utc_now
from aneos_api.database.models import ApiKey, Membership, Tenant, User
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.errors import Conflict

KEYS: Final = Listing(
    ApiKey.id,
    {
        "name": ApiKey.name,
        "prefix": ApiKey.prefix,
        "role": ApiKey.role,
        "user_id": ApiKey.user_id,
        "created_at": ApiKey.created_at,
        "expires_at": ApiKey.expires_at,
        "revoked_at": ApiKey.revoked_at,
        "last_used_at": ApiKey.last_used_at,
    },
    default="-created_at",
)


class KeyService(Service):
    """API keys of one tenant."""

    async def create(
        self,
        *,
        tenant_id: UUID,
        user_id: UUID,
        name: str,
        prefix: str,
        key_hash: str,
        role: str,
        scopes: Sequence[str] = (),
        expires_at: datetime | None = None,
        rate_per_minute: int | None = None,
        rotated_from_id: UUID | None = None,
    ) -> ApiKey:
        """Store a new key; the key itself is never stored."""
        return await self._add(
            ApiKey(
                tenant_id=tenant_id,
                user_id=user_id,
                name=name,
                prefix=prefix,
                key_hash=key_hash,
                role=role,
                scopes=list(scopes),
                expires_at=expires_at,
                rate_per_minute=rate_per_minute,
                rotated_from_id=rotated_from_id,
            )
        )

    async def get(self, key_id: UUID, *, tenant_id: UUID) -> ApiKey:
        return await self._get(ApiKey, key_id, "API key", tenant_id=tenant_id)

    async def valid(self, prefix: str) -> tuple[ApiKey, User, Membership] | None:
        """The key with this prefix, its user and membership, when key, user, membership and tenant are in force."""
        row = (
            await self.session.execute(
                select(ApiKey, User, Membership)
                .join(User, User.id == ApiKey.user_id)
                .join(
                    Membership, (Membership.user_id == User.id) & (Membership.tenant_id == ApiKey.tenant_id)
                )
                .join(Tenant, Tenant.id == ApiKey.tenant_id)
                .where(
                    ApiKey.prefix == prefix,
                    or_(ApiKey.revoked_at.is_(None), ApiKey.revoked_at > utc_now()),
                    or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > utc_now()),
                    User.active,
                    Tenant.active,
                )
            )
        ).one_or_none()
        return None if row is None else (row[0], row[1], row[2])

    async def page(
        self, tenant_id: UUID, request: PageRequest, *, user_id: UUID | None = None
    ) -> Page[ApiKey]:
        """Keys of a tenant, or of one user in it."""
        statement = select(ApiKey).where(ApiKey.tenant_id == tenant_id)
        if user_id is not None:
            statement = statement.where(ApiKey.user_id == user_id)
        return await KEYS.page(self.session, statement, request)

    async def revoke(self, key_id: UUID, *, tenant_id: UUID) -> ApiKey:
        """End a key now. Revoking it again changes nothing."""
        key = await self.get(key_id, tenant_id=tenant_id)
        if key.revoked_at is None or key.revoked_at > utc_now():
            key.revoked_at = utc_now()
            await self.session.flush()
        self._touch("keys", tenant_id)
        return key

    async def rotate(
        self, key_id: UUID, *, tenant_id: UUID, prefix: str, key_hash: str, overlap_s: float = 0.0
    ) -> ApiKey:
        """A new key in the place of an old one, which still works for ``overlap_s`` seconds."""
        old = await self.get(key_id, tenant_id=tenant_id)
        if old.revoked_at is not None:
            raise Conflict("the key was revoked or rotated before")
        old.revoked_at = after(overlap_s)
        self._touch("keys", tenant_id)
        return await self.create(
            tenant_id=tenant_id,
            user_id=old.user_id,
            name=old.name,
            prefix=prefix,
            key_hash=key_hash,
            role=old.role,
            scopes=old.scopes,
            expires_at=old.expires_at,
            rate_per_minute=old.rate_per_minute,
            rotated_from_id=old.id,
        )

    async def used(self, key_id: UUID, *, at: datetime, address: str | None) -> None:
        """Note the last use."""
        await self.session.execute(
            update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=at, last_used_from=address)
        )
