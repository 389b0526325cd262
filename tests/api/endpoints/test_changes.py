"""Changes: audited, done once, counted; and the life of users, keys, rules, batches, exports, webhooks."""

from __future__ import annotations

import asyncio
import io
import itertools
from typing import Any

import httpx2
import polars as pl
import pytest

from aneos_api.jobs.worker import Worker
from tests.api.endpoints.conftest import Service

numbers = itertools.count()


async def send(
    service: Service, method: str, path: str, body: Any = None, role: str = "admin", **headers: str
) -> httpx2.Response:
    return await service.client.request(
        method, f"/api/v1/{path}", json=body, headers=service.as_(role) | headers
    )


async def audit(service: Service, **filters: str) -> list[dict[str, Any]]:
    await service.context.activity.flush()
    reply = await service.client.get("/api/v1/admin/audit", params=filters, headers=service.as_("operator"))
    assert reply.status_code == 200, reply.text
    return list(reply.json()["items"])


async def work_off(service: Service) -> None:
    """Let a worker do what is queued."""
    worker = Worker(service.context.database, service.context.settings)
    await worker.run_until_idle()


async def test_every_change_leaves_an_event_that_says_who_what_and_from_where(service: Service) -> None:
    name = f"rule {next(numbers)}"
    made = await send(
        service, "POST", "monitoring/rules", {"name": name, "kind": "science", "condition": {"rank__le": 1}}
    )
    rule = made.json()["rule"]["id"]
    changed = await send(service, "PATCH", f"monitoring/rules/{rule}", {"severity": "critical"})
    removed = await send(service, "DELETE", f"monitoring/rules/{rule}")
    assert [made.status_code, changed.status_code, removed.status_code] == [201, 200, 204]
    events = await audit(service, resource_id=rule, sort="created_at")
    assert [event["action"] for event in events] == ["rule.create", "rule.change", "rule.delete"]
    assert events[1]["before"] == {"severity": "warning"}
    assert events[1]["after"] == {"severity": "critical"}
    admin = service.people["alpha"]["admin"]
    assert all(event["actor"] == admin.email and event["api_key_id"] for event in events)
    assert all(event["request_id"] and event["address"] for event in events)


async def test_refused_attempts_are_audited(service: Service) -> None:
    refused = await send(service, "GET", "admin/users", role="viewer")
    assert refused.status_code == 403
    event = (await audit(service, request_id=refused.headers["x-request-id"]))[0]
    assert event["outcome"] == "refused"
    assert event["actor"] == service.people["alpha"]["viewer"].email
    assert "needs manage" in event["reason"]
    anonymous = await service.client.get("/api/v1/admin/users")
    event = (await audit(service, request_id=anonymous.headers["x-request-id"]))[0]
    assert (event["actor"], event["outcome"]) == ("anonymous", "refused")


async def test_the_audit_holds_no_secrets(service: Service) -> None:
    key = (await send(service, "POST", "admin/api-keys", {"name": "secretive"})).json()
    hook = (
        await send(
            service, "POST", "admin/webhooks", {"name": f"w{next(numbers)}", "url": "https://a.example.org"}
        )
    ).json()
    user = (await send(service, "POST", "admin/users", {"email": f"s{next(numbers)}@example.org"})).json()
    reply = await service.client.get("/api/v1/admin/audit?limit=1000", headers=service.as_("operator"))
    for secret in (key["secret"], hook["secret"], user["password"]):
        assert secret not in reply.text


async def test_the_same_request_with_the_same_key_is_done_once(service: Service) -> None:
    body = {"name": f"once {next(numbers)}", "kind": "science", "condition": {"rank__le": 1}}
    header = {"Idempotency-Key": f"key-{next(numbers)}"}
    first = await send(service, "POST", "monitoring/rules", body, **header)
    again = await send(service, "POST", "monitoring/rules", body, **header)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await send(service, "POST", "monitoring/rules", body | {"name": "another"}, **header)
    assert other.status_code == 409
    somebody = await send(service, "POST", "monitoring/rules", body, role="operator", **header)
    assert somebody.status_code == 409, "the key is one's own, but the rule's name is taken"


async def test_many_at_once_with_one_key_make_one(service: Service) -> None:
    body = {"name": f"race {next(numbers)}", "kind": "science", "condition": {"rank__le": 1}}
    header = {"Idempotency-Key": f"key-{next(numbers)}"}
    replies = await asyncio.gather(
        *(send(service, "POST", "monitoring/rules", body, **header) for _ in range(8))
    )
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["rule"]["id"] for reply in replies}) == 1


async def test_a_replayed_secret_is_kept_encrypted(service: Service) -> None:
    header = {"Idempotency-Key": f"key-{next(numbers)}"}
    first = (await send(service, "POST", "admin/api-keys", {"name": "kept"}, **header)).json()
    again = (await send(service, "POST", "admin/api-keys", {"name": "kept"}, **header)).json()
    assert first["secret"] == again["secret"]
    from sqlalchemy import select

    from aneos_api.database.models import IdempotencyKey

    async with service.context.database.read() as work:
        statement = select(IdempotencyKey.response).where(IdempotencyKey.key == header["Idempotency-Key"])
        stored = await work.session.scalar(statement)
    assert first["secret"] not in str(stored)


