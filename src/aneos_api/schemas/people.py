"""Users, log-in, keys, sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from aneos_api.schemas.common import Name, Record, Request, Signed
from aneos_api.security.permissions import Permission, Role

Email = Annotated[
    str,
    StringConstraints(
        min_length=3,
        max_length=320,
        pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$",
        strip_whitespace=True,
    ),
    Field(examples=["ada@example.org"]),
]
Password = Annotated[
    str,
    StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00]*$"),
    Field(json_schema_extra={"writeOnly": True}),
]
Code = Annotated[
    str,
    StringConstraints(min_length=6, max_length=20, pattern=r"^[0-9A-Za-z -]+$"),
    Field(description="six digits from the authenticator, or a recovery code", examples=["492039"]),
]
Scope = Literal["read", "analyse", "manage", "operate"]


class LoginRequest(Request):
    email: Email
    password: Password
    code: Code | None = None
    tenant: Annotated[str, StringConstraints(max_length=63, pattern=r"^[a-z0-9-]+$")] | None = Field(
        None, description="slug of the organisation to act in; the first one of the user by default"
    )


class PrincipalItem(Record):
    """Who is logged in, and what they may do."""

    user_id: UUID
    email: str
    tenant_id: UUID
    role: Role
    credential: Literal["session", "token", "api_key"]
    superuser: bool
    permissions: list[Permission]
    duty: str | None = Field(None, description="what has to be done before anything else is allowed")


class TenantItem(Record):
    id: UUID
    slug: str
    name: str
    role: Role


class LoginReply(Signed):
    """The session cookie is set; ``csrf_token`` goes into the header X-CSRF-Token of every change."""

    principal: PrincipalItem
    csrf_token: str
    idle_expires_at: datetime
    expires_at: datetime


class TokenReply(Signed):
    """Tokens for programs: the access token for minutes, the refresh token for one use."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105
    expires_in: int = Field(description="seconds")
    refresh_token: str


class RefreshRequest(Request):
    refresh_token: Annotated[
        str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-]+$")
    ]


class MeReply(Signed):
    principal: PrincipalItem
    name: str
    tenants: list[TenantItem]
    totp_enabled: bool
    recovery_codes_left: int
    csrf_token: str | None = None


class PasswordRequest(Request):
    """The new password needs 12 characters or more and must not be easy to guess."""

    current: Password
    new: Password


class TotpEnrolment(Signed):
    """The secret for the authenticator; it counts once it is confirmed with a code."""

    secret: str
    provisioning_uri: str


class TotpCodeRequest(Request):
    code: Code


class TotpDisableRequest(Request):
    password: Password
    code: Code


class RecoveryCodesReply(Signed):
    """Shown once: each code replaces the second factor one time."""

    recovery_codes: list[str]


class UserCreate(Request):
    """A new member of the organisation. Without a password, a random one is made and shown once."""

    email: Email
    name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    role: Role = Role.VIEWER
    password: Password | None = None
    tenant_id: UUID | None = Field(None, description="another organisation: for operators")


class UserChange(Request):
    name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    role: Role | None = None
    active: bool | None = None
    unlock: Literal[True] | None = Field(None, description="lift a lock after failed log-ins")
    reset_password: Literal[True] | None = Field(None, description="make a random password, shown once")
    reset_totp: Literal[True] | None = Field(None, description="remove a lost second factor")


class TenantRow(Record):
    id: UUID
    slug: str
    name: str
    active: bool
    created_at: datetime


class UserRow(Record):
    id: UUID
    email: str
    name: str
    role: Role
    active: bool
    superuser: bool
    totp_enabled: bool
    must_change_password: bool
    locked_until: datetime | None
    last_login_at: datetime | None
    created_at: datetime


class UserReply(Signed):
    user: UserRow
    password: str | None = Field(None, description="shown once, where the service made it")


class KeyCreate(Request):
    """``scopes`` narrow what the key may do; none means all that ``role`` may."""

    name: Name
    role: Role = Role.VIEWER
    scopes: list[Scope] = Field(default_factory=list, max_length=4)
    expires_at: datetime | None = Field(None, examples=["2030-01-01T00:00:00Z"])
    rate_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class KeyRow(Record):
    id: UUID
    user_id: UUID
    name: str
    prefix: str
    role: Role
    scopes: list[str]
    rate_per_minute: int | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None
    rotated_from_id: UUID | None
    created_at: datetime


class NewKeyReply(Signed):
    """``secret`` is shown this once and never again."""

    key: KeyRow
    secret: str


class KeyReply(Signed):
    key: KeyRow


class SessionRow(Record):
    id: UUID
    user_id: UUID
    address: str | None
    agent: str | None
    second_factor: bool
    last_seen_at: datetime
    idle_expires_at: datetime
    expires_at: datetime
    created_at: datetime
    revoked_at: datetime | None
