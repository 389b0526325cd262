"""How much each principal uses the service, by day and route."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select

from aneos_api.clock import utc_now
from aneos_api.database.models import ApiUsage
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.errors import Invalid

USAGE: Final = Listing(
    ApiUsage.id,
    {
        "day": ApiUsage.day,
        "principal": ApiUsage.principal,
        "api_key_id": ApiUsage.api_key_id,
        "user_id": ApiUsage.user_id,
        "method": ApiUsage.method,
        "route": ApiUsage.route,
        "status_class": ApiUsage.status_class,
        "requests": ApiUsage.requests,
    },
    default="-day",
)
GROUPS: Final = ("day", "principal", "route", "method", "status_class")


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Requests of one principal on one route with one class of status (2, 3, 4, 5), on one day."""

    tenant_id: UUID
    day: date
    principal: str
    method: str
    route: str
    status_class: int
    requests: int
    duration_ms: float
    bytes_in: int = 0
    bytes_out: int = 0
    user_id: UUID | None = None
    api_key_id: UUID | None = None


class UsageService(Service):
    """Counters of requests."""

    async def add(self, rows: Iterable[UsageRow]) -> None:
        """Add to the counters; call it now and then with what was gathered, not for each request."""
        for row in rows:
            insert = self._insert(ApiUsage).values(
                tenant_id=row.tenant_id,
                day=row.day,
                principal=row.principal,
                method=row.method,
                route=row.route,
                status_class=row.status_class,
                requests=row.requests,
                duration_ms=row.duration_ms,
                bytes_in=row.bytes_in,
                bytes_out=row.bytes_out,
                user_id=row.user_id,
                api_key_id=row.api_key_id,
            )
            await self.session.execute(
                insert.on_conflict_do_update(
                    index_elements=["tenant_id", "day", "principal", "method", "route", "status_class"],
                    set_={
                        name: getattr(ApiUsage, name) + insert.excluded[name]
                        for name in ("requests", "duration_ms", "bytes_in", "bytes_out")
                    },
                )
            )

    async def summary(
        self, tenant_id: UUID, *, since: date, until: date, by: str = "day", api_key_id: UUID | None = None
    ) -> list[dict[str, Any]]:
        """Sums from ``since`` to ``until`` (both included) by day, principal, route, method or status_class."""
        if by not in GROUPS:
            raise Invalid(f"there are {', '.join(GROUPS)}", field="by")
        column = getattr(ApiUsage, by)
        statement = (
            select(
                column,
                func.sum(ApiUsage.requests),
                func.sum(ApiUsage.duration_ms),
                func.sum(ApiUsage.bytes_in),
                func.sum(ApiUsage.bytes_out),
            )
            .where(ApiUsage.tenant_id == tenant_id, ApiUsage.day.between(since, until))
            .group_by(column)
            .order_by(column)
        )
        if api_key_id is not None:
            statement = statement.where(ApiUsage.api_key_id == api_key_id)
        rows = await self.session.execute(statement)
        return [
            {
                by: value,
                "requests": int(requests),
                "mean_duration_ms": float(duration) / max(int(requests), 1),
                "bytes_in": int(taken),
                "bytes_out": int(given),
            }
            for value, requests, duration, taken, given in rows
        ]

    async def page(self, tenant_id: UUID, request: PageRequest) -> Page[ApiUsage]:
        return await USAGE.page(
            self.session, select(ApiUsage).where(ApiUsage.tenant_id == tenant_id), request
        )

    async def purge(self, *, keep_days: int) -> int:
        """Remove counters older than ``keep_days``; how many rows went."""
        return await self._change(
            delete(ApiUsage).where(ApiUsage.day < utc_now().date() - timedelta(days=keep_days))
        )