async def test_a_key_is_used_rotated_and_revoked(service: Service) -> None:
    made = (await send(service, "POST", "admin/api-keys", {"name": "life", "role": "analyst"})).json()
    path = f"admin/api-keys/{made['key']['id']}"
    old = {"X-API-Key": made["secret"]}
    assert (await service.client.get("/api/v1/auth/me", headers=old)).status_code == 200
    rotated = (await send(service, "POST", f"{path}/rotate", {})).json()
    assert (await service.client.get("/api/v1/auth/me", headers=old)).status_code == 401
    new = {"X-API-Key": rotated["secret"]}
    me = (await service.client.get("/api/v1/auth/me", headers=new)).json()
    assert me["principal"]["role"] == "analyst"
    await service.context.activity.flush()
    listed = (await send(service, "GET", f"admin/api-keys?prefix={rotated['key']['prefix']}")).json()[
        "items"
    ][0]
    assert listed["last_used_at"] is not None
    assert "key_hash" not in listed
    revoked = await send(service, "DELETE", f"admin/api-keys/{rotated['key']['id']}")
    assert revoked.json()["key"]["revoked_at"] is not None
    assert (await service.client.get("/api/v1/auth/me", headers=new)).status_code == 401


async def test_scopes_narrow_a_key(service: Service) -> None:
    made = (
        await send(service, "POST", "admin/api-keys", {"name": "r", "role": "admin", "scopes": ["read"]})
    ).json()
    key = {"X-API-Key": made["secret"]}
    assert (await service.client.get("/api/v1/analysis/watchlist", headers=key)).status_code == 200
    assert (await service.client.get("/api/v1/admin/users", headers=key)).status_code == 403


async def test_a_key_expires(service: Service) -> None:
    past = await send(
        service, "POST", "admin/api-keys", {"name": "past", "expires_at": "2020-01-01T00:00:00Z"}
    )
    assert past.status_code == 422


async def test_usage_is_counted_by_key_and_route(service: Service) -> None:
    made = (await send(service, "POST", "admin/api-keys", {"name": "counted"})).json()
    for _ in range(3):
        await service.client.get("/api/v1/analysis/statistics", headers={"X-API-Key": made["secret"]})
    await service.context.activity.flush()
    rows = (await send(service, "GET", f"admin/usage?api_key_id={made['key']['id']}")).json()["items"]
    assert [(row["route"], row["requests"]) for row in rows] == [("/api/v1/analysis/statistics", 3)]
    summary = await send(service, "GET", f"admin/usage/summary?by=route&api_key_id={made['key']['id']}")
    assert summary.json()["items"][0]["requests"] == 3


async def test_a_batch_is_worked_off_and_its_results_paged(service: Service) -> None:
    made = await send(
        service,
        "POST",
        "analysis/batch",
        {"designations": ["99942", "433", "1999 ZZ99"], "name": "b"},
        role="analyst",
    )
    assert made.status_code == 202
    batch = made.json()["batch"]["id"]
    await work_off(service)
    shown = (await send(service, "GET", f"analysis/batch/{batch}", role="viewer")).json()["batch"]
    assert (shown["status"], shown["succeeded"], shown["failed"]) == ("succeeded", 2, 1)
    results = (await send(service, "GET", f"analysis/batch/{batch}/results?limit=2", role="viewer")).json()
    assert results["truncated"]
    assert results["items"][0]["result"]["designation"] == "99942 Apophis" or results["items"][0]["result"]
    assert (await send(service, "DELETE", f"analysis/batch/{batch}", role="analyst")).status_code == 204
    assert (await send(service, "GET", f"analysis/batch/{batch}", role="viewer")).status_code == 404


async def test_a_batch_at_work_is_cancelled_by_delete(service: Service) -> None:
    made = await send(service, "POST", "analysis/batch", {"designations": ["99942"]}, role="analyst")
    batch = made.json()["batch"]["id"]
    assert (await send(service, "DELETE", f"analysis/batch/{batch}", role="analyst")).status_code == 204
    shown = await send(service, "GET", f"analysis/batch/{batch}", role="viewer")
    assert shown.json()["batch"]["status"] == "cancelled"


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "votable"])
async def test_an_export_is_made_and_downloaded(service: Service, form: str) -> None:
    body = {"kind": "watchlist", "format": form, "query": {"sort": "-H", "H__ge": "20"}}
    made = await send(service, "POST", "analysis/exports", body, role="analyst")
    assert made.status_code == 202, made.text
    export = made.json()["export"]["id"]
    early = await send(service, "GET", f"analysis/exports/{export}/download", role="viewer")
    assert early.status_code == 409
    await work_off(service)
    shown = (await send(service, "GET", f"analysis/exports/{export}", role="viewer")).json()["export"]
    assert shown["status"] == "succeeded", shown
    file = await send(service, "GET", f"analysis/exports/{export}/download", role="viewer")
    assert file.status_code == 200
    assert len(file.content) == shown["size_bytes"]
    assert "attachment" in file.headers["content-disposition"]
    if form == "parquet":
        table = pl.read_parquet(io.BytesIO(file.content))
        assert table["H"].to_list() == sorted(table["H"].to_list(), reverse=True)
        assert table.height == shown["rows"] > 0
    if form == "json":
        assert file.json()["signature"]["source"] == "aNEOS"


