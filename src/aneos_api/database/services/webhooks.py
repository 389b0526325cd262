"""Webhooks: who is told, and what became of each telling. Targets are checked and secrets encrypted elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased

from aneos_api.clock import after, utc_now
from aneos_api.database.models import OutboxEvent, Webhook, WebhookDelivery
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service, apply
from aneos_api.database.types import uuid7
from aneos_api.errors import Conflict

WEBHOOKS: Final = Listing(
    Webhook.id,
    {
        "name": Webhook.name,
        "url": Webhook.url,
        "enabled": Webhook.enabled,
        "created_at": Webhook.created_at,
        "last_delivery_at": Webhook.last_delivery_at,
    },
    default="name",
)
DELIVERIES: Final = Listing(
    WebhookDelivery.id,
    {
        "topic": WebhookDelivery.topic,
        "status": WebhookDelivery.status,
        "attempts": WebhookDelivery.attempts,
        "response_status": WebhookDelivery.response_status,
        "created_at": WebhookDelivery.created_at,
        "next_attempt_at": WebhookDelivery.next_attempt_at,
        "delivered_at": WebhookDelivery.delivered_at,
    },
    default="-created_at",
)
CHANGEABLE: Final = frozenset({"name", "url", "topics", "enabled"})


class WebhookService(Service):
    """Webhooks of one tenant and their deliveries."""

    async def create(
        self,
        *,
        tenant_id: UUID,
        name: str,
        url: str,
        encrypted_secret: str,
        topics: Sequence[str] = (),
        channel: str = "webhook",
        created_by_id: UUID | None = None,
    ) -> Webhook:
        """A new webhook. Raises Conflict when the tenant has one of this name."""
        if await self._named(tenant_id, name) is not None:
            raise Conflict(f"there is a webhook {name!r} already")
        return await self._add(
            Webhook(
                tenant_id=tenant_id,
                name=name,
                url=url,
                secret=encrypted_secret,
                topics=list(topics),
                channel=channel,
                created_by_id=created_by_id,
            )
        )

    async def get(self, webhook_id: UUID, *, tenant_id: UUID) -> Webhook:
        return await self._get(Webhook, webhook_id, "webhook", tenant_id=tenant_id)

    async def page(self, tenant_id: UUID, request: PageRequest) -> Page[Webhook]:
        return await WEBHOOKS.page(
            self.session, select(Webhook).where(Webhook.tenant_id == tenant_id), request
        )

    async def update(
        self, webhook_id: UUID, *, tenant_id: UUID, **changes: Any
    ) -> tuple[Webhook, dict[str, tuple[Any, Any]]]:
        """Change name, url, topics, enabled; gives (before, after) of each change."""
        webhook = await self.get(webhook_id, tenant_id=tenant_id)
        other = await self._named(tenant_id, str(changes["name"])) if "name" in changes else None
        if other is not None and other.id != webhook_id:
            raise Conflict(f"there is a webhook {changes['name']!r} already")
        changed = apply(webhook, changes, CHANGEABLE)
        if changed.get("enabled") == (False, True):
            webhook.failures = 0
            webhook.disabled_reason = None
        await self.session.flush()
        return webhook, changed

    async def rotate_secret(
        self, webhook_id: UUID, *, tenant_id: UUID, encrypted_secret: str, overlap_s: float
    ) -> Webhook:
        """A new secret; deliveries are signed with both for ``overlap_s`` seconds."""
        webhook = await self.get(webhook_id, tenant_id=tenant_id)
        webhook.previous_secret = webhook.secret
        webhook.previous_secret_until = after(overlap_s)
        webhook.secret = encrypted_secret
        await self.session.flush()
        return webhook

    async def delete(self, webhook_id: UUID, *, tenant_id: UUID) -> None:
        await self.session.delete(await self.get(webhook_id, tenant_id=tenant_id))
        await self.session.flush()

    async def deliveries(
        self, webhook_id: UUID, request: PageRequest, *, tenant_id: UUID
    ) -> Page[WebhookDelivery]:
        await self.get(webhook_id, tenant_id=tenant_id)
        statement = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
        return await DELIVERIES.page(self.session, statement, request)

    async def add_deliveries(self, event: OutboxEvent) -> int:
        """One delivery of ``event`` for each webhook that wants it; adding them again changes nothing. How many."""
        statement = select(Webhook).where(Webhook.enabled)
        if event.tenant_id is not None:
            statement = statement.where(Webhook.tenant_id == event.tenant_id)
        added = 0
        for webhook in await self.session.scalars(statement):
            if not webhook.topics or event.topic in webhook.topics:
                added += await self.add_delivery(webhook.id, event.event_id, event.topic, event.payload)
        return added

    async def add_delivery(
        self, webhook_id: UUID, event_id: UUID, topic: str, payload: dict[str, Any]
    ) -> int:
        """One delivery; 0 when this event was added for this webhook before."""
        now = utc_now()
        insert = self._insert(WebhookDelivery).values(
            id=uuid7(),
            webhook_id=webhook_id,
            event_id=event_id,
            topic=topic,
            payload=payload,
            status="pending",
            attempts=0,
            next_attempt_at=now,
            created_at=now,
        )
        return await self._change(insert.on_conflict_do_nothing())

    async def claim_deliveries(self, *, limit: int, lease_s: float) -> list[tuple[WebhookDelivery, Webhook]]:
        """Deliveries that are due, each to one caller: it has ``lease_s`` seconds to say what became of it.

        Of one webhook only the oldest pending delivery is given, so that order is kept.
        """
        now = utc_now()
        older = aliased(WebhookDelivery)
        first = ~exists().where(
            older.webhook_id == WebhookDelivery.webhook_id,
            older.status == "pending",
            older.id < WebhookDelivery.id,
        )
        rows = await self.session.execute(
            select(WebhookDelivery, Webhook)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(
                first,
                WebhookDelivery.status == "pending",
                WebhookDelivery.next_attempt_at <= now,
                Webhook.enabled,
            )
            .order_by(WebhookDelivery.next_attempt_at)
            .limit(limit)
            .with_for_update(of=WebhookDelivery, skip_locked=True)
        )
        claimed = [(delivery, webhook) for delivery, webhook in rows]
        for delivery, _ in claimed:
            delivery.attempts += 1
            delivery.next_attempt_at = now + timedelta(seconds=lease_s)
        await self.session.flush()
        return claimed

    async def delivered(self, delivery_id: UUID, *, status: int, excerpt: str, duration_ms: float) -> None:
        """The target took it."""
        now = utc_now()
        delivery = await self._get(WebhookDelivery, delivery_id, "delivery")
        delivery.status, delivery.delivered_at, delivery.error = "delivered", now, None
        delivery.response_status, delivery.response_excerpt = status, excerpt[:1000]
        delivery.duration_ms = duration_ms
        await self.session.flush()
        await self.session.execute(
            update(Webhook).where(Webhook.id == delivery.webhook_id).values(failures=0, last_delivery_at=now)
        )

    async def not_delivered(
        self,
        delivery_id: UUID,
        *,
        error: str,
        retry_at: datetime | None,
        status: int | None = None,
        excerpt: str | None = None,
        duration_ms: float | None = None,
        disable_after: int = 50,
    ) -> None:
        """The target did not take it: again at ``retry_at``, or dead (None). Too many failures switch it off."""
        delivery = await self._get(WebhookDelivery, delivery_id, "delivery")
        delivery.status = "dead" if retry_at is None else "pending"
        delivery.next_attempt_at = retry_at or utc_now()
        delivery.error, delivery.response_status = error[:400], status
        delivery.response_excerpt = None if excerpt is None else excerpt[:1000]
        delivery.duration_ms = duration_ms
        webhook = await self._get(Webhook, delivery.webhook_id, "webhook")
        webhook.failures += 1
        if webhook.failures >= disable_after:
            webhook.enabled = False
            webhook.disabled_reason = f"{webhook.failures} deliveries failed, the last: {error}"[:400]
        await self.session.flush()

    async def replay(self, delivery_id: UUID, *, tenant_id: UUID) -> WebhookDelivery:
        """Send a delivery again, now."""
        delivery = await self._get(WebhookDelivery, delivery_id, "delivery")
        await self.get(delivery.webhook_id, tenant_id=tenant_id)
        delivery.status, delivery.attempts, delivery.next_attempt_at = "pending", 0, utc_now()
        await self.session.flush()
        return delivery

    async def _named(self, tenant_id: UUID, name: str) -> Webhook | None:
        return await self.session.scalar(
            select(Webhook).where(Webhook.tenant_id == tenant_id, Webhook.name == name)
        )
