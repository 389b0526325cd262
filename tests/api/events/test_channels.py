"""Chats and e-mail: against a real SMTP server, and a receiver of HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr

from aneos_api.clock import time_at, utc_now
from aneos_api.events.channels import slack
from aneos_api.events.delivery import Deliverer
from aneos_api.settings import EventSettings
from tests.api.events.conftest import Running
from tests.api.events.test_delivery import Receiver, statuses, tell
from tests.api.events.test_delivery import receiver as receiver


class Mailbox:
    """Keeps what it was given; ``answers`` are said first, then 250."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.recipients: list[list[str]] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"


@pytest_asyncio.fixture(loop_scope="session")
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    """The box, and the port of its server."""
    box = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    try:
        yield box, server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def channel(running: Running, client: httpx2.AsyncClient, **body: Any) -> httpx2.Response:
    """A new one; those made before are removed."""
    admin = running.headers("admin")
    address = f"{running.url}/api/v1/admin/webhooks"
    for old in (await client.get(address, headers=admin)).json()["items"]:
        await client.delete(f"{address}/{old['id']}", headers=admin)
    return await client.post(address, json={"name": "c", "topics": ["notices"], **body}, headers=admin)


def deliverer(running: Running, **settings: Any) -> Deliverer:
    values = EventSettings(webhook_private=True, webhook_timeout_s=2, **settings)
    return Deliverer(running.context.database, running.context.vault, values, pauses_s=(5, 300))


async def test_an_event_arrives_as_a_letter_after_the_server_was_busy(
    running: Running, client: httpx2.AsyncClient, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    made = await channel(running, client, url="mailto:night@example.org,day@example.org", channel="email")
    assert made.status_code == 201, made.text
    box.answers = ["451 later"]
    await tell(running, 7)
    post = deliverer(running, smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"), smtp_from="aneos@example.org")
    assert await post.step() == 1
    assert box.letters == []
    with time_at(utc_now() + timedelta(seconds=6)):
        assert await post.step() == 1
    (letter,) = box.letters
    assert box.recipients == [["night@example.org", "day@example.org"]]
    assert (letter["From"], letter["Subject"]) == ("aneos@example.org", "notice")
    assert letter["Message-ID"].startswith("<msg_")
    assert "n: 7" in str(letter.get_payload())
    ((status, attempts, error),) = await statuses(running, made.json()["webhook"]["id"])
    assert (status, attempts, error) == ("delivered", 2, None)


async def test_a_letter_that_is_refused_for_good_is_dead_and_one_without_a_server_too(
    running: Running, client: httpx2.AsyncClient, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    made = await channel(running, client, url="mailto:nobody@example.org", channel="email")
    box.answers = ["554 no such person"]
    await tell(running, 1)
    post = deliverer(running, smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"))
    assert await post.step() == 1
    await tell(running, 2)
    assert await deliverer(running).step() == 1
    found = await statuses(running, made.json()["webhook"]["id"])
    assert [(status, attempts) for status, attempts, _ in found] == [("dead", 1), ("dead", 1)]
    assert "554" in str(found[0][2])
    assert "ANEOS_EVENTS__SMTP_URL" in str(found[1][2])


async def test_an_event_arrives_as_a_chat_message(
    running: Running, client: httpx2.AsyncClient, receiver: Receiver
) -> None:
    made = await channel(running, client, url=f"http://127.0.0.1:{receiver.port}/hook", channel="slack")
    assert made.status_code == 201, made.text
    await tell(running, 3)
    assert await deliverer(running).step() == 1
    body = json.loads(receiver.got[0][1])
    assert body["text"] == "notice"
    assert body["blocks"][1]["text"] == {"type": "mrkdwn", "text": "n: 3"}


def test_a_chat_message_cannot_be_given_links_or_mentions_by_a_name() -> None:
    body = slack("alert.opened", "2026-07-01", {"title": "<!channel> & <http://x|y>", "severity": "critical"})
    assert body["text"] == "[critical] &lt;!channel&gt; &amp; &lt;http://x|y&gt; (alert.opened)"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.org/x", "email"),
        ("mailto:a@example.org", "slack"),
        ("mailto:a@example.org\r\nBcc: b@example.org", "email"),
        ("mailto:nobody", "email"),
    ],
)
async def test_an_address_that_does_not_fit_its_channel_is_refused(
    running: Running, client: httpx2.AsyncClient, url: str, kind: str
) -> None:
    reply = await channel(running, client, url=url, channel=kind)
    assert reply.status_code == 422, reply.text
