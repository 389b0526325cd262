"""``monitoring/rules`` and ``monitoring/alerts``: when to tell people, and what they were told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from aneos_api.database.services.alerts import ALERTS, RULES
from aneos_api.dependencies import Admin, Analyst, Change, Changes, Paged, Reading, Viewer
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.errors import Forbidden
from aneos_api.events.conditions import check
from aneos_api.schemas.watch import (
    AlertNote,
    AlertReply,
    AlertRow,
    RuleChange,
    RuleCreate,
    RuleReply,
    RuleRow,
)
from aneos_api.security.permissions import Permission

router = APIRouter(prefix="/api/v1/monitoring", tags=["monitoring"])


@router.get(
    "/alerts",
    response_model=page_of(AlertRow),
    operation_id="alert_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(ALERTS),
)
async def alerts(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Alerts of the organisation and those for everybody, the newest first."""
    return reply(await work.alerts.page(who.tenant_id, paging.request), AlertRow, paging)


@router.get("/alerts/{alert_id}", operation_id="alert_show")
async def alert(alert_id: UUID, who: Viewer, work: Reading) -> AlertReply:
    """One alert."""
    return AlertReply(alert=AlertRow.model_validate(await work.alerts.get(alert_id, tenant_id=who.tenant_id)))


@router.post("/alerts/{alert_id}/acknowledge", operation_id="alert_acknowledge")
async def acknowledge(alert_id: UUID, body: AlertNote, who: Analyst, changes: Changes) -> AlertReply:
    """Say that you have seen it."""
    async with changes.begin() as change:
        row = await change.work.alerts.acknowledge(
            alert_id, tenant_id=who.tenant_id, user_id=who.user_id, note=body.note
        )
        await change.note("alert.acknowledge", "alert", alert_id, after={"note": body.note})
        return AlertReply(alert=AlertRow.model_validate(row))


@router.post("/alerts/{alert_id}/resolve", operation_id="alert_resolve")
async def resolve(alert_id: UUID, body: AlertNote, who: Analyst, changes: Changes) -> AlertReply:
    """Say that it is over."""
    async with changes.begin() as change:
        row = await change.work.alerts.resolve(
            alert_id, tenant_id=who.tenant_id, user_id=who.user_id, note=body.note
        )
        await change.note("alert.resolve", "alert", alert_id, after={"note": body.note})
        return AlertReply(alert=AlertRow.model_validate(row))


@router.get(
    "/rules",
    response_model=page_of(RuleRow),
    operation_id="rule_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(RULES),
)
async def rules(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Rules of the organisation and those for everybody."""
    return reply(await work.alerts.rules(who.tenant_id, paging.request), RuleRow, paging)


@router.post("/rules", response_model=RuleReply, operation_id="rule_create", status_code=201)
async def create(body: RuleCreate, who: Admin, changes: Changes, once: Idempotent) -> RuleReply | Response:
    """Make a rule. Rules on the system itself are for operators."""
    if body.kind == "system" and not who.may(Permission.OPERATE):
        raise Forbidden("Rules on the system need the permission 'operate'")

    async def make(change: Change) -> RuleReply:
        await check(change.work, body.kind, body.condition, tenant_id=who.tenant_id)
        row = await change.work.alerts.create_rule(
            tenant_id=who.tenant_id, created_by_id=who.user_id, **body.model_dump()
        )
        await change.note("rule.create", "rule", row.id, after=body.model_dump())
        return RuleReply(rule=RuleRow.model_validate(row))

    return await once.make(changes, who, body, make)


@router.get("/rules/{rule_id}", operation_id="rule_show")
async def show(rule_id: UUID, who: Viewer, work: Reading) -> RuleReply:
    """One rule."""
    return RuleReply(
        rule=RuleRow.model_validate(await work.alerts.get_rule(rule_id, tenant_id=who.tenant_id))
    )


@router.patch("/rules/{rule_id}", operation_id="rule_change")
async def change_rule(rule_id: UUID, body: RuleChange, who: Admin, changes: Changes) -> RuleReply:
    """Change what is given."""
    given = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    async with changes.begin() as change:
        if "condition" in given:
            before = await change.work.alerts.get_rule(rule_id, tenant_id=who.tenant_id)
            await check(change.work, before.kind, given["condition"], tenant_id=who.tenant_id)
        row, changed = await change.work.alerts.update_rule(rule_id, tenant_id=who.tenant_id, **given)
        await change.changed("rule.change", "rule", rule_id, changed)
        await change.work.session.refresh(row)
        return RuleReply(rule=RuleRow.model_validate(row))


@router.delete("/rules/{rule_id}", operation_id="rule_delete", status_code=204)
async def delete(rule_id: UUID, who: Admin, changes: Changes) -> None:
    """Remove a rule; its alerts stay."""
    async with changes.begin() as change:
        await change.work.alerts.delete_rule(rule_id, tenant_id=who.tenant_id)
        await change.note("rule.delete", "rule", rule_id)