@pytest.mark.parametrize("kind", ["objects", "artificial"])
async def test_other_lists_are_exported_too(service: Service, kind: str) -> None:
    made = await send(service, "POST", "analysis/exports", {"kind": kind, "format": "csv"}, role="analyst")
    await work_off(service)
    shown = await send(service, "GET", f"analysis/exports/{made.json()['export']['id']}", role="viewer")
    assert shown.json()["export"]["rows"] > 0, shown.text


async def test_an_export_of_nonsense_fails_with_its_reason(service: Service) -> None:
    unknown = await send(service, "POST", "analysis/exports", {"kind": "passwords"}, role="analyst")
    assert unknown.status_code == 422
    made = await send(
        service, "POST", "analysis/exports", {"kind": "watchlist", "query": {"password": "1"}}, role="analyst"
    )
    await work_off(service)
    shown = await send(service, "GET", f"analysis/exports/{made.json()['export']['id']}", role="viewer")
    assert shown.json()["export"]["status"] == "failed"
    assert "no such field" in shown.json()["export"]["error"]


async def test_an_alert_is_acknowledged_and_resolved(service: Service) -> None:
    async with service.context.database.write() as work:
        alert, _ = await work.alerts.raise_alert(
            dedupe_key=f"k{next(numbers)}", title="look", severity="info",
            tenant_id=service.people["alpha"]["admin"].tenant_id,
        )  # fmt: skip
        path = f"monitoring/alerts/{alert.id}"
    seen = await send(service, "POST", f"{path}/acknowledge", {"note": "mine"}, role="analyst")
    assert seen.json()["alert"]["status"] == "acknowledged"
    over = await send(service, "POST", f"{path}/resolve", {}, role="analyst")
    assert over.json()["alert"]["status"] == "resolved"
    assert (await send(service, "POST", f"{path}/resolve", {}, role="analyst")).status_code == 409


async def test_a_webhook_is_made_changed_tested_and_removed(service: Service) -> None:
    body = {"name": f"hook {next(numbers)}", "url": "https://example.org/aneos", "topics": ["exports"]}
    made = (await send(service, "POST", "admin/webhooks", body)).json()
    path = f"admin/webhooks/{made['webhook']['id']}"
    assert made["secret"].startswith("whsec_")
    changed = await send(service, "PATCH", path, {"enabled": False})
    assert changed.json()["webhook"]["enabled"] is False
    assert "secret" not in changed.text
    assert (await send(service, "POST", f"{path}/test")).status_code == 202
    deliveries = (await send(service, "GET", f"{path}/deliveries")).json()["items"]
    assert [row["topic"] for row in deliveries] == ["test"]
    assert (await send(service, "DELETE", path)).status_code == 204
    assert (await send(service, "GET", path)).status_code == 404


async def test_the_configuration_shows_no_secret(service: Service) -> None:
    reply = await send(service, "GET", "admin/config", role="operator")
    secret = service.context.settings.security.secret_key
    assert secret is not None
    assert secret.get_secret_value() not in reply.text
    assert reply.json()["config"]["security"]["secret_key"] == "(set)"


async def test_jobs_are_listed_cancelled_and_retried(service: Service) -> None:
    async with service.context.database.write() as work:
        job = await work.jobs.enqueue("nothing", tenant_id=service.people["alpha"]["admin"].tenant_id)
        path = f"admin/jobs/{job.id}"
    assert (await send(service, "GET", path)).json()["job"]["status"] == "queued"
    assert (await send(service, "POST", f"{path}/cancel")).json()["job"]["status"] == "cancelled"
    assert (await send(service, "POST", f"{path}/retry")).json()["job"]["status"] == "queued"
    assert (await send(service, "POST", f"{path}/cancel")).status_code == 200


async def test_the_last_admin_stays(service: Service) -> None:
    me = service.people["beta"]["admin"]
    reply = await service.client.patch(
        f"/api/v1/admin/users/{me.user_id}", json={"role": "viewer"}, headers=me.headers
    )
    assert reply.status_code == 409
    assert (
        await service.client.delete(f"/api/v1/admin/users/{me.user_id}", headers=me.headers)
    ).status_code == 409


async def test_a_tenant_is_made_renamed_and_switched_off(service: Service) -> None:
    slug = f"tenant-{next(numbers)}"
    made = await send(service, "POST", "admin/tenants", {"slug": slug, "name": "New"}, role="operator")
    assert made.status_code == 201, made.text
    path = f"admin/tenants/{made.json()['tenant']['id']}"
    again = await send(service, "POST", "admin/tenants", {"slug": slug, "name": "New"}, role="operator")
    assert again.status_code == 409
    off = await send(service, "PATCH", path, {"active": False, "name": "Old"}, role="operator")
    assert (off.json()["tenant"]["active"], off.json()["tenant"]["name"]) == (False, "Old")
