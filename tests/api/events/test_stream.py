"""Streams over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from aneos_api.database import Database
from tests.api.endpoints.conftest import PASSWORD
from tests.api.events.conftest import Running, serving


@asynccontextmanager
async def stream(
    client: httpx2.AsyncClient, running: Running, path: str, headers: dict[str, str]
) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """Messages of a stream, each with its fields; comments as ``comment``. Open once the first part has come."""
    async with client.stream("GET", f"{running.url}/api/v1/stream/{path}", headers=headers) as reply:
        assert reply.status_code == 200, await reply.aread()
        assert reply.headers["content-type"].startswith("text/event-stream")
        messages = _messages(reply)
        assert await anext(messages) == {"retry": "2000"}
        yield messages


async def _messages(reply: httpx2.Response) -> AsyncIterator[dict[str, str]]:
    fields: dict[str, str] = {}
    async for line in reply.aiter_lines():
        if not line:
            yield fields
            fields = {}
        elif line.startswith(":"):
            fields["comment"] = line
        else:
            name, _, value = line.partition(": ")
            fields[name] = value


async def data(messages: AsyncIterator[dict[str, str]]) -> dict[str, Any]:
    async with asyncio.timeout(10):
        async for message in messages:
            if "data" in message:
                return {"sse_id": message.get("id"), **json.loads(message["data"])}
    raise AssertionError("the stream has ended")


async def test_an_event_reaches_a_listener_and_a_late_one_resumes_without_loss_or_repeat(
    running: Running, client: httpx2.AsyncClient
) -> None:
    async with stream(client, running, "events?topics=assessments", running.headers("viewer")) as messages:
        for n in range(5):
            await running.emit("assessments", "assessment.class_changed", {"n": n}, key="2020 SO")
        first = [await data(messages) for _ in range(5)]
    assert [item["data"]["n"] for item in first] == [0, 1, 2, 3, 4]
    assert [item["type"] for item in first] == ["assessment.class_changed"] * 5
    assert [int(item["sse_id"]) for item in first] == [item["position"] for item in first]
    for n in range(5, 8):
        await running.emit("assessments", "assessment.class_changed", {"n": n}, key="2020 SO")
    resumed = {**running.headers("viewer"), "Last-Event-ID": first[2]["sse_id"]}
    async with stream(client, running, "events?topics=assessments", resumed) as messages:
        assert [(await data(messages))["data"]["n"] for _ in range(5)] == [3, 4, 5, 6, 7]


async def test_a_silent_stream_shows_that_it_lives(running: Running, client: httpx2.AsyncClient) -> None:
    async with stream(client, running, "alerts", running.headers("viewer")) as messages:
        assert await anext(messages) == {"comment": ": heartbeat"}


async def test_a_position_that_was_never_given_is_told(running: Running, client: httpx2.AsyncClient) -> None:
    headers = {**running.headers("viewer"), "Last-Event-ID": "999999999"}
    async with stream(client, running, "events", headers) as messages:
        told = await data(messages)
    assert (told["type"], told["gone"], told["last"]) == ("dropped", True, 999999999)


async def test_a_stream_ends_after_its_lifetime_and_says_so(
    database: Database, tmp_path_factory: pytest.TempPathFactory, client: httpx2.AsyncClient
) -> None:
    folder = tmp_path_factory.mktemp("short")
    async with (
        serving(database, folder, events={"stream_lifetime_s": 0.3}) as short,
        stream(client, short, "events", short.headers("viewer")) as messages,
    ):
        async with asyncio.timeout(10):
            seen = [message async for message in messages]
    assert seen[-1]["event"] == "reconnect"


async def test_organisations_do_not_hear_each_other_and_viewers_not_of_jobs(
    running: Running, client: httpx2.AsyncClient
) -> None:
    refused = await client.get(
        f"{running.url}/api/v1/stream/events?topics=jobs", headers=running.headers("viewer")
    )
    assert refused.status_code == 422
    async with stream(client, running, "events", running.headers("viewer", "beta")) as messages:
        alpha = running.people["alpha"]["admin"].tenant_id
        await running.emit("alerts", "alert.opened", {"n": "of alpha"}, tenant_id=alpha)
        await running.emit("jobs", "job.finished", {"n": "job"})
        await running.emit("alerts", "alert.opened", {"n": "of all"})
        assert (await data(messages))["data"]["n"] == "of all"


async def test_alerts_stream_gives_the_alerts_of_the_severity_asked_for(
    running: Running, client: httpx2.AsyncClient
) -> None:
    async with stream(client, running, "alerts?severity=critical", running.headers("viewer")) as messages:
        async with running.context.database.write() as work:
            for severity in ("info", "critical"):
                await work.alerts.raise_alert(dedupe_key=f"s {severity}", title=severity, severity=severity)
        found = await data(messages)
    assert (found["type"], found["data"]["severity"]) == ("alert.opened", "critical")


async def test_metrics_stream_gives_the_newest_samples(running: Running, client: httpx2.AsyncClient) -> None:
    async with running.context.database.write() as work:
        await work.metrics.record("requests_per_s", 12.5, {"process": "1"})
    async with stream(client, running, "metrics", running.headers("viewer")) as messages:
        found = await data(messages)
    assert {"name": "requests_per_s", "labels": {"process": "1"}, "value": 12.5} in found["items"]


async def test_a_notice_reaches_the_organisation_and_everybody_only_by_an_operator(
    running: Running, client: httpx2.AsyncClient
) -> None:
    url = f"{running.url}/api/v1/stream/broadcast"
    async with stream(client, running, "events?topics=notices", running.headers("viewer")) as messages:
        sent = await client.post(url, json={"title": "Maintenance"}, headers=running.headers("admin"))
        assert sent.status_code == 202, sent.text
        assert (await data(messages))["data"]["title"] == "Maintenance"
        everybody = {"title": "To all", "everybody": True}
        refused = await client.post(url, json=everybody, headers=running.headers("admin"))
        assert refused.status_code == 403
        assert (await client.post(url, json=everybody, headers=running.operator.headers)).status_code == 202
        assert (await data(messages))["data"]["title"] == "To all"
        listed = await client.get(
            f"{running.url}/api/v1/stream/connections", headers=running.headers("admin")
        )
        assert [(row["transport"], row["topics"], row["sent"]) for row in listed.json()["items"]] == [
            ("sse", ["notices"], 2)
        ]


# --- WebSocket ----------------------------------------------------------------------------------------------


def socket_url(running: Running) -> str:
    return f"ws://{running.address}/api/v1/stream/ws"


async def say(connection: ClientConnection, **message: Any) -> None:
    await connection.send(json.dumps(message))


async def hear(connection: ClientConnection, *, passing: tuple[str, ...] = ("heartbeat",)) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            message: dict[str, Any] = json.loads(await connection.recv())
            if message["type"] not in passing:
                return message


async def closing(connection: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosedError):
        await _drain(connection)
    return connection.close_code


async def _drain(connection: ClientConnection) -> None:
    async with asyncio.timeout(10):
        async for _ in connection:
            pass


async def test_a_socket_subscribes_filters_resumes_and_pings(running: Running) -> None:
    token = running.people["alpha"]["viewer"].key
    async with connect(socket_url(running)) as connection:
        await say(connection, type="auth", token=token)
        welcome = await hear(connection)
        assert welcome["type"] == "welcome"
        await say(connection, type="ping")
        assert (await hear(connection))["type"] == "pong"
        await say(connection, type="subscribe", topics=["assessments"], filter={"p__ge": 0.5})
        assert (await hear(connection))["topics"] == ["assessments"]
        for p in (0.1, 0.7, "high", 0.9):
            await running.emit("assessments", "assessment.class_changed", {"p": p})
        got = [await hear(connection) for _ in range(2)]
        assert [item["data"]["p"] for item in got] == [0.7, 0.9]
        await say(connection, type="subscribe", topics=["assessments"], after=welcome["position"])
        assert (await hear(connection))["type"] == "subscribed"
        assert [(await hear(connection))["data"]["p"] for _ in range(4)] == [0.1, 0.7, "high", 0.9]
        await say(connection, type="unsubscribe")
        assert (await hear(connection))["topics"] == []
        await running.emit("assessments", "assessment.class_changed", {"p": 1.0})
        assert (await hear(connection, passing=()))["type"] == "heartbeat"
        await say(connection, type="subscribe", topics=["nothing"])
        assert "no topic 'nothing'" in (await hear(connection))["detail"]
        await connection.send("not JSON")
        assert await closing(connection) == 4400


async def test_a_token_in_the_sub_protocol_is_taken_and_not_repeated(running: Running) -> None:
    token = running.people["alpha"]["viewer"].key
    async with connect(socket_url(running), subprotocols=["aneos.v1", f"aneos.token.{token}"]) as connection:  # type: ignore[list-item]
        assert (await hear(connection))["type"] == "welcome"
        assert connection.subprotocol == "aneos.v1"


async def test_a_wrong_token_is_refused(running: Running) -> None:
    async with connect(socket_url(running)) as connection:
        await say(connection, type="auth", token="aneos_nothing")
        assert await closing(connection) == 4401


async def test_a_cookie_counts_from_the_services_own_pages_only(
    running: Running, client: httpx2.AsyncClient
) -> None:
    login = await client.post(
        f"{running.url}/api/v1/auth/login",
        json={"email": running.people["alpha"]["viewer"].email, "password": PASSWORD},
    )
    assert login.status_code == 200, login.text
    cookie = "; ".join(f"{name}={value}" for name, value in login.cookies.items())
    client.cookies.clear()
    own = {"Cookie": cookie, "Origin": running.url}
    async with connect(socket_url(running), additional_headers=own) as connection:
        assert (await hear(connection))["type"] == "welcome"
    foreign = {"Cookie": cookie, "Origin": "http://elsewhere.example"}
    async with connect(socket_url(running), additional_headers=foreign) as connection:
        await say(connection, type="subscribe", topics=["alerts"])
        assert await closing(connection) == 4401


async def test_a_revoked_key_ends_its_socket(running: Running) -> None:
    person = running.people["beta"]["analyst"]
    async with connect(socket_url(running)) as connection:
        await say(connection, type="auth", token=person.key)
        await hear(connection)
        async with running.context.database.write() as work:
            await work.users.update(person.user_id, active=False)
        running.context.authenticator.forget()
        assert await closing(connection) == 4401
