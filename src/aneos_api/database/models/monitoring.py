"""What the service sees of itself and tells people: metrics, rules, alerts, usage, audit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, get_args
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from aneos_api.database.models.base import (
    Base,
    Changed,
    Created,
    JsonObject,
    MaybeOwned,
    Owned,
    WithId,
    WithNumber,
    at_least,
    one_of,
)
from aneos_api.database.types import BigId, Designation

Severity = Literal["info", "warning", "critical"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
ALERT_STATES: Final = ("open", "acknowledged", "resolved")
RULE_KINDS: Final = ("science", "system")
OUTCOMES: Final = ("done", "refused", "failed")
_LIVE = text("status != 'resolved'")


class SystemMetric(WithNumber, Base):
    """One measured value at one moment."""

    __tablename__ = "system_metrics"
    __table_args__ = (Index(None, "name", "recorded_at"), Index(None, "recorded_at"))

    name: Mapped[str] = mapped_column(String(100))
    labels: Mapped[JsonObject] = mapped_column(default=dict)
    value: Mapped[float]
    recorded_at: Mapped[datetime]


class AlertRule(WithId, MaybeOwned, Changed, Base):
    """When to tell people. ``condition`` is a filter on objects (science) or a threshold on a metric (system).

    A rule without a tenant is the operator's.
    """

    __tablename__ = "alert_rules"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        Index(
            "ix_alert_rules_operator_name",
            "name",
            unique=True,
            sqlite_where=text("tenant_id IS NULL"),
            postgresql_where=text("tenant_id IS NULL"),
        ),
        one_of("kind", RULE_KINDS),
        one_of("severity", SEVERITIES),
        at_least("cooldown_s", 0),
    )

    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(String(16))
    condition: Mapped[JsonObject]
    severity: Mapped[str] = mapped_column(String(16), default="warning")
    enabled: Mapped[bool] = mapped_column(default=True)
    cooldown_s: Mapped[int] = mapped_column(default=3600)
    channels: Mapped[JsonObject] = mapped_column(default=dict)
    state: Mapped[JsonObject] = mapped_column(default=dict)
    """What hysteresis needs to remember."""
    last_fired_at: Mapped[datetime | None]
    escalate_s: Mapped[int | None] = mapped_column(Integer)
    """An alert that nobody has acknowledged after this long becomes critical and is told again; null: never."""
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )


class Alert(WithId, MaybeOwned, Changed, Base):
    """Something that people should see. Of one ``dedupe_key`` at most one is not resolved; repeats raise ``count``."""

    __tablename__ = "alerts"
    __table_args__ = (
        one_of("status", ALERT_STATES),
        one_of("severity", SEVERITIES),
        at_least("count", 1),
        Index("ix_alerts_live", "dedupe_key", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index(None, "status", "created_at"),
        Index(None, "tenant_id", "created_at"),
    )

    rule_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("alert_rules.id", ondelete="SET NULL"), index=True
    )
    object_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("objects.id", ondelete="SET NULL"), index=True
    )
    designation: Mapped[str | None] = mapped_column(Designation, index=True)
    severity: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default="open")
    title: Mapped[str] = mapped_column(String(200))
    message: Mapped[str] = mapped_column(default="")
    detail: Mapped[JsonObject] = mapped_column(default=dict)
    dedupe_key: Mapped[str] = mapped_column(String(200))
    count: Mapped[int] = mapped_column(default=1)
    last_seen_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    note: Mapped[str] = mapped_column(default="")
    escalated_at: Mapped[datetime | None]


class ApiUsage(WithNumber, Owned, Base):
    """Requests of one principal on one route and day."""

    __tablename__ = "api_usage"
    __table_args__ = (
        UniqueConstraint("tenant_id", "day", "principal", "method", "route", "status_class"),
        Index(None, "day"),
        Index(None, "api_key_id"),
    )

    day: Mapped[date]
    principal: Mapped[str] = mapped_column(String(80))
    api_key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    method: Mapped[str] = mapped_column(String(8))
    route: Mapped[str] = mapped_column(String(200))
    status_class: Mapped[int]
    """Hundreds of the status: 2, 3, 4 or 5."""
    requests: Mapped[int] = mapped_column(BigInteger, default=0)
    duration_ms: Mapped[float] = mapped_column(default=0.0)
    bytes_in: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_out: Mapped[int] = mapped_column(BigInteger, default=0)


class ArchiveHealth(Base):
    """How a remote archive answered last. ``circuit_*`` are of its institution, as they stood after the last try."""

    __tablename__ = "archive_health"
    __table_args__ = (at_least("requests", 0), at_least("errors", 0), at_least("failures", 0))

    archive: Mapped[str] = mapped_column(String(64), primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))
    requests: Mapped[int] = mapped_column(BigInteger)
    """Tries so far."""
    errors: Mapped[int] = mapped_column(BigInteger)
    """Tries that failed."""
    failures: Mapped[int]
    """Failed tries in a row, up to now."""
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error_kind: Mapped[str | None] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(String(400))
    """What went wrong in the last try that failed, which may be long ago."""
    circuit_failures: Mapped[int]
    circuit_open_until: Mapped[datetime | None]


class AuditEvent(WithNumber, MaybeOwned, Created, Base):
    """Who did or tried what, from where. Rows are never changed.

    ``actor`` stays readable when the user is gone; ``before`` and ``after`` hold no secrets.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        one_of("outcome", OUTCOMES),
        Index(None, "tenant_id", "created_at"),
        Index(None, "created_at"),
        Index(None, "action", "created_at"),
        Index(None, "resource_type", "resource_id"),
    )

    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    actor: Mapped[str] = mapped_column(String(320))
    api_key_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("api_keys.id", ondelete="SET NULL"), index=True
    )
    action: Mapped[str] = mapped_column(String(100))
    outcome: Mapped[str] = mapped_column(String(16))
    resource_type: Mapped[str | None] = mapped_column(String(64))
    resource_id: Mapped[str | None] = mapped_column(String(128))
    address: Mapped[str | None] = mapped_column(String(64))
    agent: Mapped[str | None] = mapped_column(String(400))
    request_id: Mapped[str | None] = mapped_column(String(64), index=True)
    reason: Mapped[str | None] = mapped_column(String(400))
    before: Mapped[JsonObject | None]
    after: Mapped[JsonObject | None]
