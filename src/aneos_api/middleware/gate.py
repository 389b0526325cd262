"""Who is asking, how much they ask, and whether the request is their own: refused here, before any route runs.

Every path under ``/api/`` needs a log-in unless it is listed as open: a route that forgets its permission
is closed all the same.
Refusals, here and by the routes, go to the audit; requests of known principals are counted for usage.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aneos_api.errors import Forbidden, RateLimited, ServiceError, Unauthorized
from aneos_api.middleware.state import RequestState, header, route_of, state_of
from aneos_api.observability.metrics import RATE_LIMITED, REFUSED
from aneos_api.security.address import Network, bucket_address, client_address
from aneos_api.security.cookies import CookieNames, parse_cookies
from aneos_api.security.csrf import HEADER, SAFE_METHODS, csrf_valid
from aneos_api.security.limits import Decision, Limit, Limiter
from aneos_api.security.permissions import Credential, Duty, Principal

API: Final = "/api/"
AUTH: Final = "/api/v1/auth/"
REFUSALS: Final = frozenset({401, 403, 423, 429})

DUTY_TEXTS: Final[dict[Duty, str]] = {
    Duty.CHANGE_PASSWORD: "Change your password first: POST /api/v1/auth/password",
    Duty.ENROL_TOTP: "Set up the second factor first: POST /api/v1/auth/totp/enrol",
}


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request brings to prove who it is: one credential, and where it stood."""

    kind: Credential
    secret: str


@dataclass(frozen=True, slots=True)
class Identified:
    """A checked credential. ``csrf_token`` belongs to a cookie session, ``limit`` to a key with a rate of its own."""

    principal: Principal
    csrf_token: str = ""
    limit: Limit | None = None


class Authenticates(Protocol):
    async def identify(self, presented: Presented) -> Identified:
        """Raises :class:`~aneos_api.errors.Unauthorized` where the credential does not hold."""
        ...


class Observes(Protocol):
    """Takes note of requests; writes to the database later, in bulk."""

    def used(
        self, state: RequestState, status: int, seconds: float, bytes_in: int, bytes_out: int
    ) -> None: ...

    def refused(self, state: RequestState, status: int) -> None: ...


@dataclass(frozen=True, slots=True)
class GateRules:
    """``is_open`` says which (method, path) under ``/api/`` needs no log-in."""

    is_open: Callable[[str, str], bool]
    cookies: CookieNames
    trusted: Sequence[Network]
    limits_enabled: bool
    per_address: Limit
    per_principal: Limit
    anonymous: Limit


class GateMiddleware:
    """Lets pass who may ask, and keeps the principal in the request's state."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        rules: GateRules,
        authenticator: Authenticates,
        limiter: Limiter,
        observer: Observes,
    ) -> None:
        self._app = app
        self._rules = rules
        self._authenticator = authenticator
        self._limiter = limiter
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = state_of(scope)
        peer = scope.get("client")
        forwarded = header(scope, b"x-forwarded-for") if self._rules.trusted else None
        state.address = client_address(peer[0] if peer else None, forwarded, self._rules.trusted)
        if not state.path.startswith(API):
            await self._app(scope, receive, send)
            return
        await self._watched(scope, state, receive, send)

    async def _watched(self, scope: Scope, state: RequestState, receive: Receive, send: Send) -> None:
        """Run the request, then note what became of it."""
        started = time.perf_counter()
        status, sent, taken = 500, 0, 0
        limit_headers: list[tuple[bytes, bytes]] = []

        async def watch_send(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *limit_headers]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        async def watch_receive() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message

        try:
            decision = await self._admit(scope, state)
            if decision is not None:
                limit_headers.append((b"ratelimit-remaining", b"%d" % decision.remaining))
            await self._app(scope, watch_receive, watch_send)
        except ServiceError as error:
            status, state.refusal = error.status, state.refusal or error.code
            raise
        finally:
            route_of(scope, state)
            if status in REFUSALS:
                REFUSED.labels(state.refusal or str(status)).inc()
                self._observer.refused(state, status)
            if state.principal is not None:
                self._observer.used(state, status, time.perf_counter() - started, taken, sent)

    async def _admit(self, scope: Scope, state: RequestState) -> Decision | None:
        rules = self._rules
        address = bucket_address(state.address)
        if rules.limits_enabled:
            await self._take("address", f"address:{address}", rules.per_address)
        presented, cookies = _presented(scope, rules.cookies)
        if presented is None:
            if rules.limits_enabled:
                await self._take("anonymous", f"anonymous:{address}", rules.anonymous)
            if not rules.is_open(state.method, state.path):
                raise Unauthorized("Log in first, or send an API key or a token")
            return None
        try:
            found = await self._authenticator.identify(presented)
        except Unauthorized:
            if presented.kind is Credential.SESSION and rules.is_open(state.method, state.path):
                return None  # a stale cookie must not bar the way to the log-in
            raise
        principal = state.principal = found.principal
        decision = None
        if rules.limits_enabled:
            decision = await self._take("principal", principal.key, found.limit or rules.per_principal)
        changes = state.method not in SAFE_METHODS and not rules.is_open(state.method, state.path)
        if presented.kind is Credential.SESSION and changes:
            given = header(scope, HEADER)
            if not csrf_valid(found.csrf_token, cookies.get(rules.cookies.csrf), given):
                state.refusal = "csrf"
                raise Forbidden("The X-CSRF-Token header does not match this session")
        if principal.duty is not None and not state.path.startswith(AUTH):
            state.refusal = str(principal.duty)
            raise Forbidden(DUTY_TEXTS[principal.duty])
        return decision

    async def _take(self, kind: str, key: str, limit: Limit) -> Decision:
        decision = await self._limiter.take(key, limit)
        if not decision.allowed:
            RATE_LIMITED.labels(kind).inc()
            raise RateLimited("Too many requests; slow down", retry_after=decision.retry_after)
        return decision


def _presented(scope: Scope, names: CookieNames) -> tuple[Presented | None, dict[str, str]]:
    """The credential of a request: a key or token in a header goes before a cookie."""
    authorization = api_key = cookie = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            authorization = value
        elif name == b"x-api-key":
            api_key = value
        elif name == b"cookie":
            cookie = value if cookie is None else cookie + b"; " + value
    if api_key is not None:
        return Presented(Credential.API_KEY, api_key.decode("latin-1")), {}
    if authorization is not None:
        scheme, _, secret = authorization.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized("Send 'Authorization: Bearer' with a token or an API key")
        kind = Credential.API_KEY if secret.startswith("aneos_") else Credential.TOKEN
        return Presented(kind, secret.strip()), {}
    if cookie is not None:
        cookies = parse_cookies(cookie.decode("latin-1"))
        value = cookies.get(names.session)
        if value:
            return Presented(Credential.SESSION, value), cookies
    return None, {}
