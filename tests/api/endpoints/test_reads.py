"""Reads: pages, chosen fields, order, filters, tags, what is kept and what a write forgets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.endpoints.conftest import DESIGNATIONS, Service

WATCHLIST = "/api/v1/analysis/watchlist"


async def get(service: Service, path: str, role: str = "viewer", **headers: str):  # type: ignore[no-untyped-def]
    return await service.client.get(path, headers=service.as_(role) | headers)


async def test_pages_neither_skip_nor_repeat(service: Service) -> None:
    seen: list[str] = []
    path = f"{WATCHLIST}?limit=3&fields=designation"
    cursor = None
    while True:
        reply = (await get(service, path if cursor is None else f"{path}&cursor={cursor}")).json()
        seen += [row["designation"] for row in reply["items"]]
        assert reply["total"] == len(DESIGNATIONS)
        assert reply["truncated"] == (reply["next"] is not None)
        cursor = reply["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == len(DESIGNATIONS)


async def test_a_list_is_filtered_and_sorted_as_asked(service: Service) -> None:
    reply = (await get(service, f"{WATCHLIST}?sort=-H&H__ge=20&fields=designation,H")).json()
    magnitudes = [row["H"] for row in reply["items"]]
    assert magnitudes == sorted(magnitudes, reverse=True)
    assert min(magnitudes) >= 20
    assert all(set(row) == {"designation", "H"} for row in reply["items"])
    assert "H__ge" not in reply


async def test_a_class_is_called_class_outside(service: Service) -> None:
    reply = (await get(service, f"{WATCHLIST}?class=natural&limit=1")).json()
    assert reply["items"][0]["class"] == "natural"


async def test_an_assessment_has_evidence_what_is_missing_and_a_signature(service: Service) -> None:
    reply = (await get(service, "/api/v1/analysis/objects/2006 RH120")).json()
    item = reply["assessment"]
    assert item["designation"] == "2006 RH120"
    assert {line["line"] for line in item["evidence"]} == {"orbit", "area_to_mass", "identity", "physical"}
    assert reply["signature"]["catalogue"][0]["name"] == "mpc-nea"
    assert item["rank"] is not None
    by_number = (await get(service, "/api/v1/analysis/objects/99942")).json()
    by_name = (await get(service, "/api/v1/analysis/objects/Apophis")).json()
    assert by_number["assessment"]["designation"] == by_name["assessment"]["designation"]


async def test_what_was_believed_on_a_day(service: Service) -> None:
    path = "/api/v1/analysis/objects/Apophis/as-of?day="
    today = datetime.now(UTC).date()
    reply = (await get(service, f"{path}{today}")).json()
    assert (reply["designation"], reply["listed"], reply["elements_until"]) == ("2004 MN4", True, None)
    assert reply["elements"]["a_au"] == pytest.approx(0.9223, abs=1e-3)
    assert reply["edition"]["objects"] == len(DESIGNATIONS)
    assert reply["assessment"]["class"] == "natural"
    before = await get(service, f"{path}2020-01-01")
    assert before.status_code == 404
    assert "was not known here on 2020-01-01" in before.json()["detail"]
    assert (await get(service, f"{path}{today + timedelta(days=2)}")).status_code == 422
    assert (await get(service, f"{path}yesterday")).status_code == 422


async def test_evidence_comes_with_intervals_and_inputs(service: Service) -> None:
    reply = (await get(service, "/api/v1/analysis/objects/2006 RH120/evidence")).json()
    orbit = next(line for line in reply["evidence"] if line["line"] == "orbit")
    assert orbit["lo"] <= orbit["log10_bayes_factor"] <= orbit["hi"]
    assert orbit["inputs"]["moid_au"] > 0


async def test_what_did_not_change_is_304(service: Service) -> None:
    for path in (WATCHLIST, "/api/v1/catalogue/versions", "/api/v1/prediction/models"):
        first = await get(service, path)
        tag = first.headers["etag"]
        again = await get(service, path, **{"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert (await get(service, path, **{"If-None-Match": 'W/"other"'})).status_code == 200
        assert (await get(service, path, **{"If-None-Match": f'"x", {tag}'})).status_code == 304


async def test_the_tag_tells_two_answers_apart(service: Service) -> None:
    one = await get(service, "/api/v1/analysis/objects/99942")
    other = await get(service, "/api/v1/analysis/objects/433")
    assert one.headers["etag"] != other.headers["etag"]


async def test_a_kept_reply_is_the_same_reply_and_a_write_forgets_it(service: Service) -> None:
    path = "/api/v1/analysis/objects/433/history"
    await get(service, path)
    first = await get(service, path)
    kept, _ = service.context.reads.size
    assert kept > 0
    second = await get(service, path)
    assert first.content == second.content
    await service.client.post(
        "/api/v1/analysis/assess", json={"designations": ["433"]}, headers=service.as_("analyst")
    )
    third = await get(service, path)
    assert third.json()["total"] == first.json()["total"] + 1


async def test_what_is_kept_is_not_shown_to_who_may_not_see_it(service: Service) -> None:
    await get(service, WATCHLIST)
    assert (await service.client.get(WATCHLIST)).status_code == 401
    narrow = await service.client.post(
        "/api/v1/admin/api-keys",
        json={"name": "narrow", "role": "admin", "scopes": ["manage"]},
        headers=service.as_("admin"),
    )
    key = {"X-API-Key": narrow.json()["secret"]}
    assert (await service.client.get(WATCHLIST, headers=key)).status_code == 403


async def test_private_replies_are_not_kept_on_the_way(service: Service) -> None:
    assert (await get(service, WATCHLIST)).headers["cache-control"] == "private, no-cache"
    assert (await get(service, "/api/v1/admin/users", "admin")).headers[
        "cache-control"
    ] == "private, no-cache"
    refused = await service.client.get(WATCHLIST)
    assert refused.headers["cache-control"] == "no-store"


async def test_search_finds_by_the_beginning_of_any_name(service: Service) -> None:
    reply = (await get(service, "/api/v1/analysis/search?q=apo")).json()
    assert [row["name"] for row in reply["items"]] == ["Apophis"]


async def test_statistics_count_the_screen(service: Service) -> None:
    reply = (await get(service, "/api/v1/analysis/statistics")).json()
    assert reply["objects"] == sum(reply["classes"].values()) == len(DESIGNATIONS)


async def test_the_registry_is_listed_filtered_and_shown(service: Service) -> None:
    page = (await get(service, "/api/v1/catalogue/artificial?limit=5&sort=-name")).json()
    names = [row["name"] for row in page["items"]]
    assert names == sorted(names, reverse=True)
    rest = (
        await get(service, f"/api/v1/catalogue/artificial?limit=5&sort=-name&cursor={page['next']}")
    ).json()
    assert not set(names) & {row["name"] for row in rest["items"]}
    one = (await get(service, f"/api/v1/catalogue/artificial/{page['items'][0]['id']}")).json()
    assert one["object"]["name"] == names[0]


async def test_every_reply_has_an_id_and_headers_of_security(service: Service) -> None:
    reply = await get(service, WATCHLIST, **{"X-Request-ID": "my-own-id-123"})
    assert reply.headers["x-request-id"] == "my-own-id-123"
    odd = await get(service, WATCHLIST, **{"X-Request-ID": "a b"})
    assert odd.headers["x-request-id"] != "a b"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")


async def test_every_json_reply_is_signed(service: Service) -> None:
    for path in (WATCHLIST, "/api/v1/auth/me", "/api/v1/monitoring/system", "/api/v1/catalogue/objects"):
        signature = (await get(service, path)).json()["signature"]
        assert signature["source"] == "aNEOS"
        assert signature["version"]


async def test_the_documentation_page_loads_nothing_from_elsewhere(service: Service) -> None:
    page = await service.client.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js"):
        assert (await service.client.get(f"/docs/{asset}")).status_code == 200


@pytest.mark.parametrize(
    "name", ["aneos_http_requests_total", "aneos_http_request_seconds_bucket", "aneos_read_cache_total"]
)
async def test_metrics_are_told_by_route_not_by_path(service: Service, name: str) -> None:
    await get(service, "/api/v1/analysis/objects/433")
    await get(service, "/api/v1/no/such/route")
    text = (await service.client.get("/metrics")).text
    assert name in text
    assert "/api/v1/analysis/objects/{designation}" in text
    assert "no/such/route" not in text
