"""How remote archives answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive_health",
        sa.Column("archive", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_kind", sa.String(length=16), nullable=True),
        sa.Column("error", sa.String(length=400), nullable=True),
        sa.Column("circuit_failures", sa.Integer(), nullable=False),
        sa.Column("circuit_open_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("requests >= 0", name=op.f("ck_archive_health_requests_least")),
        sa.CheckConstraint("errors >= 0", name=op.f("ck_archive_health_errors_least")),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_archive_health_failures_least")),
        sa.PrimaryKeyConstraint("archive", name=op.f("pk_archive_health")),
    )


def downgrade() -> None:
    op.drop_table("archive_health")
