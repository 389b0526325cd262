"""``admin/users`` and ``admin/tenants``: members of the organisation, and the organisations."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from aneos_api.context import Context
from aneos_api.database.models import User
from aneos_api.database.services.tenants import TENANTS
from aneos_api.database.services.users import USERS
from aneos_api.database.unit import Work
from aneos_api.dependencies import Admin, Change, Changes, Ctx, Operator, Paged, Reading
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.errors import Conflict, Forbidden, Invalid
from aneos_api.schemas.common import Name, Request, Signed
from aneos_api.schemas.people import TenantRow, UserChange, UserCreate, UserReply, UserRow
from aneos_api.security.passwords import generate_password, weakness
from aneos_api.security.permissions import Permission, Principal

router = APIRouter(prefix="/api/v1/admin", tags=["admin"])


class TenantCreate(Request):
    slug: Annotated[
        str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
    ] = Field(examples=["observatory"])
    name: Name


class TenantChange(Request):
    name: Name | None = None
    active: bool | None = None


class TenantReply(Signed):
    tenant: TenantRow


@router.get(
    "/users",
    response_model=page_of(UserRow),
    operation_id="user_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(USERS),
)
async def users(who: Admin, work: Reading, paging: Paged) -> Any:
    """Members of the organisation."""
    page = await work.users.page(who.tenant_id, paging.request)
    return reply(page, UserRow, paging, lambda row: _values(row[0], row[1]))


@router.post("/users", response_model=UserReply, operation_id="user_create", status_code=201)
async def create(
    body: UserCreate, who: Admin, ctx: Ctx, changes: Changes, once: Idempotent
) -> UserReply | Response:
    """Add a member. A password that the service made is shown once, and has to be changed at the first log-in."""
    password = body.password or generate_password()
    hashed = await _hashed(ctx, password, body.email)
    tenant_id = who.tenant_id
    if body.tenant_id is not None and body.tenant_id != tenant_id:
        if not who.may(Permission.OPERATE):
            raise Forbidden("Only an operator adds members to another organisation")
        tenant_id = body.tenant_id

    async def make(change: Change) -> UserReply:
        await change.work.tenants.get(tenant_id)
        user = await change.work.users.create(
            email=body.email,
            password_hash=hashed,
            tenant_id=tenant_id,
            role=body.role,
            name=body.name,
            must_change_password=True,
        )
        after = {"email": user.email, "role": str(body.role), "tenant_id": str(tenant_id)}
        await change.note("user.create", "user", user.id, after=after)
        shown = None if body.password else password
        return UserReply(user=UserRow.model_validate(_values(user, body.role)), password=shown)

    return await once.make(changes, who, body, make, secret=True)


@router.get("/users/{user_id}", operation_id="user_show")
async def show(user_id: UUID, who: Admin, work: Reading) -> UserReply:
    """One member."""
    return UserReply(user=UserRow.model_validate(await _member(work, user_id, who)))


@router.patch("/users/{user_id}", operation_id="user_change")
async def change_user(user_id: UUID, body: UserChange, who: Admin, ctx: Ctx, changes: Changes) -> UserReply:
    """Change role or name, switch off or on, lift a lock, reset password or second factor."""
    password = generate_password() if body.reset_password else None
    hashed = None if password is None else await ctx.passwords.hash(password)
    async with changes.begin() as change:
        work = change.work
        user = await work.users.get(user_id, tenant_id=who.tenant_id)
        await _may_change(work, user, who, account=_touches_account(body))
        if user_id == who.user_id and (body.active is False or body.role is not None):
            raise Conflict("You cannot change your own role or switch yourself off")
        done: dict[str, tuple[Any, Any]] = {}
        if body.role is not None:
            membership = await work.tenants.membership(user_id, who.tenant_id)
            done["role"] = (None if membership is None else membership.role, str(body.role))
            await work.tenants.set_role(user_id, who.tenant_id, body.role)
        given = body.model_dump(include={"name", "active"}, exclude_none=True)
        if given:
            _, changed = await work.users.update(user_id, **given)
            done |= changed
        if body.unlock:
            await work.users.login_succeeded(user_id)
            done["locked"] = (True, False)
        if hashed is not None:
            await work.users.set_password(user_id, hashed, must_change=True)
            done["password"] = (None, None)
        if body.reset_totp:
            await work.users.set_totp(user_id, None, enabled=False)
            done["second_factor"] = (True, False)
        await change.changed("user.change", "user", user_id, done)
        await work.session.refresh(user)
        shown = UserRow.model_validate(await _member(work, user_id, who))
    ctx.authenticator.forget()
    return UserReply(user=shown, password=password)


@router.delete("/users/{user_id}", operation_id="user_delete", status_code=204)
async def delete(user_id: UUID, who: Admin, ctx: Ctx, changes: Changes) -> None:
    """Remove a member; an account that belongs to no other organisation is deleted with its keys and sessions."""
    if user_id == who.user_id:
        raise Conflict("You cannot remove yourself")
    async with changes.begin() as change:
        user = await change.work.users.get(user_id, tenant_id=who.tenant_id)
        await _may_change(change.work, user, who, account=False)
        email = user.email
        await change.work.tenants.remove_member(user_id, who.tenant_id)
        if not await change.work.tenants.memberships(user_id) and not user.superuser:
            await change.work.users.delete(user_id)
        await change.note("user.delete", "user", user_id, before={"email": email})
    ctx.authenticator.forget()


@router.get(
    "/tenants",
    response_model=page_of(TenantRow),
    operation_id="tenant_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(TENANTS),
)
async def tenants(who: Operator, work: Reading, paging: Paged) -> Any:
    """All organisations."""
    return reply(await work.tenants.page(paging.request), TenantRow, paging)


@router.post("/tenants", response_model=TenantReply, operation_id="tenant_create", status_code=201)
async def create_tenant(
    body: TenantCreate, who: Operator, changes: Changes, once: Idempotent
) -> TenantReply | Response:
    """Add an organisation; then add its first admin as a user with this ``tenant_id``."""

    async def make(change: Change) -> TenantReply:
        tenant = await change.work.tenants.create(slug=body.slug, name=body.name)
        await change.note("tenant.create", "tenant", tenant.id, after=body.model_dump())
        return TenantReply(tenant=TenantRow.model_validate(tenant))

    return await once.make(changes, who, body, make)


@router.patch("/tenants/{tenant_id}", operation_id="tenant_change")
async def change_tenant(
    tenant_id: UUID, body: TenantChange, who: Operator, ctx: Ctx, changes: Changes
) -> TenantReply:
    """Rename an organisation, or switch it off: then nobody can log in to it."""
    if tenant_id == who.tenant_id and body.active is False:
        raise Conflict("You cannot switch off your own organisation")
    async with changes.begin() as change:
        tenant, changed = await change.work.tenants.update(tenant_id, **body.model_dump(exclude_none=True))
        await change.changed("tenant.change", "tenant", tenant_id, changed)
        await change.work.session.refresh(tenant)
        shown = TenantReply(tenant=TenantRow.model_validate(tenant))
    ctx.authenticator.forget()
    return shown


async def _member(work: Work, user_id: UUID, who: Principal) -> dict[str, Any]:
    user = await work.users.get(user_id, tenant_id=who.tenant_id)
    membership = await work.tenants.membership(user_id, who.tenant_id)
    return _values(user, "viewer" if membership is None else membership.role)


async def _may_change(work: Work, user: User, who: Principal, *, account: bool) -> None:
    """An account is its owner's in all organisations: who manages one of them may not take it over."""
    if who.may(Permission.OPERATE):
        return
    if user.superuser:
        raise Forbidden("Only an operator changes an operator")
    if account and len(await work.tenants.memberships(user.id)) > 1:
        raise Forbidden("This account belongs to other organisations too: only an operator changes it")


def _touches_account(body: UserChange) -> bool:
    return body.model_dump(exclude_none=True, exclude={"role"}) != {}


async def _hashed(ctx: Context, password: str, email: str) -> str:
    least = ctx.settings.security.password_min_length
    why = weakness(password, email.partition("@")[0], min_length=least)
    if why is not None:
        raise Invalid(why, field="password")
    return await ctx.passwords.hash(password)


def _values(user: User, role: str) -> dict[str, Any]:
    values = {name: getattr(user, name) for name in UserRow.model_fields if name != "role"}
    return values | {"role": role}
