"""``stream/``: events as they happen, by server-sent events and WebSocket; who listens; notices to everybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, WebSocket
from fastapi.responses import StreamingResponse

from aneos_api.context import Context
from aneos_api.dependencies import Admin, Changes, Ctx, Viewer
from aneos_api.errors import Forbidden
from aneos_api.events.background import hub_of, streaming
from aneos_api.events.event import TOPICS, Event, Wanted
from aneos_api.events.hub import Client, Hub, Item
from aneos_api.events.socket import Socket
from aneos_api.schemas.common import MAX_INT, Done, Line, Name, Prose, Record, Signed
from aneos_api.schemas.common import Request as Body
from aneos_api.security.permissions import Permission

router = APIRouter(prefix="/api/v1/stream", tags=["stream"], lifespan=streaming)

RETRY: Final = b"retry: 2000\n\n"
HEARTBEAT: Final = b": heartbeat\n\n"
RECONNECT: Final = b'event: reconnect\ndata: {"type":"reconnect"}\n\n'
METRICS_S: Final = 5.0
"""How often the metrics' stream looks for new samples."""

EVENT_SCHEMA: Final = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
}
"""One server-sent event."""

STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events. The id of each is its position: send the last as Last-Event-ID to go on "
        "after it. `dropped` tells of positions that were lost, `reconnect` that the stream ends.",
        "content": {"text/event-stream": {"schema": EVENT_SCHEMA}},
    }
}

LastId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", pattern=r"^[0-9]{1,18}$", description="position after which to go on"),
]
After = Annotated[int | None, Query(ge=0, le=MAX_INT, description="as Last-Event-ID, for a first connection")]
Word = Annotated[str | None, Query(max_length=128)]


class ConnectionRow(Record):
    """One open stream of the process that answered."""

    id: UUID
    email: str
    transport: Literal["sse", "websocket"]
    topics: list[str] | None
    conditions: dict[str, Any]
    since: datetime
    position: int
    waiting: int
    sent: int
    dropped: int


class ConnectionsReply(Signed):
    """Open streams of the organisation on the process that answered."""

    position: int
    items: list[ConnectionRow]


class Notice(Body):
    """Something that people should read now. ``everybody`` reaches all organisations and is for operators."""

    title: Name
    message: Prose = ""
    severity: Literal["info", "warning", "critical"] = "info"
    link: Line = ""
    everybody: bool = False


@router.get("/events", operation_id="stream_events", response_class=StreamingResponse, responses=STREAM)
async def events(
    request: Request,
    who: Viewer,
    ctx: Ctx,
    topics: Annotated[
        str | None, Query(max_length=200, description=f"some of {', '.join(TOPICS)}, by commas; else all")
    ] = None,
    type: Annotated[str | None, Query(max_length=64, description="events of this type only")] = None,
    key: Word = None,
    after: After = None,
    last: LastId = None,
) -> StreamingResponse:
    """Everything that happens, as it happens."""
    chosen = None if topics is None else [topic.strip() for topic in topics.split(",") if topic.strip()]
    conditions = {name: value for name, value in (("type", type), ("key", key)) if value is not None}
    wanted = Wanted.checked(chosen, conditions, who)
    return _stream(hub_of(request), ctx, hub_of(request).add(who, "sse", wanted), _start(last, after))


@router.get("/alerts", operation_id="stream_alerts", response_class=StreamingResponse, responses=STREAM)
async def alerts(
    request: Request,
    who: Viewer,
    ctx: Ctx,
    severity: Annotated[Literal["info", "warning", "critical"] | None, Query()] = None,
    rule: Annotated[
        UUID | None, Query(description="alerts of this rule only: a saved filter as a stream")
    ] = None,
    after: After = None,
    last: LastId = None,
) -> StreamingResponse:
    """Alerts as they open, are acknowledged and resolved."""
    conditions = {"severity": severity, "rule_id": None if rule is None else str(rule)}
    given = {name: value for name, value in conditions.items() if value is not None}
    wanted = Wanted.checked(["alerts"], given, who)
    return _stream(hub_of(request), ctx, hub_of(request).add(who, "sse", wanted), _start(last, after))


@router.get("/metrics", operation_id="stream_metrics", response_class=StreamingResponse, responses=STREAM)
async def metrics(request: Request, who: Viewer, ctx: Ctx) -> StreamingResponse:
    """The stored metrics whenever there are new ones, the newest at once. The id is the time of the samples; there is
    nothing to resume, since each message holds the newest value of every metric."""
    hub = hub_of(request)
    client = hub.add(who, "sse", Wanted(frozenset()))
    return _reply(hub, client, _metrics(hub, ctx, client))


