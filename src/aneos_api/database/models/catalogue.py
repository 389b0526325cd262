"""The objects, and what was believed about their orbits when.

Elements are osculating, heliocentric, mean ecliptic and equinox of J2000, epoch in TDB; lengths in au, angles in
degrees, A1–A3 in au/d² (see :mod:`aneos.catalogue.schema`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
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
    at_least,
)
from aneos_api.database.types import BigId, Designation


class CatalogueVersion(WithId, Created, Base):
    """One edition of a catalogue that was taken in. ``sha256`` is that of its source."""

    __tablename__ = "catalogue_versions"
    __table_args__ = (
        UniqueConstraint("name", "version", "sha256"),
        Index(
            "ix_catalogue_versions_current",
            "name",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
    )

    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(400))
    sha256: Mapped[str] = mapped_column(String(64))
    acknowledgement: Mapped[str] = mapped_column(default="")
    objects: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    removed: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[list[Any]] = mapped_column(default=list)
    current: Mapped[bool] = mapped_column(default=False)


class CatalogueObject(WithNumber, MaybeOwned, Changed, Base):
    """An object with the newest elements known. ``tenant_id`` is null for those of the open catalogue."""

    __tablename__ = "objects"
    __table_args__ = (
        Index(
            "ix_objects_open_key",
            "key",
            unique=True,
            sqlite_where=text("tenant_id IS NULL"),
            postgresql_where=text("tenant_id IS NULL"),
        ),
        UniqueConstraint("tenant_id", "key"),
        CheckConstraint("e >= 0", name="e_least"),
        at_least("i_deg", 0),
        Index(None, "number"),
        Index(None, "H"),
        Index(None, "a_au"),
        Index(None, "version_id"),
    )

    designation: Mapped[str] = mapped_column(Designation)
    key: Mapped[str] = mapped_column(Designation)
    """The designation without regard to case and spaces."""
    name: Mapped[str | None] = mapped_column(Designation)
    number: Mapped[int | None]
    aliases: Mapped[list[str]] = mapped_column(default=list)
    epoch_tdb_jd: Mapped[float]
    a_au: Mapped[float]
    e: Mapped[float]
    i_deg: Mapped[float]
    node_deg: Mapped[float]
    peri_deg: Mapped[float]
    mean_anomaly_deg: Mapped[float]
    H: Mapped[float | None]
    G: Mapped[float | None]
    U: Mapped[str | None] = mapped_column(String(8))
    arc_days: Mapped[float | None]
    arc_is_lower_bound: Mapped[bool | None]
    n_obs: Mapped[int | None]
    n_oppositions: Mapped[int | None]
    last_observation: Mapped[date | None]
    rms_arcsec: Mapped[float | None]
    amr_m2kg: Mapped[float | None]
    amr_sigma_m2kg: Mapped[float | None]
    A1: Mapped[float | None]
    A1_sigma: Mapped[float | None]
    A2: Mapped[float | None]
    A2_sigma: Mapped[float | None]
    A3: Mapped[float | None]
    A3_sigma: Mapped[float | None]
    diameter_km: Mapped[float | None]
    albedo: Mapped[float | None]
    rotation_h: Mapped[float | None]
    source: Mapped[str | None] = mapped_column(String(200))
    extra: Mapped[JsonObject] = mapped_column(default=dict)
    """Columns of the source that the schema does not name."""
    row_hash: Mapped[int] = mapped_column(BigInteger)
    """Of all values: tells a changed record from one that stayed."""
    version_id: Mapped[UUID | None] = mapped_column(ForeignKey("catalogue_versions.id", ondelete="SET NULL"))
    """The edition that last changed it."""
    removed_at: Mapped[datetime | None]
    """When the source stopped listing it."""


class ObjectName(WithNumber, Base):
    """Every designation, number, name and alias under which an object is found; ``kind`` orders them."""

    __tablename__ = "object_names"
    __table_args__ = (UniqueConstraint("object_id", "key"), Index(None, "key"))

    object_id: Mapped[int] = mapped_column(BigId, ForeignKey("objects.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Designation)
    kind: Mapped[int]
    """0 designation, 1 number, 2 name, 3 alias: the order in which a search prefers them."""


class ObjectVersion(WithNumber, Created, Base):
    """The elements that an object had before an edition changed it: what we believed on that day."""

    __tablename__ = "object_versions"
    __table_args__ = (Index(None, "object_id", "created_at"), Index(None, "version_id"))

    object_id: Mapped[int] = mapped_column(BigId, ForeignKey("objects.id", ondelete="CASCADE"))
    version_id: Mapped[UUID | None] = mapped_column(ForeignKey("catalogue_versions.id", ondelete="SET NULL"))
    """The edition that held until now."""
    elements: Mapped[JsonObject]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
