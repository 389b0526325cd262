"""Logging in and out: password, second factor, lock-out, sessions and tokens, each step with its audit event.

A failed log-in says the same and takes as long whether the account does not exist, is switched off, or the password is
wrong. Failures are committed before the refusal goes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from aneos_api.authentication import duty_of
from aneos_api.clock import utc_now
from aneos_api.database.models import LoginSession, User
from aneos_api.database.unit import Work
from aneos_api.errors import Conflict, Forbidden, Invalid, Locked, RateLimited, Unauthorized
from aneos_api.observability.metrics import LOG_INS
from aneos_api.security import totp
from aneos_api.security.address import bucket_address
from aneos_api.security.csrf import new_csrf_token
from aneos_api.security.keys import digest, new_token
from aneos_api.security.limits import Limit
from aneos_api.security.passwords import weakness
from aneos_api.security.permissions import Credential, Principal, Role
from aneos_api.security.tokens import new_refresh_token

if TYPE_CHECKING:
    from uuid import UUID

    from aneos_api.context import Context
    from aneos_api.middleware.state import RequestState
    from aneos_api.schemas.people import LoginRequest

WRONG: Final = "E-mail address, password or code is wrong"


class SecondFactorRequired(Unauthorized):
    """The password was right; a code is needed too."""

    code = "totp_required"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser's new session; ``cookie`` is the secret value."""

    principal: Principal
    session: LoginSession
    cookie: str
    csrf_token: str


