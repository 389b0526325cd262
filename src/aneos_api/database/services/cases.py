"""Saved filters and cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, or_, select

from aneos_api.database.models import Case, CaseItem, SavedFilter
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service, apply
from aneos_api.errors import Conflict, NotFound

FILTERS: Final = Listing(
    SavedFilter.id,
    {"name": SavedFilter.name, "shared": SavedFilter.shared, "created_at": SavedFilter.created_at},
    default="name",
)
CASES: Final = Listing(
    Case.id,
    {
        "title": Case.title,
        "status": Case.status,
        "created_at": Case.created_at,
        "updated_at": Case.updated_at,
    },
    default="-created_at",
)


class CaseService(Service):
    """What the people of one tenant keep."""

    async def save_filter(
        self, *, tenant_id: UUID, user_id: UUID, name: str, query: Mapping[str, Any], shared: bool = False
    ) -> SavedFilter:
        """Keep a search under a name; the same name again replaces it."""
        found = await self.session.scalar(
            select(SavedFilter).where(
                SavedFilter.tenant_id == tenant_id, SavedFilter.user_id == user_id, SavedFilter.name == name
            )
        )
        if found is None:
            row = SavedFilter(
                tenant_id=tenant_id, user_id=user_id, name=name, query=dict(query), shared=shared
            )
            return await self._add(row)
        found.query, found.shared = dict(query), shared
        await self.session.flush()
        return found

    async def get_filter(self, filter_id: UUID, *, tenant_id: UUID, user_id: UUID) -> SavedFilter:
        """One's own, or one that is shared in the tenant."""
        row = await self._get(SavedFilter, filter_id, "filter", tenant_id=tenant_id)
        if row.user_id != user_id and not row.shared:
            raise NotFound("there is no such filter")
        return row

    async def filters(self, tenant_id: UUID, user_id: UUID, request: PageRequest) -> Page[SavedFilter]:
        statement = select(SavedFilter).where(
            SavedFilter.tenant_id == tenant_id, or_(SavedFilter.user_id == user_id, SavedFilter.shared)
        )
        return await FILTERS.page(self.session, statement, request)

    async def delete_filter(self, filter_id: UUID, *, tenant_id: UUID, user_id: UUID) -> None:
        row = await self.get_filter(filter_id, tenant_id=tenant_id, user_id=user_id)
        if row.user_id != user_id:
            raise NotFound("there is no such filter of yours")
        await self.session.delete(row)
        await self.session.flush()

    async def create(self, *, tenant_id: UUID, user_id: UUID, title: str, notes: str = "") -> Case:
        return await self._add(Case(tenant_id=tenant_id, user_id=user_id, title=title, notes=notes))

    async def get(self, case_id: UUID, *, tenant_id: UUID) -> Case:
        return await self._get(Case, case_id, "case", tenant_id=tenant_id)

    async def page(self, tenant_id: UUID, request: PageRequest) -> Page[Case]:
        return await CASES.page(self.session, select(Case).where(Case.tenant_id == tenant_id), request)

    async def update(
        self, case_id: UUID, *, tenant_id: UUID, **changes: Any
    ) -> tuple[Case, dict[str, tuple[Any, Any]]]:
        """Change title, notes or status; gives (before, after) of each change."""
        case = await self.get(case_id, tenant_id=tenant_id)
        changed = apply(case, changes, frozenset({"title", "notes", "status"}))
        await self.session.flush()
        return case, changed

    async def delete(self, case_id: UUID, *, tenant_id: UUID) -> None:
        await self.session.delete(await self.get(case_id, tenant_id=tenant_id))
        await self.session.flush()

    async def items(self, case_id: UUID, *, tenant_id: UUID) -> list[CaseItem]:
        await self.get(case_id, tenant_id=tenant_id)
        statement = select(CaseItem).where(CaseItem.case_id == case_id).order_by(CaseItem.id)
        return list(await self.session.scalars(statement))

    async def add_item(
        self,
        case_id: UUID,
        *,
        tenant_id: UUID,
        designation: str,
        assessment_id: int | None = None,
        note: str = "",
    ) -> CaseItem:
        """Put an object into a case. Raises Conflict when it is there."""
        await self.get(case_id, tenant_id=tenant_id)
        there = select(CaseItem.id).where(CaseItem.case_id == case_id, CaseItem.designation == designation)
        if await self.session.scalar(there) is not None:
            raise Conflict(f"{designation} is in this case already")
        return await self._add(
            CaseItem(case_id=case_id, designation=designation, assessment_id=assessment_id, note=note)
        )

    async def remove_item(self, case_id: UUID, *, tenant_id: UUID, designation: str) -> None:
        await self.get(case_id, tenant_id=tenant_id)
        removed = await self._change(
            delete(CaseItem).where(CaseItem.case_id == case_id, CaseItem.designation == designation)
        )
        if not removed:
            raise NotFound(f"{designation} is not in this case")
