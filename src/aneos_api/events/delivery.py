"""Delivers events to webhooks as Standard Webhooks say: signed, in order, again after a pause, or told as dead.

A webhook's channel may be a chat (``slack``) or e-mail instead; order, tries and record are the same.

Of one webhook the oldest delivery goes first and the others wait for it, so that order is kept; a delivery that is too
old is dead, stays on record, and can be replayed. A receiver may be told twice (it answered but we never heard): the
header ``webhook-id`` is the same.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx2
import structlog
from sqlalchemy import select
from standardwebhooks import Webhook as Signer

from aneos import __version__
from aneos_api.clock import utc_now
from aneos_api.database.database import Database
from aneos_api.database.models import OutboxEvent, Webhook, WebhookDelivery
from aneos_api.errors import ServiceError
from aneos_api.events.channels import MailError, mail, send, slack
from aneos_api.events.targets import TargetRefused, resolve
from aneos_api.security.secrets import SecretUnreadableError, Vault
from aneos_api.settings import EventSettings

log = structlog.get_logger("aneos_api.events")

PAUSES_S: Final = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Pauses after the first, second, … failure, as Standard Webhooks suggest; the last is repeated."""
LONGEST_RETRY_AFTER_S: Final = 86_400
CLAIM: Final = 20
EXCERPT: Final = 1000
GONE: Final = 410
TEST_TOPIC: Final = "test"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt; ``error`` is None where the target took it."""

    error: str | None
    status: int | None = None
    excerpt: str = ""
    retry_after_s: float = 0.0
    final: bool = False


class Deliverer:
    """Sends what is due until it is cancelled. Any number of processes may run one."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        settings: EventSettings,
        *,
        pauses_s: tuple[float, ...] = PAUSES_S,
    ) -> None:
        self._database = database
        self._vault = vault
        self._settings = settings
        self._pauses_s = pauses_s

    async def run(self, poll_s: float = 1.0) -> None:
        """Deliver for ever; a database that is away is asked again later."""
        async with self._client() as client:
            while True:
                try:
                    sent = await self.step(client)
                except ServiceError as error:
                    log.warning("webhooks wait", reason=str(error))
                    sent = 0
                if not sent:
                    await asyncio.sleep(poll_s)

    async def step(self, client: httpx2.AsyncClient | None = None) -> int:
        """Send what is due now, one delivery of each webhook at most; how many were tried."""
        if client is None:
            async with self._client() as own:
                return await self.step(own)
        async with self._database.read(fresh=True) as work:
            due = select(WebhookDelivery.id).where(
                WebhookDelivery.status == "pending", WebhookDelivery.next_attempt_at <= utc_now()
            )
            if await work.session.scalar(due.limit(1)) is None:
                return 0
        lease_s = 4 * self._settings.webhook_timeout_s + 5  # an attempt is given up before
        async with self._database.write() as work:
            claimed = await work.webhooks.claim_deliveries(limit=CLAIM, lease_s=lease_s)
            ids = [delivery.event_id for delivery, _ in claimed]
            rows = await work.session.scalars(select(OutboxEvent).where(OutboxEvent.event_id.in_(ids)))
            events = {row.event_id: row for row in rows}
        await asyncio.gather(*(self._deliver(client, delivery, hook, events) for delivery, hook in claimed))
        return len(claimed)

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            timeout=self._settings.webhook_timeout_s,
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": f"aNEOS/{__version__}"},
        )

    async def _deliver(
        self,
        client: httpx2.AsyncClient,
        delivery: WebhookDelivery,
        hook: Webhook,
        events: dict[UUID, OutboxEvent],
    ) -> None:
        started = time.perf_counter()
        outcome = await self._attempt(client, delivery, hook, events.get(delivery.event_id))
        took_ms = 1000 * (time.perf_counter() - started)
        async with self._database.write() as work:
            if outcome.error is None:
                await work.webhooks.delivered(
                    delivery.id, status=outcome.status or 0, excerpt=outcome.excerpt, duration_ms=took_ms
                )
                return
            await work.webhooks.not_delivered(
                delivery.id,
                error=outcome.error,
                retry_at=self._again(delivery, outcome),
                status=outcome.status,
                excerpt=outcome.excerpt,
                duration_ms=took_ms,
                disable_after=1 if outcome.status == GONE else 50,
            )

    async def _attempt(
        self,
        client: httpx2.AsyncClient,
        delivery: WebhookDelivery,
        hook: Webhook,
        event: OutboxEvent | None,
    ) -> Outcome:
        if hook.channel == "email":
            return await self._mail(delivery, hook, event)
        try:
            target = await resolve(hook.url, private=self._settings.webhook_private)
            told = message(delivery, event)
            if hook.channel == "slack":
                told = slack(told["type"], told["timestamp"], told["data"])
            body = json.dumps(told, separators=(",", ":"))
            headers = {**self._signed(delivery, hook, body), "Host": target.host_header}
            async with asyncio.timeout(2 * self._settings.webhook_timeout_s):
                async with client.stream(
                    "POST",
                    target.url,
                    content=body,
                    headers=headers,
                    extensions={"sni_hostname": target.host},
                ) as reply:
                    return _outcome(reply, await _excerpt(reply))
        except TargetRefused as refused:
            return Outcome(str(refused), final=refused.final)
        except SecretUnreadableError:
            return Outcome("its secret cannot be read any more: rotate it", final=True)
        except TimeoutError:
            return Outcome("did not answer in time")
        except httpx2.HTTPError as error:
            return Outcome(f"{type(error).__name__}: {error}"[:300])

    async def _mail(self, delivery: WebhookDelivery, hook: Webhook, event: OutboxEvent | None) -> Outcome:
        told = message(delivery, event)
        when = datetime.fromisoformat(told["timestamp"])
        letter = mail(self._settings, hook.url, _name(delivery), told["type"], when, told["data"])
        try:
            async with asyncio.timeout(4 * self._settings.webhook_timeout_s):
                return Outcome(None, excerpt=await asyncio.to_thread(send, letter, self._settings))
        except MailError as error:
            return Outcome(str(error), final=error.final)
        except TimeoutError:
            return Outcome("the mail server did not answer in time")

    def _signed(self, delivery: WebhookDelivery, hook: Webhook, body: str) -> dict[str, str]:
        """Headers with a signature under the secret, and under the one before while that still counts."""
        now = utc_now()
        sealed = [hook.secret]
        if hook.previous_secret and hook.previous_secret_until and hook.previous_secret_until > now:
            sealed.append(hook.previous_secret)
        name = _name(delivery)
        signatures = [Signer(self._vault.open(secret)).sign(name, now, body) for secret in sealed]
        return {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _again(self, delivery: WebhookDelivery, outcome: Outcome) -> datetime | None:
        """When to try again; None where it is of no use or too late."""
        if outcome.final:
            return None
        tried = max(delivery.attempts, 1)
        pause = max(self._pauses_s[min(tried, len(self._pauses_s)) - 1], outcome.retry_after_s)
        at = utc_now() + timedelta(seconds=pause)
        too_old = delivery.created_at + timedelta(seconds=self._settings.webhook_max_age_s)
        return at if at < too_old else None


def _name(delivery: WebhookDelivery) -> str:
    """The same for every attempt."""
    return f"msg_{delivery.event_id.hex}"


def message(delivery: WebhookDelivery, event: OutboxEvent | None) -> dict[str, Any]:
    """The body: ``type``, ``timestamp``, ``data``. ``event`` is None where the outbox no longer has it; the topic then
    stands for the type."""
    if delivery.topic == TEST_TOPIC:
        return dict(delivery.payload)
    kind = delivery.topic if event is None else event.kind
    when = delivery.created_at if event is None else event.created_at
    return {"type": kind, "timestamp": when.isoformat(), "data": delivery.payload}


def _outcome(reply: httpx2.Response, excerpt: str) -> Outcome:
    status = reply.status_code
    if 200 <= status < 300:
        return Outcome(None, status, excerpt)
    wait = reply.headers.get("retry-after", "")
    retry_after_s = min(int(wait), LONGEST_RETRY_AFTER_S) if wait.isascii() and wait.isdecimal() else 0
    return Outcome(f"answered {status}", status, excerpt, retry_after_s, final=status == GONE)


async def _excerpt(reply: httpx2.Response) -> str:
    """The first part of the answer; no more of it is read, however much the target sends."""
    taken = b""
    async for part in reply.aiter_bytes(EXCERPT):
        taken += part
        if len(taken) >= EXCERPT:
            break
    return taken[:EXCERPT].decode("utf-8", "replace").replace("\x00", "")