class LogIn:
    """The steps, for one request."""

    def __init__(self, context: Context, state: RequestState) -> None:
        self._context = context
        self._state = state
        self._security = context.settings.security

    async def with_cookie(self, given: LoginRequest) -> SignedIn:
        """A session for a browser."""
        user, second_factor = await self._prove(given)
        cookie, csrf = new_token(), new_csrf_token()
        async with self._context.database.write() as work:
            tenant_id, role = await self._place(work, user, given.tenant)
            session = await work.sessions.create(
                user_id=user.id,
                tenant_id=tenant_id,
                token_hash=digest(cookie),
                csrf_token=csrf,
                idle_s=self._security.session_idle_s,
                absolute_s=self._security.session_absolute_s,
                address=self._state.address[:64],
                agent=self._state.agent,
                second_factor=second_factor,
            )
            await self._note(work, "auth.login", user, tenant_id, "session", session.id)
        LOG_INS.labels("ok").inc()
        return SignedIn(
            self._principal(user, tenant_id, role, Credential.SESSION, session.id), session, cookie, csrf
        )

    async def with_tokens(self, given: LoginRequest) -> tuple[str, str]:
        """An access and a refresh token for a program."""
        user, second_factor = await self._prove(given)
        text, stored = new_refresh_token()
        async with self._context.database.write() as work:
            tenant_id, _ = await self._place(work, user, given.tenant)
            first = await work.sessions.issue_refresh(
                user_id=user.id,
                tenant_id=tenant_id,
                token_hash=stored,
                lifetime_s=self._security.refresh_token_s,
                second_factor=second_factor,
            )
            await self._note(work, "auth.token", user, tenant_id, "token_family", first.family_id)
        LOG_INS.labels("ok").inc()
        return self._access(user, tenant_id, first.family_id), text

    async def refresh(self, token: str) -> tuple[str, str]:
        """New tokens for a refresh token that was not used before."""
        await self._patience()
        text, stored = new_refresh_token()
        async with self._context.database.write() as work:
            outcome = await work.sessions.use_refresh(
                digest(token), next_hash=stored, lifetime_s=self._security.refresh_token_s
            )
            if outcome.reused:
                await work.audit.record(
                    "auth.refresh_reused", actor="anonymous", outcome="refused", **self._where()
                )
        if outcome.token is None or outcome.user is None:
            self._context.authenticator.forget()
            self._refuse("refresh_reused" if outcome.reused else "refresh", noted=outcome.reused)
            raise Unauthorized("The refresh token is not valid; log in again")
        user, family = outcome.user, outcome.token.family_id
        return self._access(user, outcome.token.tenant_id, family), text

    async def out(self, who: Principal) -> None:
        """End the session or the family of tokens."""
        async with self._context.database.write() as work:
            if who.credential is Credential.SESSION:
                await work.sessions.revoke(who.credential_id, user_id=who.user_id)
            elif who.credential is Credential.TOKEN:
                await work.sessions.revoke_family(who.credential_id)
            else:
                raise Conflict("An API key has no session to end; revoke the key instead")
            user = await work.users.get(who.user_id)
            await self._note(work, "auth.logout", user, who.tenant_id, str(who.credential), who.credential_id)
        self._context.authenticator.forget()

    async def change_password(self, who: Principal, current: str, new: str) -> None:
        """A new password, given the current one. Ends every session and token of the user."""
        user = await self._confirm_password(who, current)
        why = weakness(new, user.email.partition("@")[0], min_length=self._security.password_min_length)
        if why is not None:
            raise Invalid(why, field="new")
        if (await self._context.passwords.check(new, user.password_hash)).ok:
            raise Invalid("the new password is the old one", field="new")
        hashed = await self._context.passwords.hash(new)
        async with self._context.database.write() as work:
            await work.users.set_password(user.id, hashed)
            await self._note(work, "auth.password", user, who.tenant_id, "user", user.id)
        self._context.authenticator.forget()

    async def enrol(self, who: Principal) -> tuple[str, str]:
        """A new TOTP secret, kept encrypted and not asked for yet."""
        secret = totp.new_secret()
        async with self._context.database.write() as work:
            user = await work.users.get(who.user_id)
            if user.totp_enabled:
                raise Conflict("The second factor is set up already; disable it first")
            await work.users.set_totp(user.id, self._context.vault.seal(secret), enabled=False)
            await self._note(work, "auth.totp_enrol", user, who.tenant_id, "user", user.id)
        return secret, totp.provisioning_uri(secret, user.email, self._security.totp_issuer)

    async def confirm(self, who: Principal, code: str) -> tuple[str, ...]:
        """Ask for the second factor from now on; gives the recovery codes."""
        await self._patience(who.email)
        codes = totp.new_recovery_codes()
        async with self._context.database.write() as work:
            user = await work.users.get(who.user_id)
            if user.totp_secret is None or user.totp_enabled:
                raise Conflict("No second factor is being set up: enrol first")
            step = totp.accepted_step(self._context.vault.open(user.totp_secret), code, None)
            if step is None:
                raise Invalid("the code is wrong or too old", field="code")
            await work.users.enable_totp(user.id, step=step)
            await work.users.replace_recovery_codes(user.id, codes.hashed)
            await self._note(work, "auth.totp_confirm", user, who.tenant_id, "user", user.id)
        self._context.authenticator.forget()
        return codes.shown

    async def disable(self, who: Principal, password: str, code: str) -> None:
        """Remove the second factor."""
        user = await self._confirm_password(who, password)
        if not user.totp_enabled:
            raise Conflict("No second factor is set up")
        if not await self._second_factor(user, code):
            await self._failed(user, who.email, "code")
        async with self._context.database.write() as work:
            await work.users.set_totp(user.id, None, enabled=False)
            await self._note(work, "auth.totp_disable", user, who.tenant_id, "user", user.id)
        self._context.authenticator.forget()

    async def _prove(self, given: LoginRequest) -> tuple[User, bool]:
        """The user whose password and code these are, and whether a code was used."""
        email = given.email.strip().lower()
        await self._patience(email)
        async with self._context.database.read() as work:
            user = await work.users.by_email(email)
        self._check_lock(user, email)
        usable = user is not None and user.active
        checked = await self._context.passwords.check(
            given.password, user.password_hash if user is not None and usable else None
        )
        if user is None or not checked.ok:
            await self._failed(user, email, "password")
        if user.totp_enabled:
            if given.code is None:
                raise SecondFactorRequired("Send the code of your authenticator too")
            if not await self._second_factor(user, given.code):
                await self._failed(user, email, "code")
        async with self._context.database.write() as work:
            user = await work.users.login_succeeded(user.id, password_hash=checked.replacement)
        return user, user.totp_enabled

    async def _confirm_password(self, who: Principal, password: str) -> User:
        await self._patience(who.email)
        async with self._context.database.read() as work:
            user = await work.users.get(who.user_id)
        self._check_lock(user, user.email)
        if not (await self._context.passwords.check(password, user.password_hash)).ok:
            await self._failed(user, user.email, "password")
        return user

    async def _second_factor(self, user: User, code: str) -> bool:
        """Whether the code is the authenticator's (each counts once) or an unused recovery code."""
        secret = self._context.vault.open(user.totp_secret or "")
        step = totp.accepted_step(secret, code.replace(" ", ""), user.totp_last_step)
        async with self._context.database.write() as work:
            if step is not None:
                return await work.users.accept_totp_step(user.id, step)
            return await work.users.use_recovery_code(user.id, totp.hash_recovery_code(code))

    async def _failed(self, user: User | None, email: str, what: str) -> NoReturn:
        """Count the failure and refuse."""
        LOG_INS.labels(f"wrong_{what}").inc()
        async with self._context.database.write() as work:
            if user is not None:
                attempts, lock_s = self._security.lockout_attempts, self._security.lockout_s
                await work.users.login_failed(user.id, attempts=attempts, lock_s=lock_s)
            await work.audit.record(
                "auth.login",
                actor=email,
                actor_id=None if user is None else user.id,
                outcome="refused",
                reason=f"wrong {what}",
                **self._where(),
            )
        if user is None:
            self._context.phantoms.failed(email)
        self._refuse(f"wrong_{what}", noted=True)
        raise Unauthorized(WRONG)

    def _check_lock(self, user: User | None, email: str) -> None:
        left = self._context.phantoms.locked_for(email)
        if user is not None:
            left = 0.0 if user.locked_until is None else (user.locked_until - utc_now()).total_seconds()
        if left > 0:
            LOG_INS.labels("locked").inc()
            self._refuse("locked", noted=False)
            raise Locked("Too many failed log-ins; wait before you try again", retry_after=left)

    async def _patience(self, email: str | None = None) -> None:
        """Attempts per address and per account, whether they succeed or not."""
        limits = self._context.settings.limits
        if not limits.enabled:
            return
        rate = Limit.per_minute(limits.login_per_minute, 60.0)
        keys = [f"login-address:{bucket_address(self._state.address)}"]
        if email is not None:
            keys.append(f"login-name:{digest(email)}")
        for key in keys:
            decision = await self._context.limiter.take(key, rate)
            if not decision.allowed:
                raise RateLimited(
                    "Too many log-ins; wait before you try again", retry_after=decision.retry_after
                )

    async def _place(self, work: Work, user: User, slug: str | None) -> tuple[UUID, Role]:
        """The organisation to act in, and the role there."""
        for tenant, role in await work.tenants.memberships(user.id):
            if slug is None or tenant.slug == slug:
                return tenant.id, Role(role)
        raise Forbidden(
            "You are no member of this organisation" if slug else "You are no member of any organisation"
        )

    def _access(self, user: User, tenant_id: UUID, family_id: UUID) -> str:
        return self._context.tokens.issue(
            user_id=user.id, tenant_id=tenant_id, family_id=family_id, version=user.token_version
        )

    def _principal(
        self, user: User, tenant_id: UUID, role: Role, credential: Credential, credential_id: UUID
    ) -> Principal:
        duty = duty_of(user, role, totp_for_admins=self._security.totp_required_for_admins)
        return Principal(
            user.id, user.email, tenant_id, role, credential, credential_id, user.superuser, duty=duty
        )

    def _refuse(self, reason: str, *, noted: bool) -> None:
        self._state.refusal = reason
        self._state.audited = noted

    def _where(self) -> dict[str, Any]:
        state = self._state
        return {"address": state.address[:64], "agent": state.agent, "request_id": state.request_id}

    async def _note(
        self, work: Work, action: str, user: User, tenant_id: UUID, resource_type: str, resource_id: object
    ) -> None:
        await work.audit.record(
            action,
            actor=user.email,
            actor_id=user.id,
            tenant_id=tenant_id,
            resource_type=resource_type,
            resource_id=resource_id,
            **self._where(),
        )
