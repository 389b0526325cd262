"""Verdicts and their evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from aneos.assessment import CLASSES
from aneos.evidence.base import STATUSES
from aneos_api.database.models.base import (
    Base,
    Created,
    JsonObject,
    MaybeOwned,
    WithId,
    WithNumber,
    at_least,
    between,
    one_of,
)
from aneos_api.database.types import BigId, Designation

SCREEN_STATES: Final = ("building", "complete", "superseded")
ORIGINS: Final = ("screen", "request", "batch", "observations", "sync", "stream")


class Screen(WithId, Created, Base):
    """One run over the whole catalogue. At most one is ``current``."""

    __tablename__ = "screens"
    __table_args__ = (
        one_of("state", SCREEN_STATES),
        Index(
            "ix_screens_current",
            "current",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
    )

    version_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("catalogue_versions.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[str] = mapped_column(String(16), default="building")
    current: Mapped[bool] = mapped_column(default=False)
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    """Hash of catalogue, model and options: the same again gives the same answers."""
    signature: Mapped[JsonObject]
    summary: Mapped[JsonObject]
    finished_at: Mapped[datetime | None]


class Assessment(WithNumber, MaybeOwned, Created, Base):
    """The answer for one object. ``tenant_id`` is null for those of the open catalogue.

    ``factors`` holds the log10 Bayes factor of each line; ``detail`` the full JSON answer where it was made already.
    """

    __tablename__ = "assessments"
    __table_args__ = (
        UniqueConstraint("screen_id", "object_id"),
        UniqueConstraint("screen_id", "rank"),
        one_of("object_class", CLASSES),
        one_of("origin", ORIGINS),
        between("probability_artificial", 0, 1),
        between("prior", 0, 1),
        between("p_value", 0, 1),
        between("q_value", 0, 1),
        at_least("rank", 1),
        Index(None, "object_id", "id"),
        Index(None, "screen_id", "object_class", "rank"),
        Index(None, "screen_id", "q_value"),
        Index(None, "tenant_id", "created_at"),
    )

    object_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("objects.id", ondelete="CASCADE"))
    screen_id: Mapped[UUID | None] = mapped_column(ForeignKey("screens.id", ondelete="CASCADE"))
    observation_set_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("observation_sets.id", ondelete="CASCADE"), index=True
    )
    created_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    origin: Mapped[str] = mapped_column(String(16))
    designation: Mapped[str] = mapped_column(Designation, index=True)
    rank: Mapped[int | None]
    object_class: Mapped[str] = mapped_column(String(32))
    probability_artificial: Mapped[float]
    prob_lo: Mapped[float]
    prob_hi: Mapped[float]
    prior: Mapped[float]
    log10_bayes_factor: Mapped[float]
    p_value: Mapped[float | None]
    q_value: Mapped[float | None]
    alert: Mapped[bool] = mapped_column(default=False)
    v_encounter_kms: Mapped[float | None]
    moid_au: Mapped[float | None]
    factors: Mapped[JsonObject] = mapped_column(default=dict)
    verdict: Mapped[str] = mapped_column(default="")
    signature: Mapped[JsonObject | None]
    """Of a single answer; those of a screen share the screen's."""
    detail: Mapped[JsonObject | None]
    since: Mapped[datetime]
    """Since when class and Bayes factor are as they are."""


class AssessmentEvidence(WithNumber, Base):
    """One line of evidence of one assessment."""

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("assessment_id", "line"),
        one_of("status", STATUSES),
        Index(None, "line", "log10_bayes_factor"),
    )

    assessment_id: Mapped[int] = mapped_column(BigId, ForeignKey("assessments.id", ondelete="CASCADE"))
    line: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16))
    log10_bayes_factor: Mapped[float]
    lo: Mapped[float]
    hi: Mapped[float]
    summary: Mapped[str]
    inputs: Mapped[JsonObject] = mapped_column(default=dict)
