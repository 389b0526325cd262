"""One WebSocket: proves who it is, subscribes, is served.

A client sends its token in the sub-protocol (``aneos.v1`` and ``aneos.token.TOKEN``), or as its first message
``{"type": "auth", "token": ...}``; a browser's session cookie counts only from the service's own pages (Origin), since
browsers send cookies with the sockets of any page.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from aneos_api.context import Context, context_of
from aneos_api.errors import Invalid, ServiceError, Unauthorized
from aneos_api.events.background import hub_of
from aneos_api.events.event import Event, Wanted
from aneos_api.events.hub import Client, Item
from aneos_api.middleware.gate import Presented
from aneos_api.schemas.common import MAX_INT
from aneos_api.security.address import bucket_address, client_address
from aneos_api.security.cookies import parse_cookies
from aneos_api.security.permissions import Credential, Permission, Principal

PROTOCOL: Final = "aneos.v1"
TOKEN: Final = "aneos.token."  # noqa: S105 - a prefix, not a secret
AUTH_S: Final = 10.0
"""Seconds within which a client has to say who it is."""
MAX_MESSAGE: Final = 16_384

RECONNECT: Final = 1012
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
TOO_MANY: Final = 4429
BAD: Final = 4400


class Closed(Exception):  # noqa: N818 - an end, which need not be a fault
    """The socket is to be closed with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason[:120]


