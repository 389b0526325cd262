"""Who may do what: three roles in a tenant, and what an API key narrows them to.

viewer reads; analyst also assesses, uploads, runs batches, acknowledges; admin also manages. What concerns the whole
installation (configuration, backups, models, synchronisation, tenants) needs an admin who is superuser.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID


class Role(StrEnum):
    """A member's role in a tenant, each with all that the one before it may do."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"


class Permission(StrEnum):
    """What an operation asks for. An API key's scopes are permissions too."""

    READ = "read"
    ANALYSE = "analyse"
    MANAGE = "manage"
    OPERATE = "operate"


GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.ANALYST: frozenset({Permission.READ, Permission.ANALYSE}),
    Role.ADMIN: frozenset({Permission.READ, Permission.ANALYSE, Permission.MANAGE}),
}


class Credential(StrEnum):
    """How a principal proved who it is."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the name of a kind, not a secret
    API_KEY = "api_key"


class Duty(StrEnum):
    """What a user has to do before anything else is allowed."""

    CHANGE_PASSWORD = "password_change_required"  # noqa: S105 - a code of an error
    ENROL_TOTP = "totp_enrolment_required"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody whose credential was checked, acting in one tenant.

    ``credential_id`` is the id of the session or the API key. ``duty`` bars everything but the ``auth`` routes.
    """

    user_id: UUID
    email: str
    tenant_id: UUID
    role: Role
    credential: Credential
    credential_id: UUID
    superuser: bool = False
    scopes: frozenset[Permission] | None = None
    duty: Duty | None = None
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        granted = set(GRANTS[self.role])
        if self.superuser and self.role is Role.ADMIN:
            granted.add(Permission.OPERATE)
        if self.scopes is not None:
            granted &= self.scopes
        object.__setattr__(self, "permissions", frozenset(granted))

    def may(self, permission: Permission) -> bool:
        """Whether this principal has the permission, duties aside."""
        return permission in self.permissions

    @property
    def key(self) -> str:
        """What limits and usage are counted under: a key on its own, a user over all log-ins."""
        if self.credential is Credential.API_KEY:
            return f"key:{self.credential_id}"
        return f"user:{self.user_id}"


def delegable(principal: Principal, scopes: frozenset[Permission]) -> bool:
    """Whether ``principal`` may hand these scopes to a key: nobody hands on more than they have."""
    return scopes <= principal.permissions
