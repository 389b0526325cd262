"""From a credential to a principal: checked against the database, remembered for a few seconds.

A log-out, a revoked key or a changed role counts at once in the process that made the change, and within
:data:`REMEMBER_S` in the others. Requests that ask for the same credential at the same time share one look into the
database: a crowd behind one key must not become a crowd before the database whenever what is remembered grows old.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Final
from uuid import UUID

from aneos_api.database.database import Database
from aneos_api.database.models import Membership, User
from aneos_api.database.quick import QuickReads
from aneos_api.database.services.access import AccessService
from aneos_api.database.unit import Work
from aneos_api.errors import Unauthorized
from aneos_api.middleware.gate import Identified, Presented
from aneos_api.security.keys import digest, matches, prefix_of
from aneos_api.security.limits import Limit
from aneos_api.security.permissions import Credential, Duty, Permission, Principal, Role
from aneos_api.security.tokens import TokenError, TokenIssuer
from aneos_api.settings import Settings

REMEMBER_S: Final = 5.0
"""Seconds for which a checked credential is believed without asking the database again."""

MAX_REMEMBERED: Final = 10_000
ORDER: Final = (Role.VIEWER, Role.ANALYST, Role.ADMIN)


class Authenticator:
    """Checks sessions, API keys and access tokens."""

    def __init__(
        self, database: Database, quick: QuickReads, tokens: TokenIssuer, settings: Settings
    ) -> None:
        self._database = database
        self._quick = quick
        self._tokens = tokens
        self._totp_for_admins = settings.security.totp_required_for_admins
        self._burst_s = settings.limits.burst_s
        self._has_replica = settings.database.replica_url is not None
        self._known: OrderedDict[str, tuple[float, Identified]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Identified]] = {}

    async def identify(self, presented: Presented) -> Identified:
        """Who presents this. Raises Unauthorized where it does not hold."""
        name = digest(f"{presented.kind}:{presented.secret}")
        known = self._known.get(name)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        asking = self._asking.get(name)
        if asking is None:
            asking = asyncio.create_task(self._check(presented))
            self._asking[name] = asking
            asking.add_done_callback(lambda done: self._settle(name, done))
        return await asyncio.shield(asking)  # who gives up does not end it for the others

    def _settle(self, name: str, asked: asyncio.Task[Identified]) -> None:
        """Remember what was found, unless :meth:`forget` has been called since the database was asked."""
        if self._asking.get(name) is not asked:
            if not asked.cancelled():
                asked.exception()  # those who waited have it
            return
        del self._asking[name]
        if asked.cancelled() or asked.exception() is not None:
            return
        self._known[name] = (time.monotonic() + REMEMBER_S, asked.result())
        self._known.move_to_end(name)
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Ask the database again for everybody: called after any change of users, keys, sessions or roles."""
        self._known.clear()
        self._asking.clear()

    async def _check(self, presented: Presented) -> Identified:
        async with self._quick.read() as work:  # one statement each
            found = await self._find(work, presented)
        if found is None and self._has_replica:  # made a moment ago, the replica may not have it yet
            async with self._database.write() as work:
                found = await self._find(work, presented)
        if found is None:
            raise Unauthorized(_REFUSALS[presented.kind])
        return found

    async def _find(self, work: Work, presented: Presented) -> Identified | None:
        if presented.kind is Credential.API_KEY:
            return await self._by_key(work, presented.secret)
        if presented.kind is Credential.TOKEN:
            return await self._by_token(work, presented.secret)
        return await self._by_session(work, presented.secret)

    async def _by_key(self, work: Work, text: str) -> Identified | None:
        prefix = prefix_of(text)
        row = None if prefix is None else await work.keys.valid(prefix)
        if row is None or not matches(text, row[0].key_hash):
            return None
        key, user, membership = row
        role = min(Role(key.role), Role(membership.role), key=ORDER.index)
        scopes = frozenset(Permission(scope) for scope in key.scopes) if key.scopes else None
        principal = Principal(
            user.id, user.email, key.tenant_id, role, Credential.API_KEY, key.id, user.superuser, scopes
        )
        rate = key.rate_per_minute
        return Identified(principal, limit=None if rate is None else Limit.per_minute(rate, self._burst_s))

    async def _by_token(self, work: Work, text: str) -> Identified | None:
        try:
            claims = self._tokens.read(text)
        except TokenError as error:
            raise Unauthorized(error.reason.capitalize()) from error
        row = await AccessService(work.session).token_holder(
            user_id=claims.user_id,
            tenant_id=claims.tenant_id,
            family_id=claims.family_id,
            version=claims.version,
            token_id=claims.token_id,
        )
        if row is None:
            return None
        return Identified(self._member(*row, Credential.TOKEN, claims.family_id))

    async def _by_session(self, work: Work, text: str) -> Identified | None:
        row = await work.sessions.valid(digest(text))
        if row is None:
            return None
        session, user, membership = row
        return Identified(self._member(user, membership, Credential.SESSION, session.id), session.csrf_token)

    def _member(
        self, user: User, membership: Membership, credential: Credential, credential_id: UUID
    ) -> Principal:
        role = Role(membership.role)
        return Principal(
            user.id,
            user.email,
            membership.tenant_id,
            role,
            credential,
            credential_id,
            user.superuser,
            duty=duty_of(user, role, totp_for_admins=self._totp_for_admins),
        )


def duty_of(user: User, role: Role, *, totp_for_admins: bool) -> Duty | None:
    """What the user has to do first."""
    if user.must_change_password:
        return Duty.CHANGE_PASSWORD
    if totp_for_admins and role is Role.ADMIN and not user.totp_enabled:
        return Duty.ENROL_TOTP
    return None


_REFUSALS: Final = {
    Credential.API_KEY: "This API key is not valid: unknown, expired or revoked",
    Credential.TOKEN: "This token has been revoked",
    Credential.SESSION: "The session has ended; log in again",
}
