"""``admin/webhooks``: addresses that are told of events: receivers of signed JSON, chats, mailboxes."""

from __future__ import annotations

import secrets
from base64 import b64encode
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response

from aneos_api.clock import utc_now
from aneos_api.database.services.webhooks import DELIVERIES, WEBHOOKS
from aneos_api.database.types import uuid7
from aneos_api.dependencies import Admin, Change, Changes, Ctx, Paged, Reading
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.errors import Invalid
from aneos_api.events.channels import MAILTO
from aneos_api.schemas.common import Done
from aneos_api.schemas.watch import (
    DeliveryRow,
    NewWebhookReply,
    WebhookChange,
    WebhookCreate,
    WebhookReply,
    WebhookRow,
)
from aneos_api.security.targets import refusal

router = APIRouter(prefix="/api/v1/admin/webhooks", tags=["admin"])

TEST_TOPIC: Final = "test"


@router.get(
    "",
    response_model=page_of(WebhookRow),
    operation_id="webhook_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(WEBHOOKS),
)
async def webhooks(who: Admin, work: Reading, paging: Paged) -> Any:
    """Webhooks of the organisation."""
    return reply(await work.webhooks.page(who.tenant_id, paging.request), WebhookRow, paging)


@router.post("", response_model=NewWebhookReply, operation_id="webhook_create", status_code=201)
async def create(
    body: WebhookCreate, who: Admin, ctx: Ctx, changes: Changes, once: Idempotent
) -> NewWebhookReply | Response:
    """Have events sent to an address, signed (Standard Webhooks) with a secret that is shown this once."""
    _check(body.url, body.channel, production=ctx.settings.production)

    async def make(change: Change) -> NewWebhookReply:
        secret = f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
        row = await change.work.webhooks.create(
            tenant_id=who.tenant_id,
            name=body.name,
            url=body.url,
            encrypted_secret=ctx.vault.seal(secret),
            topics=body.topics,
            channel=body.channel,
            created_by_id=who.user_id,
        )
        if not body.enabled:
            await change.work.webhooks.update(row.id, tenant_id=who.tenant_id, enabled=False)
            await change.work.session.refresh(row)
        await change.note("webhook.create", "webhook", row.id, after=body.model_dump())
        return NewWebhookReply(webhook=WebhookRow.model_validate(row), secret=secret)

    return await once.make(changes, who, body, make, secret=True)


@router.get("/{webhook_id}", operation_id="webhook_show")
async def show(webhook_id: UUID, who: Admin, work: Reading) -> WebhookReply:
    """One webhook."""
    row = await work.webhooks.get(webhook_id, tenant_id=who.tenant_id)
    return WebhookReply(webhook=WebhookRow.model_validate(row))


@router.patch("/{webhook_id}", operation_id="webhook_change")
async def change_webhook(
    webhook_id: UUID, body: WebhookChange, who: Admin, ctx: Ctx, changes: Changes
) -> WebhookReply:
    """Change what is given. Switching it on again clears its failures."""
    given = body.model_dump(exclude_none=True)
    async with changes.begin() as change:
        if body.url is not None:
            before = await change.work.webhooks.get(webhook_id, tenant_id=who.tenant_id)
            _check(body.url, before.channel, production=ctx.settings.production)
        row, changed = await change.work.webhooks.update(webhook_id, tenant_id=who.tenant_id, **given)
        await change.changed("webhook.change", "webhook", webhook_id, changed)
        await change.work.session.refresh(row)
        return WebhookReply(webhook=WebhookRow.model_validate(row))


@router.delete("/{webhook_id}", operation_id="webhook_delete", status_code=204)
async def delete(webhook_id: UUID, who: Admin, changes: Changes) -> None:
    """Remove a webhook with the record of its deliveries."""
    async with changes.begin() as change:
        await change.work.webhooks.delete(webhook_id, tenant_id=who.tenant_id)
        await change.note("webhook.delete", "webhook", webhook_id)


@router.get(
    "/{webhook_id}/deliveries",
    response_model=page_of(DeliveryRow),
    operation_id="webhook_deliveries",
    response_model_exclude_unset=True,
    openapi_extra=documented(DELIVERIES),
)
async def deliveries(webhook_id: UUID, who: Admin, work: Reading, paging: Paged) -> Any:
    """What was sent and what became of it."""
    page = await work.webhooks.deliveries(webhook_id, paging.request, tenant_id=who.tenant_id)
    return reply(page, DeliveryRow, paging)


@router.post("/{webhook_id}/test", operation_id="webhook_test", status_code=202)
async def test(webhook_id: UUID, who: Admin, changes: Changes) -> Done:
    """Queue a delivery that says that it is a test; see what became of it among the deliveries."""
    async with changes.begin() as change:
        await change.work.webhooks.get(webhook_id, tenant_id=who.tenant_id)
        payload = {"type": TEST_TOPIC, "timestamp": utc_now().isoformat(), "data": {"test": True}}
        await change.work.webhooks.add_delivery(webhook_id, uuid7(), TEST_TOPIC, payload)
        await change.note("webhook.test", "webhook", webhook_id)
    return Done()


def _check(url: str, channel: str, *, production: bool) -> None:
    if channel == "email" or url.startswith(MAILTO):
        if channel == "email" and url.startswith(MAILTO):
            return
        raise Invalid("of e-mail it is mailto:, of the others a web address", field="url")
    why = refusal(url, production=production)
    if why is not None:
        raise Invalid(why, field="url")
