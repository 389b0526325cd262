"""Alerts, rules, metrics, audit, usage, webhooks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from aneos_api.schemas.common import Identifier, JsonMap, Line, Name, Prose, Record, Request, Signed

Severity = Literal["info", "warning", "critical"]


class ArchiveItem(Record):
    """One remote archive as the service's processes, together, have met it. Moments are null where there was none."""

    archive: str = Field(examples=["MPC nea_extended"])
    provider: str = Field(description="the institution: its archives share one circuit breaker")
    state: Literal["never_asked", "answering", "failing", "left_alone"] = Field(
        description="left_alone: the circuit is open, nothing is asked before circuit_open_until"
    )
    requests: int
    errors: int
    failures: int = Field(description="failed tries in a row, up to now")
    asked_at: datetime | None
    answered_at: datetime | None
    failed_at: datetime | None
    error_kind: Literal["unreachable", "refused", "changed", "incomplete"] | None
    error: str | None = Field(description="of the last try that failed, which may be long ago")
    circuit: Literal["closed", "open", "half_open"] = Field(description="half_open: one try decides")
    circuit_open_until: datetime | None


class RuleCreate(Request):
    """When to tell people: a filter over objects (science), or a threshold on a metric (system)."""

    name: Name
    description: Prose = ""
    kind: Literal["science", "system"]
    condition: JsonMap = Field(examples=[{"class": "probably_artificial", "probability_artificial__ge": 0.5}])
    severity: Severity = "warning"
    enabled: bool = True
    cooldown_s: Annotated[int, Field(ge=0, le=31_536_000)] = 3600
    escalate_s: Annotated[int, Field(ge=1, le=31_536_000)] | None = Field(
        None, description="an alert that nobody acknowledges for so long becomes critical and is told again"
    )
    channels: JsonMap = Field(default_factory=dict)


class RuleChange(Request):
    name: Name | None = None
    description: Prose | None = None
    condition: JsonMap | None = None
    severity: Severity | None = None
    enabled: bool | None = None
    cooldown_s: Annotated[int, Field(ge=0, le=31_536_000)] | None = None
    escalate_s: Annotated[int, Field(ge=1, le=31_536_000)] | None = None
    channels: JsonMap | None = None


class RuleRow(Record):
    id: UUID
    tenant_id: UUID | None
    name: str
    description: str
    kind: Literal["science", "system"]
    condition: dict[str, Any]
    severity: Severity
    enabled: bool
    cooldown_s: int
    escalate_s: int | None
    channels: dict[str, Any]
    last_fired_at: datetime | None
    created_at: datetime
    updated_at: datetime


class RuleReply(Signed):
    rule: RuleRow


class AlertRow(Record):
    id: UUID
    rule_id: UUID | None
    designation: str | None
    severity: Severity
    status: Literal["open", "acknowledged", "resolved"]
    title: str
    message: str
    detail: dict[str, Any]
    count: int
    last_seen_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by_id: UUID | None
    resolved_at: datetime | None
    resolved_by_id: UUID | None
    note: str
    escalated_at: datetime | None
    created_at: datetime


class AlertReply(Signed):
    alert: AlertRow


class AlertNote(Request):
    note: Prose = ""


class MetricRow(Record):
    name: str
    labels: dict[str, Any]
    value: float
    recorded_at: datetime


class AuditRow(Record):
    id: int
    actor_id: UUID | None
    actor: str
    api_key_id: UUID | None
    action: str
    outcome: Literal["done", "refused", "failed"]
    resource_type: str | None
    resource_id: str | None
    address: str | None
    agent: str | None
    request_id: str | None
    reason: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    created_at: datetime


class UsageRow(Record):
    day: date
    principal: str
    api_key_id: UUID | None
    user_id: UUID | None
    method: str
    route: str
    status_class: int
    requests: int
    duration_ms: float
    bytes_in: int
    bytes_out: int


MAILBOX = r"[A-Za-z0-9.!#$&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+"
WebhookUrl = Annotated[
    str,
    StringConstraints(
        min_length=10,
        max_length=2000,
        pattern=rf"^(https?://[^\s\x00-\x1f\x7f]+|mailto:{MAILBOX}(,{MAILBOX}){{0,9}})$",
    ),
    Field(examples=["https://example.org/aneos"], description="of e-mail `mailto:` and up to ten addresses"),
]
Channel = Literal["webhook", "slack", "email"]


class WebhookCreate(Request):
    name: Name
    url: WebhookUrl
    channel: Channel = Field(
        "webhook", description="signed JSON (Standard Webhooks); a message for Slack or the like; e-mail"
    )
    topics: list[Identifier] = Field(default_factory=list, max_length=50, description="none means all")
    enabled: bool = True


class WebhookChange(Request):
    name: Name | None = None
    url: WebhookUrl | None = None
    topics: list[Identifier] | None = Field(None, max_length=50)
    enabled: bool | None = None


class WebhookRow(Record):
    id: UUID
    name: str
    url: str
    channel: Channel
    topics: list[str]
    enabled: bool
    failures: int
    disabled_reason: str | None
    last_delivery_at: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookReply(Signed):
    webhook: WebhookRow


class NewWebhookReply(WebhookReply):
    """``secret`` signs the deliveries (Standard Webhooks); it is shown this once."""

    secret: str


class DeliveryRow(Record):
    id: UUID
    event_id: UUID
    topic: str
    status: Literal["pending", "delivered", "dead"]
    attempts: int
    next_attempt_at: datetime
    response_status: int | None
    response_excerpt: str | None
    error: str | None
    duration_ms: float | None
    delivered_at: datetime | None
    created_at: datetime


class DeliveryReply(Signed):
    delivery: DeliveryRow


class Note(Request):
    note: Line = ""
