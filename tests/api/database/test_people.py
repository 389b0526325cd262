"""Accounts, memberships, keys, sessions, tokens, audit, usage."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from aneos_api.clock import after, time_at, utc_now
from aneos_api.database import Database, PageRequest, UsageRow
from aneos_api.database.types import uuid7
from aneos_api.errors import Conflict, Invalid, NotFound
from tests.api.conftest import People


def fresh(word: str) -> str:
    return f"{word}-{uuid7().hex[-12:]}"


async def test_an_address_is_taken_once_whatever_its_case(database: Database, people: People) -> None:
    email = fresh("Ann") + "@Example.org"
    async with database.write() as work:
        user = await work.users.create(
            email=email, password_hash="x", tenant_id=people.tenant_id, role="viewer"
        )
        assert user.email == email.lower()
    with pytest.raises(Conflict):
        async with database.write() as work:
            await work.users.create(
                email=email.upper(), password_hash="x", tenant_id=people.tenant_id, role="viewer"
            )


async def test_two_who_take_an_address_at_once_get_one_account_and_one_conflict(
    database: Database, people: People
) -> None:
    email = fresh("bob") + "@example.org"

    async def create() -> object:
        try:
            async with database.write() as work:
                return await work.users.create(
                    email=email, password_hash="x", tenant_id=people.tenant_id, role="viewer"
                )
        except Conflict as error:
            return error

    outcomes = await asyncio.gather(create(), create())
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1


async def test_the_last_admin_can_neither_step_down_nor_leave(database: Database, people: People) -> None:
    with pytest.raises(Conflict, match="last admin"):
        async with database.write() as work:
            await work.tenants.set_role(people.admin_id, people.tenant_id, "viewer")
    with pytest.raises(Conflict, match="last admin"):
        async with database.write() as work:
            await work.tenants.remove_member(people.admin_id, people.tenant_id)
    async with database.write() as work:
        await work.tenants.set_role(people.analyst_id, people.tenant_id, "admin")
        await work.tenants.set_role(people.admin_id, people.tenant_id, "viewer")
        assert (await work.tenants.memberships(people.admin_id))[0][1] == "viewer"


async def test_a_user_of_another_tenant_is_not_found(
    database: Database, people: People, other_people: People
) -> None:
    async with database.read() as work:
        assert (await work.users.get(people.viewer_id, tenant_id=people.tenant_id)).id == people.viewer_id
        with pytest.raises(NotFound):
            await work.users.get(people.viewer_id, tenant_id=other_people.tenant_id)
        page = await work.users.page(people.tenant_id, PageRequest())
    assert {role for _, role in page.items} == {"admin", "analyst", "viewer"}


async def test_an_account_is_locked_by_the_last_allowed_failure(database: Database, people: People) -> None:
    for attempt in range(1, 4):
        async with database.write() as work:
            user = await work.users.login_failed(people.viewer_id, attempts=3, lock_s=60)
        assert (user.locked_until is not None) == (attempt == 3)
    async with database.write() as work:
        user = await work.users.login_succeeded(people.viewer_id)
    assert (user.locked_until, user.failed_logins) == (None, 0)


async def test_unknown_fields_cannot_be_changed(database: Database, people: People) -> None:
    with pytest.raises(Invalid, match="password_hash: cannot be changed"):
        async with database.write() as work:
            await work.users.update(people.viewer_id, password_hash="x")


async def test_a_second_factor_code_is_taken_once(database: Database, people: People) -> None:
    async with database.write() as work:
        await work.users.set_totp(people.viewer_id, "sealed", enabled=False)
        await work.users.enable_totp(people.viewer_id, step=100)

    async def take(step: int) -> bool:
        async with database.write() as work:
            return await work.users.accept_totp_step(people.viewer_id, step)

    assert not await take(100)
    assert sorted(await asyncio.gather(take(101), take(101), take(101))) == [False, False, True]
    assert not await take(99)


async def test_a_recovery_code_is_taken_once(database: Database, people: People) -> None:
    codes = [fresh("code") for _ in range(3)]
    async with database.write() as work:
        await work.users.replace_recovery_codes(people.viewer_id, codes)
    async with database.write() as work:
        assert await work.users.use_recovery_code(people.viewer_id, codes[0])
        assert not await work.users.use_recovery_code(people.viewer_id, codes[0])
        assert not await work.users.use_recovery_code(people.admin_id, codes[1])
        assert await work.users.recovery_codes_left(people.viewer_id) == 2


async def new_key(database: Database, people: People, **values: object) -> tuple[UUID, str]:
    prefix = fresh("pre")
    async with database.write() as work:
        key = await work.keys.create(
            tenant_id=people.tenant_id,
            user_id=people.analyst_id,
            name="k",
            prefix=prefix,
            key_hash="h",
            role="analyst",
            **values,  # type: ignore[arg-type]
        )
    return key.id, prefix


async def valid(database: Database, prefix: str) -> bool:
    async with database.read(fresh=True) as work:
        return await work.keys.valid(prefix) is not None


async def test_a_key_works_until_it_is_revoked_expires_or_its_user_goes(
    database: Database, people: People
) -> None:
    key_id, prefix = await new_key(database, people)
    assert await valid(database, prefix)
    async with database.write() as work:
        await work.keys.revoke(key_id, tenant_id=people.tenant_id)
    assert not await valid(database, prefix)
    _, expired = await new_key(database, people, expires_at=after(-1))
    assert not await valid(database, expired)
    _, orphan = await new_key(database, people)
    async with database.write() as work:
        await work.users.update(people.analyst_id, active=False)
    assert not await valid(database, orphan)


async def test_a_rotated_key_works_for_the_overlap_only(database: Database, people: People) -> None:
    key_id, prefix = await new_key(database, people)
    async with database.write() as work:
        fresh_key = await work.keys.rotate(
            key_id, tenant_id=people.tenant_id, prefix=fresh("pre"), key_hash="h2", overlap_s=60
        )
    assert fresh_key.rotated_from_id == key_id
    assert await valid(database, prefix)
    with time_at(utc_now() + timedelta(seconds=61)):
        assert not await valid(database, prefix)
        assert await valid(database, fresh_key.prefix)
    with pytest.raises(Conflict):
        async with database.write() as work:
            await work.keys.rotate(key_id, tenant_id=people.tenant_id, prefix=fresh("p"), key_hash="h")


async def test_another_tenants_key_cannot_be_revoked(
    database: Database, people: People, other_people: People
) -> None:
    key_id, prefix = await new_key(database, people)
    with pytest.raises(NotFound):
        async with database.write() as work:
            await work.keys.revoke(key_id, tenant_id=other_people.tenant_id)
    assert await valid(database, prefix)


async def test_a_session_ends_when_idle_and_in_any_case(database: Database, people: People) -> None:
    token = fresh("session")
    async with database.write() as work:
        session = await work.sessions.create(
            user_id=people.viewer_id,
            tenant_id=people.tenant_id,
            token_hash=token,
            csrf_token="c",
            idle_s=60,
            absolute_s=100,
        )

    async def in_force(seconds: float) -> bool:
        with time_at(session.created_at + timedelta(seconds=seconds)):
            async with database.read(fresh=True) as work:
                return await work.sessions.valid(token) is not None

    assert await in_force(59)
    assert not await in_force(61)
    with time_at(session.created_at + timedelta(seconds=59)):
        async with database.write() as work:
            await work.sessions.seen(session.id, idle_s=60)
    assert await in_force(99)
    assert not await in_force(101)


async def test_a_new_password_ends_every_session_and_token(database: Database, people: People) -> None:
    token, refresh = fresh("session"), fresh("refresh")
    async with database.write() as work:
        await work.sessions.create(
            user_id=people.viewer_id, tenant_id=people.tenant_id, token_hash=token, csrf_token="c", idle_s=60,
            absolute_s=60,
        )  # fmt: skip
        await work.sessions.issue_refresh(
            user_id=people.viewer_id, tenant_id=people.tenant_id, token_hash=refresh, lifetime_s=60
        )
        before = (await work.users.get(people.viewer_id)).token_version
    async with database.write() as work:
        await work.users.set_password(people.viewer_id, "new")
    async with database.write() as work:
        assert await work.sessions.valid(token) is None
        assert (await work.sessions.use_refresh(refresh, next_hash=fresh("r"), lifetime_s=60)).token is None
        assert (await work.users.get(people.viewer_id)).token_version == before + 1


async def test_a_refresh_token_is_exchanged_once_and_reuse_ends_the_family(
    database: Database, people: People
) -> None:
    first, second = fresh("first"), fresh("second")
    async with database.write() as work:
        await work.sessions.issue_refresh(
            user_id=people.viewer_id, tenant_id=people.tenant_id, token_hash=first, lifetime_s=60
        )

    async def use(token: str, following: str) -> tuple[bool, bool]:
        async with database.write() as work:
            done = await work.sessions.use_refresh(token, next_hash=following, lifetime_s=60)
            return done.token is not None, done.reused

    assert await use(first, second) == (True, False)
    assert await use(first, fresh("thief")) == (False, True)
    assert await use(second, fresh("third")) == (False, False), "the family ended with the theft"
    assert await use(fresh("unknown"), fresh("x")) == (False, False)


async def test_the_audit_trail_shows_no_secrets(database: Database, people: People) -> None:
    async with database.write() as work:
        await work.audit.record(
            "user.update",
            actor="admin",
            tenant_id=people.tenant_id,
            before={
                "name": "a",
                "password_hash": "$argon2id$x",
                "nested": {"totp_secret": "s", "at": utc_now()},
            },
            after={"keys": [{"token": "t"}]},
        )
    async with database.read() as work:
        event = (await work.audit.page(PageRequest(), tenant_id=people.tenant_id)).items[0]
    assert event.before is not None
    assert event.before["name"] == "a"
    assert "argon2" not in str(event.before)
    assert event.before["nested"]["totp_secret"] == "[not shown]"
    assert event.after == {"keys": [{"token": "[not shown]"}]}


async def test_usage_adds_up_by_day_and_route(database: Database, people: People) -> None:
    day = datetime(2026, 7, 1, tzinfo=UTC).date()
    row = UsageRow(people.tenant_id, day, "key:1", "GET", "/api/v1/analysis/watchlist", 2, 3, 30.0, 10, 100)
    for _ in range(2):
        async with database.write() as work:
            await work.usage.add([row])
    async with database.read() as work:
        assert await work.usage.summary(people.tenant_id, since=day, until=day, by="route") == [
            {
                "route": "/api/v1/analysis/watchlist",
                "requests": 6,
                "mean_duration_ms": 10.0,
                "bytes_in": 20,
                "bytes_out": 200,
            }
        ]
        with pytest.raises(Invalid):
            await work.usage.summary(people.tenant_id, since=day, until=day, by="id; --")


async def test_a_deleted_tenant_takes_what_it_owns_along(database: Database, people: People) -> None:
    _, prefix = await new_key(database, people)
    async with database.write() as work:
        await work.tenants.delete(people.tenant_id)
    assert not await valid(database, prefix)
    async with database.read() as work:
        assert (await work.users.get(people.admin_id)).email
        assert await work.tenants.memberships(people.admin_id) == []
