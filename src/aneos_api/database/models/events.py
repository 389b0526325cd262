"""What goes out: events in the outbox, webhooks and their deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
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
from aneos_api.database.types import BigId

CHANNELS: Final = ("webhook", "slack", "email")
DELIVERY_STATES: Final = ("pending", "delivered", "dead")
_UNSENT = text("position IS NULL")
_PENDING = text("status = 'pending'")


class OutboxEvent(WithNumber, MaybeOwned, Created, Base):
    """An event, written in the transaction that caused it and sent afterwards.

    ``position`` is given by the one sender in the order of sending: readers resume from it without gaps, which the
    key alone does not allow (transactions do not commit in the order of their keys).
    """

    __tablename__ = "outbox_events"
    __table_args__ = (
        Index("ix_outbox_events_unsent", "id", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
        Index(None, "topic", "position"),
        Index(None, "created_at"),
    )

    event_id: Mapped[UUID] = mapped_column(unique=True)
    topic: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128), default="")
    """Events of one key keep their order."""
    payload: Mapped[JsonObject]
    position: Mapped[int | None] = mapped_column(BigId, unique=True)
    published_at: Mapped[datetime | None]


class Webhook(WithId, Owned, Changed, Base):
    """An address that is told. ``secret`` is encrypted by the security layer; ``topics`` empty means all."""

    __tablename__ = "webhooks"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        at_least("failures", 0),
        one_of("channel", CHANNELS),
    )

    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000))
    secret: Mapped[str] = mapped_column(String(512))
    previous_secret: Mapped[str | None] = mapped_column(String(512))
    previous_secret_until: Mapped[datetime | None]
    topics: Mapped[list[str]] = mapped_column(default=list)
    enabled: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    """Deliveries that failed since the last success."""
    disabled_reason: Mapped[str | None] = mapped_column(String(400))
    last_delivery_at: Mapped[datetime | None]
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    channel: Mapped[str] = mapped_column(String(16), default="webhook")
    """``webhook``: signed JSON; ``slack``: a message that chats understand; ``email``: ``url`` is ``mailto:``."""


class WebhookDelivery(WithId, Created, Base):
    """One event for one webhook, with its attempts."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        one_of("status", DELIVERY_STATES),
        at_least("attempts", 0),
        Index(None, "webhook_id", "created_at"),
        Index(
            "ix_webhook_deliveries_due", "next_attempt_at", sqlite_where=_PENDING, postgresql_where=_PENDING
        ),
    )

    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(index=True)
    topic: Mapped[str] = mapped_column(String(64))
    payload: Mapped[JsonObject]
    status: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    response_status: Mapped[int | None]
    response_excerpt: Mapped[str | None] = mapped_column(String(1000))
    error: Mapped[str | None] = mapped_column(String(400))
    duration_ms: Mapped[float | None]
    delivered_at: Mapped[datetime | None]


class Duty(Base):
    """Work that one process of an installation does at a time; it is free again after ``until``."""

    __tablename__ = "duties"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    until: Mapped[datetime]


class StreamPosition(Base):
    """How far a reader has come: a consumer of a foreign stream, stored with what it made of the messages."""

    __tablename__ = "stream_positions"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime]


class ReceivedMessage(WithNumber, Created, Base):
    """A message that came in over a stream, known by its key: one that comes again changes nothing."""

    __tablename__ = "received_messages"
    __table_args__ = (UniqueConstraint("source", "key"),)

    source: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(String(400))
    """Why nothing was made of it."""
    observation_set_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("observation_sets.id", ondelete="SET NULL"), index=True
    )
