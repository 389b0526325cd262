"""People and organisations."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from aneos_api.database.models.base import Base, Changed, Created, WithId, at_least, one_of

Role = Literal["viewer", "analyst", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""From the least to the most permitted."""


class Tenant(WithId, Changed, Base):
    """An organisation: what it uploads is its own."""

    __tablename__ = "tenants"

    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)


class User(WithId, Changed, Base):
    """A person. ``email`` is kept in lower case; ``superuser`` may manage all tenants."""

    __tablename__ = "users"
    __table_args__ = (
        at_least("failed_logins", 0),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("NOT totp_enabled OR totp_secret IS NOT NULL", name="totp_has_secret"),
    )

    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    password_hash: Mapped[str] = mapped_column(String(512))
    password_changed_at: Mapped[datetime]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    superuser: Mapped[bool] = mapped_column(default=False)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    token_version: Mapped[int] = mapped_column(default=0)
    """Raised to revoke every token and session at once."""
    totp_secret: Mapped[str | None] = mapped_column(String(512))
    """Encrypted by the security layer."""
    totp_enabled: Mapped[bool] = mapped_column(default=False)
    totp_last_step: Mapped[int | None]
    """Last accepted time step: a code is taken once."""


class Membership(WithId, Created, Base):
    """What a user may do in a tenant."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("user_id", "tenant_id"), one_of("role", ROLES))

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(16))
