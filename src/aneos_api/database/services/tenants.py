"""Organisations and who belongs to them."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select

from aneos_api.database.models import ROLES, Membership, Tenant, User
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service, apply
from aneos_api.errors import Conflict, Invalid, NotFound

SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
TENANTS: Final = Listing(
    Tenant.id,
    {"slug": Tenant.slug, "name": Tenant.name, "active": Tenant.active, "created_at": Tenant.created_at},
    default="slug",
)


class TenantService(Service):
    """Tenants and memberships."""

    async def create(self, *, slug: str, name: str) -> Tenant:
        """A new tenant. ``slug`` is lower-case letters, digits and hyphens. Raises Invalid, Conflict."""
        if not SLUG.fullmatch(slug):
            raise Invalid("takes lower-case letters, digits and hyphens, at most 63", field="slug")
        if await self.by_slug(slug) is not None:
            raise Conflict(f"there is a tenant {slug!r} already")
        return await self._add(Tenant(slug=slug, name=name))

    async def get(self, tenant_id: UUID) -> Tenant:
        return await self._get(Tenant, tenant_id, "tenant")

    async def by_slug(self, slug: str) -> Tenant | None:
        return await self.session.scalar(select(Tenant).where(Tenant.slug == slug))

    async def page(self, request: PageRequest) -> Page[Tenant]:
        return await TENANTS.page(self.session, select(Tenant), request)

    async def update(self, tenant_id: UUID, **changes: Any) -> tuple[Tenant, dict[str, tuple[Any, Any]]]:
        """Change ``name`` or ``active``; gives the tenant and (before, after) of each change."""
        tenant = await self.get(tenant_id)
        changed = apply(tenant, changes, frozenset({"name", "active"}))
        await self.session.flush()
        return tenant, changed

    async def delete(self, tenant_id: UUID) -> None:
        """Remove the tenant with everything that it owns."""
        await self.session.delete(await self.get(tenant_id))
        await self.session.flush()
        self._touch("objects", tenant_id)

    async def set_role(self, user_id: UUID, tenant_id: UUID, role: str) -> Membership:
        """Let the user be ``role`` in the tenant. The last admin of a tenant cannot step down."""
        _check_role(role)
        membership = await self.membership(user_id, tenant_id)
        if membership is None:
            return await self._add(Membership(user_id=user_id, tenant_id=tenant_id, role=role))
        if membership.role == "admin" and role != "admin":
            await self._keep_an_admin(user_id, tenant_id)
        membership.role = role
        await self.session.flush()
        return membership

    async def remove_member(self, user_id: UUID, tenant_id: UUID) -> None:
        """End the membership. The last admin of a tenant cannot leave."""
        membership = await self.membership(user_id, tenant_id)
        if membership is None:
            raise NotFound("the user is no member of this tenant")
        if membership.role == "admin":
            await self._keep_an_admin(user_id, tenant_id)
        await self.session.execute(delete(Membership).where(Membership.id == membership.id))

    async def membership(self, user_id: UUID, tenant_id: UUID) -> Membership | None:
        return await self.session.scalar(
            select(Membership).where(Membership.user_id == user_id, Membership.tenant_id == tenant_id)
        )

    async def memberships(self, user_id: UUID) -> list[tuple[Tenant, str]]:
        """Active tenants of a user with the role in each, the oldest membership first."""
        rows = await self.session.execute(
            select(Tenant, Membership.role)
            .join(Membership, Membership.tenant_id == Tenant.id)
            .where(Membership.user_id == user_id, Tenant.active)
            .order_by(Membership.id)
        )
        return [(tenant, role) for tenant, role in rows]

    async def _keep_an_admin(self, user_id: UUID, tenant_id: UUID) -> None:
        others = await self.session.scalar(
            select(func.count())
            .select_from(Membership)
            .join(User, User.id == Membership.user_id)
            .where(
                Membership.tenant_id == tenant_id,
                Membership.role == "admin",
                Membership.user_id != user_id,
                User.active,
            )
        )
        if not others:
            raise Conflict("this is the last admin of the tenant")


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Invalid(f"there are {', '.join(ROLES)}", field="role")
