"""Webhooks against a real receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from standardwebhooks import Webhook, WebhookVerificationError

from aneos_api.clock import time_at, utc_now
from aneos_api.database.paging import PageRequest
from aneos_api.events.delivery import Deliverer
from aneos_api.events.targets import TargetRefused, is_public, resolve
from aneos_api.settings import EventSettings
from tests.api.events.conftest import Running


@dataclass
class Receiver:
    """A small HTTP server: keeps what it was told, answers with the next of ``answers``, else 204."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.got.append((headers, body))
        answer = self.answers.pop(0) if self.answers else "204 No Content"
        writer.write(f"HTTP/1.1 {answer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    @property
    def numbers(self) -> list[int]:
        return [json.loads(body)["data"]["n"] for _, body in self.got]


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


def deliverer(running: Running, **settings: Any) -> Deliverer:
    values = EventSettings(webhook_private=True, webhook_timeout_s=2, **settings)
    return Deliverer(running.context.database, running.context.vault, values, pauses_s=(5, 300))


async def hook(running: Running, client: httpx2.AsyncClient, url: str) -> tuple[str, str]:
    """Id and secret of a new webhook; those made before are removed."""
    admin = running.headers("admin")
    address = f"{running.url}/api/v1/admin/webhooks"
    for old in (await client.get(address, headers=admin)).json()["items"]:
        await client.delete(f"{address}/{old['id']}", headers=admin)
    reply = await client.post(address, json={"name": "h", "url": url, "topics": ["notices"]}, headers=admin)
    assert reply.status_code == 201, reply.text
    return reply.json()["webhook"]["id"], reply.json()["secret"]


async def tell(running: Running, *numbers: int) -> None:
    """Events, once their deliveries are there."""
    tenant = running.people["alpha"]["admin"].tenant_id
    for n in numbers:
        await running.emit("notices", "notice", {"n": n}, tenant_id=tenant)
    async with asyncio.timeout(10):
        while True:
            async with running.context.database.read(fresh=True) as work:
                if not await work.events.unsent():
                    return
            await asyncio.sleep(0.02)


async def statuses(running: Running, hook_id: str) -> list[tuple[str, int, str | None]]:
    from uuid import UUID

    tenant = running.people["alpha"]["admin"].tenant_id
    async with running.context.database.read(fresh=True) as work:
        page = await work.webhooks.deliveries(UUID(hook_id), PageRequest(sort="created_at"), tenant_id=tenant)
    return [(row.status, row.attempts, row.error) for row in page.items]


async def test_deliveries_are_signed_and_keep_their_order_through_failures(
    running: Running, client: httpx2.AsyncClient, receiver: Receiver
) -> None:
    hook_id, secret = await hook(running, client, f"http://127.0.0.1:{receiver.port}/in?x=1")
    receiver.answers = ["500 Oops", "429 Slow"]
    await tell(running, 1, 2, 3)
    sender = deliverer(running)
    assert await sender.step() == 1
    assert await sender.step() == 0, "the next ones wait for the first"
    with time_at(utc_now() + timedelta(seconds=6)):
        assert await sender.step() == 1
        assert await sender.step() == 0
    with time_at(utc_now() + timedelta(seconds=400)):
        while await sender.step():
            pass
    assert receiver.numbers == [1, 1, 1, 2, 3]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 3
    headers, body = receiver.got[0]
    assert Webhook(secret).verify(body, headers)["type"] == "notice"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert [status for status, _, _ in await statuses(running, hook_id)] == ["delivered"] * 3


async def test_a_delivery_too_old_is_dead_lets_the_next_pass_and_can_be_replayed(
    running: Running, client: httpx2.AsyncClient, receiver: Receiver
) -> None:
    hook_id, _ = await hook(running, client, f"http://127.0.0.1:{receiver.port}/")
    receiver.answers = ["503 Away"]
    await tell(running, 1, 2)
    sender = deliverer(running, webhook_max_age_s=4)
    assert await sender.step() == 1
    assert await sender.step() == 1
    assert await statuses(running, hook_id) == [("dead", 1, "answered 503"), ("delivered", 1, None)]
    admin = running.headers("admin")
    address = f"{running.url}/api/v1/admin/webhooks/{hook_id}/deliveries"
    dead = (await client.get(f"{address}?status=dead", headers=admin)).json()["items"][0]
    other = running.headers("admin", "beta")
    assert (await client.post(f"{address}/{dead['id']}/replay", headers=other)).status_code == 404
    assert (await client.post(f"{address}/{dead['id']}/replay", headers=admin)).status_code == 202
    assert await sender.step() == 1
    assert receiver.numbers == [1, 2, 1]
    assert receiver.got[0][0]["webhook-id"] == receiver.got[2][0]["webhook-id"]


async def test_a_rotated_secret_overlaps_with_the_one_before(
    running: Running, client: httpx2.AsyncClient, receiver: Receiver
) -> None:
    hook_id, old = await hook(running, client, f"http://127.0.0.1:{receiver.port}/")
    reply = await client.post(
        f"{running.url}/api/v1/admin/webhooks/{hook_id}/rotate",
        json={"overlap_s": 60},
        headers=running.headers("admin"),
    )
    new = reply.json()["secret"]
    await tell(running, 1)
    assert await deliverer(running).step() == 1
    headers, body = receiver.got[0]
    assert Webhook(old).verify(body, headers) == Webhook(new).verify(body, headers)
    await tell(running, 2)
    with time_at(utc_now() + timedelta(seconds=61)):
        assert await deliverer(running).step() == 1
    headers, body = receiver.got[1]
    assert len(headers["webhook-signature"].split()) == 1
    assert Webhook(new).verify(body, headers)


async def test_a_target_that_says_gone_is_switched_off(
    running: Running, client: httpx2.AsyncClient, receiver: Receiver
) -> None:
    hook_id, _ = await hook(running, client, f"http://127.0.0.1:{receiver.port}/")
    receiver.answers = ["410 Gone"]
    await tell(running, 1)
    assert await deliverer(running).step() == 1
    shown = await client.get(
        f"{running.url}/api/v1/admin/webhooks/{hook_id}", headers=running.headers("admin")
    )
    assert shown.json()["webhook"]["enabled"] is False


async def test_a_private_target_is_not_connected_to_and_a_redirect_is_not_followed(
    running: Running, client: httpx2.AsyncClient, receiver: Receiver
) -> None:
    hook_id, _ = await hook(running, client, f"http://localhost:{receiver.port}/")
    await tell(running, 1, 2)
    strict = Deliverer(running.context.database, running.context.vault, EventSettings())
    assert await strict.step() == 1
    assert receiver.got == []
    ((status, _, error), _) = await statuses(running, hook_id)
    assert status == "dead"
    assert "not public" in str(error)
    receiver.answers = [f"302 Found\r\nLocation: http://127.0.0.1:{receiver.port}/secret"]
    assert await deliverer(running).step() == 1
    assert len(receiver.got) == 1
    assert (await statuses(running, hook_id))[1][2] == "answered 302"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::1", False),
        ("64:ff9b::a9fe:a9fe", False),
    ],
)
def test_addresses_that_are_not_of_the_public_internet_are_known(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize("url", ["http://0x7f000001/", "http://2130706433/", "http://[::ffff:127.0.0.1]/"])
async def test_other_spellings_of_a_private_address_are_refused(url: str) -> None:
    with pytest.raises(TargetRefused, match=r"not public|cannot be resolved"):
        await resolve(url, private=False)
