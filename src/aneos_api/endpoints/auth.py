"""``auth/``: log in and out, tokens, password, second factor."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from aneos_api.dependencies import Ctx, Known, Reading, State
from aneos_api.errors import Forbidden
from aneos_api.log_in import LogIn, SignedIn
from aneos_api.schemas.common import Done
from aneos_api.schemas.people import (
    LoginReply,
    LoginRequest,
    MeReply,
    PasswordRequest,
    PrincipalItem,
    RecoveryCodesReply,
    RefreshRequest,
    TenantItem,
    TokenReply,
    TotpCodeRequest,
    TotpDisableRequest,
    TotpEnrolment,
)
from aneos_api.security.cookies import clear_cookie, make_cookie
from aneos_api.security.permissions import Credential, Principal, Role

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])


@router.post("/login", operation_id="auth_login")
async def login(body: LoginRequest, ctx: Ctx, state: State, response: Response) -> LoginReply:
    """Log in for a browser: sets the session cookie. Send the CSRF token with every change."""
    signed = await LogIn(ctx, state).with_cookie(body)
    _set_cookies(response, ctx, signed)
    return LoginReply(
        principal=_shown(signed.principal),
        csrf_token=signed.csrf_token,
        idle_expires_at=signed.session.idle_expires_at,
        expires_at=signed.session.expires_at,
    )


@router.post("/logout", operation_id="auth_logout")
async def logout(who: Known, ctx: Ctx, state: State, response: Response) -> Done:
    """End this session, or the tokens of this log-in."""
    await LogIn(ctx, state).out(who)
    for name in (ctx.cookies.session, ctx.cookies.csrf):
        response.headers.append("set-cookie", clear_cookie(name, secure=ctx.cookies.secure))
    return Done()


@router.post("/token", operation_id="auth_token")
async def token(body: LoginRequest, ctx: Ctx, state: State) -> TokenReply:
    """Log in for a program: an access token for minutes, and a refresh token for one use."""
    access, refresh = await LogIn(ctx, state).with_tokens(body)
    return TokenReply(access_token=access, refresh_token=refresh, expires_in=ctx.tokens.access_s)


@router.post("/refresh", operation_id="auth_refresh")
async def refresh(body: RefreshRequest, ctx: Ctx, state: State) -> TokenReply:
    """Exchange a refresh token for new tokens. Showing a used one ends all tokens of its log-in."""
    access, fresh = await LogIn(ctx, state).refresh(body.refresh_token)
    return TokenReply(access_token=access, refresh_token=fresh, expires_in=ctx.tokens.access_s)


@router.get("/me", operation_id="auth_me")
async def me(who: Known, ctx: Ctx, state: State, work: Reading) -> MeReply:
    """Who is logged in, in which organisations, with which permissions."""
    user = await work.users.get(who.user_id)
    tenants = [
        TenantItem(id=tenant.id, slug=tenant.slug, name=tenant.name, role=Role(role))
        for tenant, role in await work.tenants.memberships(who.user_id)
    ]
    return MeReply(
        principal=_shown(who),
        name=user.name,
        tenants=tenants,
        totp_enabled=user.totp_enabled,
        recovery_codes_left=await work.users.recovery_codes_left(who.user_id),
    )


@router.post("/password", operation_id="auth_password")
async def password(body: PasswordRequest, who: Known, ctx: Ctx, state: State, response: Response) -> Done:
    """Change one's password. All sessions and tokens end: log in again."""
    _in_person(who)
    await LogIn(ctx, state).change_password(who, body.current, body.new)
    for name in (ctx.cookies.session, ctx.cookies.csrf):
        response.headers.append("set-cookie", clear_cookie(name, secure=ctx.cookies.secure))
    return Done()


@router.post("/totp/enrol", operation_id="auth_totp_enrol")
async def totp_enrol(who: Known, ctx: Ctx, state: State) -> TotpEnrolment:
    """Begin to set up the second factor: a secret for the authenticator, to be confirmed with a code."""
    _in_person(who)
    secret, uri = await LogIn(ctx, state).enrol(who)
    return TotpEnrolment(secret=secret, provisioning_uri=uri)


@router.post("/totp/confirm", operation_id="auth_totp_confirm")
async def totp_confirm(body: TotpCodeRequest, who: Known, ctx: Ctx, state: State) -> RecoveryCodesReply:
    """Confirm the second factor with a code; from now on it is asked for. Keep the recovery codes."""
    _in_person(who)
    return RecoveryCodesReply(recovery_codes=list(await LogIn(ctx, state).confirm(who, body.code)))


@router.post("/totp/disable", operation_id="auth_totp_disable")
async def totp_disable(body: TotpDisableRequest, who: Known, ctx: Ctx, state: State) -> Done:
    """Remove the second factor, with the password and a code."""
    _in_person(who)
    await LogIn(ctx, state).disable(who, body.password, body.code)
    return Done()


def _in_person(who: Principal) -> None:
    if who.credential is Credential.API_KEY:
        raise Forbidden("An API key cannot change how its owner logs in")


def _set_cookies(response: Response, ctx: Ctx, signed: SignedIn) -> None:
    age, secure = ctx.settings.security.session_absolute_s, ctx.cookies.secure
    for name, value, hidden in (
        (ctx.cookies.session, signed.cookie, True),
        (ctx.cookies.csrf, signed.csrf_token, False),
    ):
        cookie = make_cookie(name, value, max_age=age, secure=secure, http_only=hidden)
        response.headers.append("set-cookie", cookie)


def _shown(who: Principal) -> PrincipalItem:
    shown: dict[str, Any] = {
        "user_id": who.user_id,
        "email": who.email,
        "tenant_id": who.tenant_id,
        "role": who.role,
        "credential": str(who.credential),
        "superuser": who.superuser,
        "permissions": sorted(who.permissions),
        "duty": None if who.duty is None else str(who.duty),
    }
    return PrincipalItem.model_validate(shown)
