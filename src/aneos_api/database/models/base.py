"""What all tables share: names of constraints, keys, and the moments of making and changing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from aneos_api.clock import utc_now
from aneos_api.database.types import BigId, Json, UTCDateTime, uuid7

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

JsonObject = dict[str, Any]


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime(),
        JsonObject: Json,
        list[str]: Json,
        list[Any]: Json,
        UUID: Uuid(),
    }


class WithId:
    """A key that may be shown: random, sorted by time."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)


class WithNumber:
    """A key that is small: for tables with many rows."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)


class Created:
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Changed(Created):
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)


class Owned:
    """Belongs to a tenant and goes with it."""

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), index=True)


class MaybeOwned:
    """Belongs to a tenant, or to everybody when null."""

    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), index=True)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """A constraint that ``column`` holds one of ``values``."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def between(column: str, low: float, high: float) -> CheckConstraint:
    """A constraint that ``column`` lies within ``low`` and ``high``, both included, or is null."""
    return CheckConstraint(f"{column} BETWEEN {low} AND {high}", name=f"{column}_range")


def at_least(column: str, low: float) -> CheckConstraint:
    """A constraint that ``column`` is ``low`` or more, or null."""
    return CheckConstraint(f"{column} >= {low}", name=f"{column}_least")
