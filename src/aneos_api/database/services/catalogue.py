"""The catalogue in the database: objects, their names, and the editions that brought them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, insert, or_, select, update

from aneos.catalogue.assembly import text_key
from aneos.catalogue.designations import COMPOSITE, unpacked
from aneos.catalogue.schema import Provenance
from aneos_api.clock import utc_now
from aneos_api.database.elements import STORED, object_names, object_values
from aneos_api.database.models import CatalogueObject, CatalogueVersion, ObjectName, ObjectVersion
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.errors import NotFound

OBJECTS: Final = Listing(
    CatalogueObject.id,
    {
        "designation": CatalogueObject.designation,
        "name": CatalogueObject.name,
        "number": CatalogueObject.number,
        "a_au": CatalogueObject.a_au,
        "e": CatalogueObject.e,
        "i_deg": CatalogueObject.i_deg,
        "H": CatalogueObject.H,
        "U": CatalogueObject.U,
        "arc_days": CatalogueObject.arc_days,
        "n_obs": CatalogueObject.n_obs,
        "last_observation": CatalogueObject.last_observation,
        "amr_m2kg": CatalogueObject.amr_m2kg,
        "diameter_km": CatalogueObject.diameter_km,
        "albedo": CatalogueObject.albedo,
        "updated_at": CatalogueObject.updated_at,
    },
    default="designation",
)
VERSIONS: Final = Listing(
    CatalogueVersion.id,
    {
        "name": CatalogueVersion.name,
        "version": CatalogueVersion.version,
        "current": CatalogueVersion.current,
        "objects": CatalogueVersion.objects,
        "created_at": CatalogueVersion.created_at,
    },
    default="-created_at",
)
IN_CHUNK: Final = 500
LONGEST_NAME: Final = 100


class CatalogueService(Service):
    """Objects of the open catalogue (no tenant) and those that a tenant uploaded."""

    async def find(self, text: str, *, tenant_id: UUID | None = None) -> CatalogueObject:
        """The object called ``text``: designation, number, name, alias, packed form, or a combination of these.

        Names are matched whole, without regard to case and spaces. A tenant's own object goes before the open
        catalogue's. Raises NotFound, with close names where there are any.
        """
        found = await self._whole(text, tenant_id)
        if found is None:
            match = COMPOSITE.fullmatch(" ".join(text.split())) if len(text) <= LONGEST_NAME else None
            parts = [part for part in match.groups() if part] if match else []
            objects = [await self._whole(part, tenant_id) for part in parts if part != text]
            if objects and all(item is not None and item is objects[0] for item in objects):
                found = objects[0]
        if found is None:
            near = [
                row.designation
                for start in (text, text[:-1])
                for row in await self.search(start, tenant_id=tenant_id, limit=3)
            ][:3]
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            shown = text if len(text) <= 64 and text.isprintable() else ascii(text[:64])
            raise NotFound(f"no object of the catalogue is called {shown!r}{hint}")
        return found

    async def get(self, object_id: int, *, tenant_id: UUID | None = None) -> CatalogueObject:
        """The object with this key, when it is the open catalogue's or the tenant's."""
        row = await self._get(CatalogueObject, object_id, "object")
        if row.tenant_id is not None and row.tenant_id != tenant_id:
            raise NotFound("there is no such object")
        return row

    async def find_many(
        self, texts: Sequence[str], *, tenant_id: UUID | None = None
    ) -> dict[str, CatalogueObject]:
        """Objects by the texts that call them; what is not found is left out. One question for most of them."""
        keys = {text: text_key(text)[:64] for text in texts if "\x00" not in text}
        best: dict[str, tuple[tuple[bool, int], CatalogueObject]] = {}
        wanted = sorted(set(keys.values()))
        for start in range(0, len(wanted), IN_CHUNK):
            statement = self._named(wanted[start : start + IN_CHUNK], tenant_id)
            for row, name in await self.session.execute(statement):
                preference = (row.tenant_id is None, name.kind)
                if name.key not in best or preference < best[name.key][0]:
                    best[name.key] = (preference, row)
        out = {text: best[key][1] for text, key in keys.items() if key in best}
        for text in keys:
            if text not in out:
                try:
                    out[text] = await self.find(text, tenant_id=tenant_id)
                except NotFound:
                    continue
        return out

    async def search(
        self, text: str, *, tenant_id: UUID | None = None, limit: int = 20
    ) -> list[CatalogueObject]:
        """Objects of which a designation, number, name or alias begins like ``text``; the whole match first."""
        key = text_key(text)[:64].replace("\x00", "")
        if not key:
            return []
        first = (
            select(ObjectName.object_id, func.min(func.length(ObjectName.key)).label("length"))
            .join(CatalogueObject, CatalogueObject.id == ObjectName.object_id)
            .where(ObjectName.key.startswith(key, autoescape=True), _visible(tenant_id))
            .group_by(ObjectName.object_id)
            .order_by(func.min(func.length(ObjectName.key)), ObjectName.object_id)
            .limit(limit)
            .subquery()
        )
        rows = await self.session.scalars(
            select(CatalogueObject)
            .join(first, first.c.object_id == CatalogueObject.id)
            .order_by(first.c.length, CatalogueObject.designation)
        )
        return list(rows)

    async def page(self, request: PageRequest, *, tenant_id: UUID | None = None) -> Page[CatalogueObject]:
        """Objects of the open catalogue and the tenant's own."""
        statement = select(CatalogueObject).where(_visible(tenant_id), CatalogueObject.removed_at.is_(None))
        return await OBJECTS.page(self.session, statement, request)

    async def versions_of(self, object_id: int) -> list[ObjectVersion]:
        """Elements that the object had before, the newest first."""
        statement = select(ObjectVersion).where(ObjectVersion.object_id == object_id)
        return list(await self.session.scalars(statement.order_by(ObjectVersion.id.desc())))

    async def elements_at(
        self, found: CatalogueObject, moment: datetime
    ) -> tuple[Mapping[str, Any], datetime, datetime | None] | None:
        """The object's columns as they stood at ``moment``, since when, and until when (None: still).

        None where the object was not known yet.
        """
        if found.created_at > moment:
            return None
        own = select(ObjectVersion).where(ObjectVersion.object_id == found.id)
        before = await self.session.scalar(
            own.where(ObjectVersion.valid_to <= moment).order_by(ObjectVersion.valid_to.desc()).limit(1)
        )
        since = found.created_at if before is None else before.valid_to
        held = await self.session.scalar(
            own.where(ObjectVersion.valid_to > moment).order_by(ObjectVersion.valid_to).limit(1)
        )
        if held is not None:
            return held.elements, since, held.valid_to
        return {name: getattr(found, name) for name in STORED}, since, None

    async def version_at(self, moment: datetime) -> CatalogueVersion | None:
        """The edition that had been taken in last at ``moment``."""
        statement = select(CatalogueVersion).where(CatalogueVersion.created_at <= moment)
        return await self.session.scalar(
            statement.order_by(CatalogueVersion.created_at.desc(), CatalogueVersion.id.desc()).limit(1)
        )

    async def versions(self, request: PageRequest) -> Page[CatalogueVersion]:
        """Editions that were taken in."""
        return await VERSIONS.page(self.session, select(CatalogueVersion), request)

    async def changes_since(self, version_id: UUID | None) -> bool:
        """Whether an edition that was taken in after this one changed anything; True where there is no such edition."""
        seen = None if version_id is None else await self.session.get(CatalogueVersion, version_id)
        if seen is None:
            return True
        touched = or_(CatalogueVersion.added > 0, CatalogueVersion.changed > 0, CatalogueVersion.removed > 0)
        newer = select(CatalogueVersion.id).where(CatalogueVersion.id > seen.id, touched)
        return await self.session.scalar(newer.limit(1)) is not None

    async def get_version(self, version_id: UUID) -> CatalogueVersion:
        return await self._get(CatalogueVersion, version_id, "catalogue version")

    async def current_version(self, name: str | None = None) -> CatalogueVersion | None:
        """The edition in force (of catalogue ``name``)."""
        statement = select(CatalogueVersion).where(CatalogueVersion.current)
        if name is not None:
            statement = statement.where(CatalogueVersion.name == name)
        return await self.session.scalar(statement.order_by(CatalogueVersion.created_at.desc()).limit(1))

    async def count(self, *, tenant_id: UUID | None = None) -> int:
        """Objects of the open catalogue and the tenant's own."""
        statement = select(func.count()).select_from(CatalogueObject).where(_visible(tenant_id))
        return int(await self.session.scalar(statement) or 0)

    # --- taking in an edition: see aneos_api.database.loading -------------------------------------------------

    async def begin_version(
        self, provenance: Provenance, rejected: Sequence[Mapping[str, Any]]
    ) -> CatalogueVersion:
        """The record of an edition that is being taken in; the same edition again gives the same record."""
        found = await self.session.scalar(
            select(CatalogueVersion).where(
                CatalogueVersion.name == provenance.name,
                CatalogueVersion.version == provenance.version,
                CatalogueVersion.sha256 == provenance.sha256,
            )
        )
        if found is not None:
            return found
        return await self._add(
            CatalogueVersion(
                name=provenance.name,
                version=provenance.version,
                source=provenance.source,
                sha256=provenance.sha256,
                acknowledgement=provenance.acknowledgement,
                rejected=[dict(row) for row in rejected],
            )
        )

    async def newest(self, limit: int) -> list[CatalogueObject]:
        """Listed objects of the open catalogue, those that changed last first."""
        statement = (
            select(CatalogueObject)
            .where(CatalogueObject.tenant_id.is_(None), CatalogueObject.removed_at.is_(None))
            .order_by(CatalogueObject.updated_at.desc(), CatalogueObject.id.desc())
            .limit(limit)
        )
        return list(await self.session.scalars(statement))

    async def hashes(self, *, tenant_id: UUID | None = None) -> dict[str, tuple[int, int, bool]]:
        """Of every object: key → (id, hash of its values, whether the source still lists it)."""
        owner = (
            CatalogueObject.tenant_id.is_(None)
            if tenant_id is None
            else CatalogueObject.tenant_id == tenant_id
        )
        rows = await self.session.execute(
            select(
                CatalogueObject.key, CatalogueObject.id, CatalogueObject.row_hash, CatalogueObject.removed_at
            ).where(owner)
        )
        return {key: (number, digest, removed is None) for key, number, digest, removed in rows}

    async def add_objects(
        self, rows: Sequence[Mapping[str, Any]], *, version_id: UUID | None, tenant_id: UUID | None = None
    ) -> dict[str, int]:
        """Insert rows of the science's table; gives the new key of each by the key of its designation."""
        if not rows:
            return {}
        now = utc_now()
        shared = {
            "tenant_id": tenant_id,
            "version_id": version_id,
            "created_at": now,
            "updated_at": now,
            "removed_at": None,
        }
        values = [object_values(row) | shared for row in rows]
        await self.session.execute(insert(CatalogueObject.__table__), values)  # type: ignore[arg-type]
        numbers = await self._numbers([value["key"] for value in values], tenant_id)
        await self._add_names(rows, numbers)
        self._touch("objects", tenant_id)
        return numbers

    async def change_objects(
        self, rows: Sequence[tuple[int, Mapping[str, Any]]], *, version_id: UUID | None
    ) -> None:
        """Give objects (by key) new values; the old ones are kept as a version."""
        now = utc_now()
        for number, row in rows:
            stored = await self._get(CatalogueObject, number, "object")
            self.session.add(
                ObjectVersion(
                    object_id=number,
                    version_id=stored.version_id,
                    elements={name: getattr(stored, name) for name in STORED},
                    valid_from=stored.updated_at,
                    valid_to=now,
                )
            )
            for name, value in object_values(row).items():
                setattr(stored, name, value)
            stored.version_id, stored.updated_at, stored.removed_at = version_id, now, None
        await self.session.flush()
        numbers = {text_key(row["designation"]): number for number, row in rows}
        if numbers:
            await self.session.execute(delete(ObjectName).where(ObjectName.object_id.in_(numbers.values())))
            await self._add_names([row for _, row in rows], numbers)
            self._touch("objects")

    async def remove_objects(self, numbers: Sequence[int]) -> None:
        """Mark objects as no longer listed; they and their history stay."""
        for start in range(0, len(numbers), IN_CHUNK):
            await self.session.execute(
                update(CatalogueObject)
                .where(CatalogueObject.id.in_(numbers[start : start + IN_CHUNK]))
                .values(removed_at=utc_now())
            )
        if numbers:
            self._touch("objects")

    async def finish_version(
        self, version_id: UUID, *, objects: int, added: int, changed: int, removed: int
    ) -> CatalogueVersion:
        """The edition is in: it holds from now on."""
        version = await self.get_version(version_id)
        await self.session.execute(
            update(CatalogueVersion)
            .where(CatalogueVersion.name == version.name, CatalogueVersion.id != version_id)
            .values(current=False)
        )
        version.current, version.objects = True, objects
        version.added, version.changed, version.removed = added, changed, removed
        await self.session.flush()
        self._touch("objects")
        return version

    async def _whole(self, text: str, tenant_id: UUID | None) -> CatalogueObject | None:
        """The object that bears exactly this designation, number, name or alias."""
        plain = " ".join(text.split())
        if not plain or len(plain) > LONGEST_NAME or "\x00" in plain:
            return None
        key = text_key(plain)
        keys = {key, key.strip("()")} - {""}
        other = unpacked(plain)
        if other is not None:
            keys.add(text_key(other))
        rows = (await self.session.execute(self._named(sorted(keys), tenant_id))).all()
        if not rows:
            return None
        best = min(rows, key=lambda row: (row[0].tenant_id is None, row[1].kind, row[0].id))
        return best[0]

    def _named(self, keys: Sequence[str], tenant_id: UUID | None) -> Select[CatalogueObject, ObjectName]:
        return (
            select(CatalogueObject, ObjectName)
            .join(ObjectName, ObjectName.object_id == CatalogueObject.id)
            .where(ObjectName.key.in_(keys), _visible(tenant_id))
        )

    async def _numbers(self, keys: Sequence[str], tenant_id: UUID | None) -> dict[str, int]:
        owner = (
            CatalogueObject.tenant_id.is_(None)
            if tenant_id is None
            else CatalogueObject.tenant_id == tenant_id
        )
        out: dict[str, int] = {}
        for start in range(0, len(keys), IN_CHUNK):
            rows = await self.session.execute(
                select(CatalogueObject.key, CatalogueObject.id).where(
                    owner, CatalogueObject.key.in_(keys[start : start + IN_CHUNK])
                )
            )
            out.update((key, number) for key, number in rows)
        return out

    async def _add_names(self, rows: Sequence[Mapping[str, Any]], numbers: Mapping[str, int]) -> None:
        names = [
            {"object_id": numbers[text_key(row["designation"])], "key": key[:64], "kind": kind}
            for row in rows
            for key, kind in object_names(row).items()
        ]
        await self.session.execute(insert(ObjectName.__table__), names)  # type: ignore[arg-type]


def _visible(tenant_id: UUID | None) -> ColumnElement[bool]:
    everybody = CatalogueObject.tenant_id.is_(None)
    return everybody if tenant_id is None else or_(everybody, CatalogueObject.tenant_id == tenant_id)
