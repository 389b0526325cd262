"""The audit trail: every change and every refused attempt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select

from aneos_api.clock import after
from aneos_api.database.models import AuditEvent
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service

AUDIT: Final = Listing(
    AuditEvent.id,
    {
        "created_at": AuditEvent.created_at,
        "actor": AuditEvent.actor,
        "actor_id": AuditEvent.actor_id,
        "action": AuditEvent.action,
        "outcome": AuditEvent.outcome,
        "resource_type": AuditEvent.resource_type,
        "resource_id": AuditEvent.resource_id,
        "address": AuditEvent.address,
        "request_id": AuditEvent.request_id,
    },
    default="-created_at",
)
SECRET_WORDS: Final = (
    "password",
    "secret",
    "token",
    "hash",
    "csrf",
    "authorization",
    "cookie",
    "totp",
    "recovery",
)
HIDDEN: Final = "[not shown]"


class AuditService(Service):
    """Writes and lists audit events; nothing changes them."""

    async def record(
        self,
        action: str,
        *,
        actor: str,
        outcome: str = "done",
        actor_id: UUID | None = None,
        api_key_id: UUID | None = None,
        tenant_id: UUID | None = None,
        resource_type: str | None = None,
        resource_id: object | None = None,
        address: str | None = None,
        agent: str | None = None,
        request_id: str | None = None,
        reason: str | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Note who did ``action`` (``user.update``) to what, or was refused. Values of secret fields are left out."""
        self.session.add(
            AuditEvent(
                tenant_id=tenant_id,
                actor_id=actor_id,
                actor=actor[:320],
                api_key_id=api_key_id,
                action=action,
                outcome=outcome,
                resource_type=resource_type,
                resource_id=None if resource_id is None else str(resource_id)[:128],
                address=address,
                agent=None if agent is None else agent[:400],
                request_id=request_id,
                reason=None if reason is None else reason[:400],
                before=None if before is None else without_secrets(before),
                after=None if after is None else without_secrets(after),
            )
        )

    async def page(self, request: PageRequest, *, tenant_id: UUID | None) -> Page[AuditEvent]:
        """Events of a tenant; of all, and of none, for the operator (None)."""
        statement = select(AuditEvent)
        if tenant_id is not None:
            statement = statement.where(AuditEvent.tenant_id == tenant_id)
        return await AUDIT.page(self.session, statement, request)

    async def purge(self, *, keep_days: int) -> int:
        """Remove events older than ``keep_days``; how many."""
        return await self._change(delete(AuditEvent).where(AuditEvent.created_at < after(-keep_days * 86400)))


def without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` in JSON's types, with secret fields hidden at every depth."""
    return {str(name): HIDDEN if _secret(str(name)) else _plain(value) for name, value in values.items()}


def _secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET_WORDS)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_secrets(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
