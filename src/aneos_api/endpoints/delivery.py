"""Alert rules tried before they count; webhooks' secrets renewed and their deliveries sent again."""

from __future__ import annotations

import secrets
from base64 import b64encode
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from aneos_api.dependencies import Admin, Changes, Ctx, Reading
from aneos_api.errors import Forbidden, NotFound
from aneos_api.events.rules import try_out
from aneos_api.schemas.common import JsonMap, Signed
from aneos_api.schemas.common import Request as Body
from aneos_api.schemas.watch import DeliveryReply, DeliveryRow, NewWebhookReply, WebhookRow
from aneos_api.security.permissions import Permission

router = APIRouter(prefix="/api/v1")

OVERLAP_S: Final = 86_400.0


class RuleTrial(Body):
    """A rule's condition."""

    kind: Literal["science", "system"]
    condition: JsonMap = Field(examples=[{"class": "probably_artificial", "q_value__le": 0.05}])
    limit: Annotated[int, Field(ge=1, le=200)] = 20


class TrialReply(Signed):
    """What a rule of this condition would tell now: how many, and the first of them in rank order; of a system rule
    whether it would (0 or 1), and the value, null where nothing is measured."""

    total: int
    designations: list[str]
    value: float | None


class Rotation(Body):
    """Deliveries are signed with the old secret too for this long."""

    overlap_s: Annotated[float, Field(ge=0, le=30 * 86_400)] = OVERLAP_S


@router.post("/monitoring/rules/try", operation_id="rule_try", tags=["monitoring"])
async def try_rule(body: RuleTrial, who: Admin, work: Reading) -> TrialReply:
    """What a rule would tell now, over the stored objects; nothing is stored or sent."""
    if body.kind == "system" and not who.may(Permission.OPERATE):
        raise Forbidden("Rules on the system need the permission 'operate'")
    found = await try_out(work, body.kind, body.condition, limit=body.limit, tenant_id=who.tenant_id)
    return TrialReply(total=found.total, designations=list(found.designations), value=found.value)


@router.post("/admin/webhooks/{webhook_id}/rotate", operation_id="webhook_rotate", tags=["admin"])
async def rotate(webhook_id: UUID, body: Rotation, who: Admin, ctx: Ctx, changes: Changes) -> NewWebhookReply:
    """A new secret, shown this once."""
    secret = f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
    async with changes.begin() as change:
        row = await change.work.webhooks.rotate_secret(
            webhook_id,
            tenant_id=who.tenant_id,
            encrypted_secret=ctx.vault.seal(secret),
            overlap_s=body.overlap_s,
        )
        await change.note("webhook.rotate", "webhook", webhook_id, after=body.model_dump())
        await change.work.session.refresh(row)
        return NewWebhookReply(webhook=WebhookRow.model_validate(row), secret=secret)


@router.post(
    "/admin/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
    operation_id="webhook_replay",
    status_code=202,
    tags=["admin"],
)
async def replay(webhook_id: UUID, delivery_id: UUID, who: Admin, changes: Changes) -> DeliveryReply:
    """Send a delivery again, with the same ``webhook-id``."""
    async with changes.begin() as change:
        row = await change.work.webhooks.replay(delivery_id, tenant_id=who.tenant_id)
        if row.webhook_id != webhook_id:
            raise NotFound("there is no such delivery")
        await change.note("webhook.replay", "delivery", delivery_id)
        return DeliveryReply(delivery=DeliveryRow.model_validate(row))
