"""Reads: answered from the cache where they may be, with an ETag, and with 304 where the client has them already.

A route says by a :class:`~aneos_api.middleware.state.CachePlan` that its reply may be kept. The reply is kept as the
bytes that went out; nothing is serialised twice. What needs a permission is given to those only who have it.
When a reply has been forgotten or grown old, one request makes it anew, and those who ask meanwhile wait for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aneos import __version__
from aneos_api.middleware.state import CachePlan, RequestState, header, route_of, state_of
from aneos_api.observability.metrics import READ_CACHE
from aneos_api.security.permissions import Permission

MAX_KEPT: Final = 1 << 20
"""Largest reply in bytes that is hashed and kept."""

PATIENCE_S: Final = 5.0
"""Longest wait for a reply that another request is making; after it a request makes its own."""

MADE: Final = re.compile(rb'"created":"[^"]{19,40}"\}')
"""The last part of a signature: when the reply was made."""

HIT, MISS = READ_CACHE.labels("hit"), READ_CACHE.labels("miss")


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply that is kept: body, its headers, the route's template and what is needed to see it."""

    body: bytes
    etag: bytes
    cache_control: bytes
    route: str
    permission: Permission | None


class ReadCache(Protocol):
    """Where replies are kept until they are old or a write forgets their tags."""

    async def get(self, key: str) -> Kept | None: ...

    async def put(self, key: str, kept: Kept, plan: CachePlan) -> None: ...

    def expects(self, key: str) -> bool: ...


class ReadsMiddleware:
    """Stands between the gate and the routes."""

    def __init__(self, app: ASGIApp, *, cache: ReadCache) -> None:
        self._app = app
        self._cache = cache
        self._making: dict[str, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        state = state_of(scope)
        key = _key(scope, state)
        kept = await self._cache.get(key)
        if kept is None and (making := self._making.get(key)) is not None:
            kept = await self._wait(making, key)
        if kept is not None and _may_see(kept.permission, state):
            HIT.inc()
            state.route = kept.route
            await _answer(send, kept, header(scope, b"if-none-match"))
            return
        made = asyncio.Event()
        keeper = _Keeper(self._cache, key, scope, state, send, made)
        if key in self._making or not self._cache.expects(key):
            await self._app(scope, receive, keeper)
            return
        self._making[key] = made
        try:
            await self._app(scope, receive, keeper)
        finally:
            del self._making[key]
            made.set()

    async def _wait(self, making: asyncio.Event, key: str) -> Kept | None:
        """The reply that another request is making; none where it took too long, failed or was overtaken by a write."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await making.wait()
        except TimeoutError:
            return None
        return await self._cache.get(key)


class _Keeper:
    """Takes a reply on its way out: gives it its ETag, keeps it where it may be kept and then sets ``made``."""

    def __init__(
        self, cache: ReadCache, key: str, scope: Scope, state: RequestState, send: Send, made: asyncio.Event
    ) -> None:
        self._cache = cache
        self._key = key
        self._scope = scope
        self._state = state
        self._send = send
        self._made = made
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_plain_json(message):
            self._start = message
            return
        start, self._start = self._start, None
        if start is None:
            await self._send(message)
            return
        body = message.get("body", b"")
        if message.get("more_body", False) or len(body) > MAX_KEPT:
            await self._send(start)
            await self._send(message)
            return
        plan = self._state.cache_plan
        kept = Kept(
            body,
            _etag(body),
            _cache_control(plan),
            route_of(self._scope, self._state),
            None if plan is None else plan.permission,
        )
        if plan is not None:
            MISS.inc()
            await self._cache.put(self._key, kept, plan)
            self._made.set()  # not only when a slow reader has taken it
        more = [item for item in start["headers"] if item[0] not in (b"content-type", b"content-length")]
        await _answer(self._send, kept, header(self._scope, b"if-none-match"), more)


def _key(scope: Scope, state: RequestState) -> str:
    tenant = "-" if state.principal is None else state.principal.tenant_id.hex
    query = scope["query_string"].decode("latin-1")
    return f"{tenant} {scope['path']}?{query}"


def _may_see(permission: Permission | None, state: RequestState) -> bool:
    if permission is None:
        return True
    return state.principal is not None and permission in state.principal.permissions


def _is_plain_json(start: Message) -> bool:
    if start["status"] != 200:
        return False
    names = dict(start.get("headers", ()))
    return names.get(b"content-type") == b"application/json" and b"etag" not in names


def _etag(body: bytes) -> bytes:
    """A weak tag of what the reply says, its signature's moment of making aside."""
    told = MADE.sub(b"", body, count=1)
    return (
        b'W/"' + hashlib.blake2b(told, digest_size=12, key=__version__.encode()).hexdigest().encode() + b'"'
    )


def _cache_control(plan: CachePlan | None) -> bytes:
    if plan is not None and plan.permission is None:
        return b"public, max-age=%d" % int(plan.ttl_s)
    return b"private, no-cache"


async def _answer(
    send: Send, kept: Kept, if_none_match: str | None, more: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [
        (b"etag", kept.etag),
        (b"cache-control", kept.cache_control),
        (b"vary", b"Authorization, Cookie, X-API-Key"),
        *(more or ()),
    ]
    if if_none_match is not None and _matches(if_none_match, kept.etag):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(kept.body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": kept.body})


def _matches(if_none_match: str, etag: bytes) -> bool:
    """Weak comparison (RFC 9110, section 8.8.3.2)."""
    mine = etag.decode().removeprefix("W/")
    given = (item.strip().removeprefix("W/") for item in if_none_match.split(","))
    return any(item in ("*", mine) for item in given)