class Socket:
    """Serves one connection with :meth:`run`."""

    def __init__(self, connection: WebSocket) -> None:
        self._connection = connection
        self._context: Context = context_of(connection)
        self._hub = hub_of(connection)
        self._client: Client | None = None
        self._presented: Presented | None = None
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Serve until either side ends; the reason is told in the closing frame."""
        settings = self._context.settings.events
        offered = self._connection.scope.get("subprotocols", [])
        await self._connection.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        try:
            await self._limit()
            async with asyncio.timeout(AUTH_S):
                who = await self._who(offered)
            self._client = self._hub.add(who, "websocket", Wanted(frozenset()))
            await self._send({"type": "welcome", "user": who.email, "position": self._hub.position})
            async with asyncio.timeout(settings.stream_lifetime_s):
                await self._both(self._client)
        except TimeoutError:
            late = self._client is None
            await self._close(UNAUTHORIZED if late else RECONNECT, "no token" if late else "connect again")
        except Closed as end:
            await self._close(end.code, end.reason)
        except ServiceError as error:
            await self._close(UNAUTHORIZED if error.status == 401 else RECONNECT, str(error))
        except WebSocketDisconnect:
            pass
        finally:
            if self._client is not None:
                self._hub.remove(self._client)

    async def _both(self, client: Client) -> None:
        """Listen and serve until one of them ends; raises what ended it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(client))
                tasks.create_task(self._serve(client))
        except ExceptionGroup as group:
            raise _first(group) from group

    async def _limit(self) -> None:
        rules = self._context.rules
        if not rules.limits_enabled:
            return
        peer = self._connection.client
        forwarded = self._connection.headers.get("x-forwarded-for") if rules.trusted else None
        address = bucket_address(client_address(peer.host if peer else None, forwarded, rules.trusted))
        decision = await self._context.limiter.take(f"address:{address}", rules.per_address)
        if not decision.allowed:
            raise Closed(TOO_MANY, "too many requests; slow down")

    async def _who(self, offered: list[str]) -> Principal:
        token = next((part.removeprefix(TOKEN) for part in offered if part.startswith(TOKEN)), None)
        cookies = parse_cookies(self._connection.headers.get("cookie", ""))
        session = cookies.get(self._context.cookies.session)
        if token is None and session and self._own_page():
            self._presented = Presented(Credential.SESSION, session)
        else:
            if token is None:
                first = await self._receive()
                given = first.get("token")
                if first.get("type") != "auth" or not isinstance(given, str):
                    raise Closed(UNAUTHORIZED, 'say first {"type": "auth", "token": ...}')
                token = given
            kind = Credential.API_KEY if token.startswith("aneos_") else Credential.TOKEN
            self._presented = Presented(kind, token)
        return await self._checked()

    def _own_page(self) -> bool:
        """Whether the page that opened the socket is the service's own, or one that the settings name."""
        origin = self._connection.headers.get("origin")
        if not origin:
            return False
        if origin in self._context.settings.http.cors_origins:
            return True
        return urlsplit(origin).netloc.lower() == self._connection.headers.get("host", "").lower()

    async def _checked(self) -> Principal:
        """Who it is, asked again with every heartbeat: a key that was revoked ends its sockets."""
        if self._presented is None:
            raise Unauthorized()
        who = (await self._context.authenticator.identify(self._presented)).principal
        if who.duty is not None or not who.may(Permission.READ):
            raise Closed(FORBIDDEN, "this needs the permission 'read', and no duty before it")
        return who

    async def _listen(self, client: Client) -> None:
        while True:
            message = await self._receive()
            try:
                await self._answer(client, message)
            except Invalid as error:
                await self._send({"type": "error", "error": error.code, "detail": error.detail})

    async def _answer(self, client: Client, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "ping":
            await self._send({"type": "pong", "position": self._hub.position})
        elif kind == "subscribe":
            wanted, after = (
                Wanted.checked(_topics(message), _conditions(message), client.who),
                _after(message),
            )
            if after is None:
                client.wanted = wanted
                await self._subscribed(client)
                return
            async with self._sending:
                client.restart(wanted, self._hub.position)
                await self._subscribed(client)
                async for item in self._hub.replay(client, after):
                    await self._send_item(item)
        elif kind == "unsubscribe":
            gone = _topics(message)
            now = client.wanted.topics
            known = frozenset(gone or ()) if now is None else now
            left = frozenset() if gone is None or now is None else known - frozenset(gone)
            client.wanted = Wanted(left, client.wanted.conditions)
            await self._subscribed(client)
        else:
            raise Invalid("there are subscribe, unsubscribe, ping", field="type")

    async def _subscribed(self, client: Client) -> None:
        topics = client.wanted.topics
        named = None if topics is None else sorted(topics)
        await self._send({"type": "subscribed", "topics": named, "filter": dict(client.wanted.conditions)})

    async def _serve(self, client: Client) -> None:
        pause = self._context.settings.events.heartbeat_s
        clock = asyncio.get_running_loop().time
        beat = clock() + pause
        while True:
            turn = client.turn
            items = await client.take(beat - clock())
            async with self._sending:
                for item in items if turn == client.turn else ():
                    await self._send_item(item)
            if self._hub.closing:
                raise Closed(RECONNECT, "the service stops; connect again")
            if clock() >= beat:
                beat = clock() + pause
                client.who = await self._checked()
                await self._send({"type": "heartbeat", "position": self._hub.position})

    async def _receive(self) -> dict[str, Any]:
        raw = await self._connection.receive()
        if raw["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(raw.get("code", 1006))
        text = raw.get("text")
        if text is None:
            raise Closed(1003, "messages are text")
        if len(text) > MAX_MESSAGE:
            raise Closed(1009, "the message is too large")
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise Closed(BAD, "the message is no JSON") from None
        if not isinstance(message, dict):
            raise Closed(BAD, "the message is no JSON object")
        return message

    async def _send_item(self, item: Item) -> None:
        if isinstance(item, Event):
            await self._connection.send_text(item.text)
            return
        lost = {"first": item.first, "last": item.last, "count": item.count, "gone": item.gone}
        await self._send({"type": "dropped", **lost})

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self._connection.send_text(json.dumps(message, separators=(",", ":")))

    async def _close(self, code: int, reason: str) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the other side was first
            await self._connection.close(code, reason)


def _topics(message: Mapping[str, Any]) -> list[str] | None:
    topics = message.get("topics")
    if topics is not None and (
        not isinstance(topics, list) or not all(isinstance(part, str) for part in topics)
    ):
        raise Invalid("is a list of names", field="topics")
    return topics


def _conditions(message: Mapping[str, Any]) -> dict[str, Any]:
    conditions = message.get("filter", {})
    if not isinstance(conditions, dict):
        raise Invalid("is an object of conditions", field="filter")
    return conditions


def _after(message: Mapping[str, Any]) -> int | None:
    after = message.get("after")
    if after is None or (isinstance(after, int) and not isinstance(after, bool) and 0 <= after <= MAX_INT):
        return after
    raise Invalid("is a position", field="after")


def _first(group: ExceptionGroup[Exception]) -> Exception:
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
