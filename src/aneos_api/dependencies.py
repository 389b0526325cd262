"""What endpoints ask for in their signatures: who is asking, a session to read, a change to make, one page of a list.

    async def acknowledge(alert_id: UUID, who: Analyst, changes: Changes) -> AlertReply: ...

``Analyst`` is the permission, checked before the endpoint runs and written into the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Query, Request

from aneos_api.context import Context, context_of
from aneos_api.database.paging import PageRequest
from aneos_api.database.unit import Work
from aneos_api.errors import Forbidden, Invalid, Unauthorized
from aneos_api.middleware.state import CachePlan, RequestState, state_of
from aneos_api.security.permissions import Credential, Permission, Principal

RESERVED: Final = frozenset({"limit", "cursor", "sort", "fields"})
MAX_FILTERS: Final = 20


class Needs:
    """The principal, who must have a permission; ``None`` asks for a log-in alone."""

    def __init__(self, permission: Permission | None) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> Principal:
        state = state_of(request.scope)
        who = state.principal
        if who is None:
            raise Unauthorized("Log in first, or send an API key or a token")
        if self.permission is not None and not who.may(self.permission):
            state.refusal = f"needs {self.permission}"
            raise Forbidden(f"This needs the permission '{self.permission}'")
        return who


class MayBePublic(Needs):
    """The principal with READ, or nobody where the settings open the registry of artificial objects."""

    def __init__(self) -> None:
        super().__init__(Permission.READ)

    async def __call__(self, request: Request) -> Principal | None:  # type: ignore[override]
        state = state_of(request.scope)
        if state.principal is None and context_of(request).settings.http.public_registry:
            return None
        return await super().__call__(request)


Known = Annotated[Principal, Depends(Needs(None))]
"""Anybody who is logged in, whatever their duties."""
Viewer = Annotated[Principal, Depends(Needs(Permission.READ))]
Analyst = Annotated[Principal, Depends(Needs(Permission.ANALYSE))]
Admin = Annotated[Principal, Depends(Needs(Permission.MANAGE))]
Operator = Annotated[Principal, Depends(Needs(Permission.OPERATE))]
"""An admin of the whole installation (superuser)."""
Reader = Annotated[Principal | None, Depends(MayBePublic())]
"""A viewer, or anybody where the registry is public."""


async def _context(request: Request) -> Context:
    return context_of(request)


async def _state(request: Request) -> RequestState:
    return state_of(request.scope)


async def _reading(request: Request) -> AsyncIterator[Work]:
    async with context_of(request).quick.read() as work:
        yield work


Ctx = Annotated[Context, Depends(_context)]
State = Annotated[RequestState, Depends(_state)]
Reading = Annotated[Work, Depends(_reading, scope="function")]
"""A session that reads; closed before the reply is sent."""


class Change:
    """A unit of work that leaves an audit event. ``work`` holds the services."""

    def __init__(self, work: Work, state: RequestState, route: str) -> None:
        self.work = work
        self._state = state
        self._route = route
        self._noted = False
        self.queued = False
        """Whether a job was put into the queue: a worker in this process looks for it at once."""

    async def note(
        self,
        action: str,
        resource_type: str,
        resource_id: object,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the audit event of this change, in the same transaction."""
        self._noted = True
        who, state = self._state.principal, self._state
        await self.work.audit.record(
            action,
            actor="anonymous" if who is None else who.email,
            actor_id=None if who is None else who.user_id,
            api_key_id=who.credential_id if who and who.credential is Credential.API_KEY else None,
            tenant_id=None if who is None else who.tenant_id,
            resource_type=resource_type,
            resource_id=resource_id,
            address=state.address[:64],
            agent=state.agent,
            request_id=state.request_id,
            before=before,
            after=after,
        )

    async def changed(
        self, action: str, resource_type: str, resource_id: object, changes: Mapping[str, tuple[Any, Any]]
    ) -> None:
        """As :meth:`note`, from what a service says it changed: name → (before, after)."""
        before = {name: pair[0] for name, pair in changes.items()}
        after = {name: pair[1] for name, pair in changes.items()}
        await self.note(action, resource_type, resource_id, before=before, after=after)

    async def finish(self) -> None:
        """An endpoint that noted nothing is noted by its route: no change goes unseen."""
        if not self._noted:
            await self.note(f"{self._state.method.lower()} {self._route}"[:100], "path", self._state.path)