@router.get("/connections", operation_id="stream_connections")
async def connections(request: Request, who: Admin) -> ConnectionsReply:
    """Open streams of the organisation on the process that answered."""
    hub = hub_of(request)
    mine = sorted((client for client in hub.clients if client.who.tenant_id == who.tenant_id), key=_age)
    return ConnectionsReply(position=hub.position, items=[_row(client) for client in mine])


@router.post("/broadcast", operation_id="stream_broadcast", status_code=202)
async def broadcast(body: Notice, who: Admin, changes: Changes) -> Done:
    """Send a notice to everybody of the organisation who listens, and to its webhooks."""
    if body.everybody and not who.may(Permission.OPERATE):
        raise Forbidden("Notices to all organisations need the permission 'operate'")
    data = {**body.model_dump(exclude={"everybody"}), "from": who.email}
    async with changes.begin() as change:
        owner = None if body.everybody else who.tenant_id
        row = await change.work.events.emit("notices", "notice", data, key="notices", tenant_id=owner)
        await change.note("stream.broadcast", "event", row.event_id, after=body.model_dump())
    return Done()


@router.websocket("/ws")
async def socket(connection: WebSocket) -> None:
    """The same events with subscriptions that can change: see ``docs/events.md``."""
    await Socket(connection).run()


def _stream(hub: Hub, ctx: Context, client: Client, after: int | None) -> StreamingResponse:
    return _reply(hub, client, _events(hub, ctx, client, after))


def _reply(hub: Hub, client: Client, content: AsyncIterator[bytes]) -> StreamingResponse:
    async def until_gone() -> AsyncIterator[bytes]:
        try:
            async for part in content:
                yield part
        finally:
            hub.remove(client)

    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(until_gone(), media_type="text/event-stream", headers=headers)


async def _events(hub: Hub, ctx: Context, client: Client, after: int | None) -> AsyncIterator[bytes]:
    settings = ctx.settings.events
    clock = asyncio.get_running_loop().time
    end = clock() + settings.stream_lifetime_s
    yield RETRY
    if after is not None:
        async for item in hub.replay(client, after):
            yield _sse(item)
    while not hub.closing and clock() < end:
        items = await client.take(min(settings.heartbeat_s, end - clock()))
        yield b"".join(_sse(item) for item in items) or HEARTBEAT
    yield RECONNECT


async def _metrics(hub: Hub, ctx: Context, client: Client) -> AsyncIterator[bytes]:
    settings = ctx.settings.events
    clock = asyncio.get_running_loop().time
    end = clock() + settings.stream_lifetime_s
    spoke, told = clock(), None
    yield RETRY
    while not hub.closing and clock() < end:
        async with ctx.database.read() as work:
            rows = await work.metrics.latest()
        newest = max((row.recorded_at for row in rows), default=None)
        if newest is not None and newest != told:
            told, spoke = newest, clock()
            items = [{"name": row.name, "labels": row.labels, "value": row.value} for row in rows]
            message = {"type": "metrics", "timestamp": newest.isoformat(), "items": items}
            client.sent += 1
            yield f"id: {newest.isoformat()}\ndata: {json.dumps(message)}\n\n".encode()
        elif clock() - spoke >= settings.heartbeat_s:
            spoke = clock()
            yield HEARTBEAT
        await client.take(min(METRICS_S, end - clock()))
    yield RECONNECT


def _sse(item: Item) -> bytes:
    if isinstance(item, Event):
        return item.sse
    lost = {"type": "dropped", "first": item.first, "last": item.last, "count": item.count, "gone": item.gone}
    return f"id: {item.last}\nevent: dropped\ndata: {json.dumps(lost)}\n\n".encode()


def _start(last: str | None, after: int | None) -> int | None:
    """Where to resume: the header, which the browser renews, goes before the query."""
    return after if last is None else int(last)


def _age(client: Client) -> tuple[datetime, UUID]:
    return client.since, client.id


def _row(client: Client) -> ConnectionRow:
    chosen = client.wanted.topics
    return ConnectionRow(
        id=client.id,
        email=client.who.email,
        transport="websocket" if client.transport == "websocket" else "sse",
        topics=None if chosen is None else sorted(chosen),
        conditions=dict(client.wanted.conditions),
        since=client.since,
        position=client.position,
        waiting=client.waiting,
        sent=client.sent,
        dropped=client.dropped,
    )
