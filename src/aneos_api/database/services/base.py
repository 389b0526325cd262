"""What all services share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from sqlalchemy import CursorResult, Executable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from aneos_api.database.models import Base
from aneos_api.errors import Invalid, NotFound

TOUCHED: Final = "aneos_touched"

Model = TypeVar("Model", bound=Base)


class Service:
    """All SQL of one area. It never commits: the unit of work does, once."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    def _touch(self, area: str, tenant_id: UUID | None = None) -> None:
        """Say that cached reads of ``area`` are out of date: for one tenant, or for all when None."""
        self.session.info.setdefault(TOUCHED, set()).add((tenant_id, area))

    async def _get(
        self, model: type[Model], key: UUID | int, what: str, *, tenant_id: UUID | None = None
    ) -> Model:
        """The row with this key; raises NotFound when there is none or when it is another tenant's."""
        row = await self.session.get(model, key)
        if row is None or (tenant_id is not None and getattr(row, "tenant_id", None) != tenant_id):
            raise NotFound(f"there is no such {what}")
        return row

    async def _add(self, row: Model) -> Model:
        self.session.add(row)
        await self.session.flush()
        return row

    async def _change(self, statement: Executable) -> int:
        """Execute an UPDATE or DELETE; the number of rows that it touched."""
        result = cast("CursorResult[Any]", await self.session.execute(statement))
        return result.rowcount

    @property
    def _postgresql(self) -> bool:
        return self.session.get_bind().dialect.name == "postgresql"

    def _insert(self, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that may say what happens on conflict."""
        return postgresql.insert(model) if self._postgresql else sqlite.insert(model)


def apply(row: Base, changes: Mapping[str, Any], allowed: frozenset[str]) -> dict[str, tuple[Any, Any]]:
    """Set ``changes`` on ``row`` and return (before, after) of what really changed. Raises Invalid for other names."""
    unknown = sorted(set(changes) - allowed)
    if unknown:
        raise Invalid(f"cannot be changed; {', '.join(sorted(allowed))} can", field=unknown[0])
    out = {}
    for name, value in changes.items():
        before = getattr(row, name)
        if before != value:
            setattr(row, name, value)
            out[name] = (before, value)
    return out
