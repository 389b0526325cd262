"""Alert rules, and the alerts that people see and settle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select, update

from aneos_api.clock import utc_now
from aneos_api.database.models import Alert, AlertRule
from aneos_api.database.models.monitoring import ALERT_STATES
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service, apply
from aneos_api.database.services.events import EventService
from aneos_api.database.types import uuid7
from aneos_api.errors import Conflict, NotFound

ALERTS: Final = Listing(
    Alert.id,
    {
        "status": Alert.status,
        "severity": Alert.severity,
        "designation": Alert.designation,
        "rule_id": Alert.rule_id,
        "title": Alert.title,
        "count": Alert.count,
        "created_at": Alert.created_at,
        "last_seen_at": Alert.last_seen_at,
    },
    default="-created_at",
)
RULES: Final = Listing(
    AlertRule.id,
    {
        "name": AlertRule.name,
        "kind": AlertRule.kind,
        "severity": AlertRule.severity,
        "enabled": AlertRule.enabled,
        "created_at": AlertRule.created_at,
        "last_fired_at": AlertRule.last_fired_at,
    },
    default="name",
)
CHANGEABLE: Final = frozenset(
    {"name", "description", "condition", "severity", "enabled", "cooldown_s", "escalate_s", "channels"}
)


class AlertService(Service):
    """Rules and alerts of one tenant; those without a tenant are everybody's to see."""

    async def create_rule(
        self,
        *,
        tenant_id: UUID | None,
        name: str,
        kind: str,
        condition: Mapping[str, Any],
        severity: str = "warning",
        description: str = "",
        cooldown_s: int = 3600,
        escalate_s: int | None = None,
        channels: Mapping[str, Any] | None = None,
        enabled: bool = True,
        created_by_id: UUID | None = None,
    ) -> AlertRule:
        """A new rule. Raises Conflict when the tenant has one of this name."""
        if await self._rule_named(tenant_id, name) is not None:
            raise Conflict(f"there is a rule {name!r} already")
        return await self._add(
            AlertRule(
                tenant_id=tenant_id,
                name=name,
                kind=kind,
                condition=dict(condition),
                severity=severity,
                description=description,
                cooldown_s=cooldown_s,
                escalate_s=escalate_s,
                channels=dict(channels or {}),
                enabled=enabled,
                created_by_id=created_by_id,
            )
        )

    async def get_rule(self, rule_id: UUID, *, tenant_id: UUID) -> AlertRule:
        return await self._get(AlertRule, rule_id, "rule", tenant_id=tenant_id)

    async def rules(self, tenant_id: UUID, request: PageRequest) -> Page[AlertRule]:
        return await RULES.page(
            self.session, select(AlertRule).where(AlertRule.tenant_id == tenant_id), request
        )

    async def enabled_rules(self, kind: str) -> list[AlertRule]:
        """Rules in force of all tenants."""
        statement = select(AlertRule).where(AlertRule.enabled, AlertRule.kind == kind).order_by(AlertRule.id)
        return list(await self.session.scalars(statement))

    async def update_rule(
        self, rule_id: UUID, *, tenant_id: UUID, **changes: Any
    ) -> tuple[AlertRule, dict[str, tuple[Any, Any]]]:
        """Change a rule; gives (before, after) of each change."""
        rule = await self.get_rule(rule_id, tenant_id=tenant_id)
        other = await self._rule_named(tenant_id, str(changes["name"])) if "name" in changes else None
        if other is not None and other.id != rule_id:
            raise Conflict(f"there is a rule {changes['name']!r} already")
        changed = apply(rule, changes, CHANGEABLE)
        await self.session.flush()
        return rule, changed

    async def delete_rule(self, rule_id: UUID, *, tenant_id: UUID) -> None:
        """Remove a rule; its alerts stay."""
        await self.session.delete(await self.get_rule(rule_id, tenant_id=tenant_id))
        await self.session.flush()

    async def raise_alert(
        self,
        *,
        dedupe_key: str,
        title: str,
        severity: str,
        message: str = "",
        tenant_id: UUID | None = None,
        rule_id: UUID | None = None,
        object_id: int | None = None,
        designation: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> tuple[Alert, bool]:
        """Tell people, once: while an alert of this key is not resolved it counts up. Gives it, and whether it is new.

        Keys of different tenants do not meet. A new alert is an event of topic ``alerts``.
        """
        now = utc_now()
        key = f"{tenant_id or '*'}:{dedupe_key}"[:200]
        insert = self._insert(Alert).values(
            id=uuid7(),
            tenant_id=tenant_id,
            rule_id=rule_id,
            object_id=object_id,
            designation=designation,
            severity=severity,
            status="open",
            title=title[:200],
            message=message,
            detail=dict(detail or {}),
            dedupe_key=key,
            count=1,
            last_seen_at=now,
            note="",
            created_at=now,
            updated_at=now,
        )
        new = await self._change(insert.on_conflict_do_nothing()) == 1
        live = (Alert.dedupe_key == key, Alert.status != "resolved")
        if not new:
            await self.session.execute(
                update(Alert)
                .where(*live)
                .values(count=Alert.count + 1, last_seen_at=now, updated_at=now)
                .execution_options(synchronize_session=False)
            )
        alert = (
            await self.session.scalars(select(Alert).where(*live).execution_options(populate_existing=True))
        ).one()
        if rule_id is not None:
            await self.session.execute(
                update(AlertRule).where(AlertRule.id == rule_id).values(last_fired_at=now)
            )
        if new:
            await self._tell("alert.opened", alert)
        self._touch("alerts", tenant_id)
        return alert, new

    async def get(self, alert_id: UUID, *, tenant_id: UUID) -> Alert:
        """The alert, when it is the tenant's or everybody's."""
        alert = await self._get(Alert, alert_id, "alert")
        if alert.tenant_id not in {None, tenant_id}:
            raise NotFound("there is no such alert")
        return alert

    async def page(self, tenant_id: UUID, request: PageRequest) -> Page[Alert]:
        return await ALERTS.page(self.session, select(Alert).where(_visible(tenant_id)), request)

    async def counts(self, tenant_id: UUID) -> dict[str, int]:
        """How many alerts are in each state."""
        rows = await self.session.execute(
            select(Alert.status, func.count()).where(_visible(tenant_id)).group_by(Alert.status)
        )
        found = {status: int(count) for status, count in rows}
        return {status: found.get(status, 0) for status in ALERT_STATES}

    async def acknowledge(self, alert_id: UUID, *, tenant_id: UUID, user_id: UUID, note: str = "") -> Alert:
        """Somebody has seen it. Raises Conflict when it is resolved."""
        alert = await self.get(alert_id, tenant_id=tenant_id)
        if alert.status == "resolved":
            raise Conflict("the alert is resolved")
        if alert.status == "open":
            alert.status, alert.acknowledged_at, alert.acknowledged_by_id = "acknowledged", utc_now(), user_id
        return await self._settle("alert.acknowledged", alert, note)

    async def resolve(
        self, alert_id: UUID, *, tenant_id: UUID, user_id: UUID | None, note: str = ""
    ) -> Alert:
        """It is over. Raises Conflict when it was before."""
        alert = await self.get(alert_id, tenant_id=tenant_id)
        if alert.status == "resolved":
            raise Conflict("the alert is resolved already")
        alert.status, alert.resolved_at, alert.resolved_by_id = "resolved", utc_now(), user_id
        return await self._settle("alert.resolved", alert, note)

    async def settle(self, dedupe_key: str, *, tenant_id: UUID | None = None, note: str = "") -> int:
        """Resolve what is live under a key of :meth:`raise_alert`: the service itself found it over; how many."""
        key = f"{tenant_id or '*'}:{dedupe_key}"[:200]
        rows = await self.session.scalars(
            select(Alert).where(Alert.dedupe_key == key, Alert.status != "resolved")
        )
        count = 0
        for alert in rows:
            await self.resolve_found_over(alert, note)
            count += 1
        return count

    async def resolve_found_over(self, alert: Alert, note: str) -> Alert:
        """The service itself found it over."""
        alert.status, alert.resolved_at = "resolved", utc_now()
        return await self._settle("alert.resolved", alert, note)

    async def escalate(self, alert: Alert) -> Alert:
        """Nobody has acknowledged it in time: it becomes critical and is told again, once."""
        alert.severity, alert.escalated_at = "critical", utc_now()
        return await self._settle("alert.escalated", alert, "")

    async def _settle(self, kind: str, alert: Alert, note: str) -> Alert:
        alert.note = note or alert.note
        await self.session.flush()
        await self._tell(kind, alert)
        self._touch("alerts", alert.tenant_id)
        return alert

    async def _tell(self, kind: str, alert: Alert) -> None:
        payload = {
            "id": str(alert.id),
            "title": alert.title,
            "severity": alert.severity,
            "status": alert.status,
            "designation": alert.designation,
            "message": alert.message,
            "rule_id": None if alert.rule_id is None else str(alert.rule_id),
        }
        key = alert.designation or str(alert.id)
        await EventService(self.session).emit("alerts", kind, payload, key=key, tenant_id=alert.tenant_id)

    async def _rule_named(self, tenant_id: UUID | None, name: str) -> AlertRule | None:
        owner = AlertRule.tenant_id.is_(None) if tenant_id is None else AlertRule.tenant_id == tenant_id
        return await self.session.scalar(select(AlertRule).where(owner, AlertRule.name == name))


def _visible(tenant_id: UUID) -> Any:
    return or_(Alert.tenant_id == tenant_id, Alert.tenant_id.is_(None))
