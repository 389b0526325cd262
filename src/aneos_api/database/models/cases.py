"""What people keep: saved filters and cases."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from aneos_api.database.models.base import Base, Changed, Created, JsonObject, Owned, WithId, one_of
from aneos_api.database.types import BigId, Designation

CASE_STATES: Final = ("open", "closed")


class SavedFilter(WithId, Owned, Changed, Base):
    """A named search over the assessments; a rule may make it an alert."""

    __tablename__ = "saved_filters"
    __table_args__ = (UniqueConstraint("tenant_id", "user_id", "name"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    query: Mapped[JsonObject]
    shared: Mapped[bool] = mapped_column(default=False)


class Case(WithId, Owned, Changed, Base):
    """An inquiry into some objects, with notes."""

    __tablename__ = "cases"
    __table_args__ = (one_of("status", CASE_STATES), Index(None, "tenant_id", "created_at"))

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    notes: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(String(16), default="open")


class CaseItem(WithId, Created, Base):
    """An object of a case."""

    __tablename__ = "case_items"
    __table_args__ = (UniqueConstraint("case_id", "designation"), Index(None, "assessment_id"))

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    assessment_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("assessments.id", ondelete="SET NULL")
    )
    designation: Mapped[str] = mapped_column(Designation)
    note: Mapped[str] = mapped_column(default="")
