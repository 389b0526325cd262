"""``admin/``: sessions, audit, usage, configuration, maintenance."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from aneos_api.clock import utc_now
from aneos_api.database.services.audit import AUDIT
from aneos_api.database.services.sessions import SESSIONS
from aneos_api.database.services.usage import USAGE
from aneos_api.dependencies import Admin, Changes, Ctx, Operator, Paged, Reading
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.secrets import without_secrets
from aneos_api.errors import Invalid
from aneos_api.schemas.common import Signed
from aneos_api.schemas.people import SessionRow
from aneos_api.schemas.watch import AuditRow, UsageRow
from aneos_api.security.permissions import Permission

router = APIRouter(prefix="/api/v1/admin", tags=["admin"])

MAX_SPAN_DAYS = 400


class UsageSummary(Signed):
    """Sums over the days asked for."""

    by: str
    since: date
    until: date
    items: list[dict[str, Any]]


class ConfigReply(Signed):
    """Settings in force; secrets are not shown."""

    config: dict[str, Any]


class ClearedReply(Signed):
    """How many kept replies were dropped in this process."""

    cleared: int


@router.get(
    "/sessions",
    response_model=page_of(SessionRow),
    operation_id="session_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(SESSIONS),
)
async def sessions(who: Admin, work: Reading, paging: Paged) -> Any:
    """Log-in sessions of the organisation that are in force."""
    return reply(await work.sessions.page(who.tenant_id, paging.request), SessionRow, paging)


@router.delete("/sessions/{session_id}", operation_id="session_revoke", status_code=204)
async def revoke_session(session_id: UUID, who: Admin, ctx: Ctx, changes: Changes) -> None:
    """End a session."""
    async with changes.begin() as change:
        row = await change.work.sessions.revoke(session_id, tenant_id=who.tenant_id)
        await change.note("session.revoke", "session", session_id, before={"user_id": str(row.user_id)})
    ctx.authenticator.forget()


@router.get(
    "/audit",
    response_model=page_of(AuditRow),
    operation_id="audit_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(AUDIT),
)
async def audit(who: Admin, work: Reading, paging: Paged) -> Any:
    """Every change and every refused attempt, the newest first: of the organisation, or of all for an operator."""
    tenant_id = None if who.may(Permission.OPERATE) else who.tenant_id
    return reply(await work.audit.page(paging.request, tenant_id=tenant_id), AuditRow, paging)


@router.get(
    "/usage",
    response_model=page_of(UsageRow),
    operation_id="usage_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(USAGE),
)
async def usage(who: Admin, work: Reading, paging: Paged) -> Any:
    """Requests by day, principal, route and class of status."""
    return reply(await work.usage.page(who.tenant_id, paging.request), UsageRow, paging)


@router.get("/usage/summary", operation_id="usage_summary")
async def usage_summary(
    who: Admin,
    work: Reading,
    by: Literal["day", "principal", "route", "method", "status_class"] = "day",
    since: Annotated[date | None, Query(description="30 days ago by default")] = None,
    until: Annotated[date | None, Query(description="today by default")] = None,
    api_key_id: UUID | None = None,
) -> UsageSummary:
    """Usage summed up by one thing."""
    end = until or utc_now().date()
    start = since or end - timedelta(days=30 if end.toordinal() > 30 else 0)
    if start > end or (end - start).days > MAX_SPAN_DAYS:
        raise Invalid(f"must be before until, by at most {MAX_SPAN_DAYS} days", field="since")
    items = await work.usage.summary(who.tenant_id, since=start, until=end, by=by, api_key_id=api_key_id)
    plain = [
        {name: str(value) if isinstance(value, date) else value for name, value in row.items()}
        for row in items
    ]
    return UsageSummary(by=by, since=start, until=end, items=plain)


@router.get("/config", operation_id="config_show")
async def config(who: Operator, ctx: Ctx) -> ConfigReply:
    """Settings in force. Change them by environment variables and a restart."""
    return ConfigReply(config=without_secrets(ctx.settings))


@router.post("/maintenance/cache/clear", operation_id="cache_clear")
async def clear_cache(who: Operator, ctx: Ctx, changes: Changes) -> ClearedReply:
    """Drop all kept replies of the process that answers."""
    cleared = await ctx.reads.clear_everywhere()
    ctx.authenticator.forget()
    async with changes.begin() as change:
        await change.note("cache.clear", "cache", "reads", after={"cleared": cleared})
    return ClearedReply(cleared=cleared)