class Changing:
    """Opens units of work for an endpoint, each committed when its block ends."""

    def __init__(self, request: Request) -> None:
        self._context = context_of(request)
        self._state = state_of(request.scope)
        self._route = str(getattr(request.scope.get("route"), "path", self._state.path))

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Change]:
        async with self._context.database.write() as work:
            change = Change(work, self._state, self._route)
            yield change
            await change.finish()
        if change.queued and self._context.worker is not None:
            self._context.worker.wake()


async def _changing(request: Request) -> Changing:
    return Changing(request)


Changes = Annotated[Changing, Depends(_changing)]


@dataclass(frozen=True, slots=True)
class Paging:
    """What was asked of a list; ``fields`` are those to show, all where None."""

    request: PageRequest
    fields: frozenset[str] | None


Limit = Annotated[int, Query(ge=1, le=1000, description="rows of a page")]
Cursor = Annotated[
    str | None, Query(max_length=2000, pattern=r"^[A-Za-z0-9_-]*$", description="`next` of the page before")
]
Sort = Annotated[
    str | None,
    Query(
        max_length=200,
        pattern=r"^-?[A-Za-z0-9_]+(,-?[A-Za-z0-9_]+)*$",
        description="fields in order, `-` in front for descending: `-created_at`",
    ),
]
Fields = Annotated[
    str | None,
    Query(
        max_length=2000,
        pattern=r"^[A-Za-z0-9_]+(,[A-Za-z0-9_]+)*$",
        description="fields to show, separated by commas: `designation,rank`",
    ),
]


async def _paging(
    request: Request, limit: Limit = 50, cursor: Cursor = None, sort: Sort = None, fields: Fields = None
) -> Paging:
    settings = context_of(request).settings.limits
    if "limit" not in request.query_params:
        limit = settings.page_default
    if limit > settings.page_max:
        raise Invalid(f"must be at most {settings.page_max}", field="limit")
    filters: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in RESERVED:
            continue
        if name in filters:
            raise Invalid("is given twice", field=name[:64])
        filters[name] = value
    if len(filters) > MAX_FILTERS:
        raise Invalid(f"a list takes at most {MAX_FILTERS} filters")
    chosen = None if fields is None else frozenset(fields.split(","))
    return Paging(PageRequest(limit=limit, cursor=cursor or None, sort=sort, filters=filters), chosen)


Paged = Annotated[Paging, Depends(_paging)]


def cached(*areas: str, ttl_s: float | None = None, permission: Permission | None = Permission.READ) -> Any:
    """A dependency for the route: its reply may be kept until one of these areas changes.

    A route whose replies need no permission says ``permission=None``; only those may be kept by others on the way.
    """

    async def plan(request: Request) -> None:
        state = state_of(request.scope)
        context = context_of(request)
        lifetime = context.settings.cache.ttl_s if ttl_s is None else ttl_s
        tenant_id = None if state.principal is None else state.principal.tenant_id
        state.cache_plan = CachePlan(_tags(areas, tenant_id), lifetime, permission)
        state.cache_plan.generation = context.reads.generation(state.cache_plan.tags)

    return Depends(plan)


def _tags(areas: tuple[str, ...], tenant_id: UUID | None) -> tuple[str, ...]:
    shared = tuple(areas)
    return shared if tenant_id is None else (*shared, *(f"{tenant_id}:{area}" for area in areas))
