"""Learned models, what they predicted, and experiments between them."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from aneos_api.database.models.base import (
    Base,
    Changed,
    Created,
    JsonObject,
    MaybeOwned,
    WithId,
    WithNumber,
    between,
    one_of,
)
from aneos_api.database.types import BigId, Designation

MODEL_STAGES: Final = ("candidate", "challenger", "champion", "retired")
EXPERIMENT_STATES: Final = ("draft", "running", "stopped", "concluded")


class ModelVersion(WithId, Changed, Base):
    """A trained model. Of each ``name`` at most one version is champion: it answers."""

    __tablename__ = "model_versions"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        one_of("stage", MODEL_STAGES),
        Index(
            "ix_model_versions_champion",
            "name",
            unique=True,
            sqlite_where=text("stage = 'champion'"),
            postgresql_where=text("stage = 'champion'"),
        ),
    )

    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(64))
    algorithm: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(16), default="candidate")
    features: Mapped[list[str]]
    parameters: Mapped[JsonObject] = mapped_column(default=dict)
    metrics: Mapped[JsonObject] = mapped_column(default=dict)
    training_data: Mapped[JsonObject] = mapped_column(default=dict)
    """Catalogue signature, counts, split and seed."""
    reference: Mapped[JsonObject] = mapped_column(default=dict)
    """Distributions of features and scores at training, against which drift is measured."""
    artefact_path: Mapped[str | None] = mapped_column(String(400))
    artefact_sha256: Mapped[str | None] = mapped_column(String(64))
    artefact_bytes: Mapped[int | None] = mapped_column(BigInteger)
    activated_at: Mapped[datetime | None]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )


class Prediction(WithNumber, MaybeOwned, Created, Base):
    """What a model said about an object. ``score``: the higher, the more artificial."""

    __tablename__ = "predictions"
    __table_args__ = (
        between("probability", 0, 1),
        Index(None, "designation", "created_at"),
        Index(None, "model_id", "created_at"),
        Index(None, "experiment_id"),
        Index(None, "object_id"),
    )

    model_id: Mapped[UUID] = mapped_column(ForeignKey("model_versions.id", ondelete="CASCADE"))
    object_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("objects.id", ondelete="CASCADE"))
    experiment_id: Mapped[UUID | None] = mapped_column(ForeignKey("experiments.id", ondelete="SET NULL"))
    arm: Mapped[str | None] = mapped_column(String(64))
    designation: Mapped[str] = mapped_column(Designation)
    score: Mapped[float]
    probability: Mapped[float | None]
    prob_lo: Mapped[float | None]
    prob_hi: Mapped[float | None]
    label: Mapped[str | None] = mapped_column(String(32))
    features: Mapped[JsonObject] = mapped_column(default=dict)
    explanation: Mapped[JsonObject | None]


class Experiment(WithId, Changed, Base):
    """Models that answer side by side, each for its share of requests."""

    __tablename__ = "experiments"
    __table_args__ = (
        one_of("status", EXPERIMENT_STATES),
        CheckConstraint("ended_at IS NULL OR started_at IS NOT NULL", name="ended_was_started"),
        Index(
            "ix_experiments_running",
            "status",
            unique=True,
            sqlite_where=text("status = 'running'"),
            postgresql_where=text("status = 'running'"),
        ),
    )

    name: Mapped[str] = mapped_column(String(200), unique=True)
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(String(16), default="draft")
    metric: Mapped[str] = mapped_column(String(64))
    results: Mapped[JsonObject | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )


class ExperimentArm(WithId, Base):
    """One model of an experiment and its share of requests, between 0 and 1."""

    __tablename__ = "experiment_arms"
    __table_args__ = (
        UniqueConstraint("experiment_id", "name"),
        between("share", 0, 1),
        Index(None, "model_id"),
    )

    experiment_id: Mapped[UUID] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"))
    model_id: Mapped[UUID] = mapped_column(ForeignKey("model_versions.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    share: Mapped[float]
