"""Log-in sessions by cookie, chains of refresh tokens, refused access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update

from aneos_api.clock import after, utc_now
from aneos_api.database.models import LoginSession, Membership, RefreshToken, RevokedToken, Tenant, User
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.database.types import uuid7
from aneos_api.errors import NotFound

SESSIONS: Final = Listing(
    LoginSession.id,
    {
        "user_id": LoginSession.user_id,
        "created_at": LoginSession.created_at,
        "last_seen_at": LoginSession.last_seen_at,
        "expires_at": LoginSession.expires_at,
        "address": LoginSession.address,
    },
    default="-created_at",
)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Outcome of showing a refresh token. ``reused`` means that it was stolen: its whole family has been revoked."""

    token: RefreshToken | None
    user: User | None = None
    membership: Membership | None = None
    reused: bool = False


class SessionService(Service):
    """What keeps people logged in."""

    async def create(
        self,
        *,
        user_id: UUID,
        tenant_id: UUID,
        token_hash: str,
        csrf_token: str,
        idle_s: float,
        absolute_s: float,
        address: str | None = None,
        agent: str | None = None,
        second_factor: bool = False,
    ) -> LoginSession:
        """A new session: ends after ``idle_s`` seconds without a request, and after ``absolute_s`` in any case."""
        now = utc_now()
        return await self._add(
            LoginSession(
                user_id=user_id,
                tenant_id=tenant_id,
                token_hash=token_hash,
                csrf_token=csrf_token,
                address=address,
                agent=None if agent is None else agent[:400],
                second_factor=second_factor,
                last_seen_at=now,
                idle_expires_at=now + timedelta(seconds=min(idle_s, absolute_s)),
                expires_at=now + timedelta(seconds=absolute_s),
            )
        )

    async def valid(self, token_hash: str) -> tuple[LoginSession, User, Membership] | None:
        """The session with its user and membership, when all are in force."""
        now = utc_now()
        row = (
            await self.session.execute(
                select(LoginSession, User, Membership)
                .join(User, User.id == LoginSession.user_id)
                .join(
                    Membership,
                    (Membership.user_id == User.id) & (Membership.tenant_id == LoginSession.tenant_id),
                )
                .join(Tenant, Tenant.id == LoginSession.tenant_id)
                .where(
                    LoginSession.token_hash == token_hash,
                    LoginSession.revoked_at.is_(None),
                    LoginSession.idle_expires_at > now,
                    LoginSession.expires_at > now,
                    User.active,
                    Tenant.active,
                )
            )
        ).one_or_none()
        return None if row is None else (row[0], row[1], row[2])

    async def seen(self, session_id: UUID, *, idle_s: float) -> None:
        """Note a request: the idle time starts again, within the absolute limit."""
        row = await self.session.get(LoginSession, session_id)
        if row is None:
            return
        row.last_seen_at = utc_now()
        row.idle_expires_at = min(after(idle_s), row.expires_at)
        await self.session.flush()

    async def page(
        self, tenant_id: UUID, request: PageRequest, *, user_id: UUID | None = None
    ) -> Page[LoginSession]:
        """Sessions in force in a tenant, or of one user in it."""
        now = utc_now()
        statement = select(LoginSession).where(
            LoginSession.tenant_id == tenant_id,
            LoginSession.revoked_at.is_(None),
            LoginSession.idle_expires_at > now,
            LoginSession.expires_at > now,
        )
        if user_id is not None:
            statement = statement.where(LoginSession.user_id == user_id)
        return await SESSIONS.page(self.session, statement, request)

    async def revoke(
        self, session_id: UUID, *, tenant_id: UUID | None = None, user_id: UUID | None = None
    ) -> LoginSession:
        """End one session. Raises NotFound when it is not of this tenant or user."""
        row = await self._get(LoginSession, session_id, "session", tenant_id=tenant_id)
        if user_id is not None and row.user_id != user_id:
            raise NotFound("there is no such session")
        row.revoked_at = row.revoked_at or utc_now()
        await self.session.flush()
        return row

    async def issue_refresh(
        self,
        *,
        user_id: UUID,
        tenant_id: UUID,
        token_hash: str,
        lifetime_s: float,
        family_id: UUID | None = None,
        second_factor: bool = False,
    ) -> RefreshToken:
        """The first token of a new family, or the next one of ``family_id``."""
        return await self._add(
            RefreshToken(
                user_id=user_id,
                tenant_id=tenant_id,
                family_id=family_id or uuid7(),
                token_hash=token_hash,
                second_factor=second_factor,
                expires_at=after(lifetime_s),
            )
        )

    async def use_refresh(self, token_hash: str, *, next_hash: str, lifetime_s: float) -> Refreshed:
        """Exchange a refresh token for the next one, exactly once.

        Of two callers with the same token one gets the next; showing a used token revokes the family.
        """
        now = utc_now()
        used = await self._change(
            update(RefreshToken)
            .where(
                RefreshToken.token_hash == token_hash,
                RefreshToken.used_at.is_(None),
                RefreshToken.revoked_at.is_(None),
                RefreshToken.expires_at > now,
            )
            .values(used_at=now)
        )
        old = await self.session.scalar(select(RefreshToken).where(RefreshToken.token_hash == token_hash))
        if used == 0 or old is None:
            reused = old is not None and old.used_at is not None
            if old is not None and reused:
                await self.revoke_family(old.family_id)
            return Refreshed(None, reused=reused)
        row = (
            await self.session.execute(
                select(User, Membership)
                .join(Membership, (Membership.user_id == User.id) & (Membership.tenant_id == old.tenant_id))
                .join(Tenant, Tenant.id == Membership.tenant_id)
                .where(User.id == old.user_id, User.active, Tenant.active)
            )
        ).one_or_none()
        if row is None:
            await self.revoke_family(old.family_id)
            return Refreshed(None)
        fresh = await self.issue_refresh(
            user_id=old.user_id,
            tenant_id=old.tenant_id,
            token_hash=next_hash,
            lifetime_s=lifetime_s,
            family_id=old.family_id,
            second_factor=old.second_factor,
        )
        await self.session.execute(
            update(RefreshToken).where(RefreshToken.id == old.id).values(replaced_by_id=fresh.id)
        )
        return Refreshed(fresh, row[0], row[1])

    async def revoke_refresh(self, token_hash: str) -> bool:
        """End the family of this refresh token (log-out); whether there was one."""
        old = await self.session.scalar(select(RefreshToken).where(RefreshToken.token_hash == token_hash))
        if old is None:
            return False
        await self.revoke_family(old.family_id)
        return True

    async def revoke_family(self, family_id: UUID) -> None:
        await self.session.execute(
            update(RefreshToken)
            .where(RefreshToken.family_id == family_id, RefreshToken.revoked_at.is_(None))
            .values(revoked_at=utc_now())
        )

    async def revoke_access(self, jti: str, *, expires_at: datetime) -> None:
        """Refuse this access token until it expires."""
        statement = self._insert(RevokedToken).values(jti=jti, expires_at=expires_at, created_at=utc_now())
        await self.session.execute(statement.on_conflict_do_nothing())
        self._touch("tokens")

    async def access_revoked(self, jti: str) -> bool:
        return await self.session.get(RevokedToken, jti) is not None

    async def purge(self, *, keep_days: int = 30) -> int:
        """Remove what expired more than ``keep_days`` ago; how many rows went."""
        limit = after(-keep_days * 86400)
        removed = await self._change(delete(RevokedToken).where(RevokedToken.expires_at < utc_now()))
        removed += await self._change(delete(RefreshToken).where(RefreshToken.expires_at < limit))
        removed += await self._change(delete(LoginSession).where(LoginSession.expires_at < limit))
        return removed
