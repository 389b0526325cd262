"""Whether an access token still counts: asked once for each token and few seconds, so it is one statement."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, select

from aneos_api.database.models import Membership, RefreshToken, RevokedToken, Tenant, User
from aneos_api.database.services.base import Service


class AccessService(Service):
    """Reads only."""

    async def token_holder(
        self, *, user_id: UUID, tenant_id: UUID, family_id: UUID, version: int, token_id: str
    ) -> tuple[User, Membership] | None:
        """User and membership of an access token; None when user, tenant, family or the token itself has ended."""
        ended = exists().where(RefreshToken.family_id == family_id, RefreshToken.revoked_at.is_not(None))
        refused = exists().where(RevokedToken.jti == token_id)
        row = (
            await self.session.execute(
                select(User, Membership)
                .join(Membership, Membership.user_id == User.id)
                .join(Tenant, Tenant.id == Membership.tenant_id)
                .where(
                    User.id == user_id,
                    User.active,
                    User.token_version == version,
                    Membership.tenant_id == tenant_id,
                    Tenant.active,
                    ~ended,
                    ~refused,
                )
            )
        ).one_or_none()
        return None if row is None else (row[0], row[1])
