"""Two organisations cannot see each other: every route that shows or changes what an organisation owns."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.api.endpoints.conftest import Service
from tests.api.roles import ROUTES
from tests.astrometry.lines import OPTICAL_2018_LA

OWNED = (
    "batch_id",
    "export_id",
    "rule_id",
    "alert_id",
    "user_id",
    "key_id",
    "session_id",
    "job_id",
    "webhook_id",
    "delivery_id",
    "filter_id",
    "case_id",
    "assessment_id",
    "set_id",
)
"""Path parameters that name something that an organisation owns. The others name what all share."""

SHARED = {"designation", "id", "model_id", "experiment_id", "tenant_id", "backup_id"}

BODIES: dict[str, Any] = {
    "PATCH /api/v1/analysis/cases/{case_id}": {"title": "taken over"},
    "POST /api/v1/analysis/cases/{case_id}/objects": {"designation": "433"},
    "PATCH /api/v1/monitoring/rules/{rule_id}": {"enabled": False},
    "PATCH /api/v1/admin/users/{user_id}": {"name": "taken over"},
    "PATCH /api/v1/admin/webhooks/{webhook_id}": {"enabled": False},
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def belongings(service: Service) -> dict[str, str]:
    """One of everything that belongs to the organisation beta."""
    admin = service.as_("admin", "beta")

    async def make(path: str, body: dict[str, Any], *where: str) -> str:
        reply = await service.client.post(f"/api/v1/{path}", json=body, headers=admin)
        assert reply.status_code in (201, 202), reply.text
        found: Any = reply.json()
        for name in where:
            found = found[name]
        return str(found)

    owned = {
        "batch_id": await make("analysis/batch", {"designations": ["99942"]}, "batch", "id"),
        "export_id": await make("analysis/exports", {"kind": "watchlist"}, "export", "id"),
        "rule_id": await make(
            "monitoring/rules",
            {"name": "beta's", "kind": "science", "condition": {"rank__le": 1}},
            "rule",
            "id",
        ),
        "user_id": await make("admin/users", {"email": "somebody@beta.example.org"}, "user", "id"),
        "key_id": await make("admin/api-keys", {"name": "beta's"}, "key", "id"),
        "filter_id": await make(
            "analysis/filters", {"name": "beta's", "query": {}, "shared": True}, "filter", "id"
        ),
        "case_id": await make("analysis/cases", {"title": "beta's", "designations": ["433"]}, "case", "id"),
        "webhook_id": await make(
            "admin/webhooks", {"name": "beta's", "url": "https://beta.example.org"}, "webhook", "id"
        ),
    }
    uploaded = await service.client.post(
        "/api/v1/analysis/observations",
        files={"file": ("beta.txt", OPTICAL_2018_LA.encode(), "text/plain")},
        headers=admin,
    )
    assert uploaded.status_code == 202, uploaded.text
    owned["set_id"] = str(uploaded.json()["observation_set"]["id"])
    assessed = await service.client.post(
        "/api/v1/analysis/assess", json={"designations": ["433"]}, headers=admin
    )
    assert assessed.status_code == 200
    answers = await service.client.get("/api/v1/analysis/assessments", headers=admin)
    owned["assessment_id"] = str(answers.json()["items"][0]["id"])
    owned["designation"] = "433"
    hook = f"/api/v1/admin/webhooks/{owned['webhook_id']}"
    assert (await service.client.post(f"{hook}/test", headers=admin)).status_code == 202
    sent = await service.client.get(f"{hook}/deliveries", headers=admin)
    owned["delivery_id"] = str(sent.json()["items"][0]["id"])
    beta = service.people["beta"]["admin"]
    async with service.context.database.write() as work:
        alert, _ = await work.alerts.raise_alert(
            dedupe_key="test", title="beta's", severity="info", tenant_id=beta.tenant_id
        )
        session = await work.sessions.create(
            user_id=beta.user_id,
            tenant_id=beta.tenant_id,
            token_hash="0",
            csrf_token="0",
            idle_s=60,
            absolute_s=60,
        )
        job = await work.jobs.enqueue("nothing", tenant_id=beta.tenant_id)
        owned |= {"alert_id": str(alert.id), "session_id": str(session.id), "job_id": str(job.id)}
    return owned


def test_every_path_parameter_is_known_to_be_owned_or_shared() -> None:
    import re

    named = {name for _, path in ROUTES for name in re.findall(r"\{([a-z_]+)\}", path)}
    assert named == set(OWNED) | SHARED


ADDRESSED = [
    (method, path)
    for (method, path), permission in ROUTES.items()
    if any(f"{{{name}}}" in path for name in OWNED) and permission != "operate"
]
"""What only an operator may do concerns the whole installation: an admin is refused before anything is looked up."""


@pytest.mark.parametrize(("method", "path"), ADDRESSED)
async def test_what_another_organisation_owns_is_not_there(
    service: Service, belongings: dict[str, str], method: str, path: str
) -> None:
    address = path.format(**belongings)
    body = BODIES.get(f"{method} {path}", {} if method == "POST" else None)
    reply = await service.client.request(method, address, json=body, headers=service.as_("admin"))
    assert reply.status_code == 404, reply.text


@pytest.mark.parametrize(("method", "path"), [item for item in ADDRESSED if item[0] == "GET"])
async def test_its_owner_sees_it(
    service: Service, belongings: dict[str, str], method: str, path: str
) -> None:
    reply = await service.client.get(path.format(**belongings), headers=service.as_("admin", "beta"))
    assert reply.status_code in ((200, 409) if path.endswith("/download") else (200,)), reply.text


LISTS = [
    "analysis/filters",
    "analysis/cases",
    "analysis/assessments",
    "analysis/batch",
    "analysis/exports",
    "analysis/observations",
    "monitoring/rules",
    "monitoring/alerts",
    "admin/users",
    "admin/api-keys",
    "admin/sessions",
    "admin/jobs",
    "admin/webhooks",
    "admin/audit",
    "admin/usage",
]


@pytest.mark.parametrize("path", LISTS)
async def test_lists_hold_nothing_of_another_organisation(
    service: Service, belongings: dict[str, str], path: str
) -> None:
    await service.context.activity.flush()
    mine = await service.client.get(f"/api/v1/{path}?limit=1000", headers=service.as_("admin"))
    theirs = await service.client.get(f"/api/v1/{path}?limit=1000", headers=service.as_("admin", "beta"))
    assert mine.status_code == theirs.status_code == 200
    assert theirs.json()["items"], "the owner has something to see"
    key = "id" if path != "admin/usage" else "principal"
    assert not {str(row[key]) for row in mine.json()["items"]} & {
        str(row[key]) for row in theirs.json()["items"]
    }
    assert "beta's" not in mine.text


async def test_an_assessment_of_one_organisation_is_not_in_the_history_of_another(service: Service) -> None:
    path = "/api/v1/analysis/objects/433/history"
    before = await service.client.get(path, headers=service.as_("viewer"))
    theirs_before = await service.client.get(path, headers=service.as_("viewer", "beta"))
    made = await service.client.post(
        "/api/v1/analysis/assess", json={"designations": ["433"]}, headers=service.as_("analyst", "beta")
    )
    assert made.status_code == 200
    after = await service.client.get(path, headers=service.as_("viewer"))
    theirs = await service.client.get(path, headers=service.as_("viewer", "beta"))
    assert after.json()["total"] == before.json()["total"]
    assert theirs.json()["total"] == theirs_before.json()["total"] + 1


async def test_an_admin_cannot_take_over_an_operator_or_an_account_of_two_organisations(
    service: Service,
) -> None:
    operator = service.operator.user_id
    for change in ({"reset_password": True}, {"active": False}, {"role": "viewer"}):
        reply = await service.client.patch(
            f"/api/v1/admin/users/{operator}", json=change, headers=service.as_("admin")
        )
        assert reply.status_code == 403
    shared = service.people["beta"]["viewer"]
    async with service.context.database.write() as work:
        await work.tenants.set_role(shared.user_id, service.operator.tenant_id, "viewer")
    reply = await service.client.patch(
        f"/api/v1/admin/users/{shared.user_id}", json={"reset_password": True}, headers=service.as_("admin")
    )
    assert reply.status_code == 403
    removed = await service.client.delete(
        f"/api/v1/admin/users/{shared.user_id}", headers=service.as_("admin")
    )
    assert removed.status_code == 204
    still = await service.client.get("/api/v1/auth/me", headers=service.as_("viewer", "beta"))
    assert still.status_code == 200, "only the membership in alpha has ended"


async def test_only_an_operator_adds_members_to_another_organisation(service: Service) -> None:
    body = {"email": "intruder@example.org", "tenant_id": str(service.people["beta"]["admin"].tenant_id)}
    refused = await service.client.post("/api/v1/admin/users", json=body, headers=service.as_("admin"))
    assert refused.status_code == 403
    added = await service.client.post("/api/v1/admin/users", json=body, headers=service.as_("operator"))
    assert added.status_code == 201


async def test_a_key_cannot_be_given_more_than_its_maker_has(service: Service) -> None:
    body = {"name": "too much", "role": "admin", "scopes": ["operate"]}
    refused = await service.client.post("/api/v1/admin/api-keys", json=body, headers=service.as_("admin"))
    assert refused.status_code == 403
