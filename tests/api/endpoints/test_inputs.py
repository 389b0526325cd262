"""Bad input: every kind is one clear error, never a failure of the service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aneos_api.app import create_app
from aneos_api.database import Database
from tests.api.endpoints.conftest import Service, make_settings

WATCHLIST = "/api/v1/analysis/watchlist"
ASSESS = "/api/v1/analysis/assess"

TRICKS = [
    "' OR 1=1 --",
    "'; DROP TABLE objects; --",
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "\u202e2020 SO",
    "𝟚𝟘𝟚𝟘 𝕊𝕆",
    "2020 SO\u0000",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "%s%s%s%n",
    "-1",
    "NaN",
    "9" * 60,
    "é" * 64,
]


@pytest.mark.parametrize("text", TRICKS)
@pytest.mark.parametrize(
    "path",
    [
        "catalogue/objects/{}",
        "analysis/objects/{}",
        "analysis/objects/{}/history",
        "prediction/predictions/{}",
    ],
)
async def test_strange_designations_name_nothing(service: Service, path: str, text: str) -> None:
    from urllib.parse import quote

    address = f"/api/v1/{path.format(quote(text, safe=''))}"
    reply = await service.client.get(address, headers=service.as_("viewer"))
    assert reply.status_code in (200, 404, 422), reply.text
    if reply.status_code == 200:
        assert reply.json()["items"] == []


@pytest.mark.parametrize("text", TRICKS)
async def test_strange_texts_in_queries_find_nothing_and_break_nothing(service: Service, text: str) -> None:
    for path, name in (
        ("analysis/search", "q"),
        ("catalogue/objects", "designation__contains"),
        ("catalogue/objects", "sort"),
        ("catalogue/objects", "cursor"),
        ("catalogue/objects", "fields"),
        ("admin/audit", "action"),
    ):
        reply = await service.client.get(f"/api/v1/{path}", params={name: text}, headers=service.as_("admin"))
        assert reply.status_code in (200, 422), (path, name, reply.text)


@pytest.mark.parametrize(
    "body", [b"{", b"[1, 2", b"\xff\xfe", b'{"designations": ["x"]', b"nonsense", b"\x00"]
)
async def test_broken_json_is_400(service: Service, body: bytes) -> None:
    headers = service.as_("analyst") | {"Content-Type": "application/json"}
    reply = await service.client.post(ASSESS, content=body, headers=headers)
    assert reply.status_code == 400
    assert set(reply.json()) == {"error", "detail", "request_id"}
    assert reply.json()["error"] == "bad_request"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"designations": []},
        {"designations": ["99942"], "elements": [{}]},
        {"designations": ["99942"], "depth": "deep"},
        {"designations": ["99942"], "prior": 0},
        {"designations": ["99942"], "prior": 2},
        {"designations": ["99942"], "without": ["nothing"]},
        {"designations": ["99942"], "unknown": 1},
        {"designations": ["x" * 65]},
        {"designations": ["x\u0000y"]},
        {"designations": [None]},
        {"designations": "99942"},
        {"designations": ["99942"] * 101},
        {"elements": [{"designation": "a"}]},
        {"elements": [{"designation": "a", "a_au": "far"}]},
        [],
        None,
        "text",
        7,
    ],
)
async def test_unusable_requests_are_422_with_the_reason(service: Service, body: Any) -> None:
    reply = await service.client.post(ASSESS, json=body, headers=service.as_("analyst"))
    assert reply.status_code == 422, reply.text
    assert reply.json()["error"] == "invalid"
    assert len(reply.json()["detail"]) > 5


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_numbers_that_are_none_are_refused(service: Service, text: str) -> None:
    row = '{"designation":"a","epoch_tdb_jd":2459000.5,"a_au":%s,"e":0.1,"i_deg":1,"node_deg":1,"peri_deg":1,'
    body = '{"elements":[' + row % text + '"mean_anomaly_deg":1}]}'
    headers = service.as_("analyst") | {"Content-Type": "application/json"}
    reply = await service.client.post(ASSESS, content=body, headers=headers)
    assert reply.status_code == 422


async def test_unusable_orbits_and_unknown_names_are_listed_and_do_not_stop_the_others(
    service: Service,
) -> None:
    good = {"epoch_tdb_jd": 2459000.5, "a_au": 1.04, "e": 0.04, "i_deg": 0.1, "node_deg": 1, "peri_deg": 1,
            "mean_anomaly_deg": 1, "H": 28}  # fmt: skip
    rows = [{"designation": "good", **good}, {"designation": "hyperbola", **good, "a_au": -1.0, "e": 1.5}]
    reply = await service.client.post(ASSESS, json={"elements": rows}, headers=service.as_("analyst"))
    assert [item["designation"] for item in reply.json()["assessments"]] == ["good"]
    assert reply.json()["rejected"][0]["line"] == 2
    named = await service.client.post(
        ASSESS, json={"designations": ["99942", "1999 ZZ99"]}, headers=service.as_("analyst")
    )
    assert named.status_code == 200
    assert [row["designation"] for row in named.json()["rejected"]] == ["1999 ZZ99"]
    nothing = await service.client.post(
        ASSESS, json={"designations": ["1999 ZZ99"]}, headers=service.as_("analyst")
    )
    assert nothing.status_code == 404


async def test_an_oversize_body_is_413_whether_announced_or_not(service: Service) -> None:
    limit = service.context.settings.limits.body_bytes
    path = "/api/v1/analysis/identify"
    announced = await service.client.post(path, content=b"x" * (limit + 1), headers=service.as_("analyst"))
    assert announced.status_code == 413

    async def drip() -> Any:
        for _ in range(limit // 65_536 + 2):
            yield b" " * 65_536

    headers = service.as_("analyst") | {"Content-Type": "application/json"}
    chunked = await service.client.post(path, content=drip(), headers=headers)
    assert chunked.status_code == 413
    assert chunked.json()["error"] == "too_large"


@pytest.mark.parametrize("length", ["-1", "ten", "1e3"])
async def test_a_nonsense_content_length_is_400(service: Service, length: str) -> None:
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": ASSESS, "raw_path": ASSESS.encode(),
        "query_string": b"", "headers": [(b"content-length", length.encode())], "client": ("127.0.0.1", 1),
        "server": ("test", 80), "scheme": "http", "root_path": "",
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await service.app(scope, receive, send)
    assert sent[0]["status"] == 400


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data", ""])
async def test_another_content_type_is_not_read_as_json(service: Service, content_type: str) -> None:
    body = json.dumps({"designations": ["99942"]}).encode()
    headers = service.as_("analyst") | {"Content-Type": content_type}
    reply = await service.client.post(ASSESS, content=body, headers=headers)
    assert reply.status_code in (400, 415, 422)


async def test_a_method_that_is_not_offered_is_405(service: Service) -> None:
    reply = await service.client.put(WATCHLIST, headers=service.as_("admin"))
    assert reply.status_code == 405
    assert reply.json()["error"] == "method_not_allowed"
    assert "GET" in reply.headers["allow"]


@pytest.mark.parametrize(
    "path", ["//etc/passwd", "/api/v1/../../etc/passwd", "/docs/..%2fapp.py", "/docs/app.py", "/.env"]
)
async def test_no_file_is_reached_by_a_path_trick(service: Service, path: str) -> None:
    reply = await service.client.get(path)
    assert reply.status_code in (401, 404)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "limit=x", "cursor=%21%21", "cursor=bm90IGEgY3Vyc29y", "sort=password",
        "sort=rank;drop", "fields=password", "nothing=1", "rank__like=1", "rank=x",
        "rank__in=" + ",".join("1" * 300), "class__gt=a",
        "rank=1&rank=2", "H=1e999", "rank=99999999999999999999",
    ],
)  # fmt: skip
async def test_bad_list_queries_are_422(service: Service, query: str) -> None:
    reply = await service.client.get(f"{WATCHLIST}?{query}", headers=service.as_("viewer"))
    assert reply.status_code == 422, reply.text


def nested(depth: int) -> dict[str, Any]:
    return {"a": nested(depth - 1)} if depth else {"a": 1}


@pytest.mark.parametrize(
    "condition", [{"a": "\u0000"}, nested(20), {"\u0000": 1}, {"a": 2**70}, {"a": "\ud800"}]
)
async def test_json_that_a_database_cannot_keep_is_422(service: Service, condition: Any) -> None:
    body = json.dumps({"name": "odd", "kind": "science", "condition": condition})
    headers = service.as_("admin") | {"Content-Type": "application/json"}
    reply = await service.client.post("/api/v1/monitoring/rules", content=body, headers=headers)
    assert reply.status_code == 422, reply.text


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/x", "https://user:pw@example.org/", "http://", "javascript:alert(1)", "https://[::1"],
)
async def test_a_webhook_needs_a_web_address(service: Service, url: str) -> None:
    body = {"name": "odd", "url": url}
    reply = await service.client.post("/api/v1/admin/webhooks", json=body, headers=service.as_("admin"))
    assert reply.status_code == 422


async def test_requests_beyond_the_limit_are_429_and_say_when_to_come_back(
    service: Service, service_database: Database, tmp_path: Path
) -> None:
    limits = {"enabled": True, "principal_per_minute": 60, "burst_s": 3.0, "anonymous_per_minute": 60}
    app = create_app(make_settings(tmp_path, limits=limits), database=service_database)
    service_database.invalidate = service.context.reads.invalidate
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client:
        replies = [await client.get(WATCHLIST, headers=service.as_("viewer")) for _ in range(6)]
        assert [reply.status_code for reply in replies][:3] == [200] * 3
        assert replies[-1].status_code == 429
        assert int(replies[-1].headers["retry-after"]) >= 1
        assert replies[-1].json()["error"] == "rate_limited"
        others = await client.get(WATCHLIST, headers=service.as_("analyst"))
        assert others.status_code == 200, "another principal has a bucket of its own"
        assert (await client.get("/health/live")).status_code == 200, "health is not limited"
    await app.state.context.quick.close()


async def test_a_database_that_is_away_is_503_with_retry_after(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    away = Database("postgresql://aneos:x@127.0.0.1:9/aneos", settings.database)
    app = create_app(settings, database=away)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client:
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert (await client.get("/health/live")).status_code == 200
        key = {"X-API-Key": "aneos_" + "a" * 12 + "_" + "b" * 43}
        reply = await client.get(WATCHLIST, headers=key)
        assert reply.status_code == 503
        assert int(reply.headers["retry-after"]) >= 1
        assert reply.json()["error"] == "unavailable"
    await away.close()


async def test_a_fault_of_the_service_shows_no_traceback(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("aneos_api.endpoints.monitoring.performance_by_route", broken)
    reply = await service.client.get("/api/v1/monitoring/performance", headers=service.as_("viewer"))
    assert reply.status_code == 500
    assert set(reply.json()) == {"error", "detail", "request_id"}
    assert "secret detail" not in reply.text
    assert reply.headers["x-request-id"] == reply.json()["request_id"]
