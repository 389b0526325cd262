"""Logging in and out over HTTP: sessions, tokens, second factor, lock-out."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID

import httpx2
import pyotp
import pytest
from sqlalchemy import update

from aneos_api.clock import after
from aneos_api.database.models import LoginSession, User
from tests.api.endpoints.conftest import PASSWORD, Service

numbers = itertools.count()


async def newcomer(service: Service, role: str = "analyst") -> dict[str, Any]:
    """A user of one's own, made by the admin: e-mail address, id and one-time password."""
    email = f"newcomer{next(numbers)}@alpha.example.org"
    reply = await service.client.post(
        "/api/v1/admin/users", json={"email": email, "role": role}, headers=service.as_("admin")
    )
    assert reply.status_code == 201, reply.text
    return {"email": email, "id": reply.json()["user"]["id"], "password": reply.json()["password"]}


async def settled(service: Service, role: str = "analyst") -> dict[str, Any]:
    """A newcomer who has changed the one-time password."""
    who = await newcomer(service, role)
    token = await tokens(service, who["email"], who["password"])
    reply = await service.client.post(
        "/api/v1/auth/password",
        json={"current": who["password"], "new": PASSWORD},
        headers={"Authorization": f"Bearer {token['access_token']}"},
    )
    assert reply.status_code == 200, reply.text
    return who | {"password": PASSWORD}


