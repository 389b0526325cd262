"""Role × route: every operation, as everybody."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from aneos_api.endpoints.openapi import permissions
from tests.api.endpoints.conftest import Service
from tests.api.roles import ALLOWED, ROUTES

WHO = ("anonymous", "viewer", "analyst", "admin", "operator")
NOBODY = UUID(int=7)

BODIES = {
    "POST /api/v1/auth/login": {"email": "nobody@example.org", "password": "wrong"},
    "POST /api/v1/auth/token": {"email": "nobody@example.org", "password": "wrong"},
    "POST /api/v1/auth/refresh": {"refresh_token": "wrong"},
    "POST /api/v1/auth/password": {"current": "a", "new": "b"},
    "POST /api/v1/auth/totp/confirm": {"code": "000000"},
    "POST /api/v1/auth/totp/disable": {"password": "x", "code": "000000"},
}


def test_the_table_names_every_route_and_its_permission(service: Service) -> None:
    declared = {
        key: "read" if permission == "registry" else permission for key, permission in permissions().items()
    }
    assert declared == ROUTES


def test_the_document_lists_the_same_operations(service: Service) -> None:
    specification = service.app.openapi()
    documented = {
        (method.upper(), path) for path, operations in specification["paths"].items() for method in operations
    }
    assert documented == set(ROUTES)
    assert len(documented) >= 60


@pytest.mark.parametrize("who", WHO)
async def test_each_route_lets_in_whom_the_table_names_and_nobody_else(service: Service, who: str) -> None:
    """Requests are empty or name nothing that exists, so that a caller who may come in is told 4xx at most."""
    wrong = []
    for (method, path), permission in ROUTES.items():
        address = re.sub(r"\{[a-z_]+\}", str(NOBODY), path)
        if (method, path) in {
            ("POST", "/api/v1/admin/maintenance/cache/clear"),
            ("POST", "/api/v1/admin/backups"),
            ("POST", "/api/v1/admin/training"),
        }:
            body = None
        else:
            body = BODIES.get(f"{method} {path}", {}) if method in ("POST", "PATCH") else None
        reply = await service.client.request(method, address, json=body, headers=service.as_(who))
        public = permission == "public"
        expected = None if who in ALLOWED[permission] else (401 if who == "anonymous" else 403)
        refused = reply.status_code in (401, 403)
        if expected is not None and reply.status_code != expected:
            wrong.append((method, path, reply.status_code, "should be refused"))
        if expected is None and refused and not public and not path.startswith("/api/v1/auth/"):
            wrong.append((method, path, reply.status_code, reply.text))
        if reply.status_code >= 500:
            wrong.append((method, path, reply.status_code, reply.text))
    assert not wrong


async def test_a_viewer_reads_an_analyst_assesses_an_admin_manages(service: Service) -> None:
    """The roles in use, with requests that succeed."""
    read = await service.client.get("/api/v1/analysis/watchlist", headers=service.as_("viewer"))
    assert read.status_code == 200
    assessed = await service.client.post(
        "/api/v1/analysis/assess", json={"designations": ["2006 RH120"]}, headers=service.as_("analyst")
    )
    assert assessed.status_code == 200, assessed.text
    managed = await service.client.get("/api/v1/admin/users", headers=service.as_("admin"))
    assert managed.status_code == 200
    operated = await service.client.get("/api/v1/admin/config", headers=service.as_("operator"))
    assert operated.status_code == 200


async def test_a_path_under_api_that_no_route_answers_is_closed_too(service: Service) -> None:
    assert (await service.client.get("/api/v1/nothing")).status_code == 401
    found = await service.client.get("/api/v1/nothing", headers=service.as_("viewer"))
    assert found.status_code == 404
    assert found.json()["error"] == "not_found"
