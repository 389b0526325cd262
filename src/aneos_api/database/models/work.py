"""Work that takes a while: jobs, schedules, batches, observation sets, exports, backups."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
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
from aneos_api.database.types import Designation, Json

JOB_STATES: Final = ("queued", "running", "succeeded", "dead", "cancelled")
OPEN_STATES: Final = ("queued", "running")
BATCH_STATES: Final = ("queued", "running", "succeeded", "failed", "cancelled")
ITEM_STATES: Final = ("pending", "succeeded", "failed", "cancelled")
EXPORT_FORMATS: Final = ("csv", "json", "parquet", "votable")
WORK_STATES: Final = ("queued", "running", "succeeded", "failed", "cancelled", "expired")
_OPEN = text("status IN ('queued', 'running')")


class Job(WithId, MaybeOwned, Changed, Base):
    """One piece of durable work.

    ``available_at`` is when it may be claimed: its start while queued, the end of its lease while running.
    ``attempts`` counts claims since the last progress.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("status", JOB_STATES),
        at_least("attempts", 0),
        at_least("max_attempts", 1),
        CheckConstraint("status != 'running' OR lease_token IS NOT NULL", name="running_has_lease"),
        Index("ix_jobs_open", "available_at", "priority", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_jobs_dedupe", "dedupe_key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "status", "created_at"),
        Index(None, "batch_id"),
    )

    task: Mapped[str] = mapped_column(String(64), index=True)
    payload: Mapped[JsonObject] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(16), default="queued")
    priority: Mapped[int] = mapped_column(default=0)
    available_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int]
    lease_token: Mapped[UUID | None]
    worker: Mapped[str | None] = mapped_column(String(128))
    heartbeat_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int | None]
    progress_text: Mapped[str] = mapped_column(String(200), default="")
    result: Mapped[JsonObject | None]
    error: Mapped[str | None]
    dedupe_key: Mapped[str | None] = mapped_column(String(200))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )


class JobSchedule(WithId, Changed, Base):
    """Work that is put into the queue again and again: by interval, or by cron expression (UTC)."""

    __tablename__ = "job_schedules"
    __table_args__ = (
        CheckConstraint("(cron IS NULL) != (interval_s IS NULL)", name="cron_or_interval"),
        CheckConstraint("interval_s > 0", name="interval_positive"),
        Index(None, "enabled", "next_run_at"),
    )

    name: Mapped[str] = mapped_column(String(64), unique=True)
    task: Mapped[str] = mapped_column(String(64))
    payload: Mapped[JsonObject] = mapped_column(default=dict)
    cron: Mapped[str | None] = mapped_column(String(100))
    interval_s: Mapped[float | None]
    priority: Mapped[int] = mapped_column(default=0)
    enabled: Mapped[bool] = mapped_column(default=True)
    next_run_at: Mapped[datetime]
    last_run_at: Mapped[datetime | None]
    last_job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)


class Batch(WithId, Owned, Changed, Base):
    """Many objects to assess. The counters are those of its items."""

    __tablename__ = "batches"
    __table_args__ = (
        one_of("status", BATCH_STATES),
        at_least("total", 0),
        CheckConstraint("succeeded + failed + cancelled <= total", name="counters_within_total"),
        Index(None, "tenant_id", "created_at"),
    )

    name: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[str] = mapped_column(String(16), default="queued")
    options: Mapped[JsonObject] = mapped_column(default=dict)
    total: Mapped[int]
    succeeded: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[int] = mapped_column(default=0)
    signature: Mapped[JsonObject | None]
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class BatchItem(WithNumber, Base):
    """One object of a batch: what was asked, and the answer or the reason why there is none."""

    __tablename__ = "batch_items"
    __table_args__ = (
        UniqueConstraint("batch_id", "position"),
        one_of("status", ITEM_STATES),
        CheckConstraint("status != 'failed' OR error IS NOT NULL", name="failed_has_error"),
        CheckConstraint("status != 'succeeded' OR result IS NOT NULL", name="succeeded_has_result"),
        Index(None, "batch_id", "status", "position"),
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    position: Mapped[int]
    designation: Mapped[str] = mapped_column(Designation)
    elements: Mapped[JsonObject | None]
    """Given elements; null when the object is one of the catalogue."""
    status: Mapped[str] = mapped_column(String(16), default="pending")
    object_class: Mapped[str | None] = mapped_column(String(32))
    probability_artificial: Mapped[float | None]
    result: Mapped[JsonObject | None]
    error: Mapped[str | None]
    finished_at: Mapped[datetime | None]


class ObservationSet(WithId, Owned, Changed, Base):
    """Uploaded astrometry, and what the fit made of it."""

    __tablename__ = "observation_sets"
    __table_args__ = (
        one_of("status", WORK_STATES),
        one_of("format", ("mpc80", "ades-psv", "ades-xml")),
        at_least("n_obs", 0),
        Index(None, "tenant_id", "created_at"),
    )

    name: Mapped[str] = mapped_column(String(200), default="")
    designation: Mapped[str | None] = mapped_column(Designation)
    format: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[str]
    n_obs: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(16), default="queued")
    options: Mapped[JsonObject] = mapped_column(default=dict)
    result: Mapped[JsonObject | None]
    error: Mapped[str | None]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )


class Export(WithId, Owned, Changed, Base):
    """A file made for somebody. ``path`` is relative to the exports folder."""

    __tablename__ = "exports"
    __table_args__ = (
        one_of("status", WORK_STATES),
        one_of("format", EXPORT_FORMATS),
        Index(None, "tenant_id", "created_at"),
    )

    kind: Mapped[str] = mapped_column(String(32))
    format: Mapped[str] = mapped_column(String(16))
    query: Mapped[JsonObject] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(16), default="queued")
    rows: Mapped[int | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    path: Mapped[str | None] = mapped_column(String(400))
    error: Mapped[str | None]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )


class Backup(WithId, Created, Base):
    """A copy of the whole database."""

    __tablename__ = "backups"
    __table_args__ = (one_of("status", WORK_STATES), one_of("engine", ("sqlite", "postgresql")))

    engine: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default="queued")
    path: Mapped[str | None] = mapped_column(String(400))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    encrypted: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[str | None] = mapped_column(String(64))
    """Migration that the copy stands at."""
    row_counts: Mapped[dict[str, Any] | None] = mapped_column(Json)
    error: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )


class IdempotencyKey(WithNumber, Owned, Created, Base):
    """An answer that is given again when the same request comes again."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("tenant_id", "principal", "key"),)

    principal: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[str] = mapped_column(String(64))
    status_code: Mapped[int | None]
    """Null while the first request is still at work."""
    response: Mapped[Any | None] = mapped_column(Json)
    headers: Mapped[JsonObject] = mapped_column(default=dict)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class WorkerHeartbeat(Base):
    """A worker that lives: shown by monitoring."""

    __tablename__ = "workers"
    __table_args__ = (Index(None, "seen_at"),)

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    running: Mapped[int] = mapped_column(default=0)
    detail: Mapped[JsonObject] = mapped_column(default=dict)
