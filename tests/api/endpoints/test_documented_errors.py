"""Every 4xx that the document names is met: operation by operation, each by the request that should bring it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx2

from aneos_api.app import create_app
from aneos_api.database import Database
from tests.api.endpoints.conftest import PASSWORD, Service, make_settings

NOBODY: Final = UUID(int=7)
LONG: Final = "x" * 65
HUGE: Final = str(1 << 40)

SPECIAL: Final[dict[str, str]] = {
    "409": "test_changes, test_auth, test_kept, test_motion, test_predicting, tests/api/database: by what they change",
    "410": "test_changes: an export whose file is gone",
    "423": "test_auth: the lock after failed attempts",
}
"""Statuses that depend on what is stored; they have tests of their own."""


def documented(service: Service, status: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of those that name ``status``."""
    found = [
        (method.upper(), path, operation)
        for path, operations in service.app.openapi()["paths"].items()
        for method, operation in operations.items()
        if status in operation["responses"]
    ]
    assert found, f"no operation documents {status}"
    yield from found


def filled(path: str, value: object = NOBODY) -> str:
    return re.sub(r"\{[a-z_]+\}", str(value), path)


async def asked(service: Service, method: str, path: str, headers: dict[str, str], **given: Any) -> int:
    """Status of a reply. A length that is announced only needs no such body: it is refused before."""
    sent: list[Any] = []
    query = given.get("query", "")
    body = given.get("body", b"")
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "client": ("127.0.0.1", 1), "server": ("test", 80), "scheme": "http",
        "root_path": "", "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
    }  # fmt: skip

    parts = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(parts, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    await service.app(scope, receive, send)
    return int(sent[0]["status"])


def test_no_status_is_documented_that_no_test_asks_for(service: Service) -> None:
    named = {
        status
        for operations in service.app.openapi()["paths"].values()
        for operation in operations.values()
        for status in operation["responses"]
        if status.startswith("4")
    }
    assert named == {"400", "401", "403", "404", "413", "422", "429", *SPECIAL}


async def test_400_for_a_length_that_is_no_number(service: Service) -> None:
    operator = service.as_("operator") | {"Content-Length": "ten"}
    wrong = [
        (method, path)
        for method, path, _ in documented(service, "400")
        if await asked(service, method, filled(path), operator) != 400
    ]
    assert not wrong


async def test_400_for_broken_json_wherever_json_is_taken(service: Service) -> None:
    operator = service.as_("operator") | {"Content-Type": "application/json"}
    wrong = []
    for method, path, operation in documented(service, "400"):
        if "application/json" in operation.get("requestBody", {}).get("content", {}):
            status = await asked(service, method, filled(path), operator, body=b"{")
            if status != 400:
                wrong.append((method, path, status))
    assert not wrong


async def test_401_for_nobody_and_for_a_key_that_does_not_hold(service: Service) -> None:
    wrong = []
    for method, path, operation in documented(service, "401"):
        public = operation["x-permission"] == "public"
        for headers in ({}, {"X-API-Key": "aneos_0123456789ab_wrong"}):
            status = await asked(service, method, filled(path), headers)
            # who logs in needs no credential yet; figures need one only where the settings say so
            open_ = public and (status in (400, 422) or path == "/metrics")
            if status != 401 and not open_:
                wrong.append((method, path, status))
    assert not wrong


async def test_403_for_somebody_who_has_to_change_the_password_first(service: Service) -> None:
    someone = service.people["beta"]["analyst"]
    async with service.context.database.write() as work:
        (await work.users.get(someone.user_id)).must_change_password = True
    service.context.authenticator.forget()
    login = {"email": someone.email, "password": PASSWORD}
    token = (await service.client.post("/api/v1/auth/token", json=login)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    try:
        wrong = [
            (method, path, status)
            for method, path, _ in documented(service, "403")
            if not path.startswith("/api/v1/auth/")
            and (status := await asked(service, method, filled(path), headers)) != 403
        ]
    finally:
        async with service.context.database.write() as work:
            (await work.users.get(someone.user_id)).must_change_password = False
        service.context.authenticator.forget()
    assert not wrong


async def test_404_for_what_does_not_exist(service: Service) -> None:
    operator = service.as_("operator") | {"Content-Type": "application/json"}
    wrong = []
    for method, path, _ in documented(service, "404"):
        if "{" not in path:  # what a body names: test_inputs, test_changes, test_predicting
            continue
        body = BODIES.get((method, path), b"{}")
        address = filled(path, NAMES.get(path, NOBODY))
        status = await asked(service, method, address, operator, query=QUERIES.get(path, ""), body=body)
        if status != 404:
            wrong.append((method, path, status))
    assert not wrong


async def test_413_for_a_body_that_is_announced_as_too_large(service: Service) -> None:
    operator = service.as_("operator") | {"Content-Length": HUGE}
    wrong = [
        (method, path)
        for method, path, _ in documented(service, "413")
        if await asked(service, method, filled(path), operator) != 413
    ]
    assert not wrong


async def test_422_for_what_can_be_read_but_not_used(service: Service) -> None:
    operator = service.as_("operator") | {"Content-Type": "application/json"}
    wrong = []
    for method, path, operation in documented(service, "422"):
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        odd = {
            "limit": "limit=0",
            "within_au": "within_au=-1",
            "filters": "nothing=1",
            "objects": "objects=0",
            "since": "since=never",
        }
        query = next((odd[name] for name in odd if name in names), "")
        headers = operator
        if "Idempotency-Key" in names:
            headers = operator | {"Idempotency-Key": "x" * 256}
        if "Last-Event-ID" in names:
            headers = operator | {"Last-Event-ID": "last"}
        address = filled(path, LONG * 2) if "{" in path else path
        status = await asked(service, method, address, headers, query=query, body=b'{"nothing": [7]}')
        if status != 422:
            wrong.append((method, path, status))
    assert not wrong


async def test_429_for_more_than_the_limit(
    service: Service, service_database: Database, tmp_path: Path
) -> None:
    """One request a minute for each address: the second of every operation is one too many."""
    settings = make_settings(
        tmp_path,
        limits={"enabled": True, "address_per_minute": 1, "anonymous_per_minute": 1, "burst_s": 60.0},
    )
    app = create_app(settings, database=service_database, tell=lambda _: None)
    transport = httpx2.ASGITransport(app=app)
    wrong = []
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        await client.get("/api/v1/auth/me")
        for method, path, _ in documented(service, "429"):
            reply = await client.request(method, filled(path))
            if reply.status_code != 429 or int(reply.headers["retry-after"]) < 1:
                wrong.append((method, path, reply.status_code))
    service_database.invalidate = service.context.reads.invalidate
    assert not wrong


QUERIES: Final = {"/api/v1/analysis/objects/{designation}/as-of": "day=2026-01-01"}
NAMES: Final = {
    "/api/v1/analysis/assessments/{assessment_id}": str(2**53),
    "/api/v1/prediction/predictions/{designation}": "a/b",  # no name; of any other the list is empty
}
BODIES: Final[dict[tuple[str, str], bytes]] = {
    ("POST", "/api/v1/analysis/cases/{case_id}/objects"): b'{"designation": "433"}',
    ("POST", "/api/v1/admin/backups/{backup_id}/restore"): b'{"name": "restored"}',
}
"""What a request needs for its path to be looked at."""