async def tokens(service: Service, email: str, password: str, **more: Any) -> dict[str, Any]:
    reply = await service.client.post(
        "/api/v1/auth/token", json={"email": email, "password": password, **more}
    )
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def browser(service: Service) -> httpx2.AsyncClient:
    """A client that keeps its cookies."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=service.app), base_url="http://test")


async def test_a_browser_logs_in_changes_something_with_its_csrf_token_and_logs_out(service: Service) -> None:
    who = await settled(service)
    async with browser(service) as client:
        reply = await client.post(
            "/api/v1/auth/login", json={"email": who["email"], "password": who["password"]}
        )
        assert reply.status_code == 200
        cookies = reply.headers.get_list("set-cookie")
        session = next(cookie for cookie in cookies if cookie.startswith("aneos_session="))
        assert "HttpOnly" in session
        assert "SameSite=Lax" in session
        csrf = {"X-CSRF-Token": reply.json()["csrf_token"]}
        body = {"designations": ["99942"]}
        assert (await client.post("/api/v1/analysis/identify", json=body)).status_code == 403
        assert (
            await client.post("/api/v1/analysis/identify", json=body, headers={"X-CSRF-Token": "x"})
        ).status_code == 403
        assert (await client.post("/api/v1/analysis/identify", json=body, headers=csrf)).status_code == 200
        assert (await client.get("/api/v1/auth/me")).json()["principal"]["credential"] == "session"
        stolen = {"Cookie": f"aneos_session={client.cookies['aneos_session']}"}
        assert (await client.post("/api/v1/auth/logout", headers=csrf)).status_code == 200
        again = await service.client.get("/api/v1/auth/me", headers=stolen)
        assert again.status_code == 401


async def test_a_session_ends_when_idle_and_in_any_case_after_its_absolute_time(service: Service) -> None:
    who = await settled(service)
    for column in ("idle_expires_at", "expires_at"):
        async with browser(service) as client:
            await client.post("/api/v1/auth/login", json={"email": who["email"], "password": who["password"]})
            me = (await client.get("/api/v1/auth/me")).json()
            async with service.context.database.write() as work:
                mine = LoginSession.user_id == UUID(who["id"])
                await work.session.execute(update(LoginSession).where(mine).values({column: after(-1)}))
            service.context.authenticator.forget()
            assert me["principal"]["credential"] == "session"
            assert (await client.get("/api/v1/auth/me")).status_code == 401


async def test_the_first_password_has_to_be_changed_before_anything_else(service: Service) -> None:
    who = await newcomer(service)
    token = await tokens(service, who["email"], who["password"])
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    refused = await service.client.get("/api/v1/analysis/watchlist", headers=headers)
    assert refused.status_code == 403
    assert "password" in refused.json()["detail"]
    assert (await service.client.get("/api/v1/auth/me", headers=headers)).json()["principal"]["duty"]


@pytest.mark.parametrize(
    "new", ["short", "aaaaaaaaaaaaaaaa", "password1234"], ids=["short", "monotonous", "common"]
)
async def test_a_weak_new_password_is_refused_with_the_reason(service: Service, new: str) -> None:
    who = await newcomer(service)
    token = await tokens(service, who["email"], who["password"])
    reply = await service.client.post(
        "/api/v1/auth/password",
        json={"current": who["password"], "new": new},
        headers={"Authorization": f"Bearer {token['access_token']}"},
    )
    assert reply.status_code == 422
    assert "password" in reply.json()["detail"]


async def test_a_changed_password_ends_every_token(service: Service) -> None:
    who = await settled(service)
    old = await tokens(service, who["email"], who["password"])
    headers = {"Authorization": f"Bearer {old['access_token']}"}
    reply = await service.client.post(
        "/api/v1/auth/password", json={"current": PASSWORD, "new": "another phrase entirely"}, headers=headers
    )
    assert reply.status_code == 200
    assert (await service.client.get("/api/v1/auth/me", headers=headers)).status_code == 401
    refreshed = await service.client.post(
        "/api/v1/auth/refresh", json={"refresh_token": old["refresh_token"]}
    )
    assert refreshed.status_code == 401


async def test_wrong_and_unknown_say_the_same(service: Service) -> None:
    who = await settled(service)
    wrong = await service.client.post("/api/v1/auth/login", json={"email": who["email"], "password": "wrong"})
    unknown = await service.client.post(
        "/api/v1/auth/login", json={"email": "nobody-here@example.org", "password": "wrong"}
    )
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["detail"] == unknown.json()["detail"]
    assert set(wrong.json()) == {"error", "detail", "request_id"}


async def test_too_many_failures_lock_known_and_unknown_names_alike(service: Service) -> None:
    who = await settled(service)
    attempts = service.context.settings.security.lockout_attempts
    for email in (who["email"], f"phantom{next(numbers)}@example.org"):
        statuses = []
        for _ in range(attempts + 1):
            reply = await service.client.post(
                "/api/v1/auth/login", json={"email": email, "password": "wrong"}
            )
            statuses.append(reply.status_code)
        assert statuses == [401] * attempts + [423]
        assert int(reply.headers["retry-after"]) > 0
    right = await service.client.post(
        "/api/v1/auth/login", json={"email": who["email"], "password": who["password"]}
    )
    assert right.status_code == 423
    unlocked = await service.client.patch(
        f"/api/v1/admin/users/{who['id']}", json={"unlock": True}, headers=service.as_("admin")
    )
    assert unlocked.status_code == 200
    assert await tokens(service, who["email"], who["password"])


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_family(service: Service) -> None:
    who = await settled(service)
    first = await tokens(service, who["email"], who["password"])
    second = (
        await service.client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    ).json()
    headers = {"Authorization": f"Bearer {second['access_token']}"}
    assert (await service.client.get("/api/v1/auth/me", headers=headers)).status_code == 200
    stolen = await service.client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert stolen.status_code == 401
    assert (await service.client.get("/api/v1/auth/me", headers=headers)).status_code == 401
    after_theft = await service.client.post(
        "/api/v1/auth/refresh", json={"refresh_token": second["refresh_token"]}
    )
    assert after_theft.status_code == 401


async def test_logging_out_ends_the_tokens_at_once(service: Service) -> None:
    who = await settled(service)
    token = await tokens(service, who["email"], who["password"])
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert (await service.client.post("/api/v1/auth/logout", headers=headers)).status_code == 200
    assert (await service.client.get("/api/v1/auth/me", headers=headers)).status_code == 401


async def test_a_second_factor_is_enrolled_asked_for_and_not_replayed(service: Service) -> None:
    who = await settled(service)
    token = await tokens(service, who["email"], who["password"])
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    enrolment = (await service.client.post("/api/v1/auth/totp/enrol", headers=headers)).json()
    authenticator = pyotp.TOTP(enrolment["secret"])
    wrong = await service.client.post("/api/v1/auth/totp/confirm", json={"code": "000000"}, headers=headers)
    assert wrong.status_code == 422
    confirmed = await service.client.post(
        "/api/v1/auth/totp/confirm", json={"code": authenticator.now()}, headers=headers
    )
    codes = confirmed.json()["recovery_codes"]
    given = {"email": who["email"], "password": who["password"]}
    asked = await service.client.post("/api/v1/auth/token", json=given)
    assert (asked.status_code, asked.json()["error"]) == (401, "totp_required")
    replayed = await service.client.post("/api/v1/auth/token", json=given | {"code": authenticator.now()})
    assert replayed.status_code == 401, "the code that confirmed the enrolment counts once"
    recovered = await service.client.post("/api/v1/auth/token", json=given | {"code": codes[0].upper()})
    assert recovered.status_code == 200
    twice = await service.client.post("/api/v1/auth/token", json=given | {"code": codes[0]})
    assert twice.status_code == 401
    me = (await service.client.get("/api/v1/auth/me", headers=headers)).json()
    assert (me["totp_enabled"], me["recovery_codes_left"]) == (True, 9)
    disabled = await service.client.post(
        "/api/v1/auth/totp/disable", json={"password": PASSWORD, "code": codes[1]}, headers=headers
    )
    assert disabled.status_code == 200
    assert await tokens(service, who["email"], who["password"])


async def test_the_second_factors_secret_is_encrypted_in_the_database(service: Service) -> None:
    who = await settled(service)
    token = await tokens(service, who["email"], who["password"])
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    secret = (await service.client.post("/api/v1/auth/totp/enrol", headers=headers)).json()["secret"]
    async with service.context.database.read() as work:
        user = await work.users.by_email(who["email"])
    assert isinstance(user, User)
    assert user.totp_secret is not None
    assert secret not in user.totp_secret
    assert service.context.vault.open(user.totp_secret) == secret


async def test_an_api_key_cannot_change_how_its_owner_logs_in(service: Service) -> None:
    for path, body in (
        ("password", {"current": PASSWORD, "new": "another phrase entirely"}),
        ("totp/enrol", None),
        ("totp/confirm", {"code": "123456"}),
        ("totp/disable", {"password": PASSWORD, "code": "123456"}),
    ):
        reply = await service.client.post(f"/api/v1/auth/{path}", json=body, headers=service.as_("admin"))
        assert reply.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic YWRtaW46YWRtaW4="},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer aneos_" + "a" * 12 + "_" + "b" * 43},
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
        {"X-API-Key": "' OR 1=1 --"},
        {"X-API-Key": ""},
        {"Cookie": "aneos_session=' OR 1=1 --"},
    ],
)
async def test_what_proves_nothing_is_refused(service: Service, headers: dict[str, str]) -> None:
    reply = await service.client.get("/api/v1/analysis/watchlist", headers=headers)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"


async def test_a_stale_cookie_does_not_bar_the_way_to_the_log_in(service: Service) -> None:
    who = await settled(service)
    given = {"email": who["email"], "password": who["password"]}
    async with browser(service) as client:
        reply = await client.post("/api/v1/auth/login", json=given, headers={"Cookie": "aneos_session=old"})
        assert reply.status_code == 200
        assert (await client.post("/api/v1/auth/login", json=given)).status_code == 200, "nor does a good one"


async def test_a_demoted_user_loses_the_right_at_once(service: Service) -> None:
    who = await settled(service, "analyst")
    token = await tokens(service, who["email"], who["password"])
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    body = {"designations": ["99942"]}
    assert (
        await service.client.post("/api/v1/analysis/identify", json=body, headers=headers)
    ).status_code == 200
    await service.client.patch(
        f"/api/v1/admin/users/{who['id']}", json={"role": "viewer"}, headers=service.as_("admin")
    )
    assert (
        await service.client.post("/api/v1/analysis/identify", json=body, headers=headers)
    ).status_code == 403
    await service.client.patch(
        f"/api/v1/admin/users/{who['id']}", json={"active": False}, headers=service.as_("admin")
    )
    assert (await service.client.get("/api/v1/auth/me", headers=headers)).status_code == 401
