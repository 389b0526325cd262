"""People: accounts, log-in state, second factor. Passwords and codes arrive hashed, secrets encrypted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from aneos_api.clock import after, utc_now
from aneos_api.database.models import LoginSession, Membership, RecoveryCode, RefreshToken, User
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service, apply
from aneos_api.database.services.tenants import TenantService
from aneos_api.errors import Conflict, NotFound

USERS: Final = Listing(
    User.id,
    {
        "email": User.email,
        "name": User.name,
        "active": User.active,
        "superuser": User.superuser,
        "totp_enabled": User.totp_enabled,
        "last_login_at": User.last_login_at,
        "created_at": User.created_at,
    },
    default="email",
)
CHANGEABLE: Final = frozenset({"name", "email", "active", "superuser", "must_change_password"})


class UserService(Service):
    """Users of all tenants; lists are of one tenant."""

    async def create(
        self,
        *,
        email: str,
        password_hash: str,
        tenant_id: UUID,
        role: str,
        name: str = "",
        superuser: bool = False,
        must_change_password: bool = False,
    ) -> User:
        """A new user as a member of a tenant. Raises Conflict when the address is taken."""
        email = email.strip().lower()
        if await self.by_email(email) is not None:
            raise Conflict("there is a user with this e-mail address already")
        user = await self._add(
            User(
                email=email,
                name=name,
                password_hash=password_hash,
                password_changed_at=utc_now(),
                superuser=superuser,
                must_change_password=must_change_password,
            )
        )
        await TenantService(self.session).set_role(user.id, tenant_id, role)
        return user

    async def create_first_admin(self, *, email: str, password_hash: str) -> User | None:
        """The first user, admin of the tenant ``default``; None when there are users already."""
        if await self.any():
            return None
        tenants = TenantService(self.session)
        tenant = await tenants.by_slug("default") or await tenants.create(slug="default", name="Default")
        return await self.create(
            email=email,
            password_hash=password_hash,
            tenant_id=tenant.id,
            role="admin",
            superuser=True,
            must_change_password=True,
        )

    async def any(self) -> bool:
        """Whether there is a user at all."""
        return await self.session.scalar(select(User.id).limit(1)) is not None

    async def get(self, user_id: UUID, *, tenant_id: UUID | None = None) -> User:
        """The user; with ``tenant_id`` only when a member there. Raises NotFound."""
        user = await self._get(User, user_id, "user")
        if tenant_id is not None and await TenantService(self.session).membership(user_id, tenant_id) is None:
            raise NotFound("there is no such user")
        return user

    async def by_email(self, email: str) -> User | None:
        return await self.session.scalar(select(User).where(User.email == email.strip().lower()))

    async def page(self, tenant_id: UUID, request: PageRequest) -> Page[tuple[User, str]]:
        """Members of a tenant with their role."""
        statement = (
            select(User, Membership.role)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.tenant_id == tenant_id)
        )
        return await USERS.page(self.session, statement, request)

    async def update(self, user_id: UUID, **changes: Any) -> tuple[User, dict[str, tuple[Any, Any]]]:
        """Change name, email, active, superuser, must_change_password; gives (before, after) of each change.

        A user who is switched off loses all sessions and tokens.
        """
        user = await self.get(user_id)
        if "email" in changes:
            changes["email"] = str(changes["email"]).strip().lower()
            other = await self.by_email(changes["email"])
            if other is not None and other.id != user_id:
                raise Conflict("there is a user with this e-mail address already")
        changed = apply(user, changes, CHANGEABLE)
        await self.session.flush()
        if changed.get("active") == (True, False):
            await self.revoke_all(user_id)
        return user, changed

    async def delete(self, user_id: UUID) -> None:
        """Remove the user with keys, sessions and memberships; what they made stays, without their name."""
        await self.session.delete(await self.get(user_id))
        await self.session.flush()

    async def set_password(self, user_id: UUID, password_hash: str, *, must_change: bool = False) -> User:
        """A new password; all sessions and tokens end."""
        user = await self.get(user_id)
        user.password_hash = password_hash
        user.password_changed_at = utc_now()
        user.must_change_password = must_change
        user.failed_logins = 0
        user.locked_until = None
        await self.revoke_all(user_id)
        return user

    async def login_failed(self, user_id: UUID, *, attempts: int, lock_s: float) -> User:
        """Count a failed log-in; with the ``attempts``-th the account is locked for ``lock_s`` seconds."""
        await self.session.execute(
            update(User)
            .where(User.id == user_id)
            .values(failed_logins=User.failed_logins + 1)
            .execution_options(synchronize_session=False)
        )
        user = await self.get(user_id)
        await self.session.refresh(user)
        if user.failed_logins >= attempts:
            user.failed_logins = 0
            user.locked_until = after(lock_s)
            await self.session.flush()
        return user

    async def login_succeeded(self, user_id: UUID, *, password_hash: str | None = None) -> User:
        """Note a log-in. ``password_hash`` replaces the stored one when it was made with older parameters."""
        user = await self.get(user_id)
        user.failed_logins = 0
        user.locked_until = None
        user.last_login_at = utc_now()
        if password_hash is not None:
            user.password_hash = password_hash
        await self.session.flush()
        return user

    async def revoke_all(self, user_id: UUID) -> None:
        """End every session, refresh token and access token of the user."""
        now = utc_now()
        await self.session.execute(
            update(User).where(User.id == user_id).values(token_version=User.token_version + 1)
        )
        await self.session.execute(
            update(LoginSession)
            .where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        await self.session.execute(
            update(RefreshToken)
            .where(RefreshToken.user_id == user_id, RefreshToken.revoked_at.is_(None))
            .values(revoked_at=now)
        )

    async def set_totp(self, user_id: UUID, encrypted_secret: str | None, *, enabled: bool) -> User:
        """Store the second factor's secret (None removes it) and whether it is asked for."""
        user = await self.get(user_id)
        user.totp_enabled = enabled and encrypted_secret is not None
        user.totp_secret = encrypted_secret
        user.totp_last_step = None
        await self.session.flush()
        if encrypted_secret is None:
            await self.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        return user

    async def enable_totp(self, user_id: UUID, *, step: int) -> User:
        """Ask for the second factor from now on; ``step`` is the time step of the code that confirmed it."""
        user = await self.get(user_id)
        if user.totp_secret is None:
            raise Conflict("no second factor is being set up")
        user.totp_enabled = True
        user.totp_last_step = step
        await self.session.flush()
        return user

    async def accept_totp_step(self, user_id: UUID, step: int) -> bool:
        """Take a code's time step once: False when it or a later one was taken before."""
        taken = await self._change(
            update(User)
            .where(User.id == user_id, or_(User.totp_last_step.is_(None), User.totp_last_step < step))
            .values(totp_last_step=step)
        )
        return taken == 1

    async def replace_recovery_codes(self, user_id: UUID, hashes: Iterable[str]) -> None:
        """New recovery codes; the old ones end."""
        await self.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        self.session.add_all([RecoveryCode(user_id=user_id, code_hash=code) for code in hashes])
        await self.session.flush()

    async def use_recovery_code(self, user_id: UUID, code_hash: str) -> bool:
        """Use up a recovery code: False when there is none like it, or it was used before."""
        used = await self._change(
            update(RecoveryCode)
            .where(
                RecoveryCode.user_id == user_id,
                RecoveryCode.code_hash == code_hash,
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=utc_now())
        )
        return used == 1

    async def recovery_codes_left(self, user_id: UUID) -> int:
        codes = await self.session.scalars(
            select(RecoveryCode.id).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        )
        return len(codes.all())
