"""Saved filters, cases and stored answers."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.api.endpoints.conftest import Service

V1 = "/api/v1/analysis"


async def _post(service: Service, path: str, body: dict[str, Any], role: str = "analyst") -> httpx2.Response:
    return await service.client.post(f"{V1}/{path}", json=body, headers=service.as_(role))


async def _get(service: Service, path: str, role: str = "analyst") -> dict[str, Any]:
    reply = await service.client.get(f"{V1}/{path}", headers=service.as_(role))
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_a_filter_is_seen_by_its_owner_and_by_others_only_when_shared(service: Service) -> None:
    own = await _post(service, "filters", {"name": "flat", "query": {"i_deg__le": 1.0}})
    assert own.status_code == 201, own.text
    shared = await _post(service, "filters", {"name": "all's", "query": {"sort": "-H"}, "shared": True})
    assert shared.status_code == 201, shared.text
    mine = {item["name"] for item in (await _get(service, "filters"))["items"]}
    others = {item["name"] for item in (await _get(service, "filters", "viewer"))["items"]}
    assert {"flat", "all's"} <= mine
    assert "all's" in others
    assert "flat" not in others
    taken = await service.client.delete(
        f"{V1}/filters/{shared.json()['filter']['id']}", headers=service.as_("admin")
    )
    assert taken.status_code == 404, "only its owner removes a filter"


async def test_the_same_name_replaces_a_filter(service: Service) -> None:
    for limit in (0.1, 0.2):
        reply = await _post(service, "filters", {"name": "twice", "query": {"q_value__le": limit}})
        assert reply.status_code == 201
    found = [item for item in (await _get(service, "filters"))["items"] if item["name"] == "twice"]
    assert [item["query"] for item in found] == [{"q_value__le": 0.2}]


async def test_a_filter_that_the_watch_list_does_not_take_is_refused(service: Service) -> None:
    for query in ({"colour": "red"}, {"i_deg__like": 1}, {"i_deg__le": {"a": 1}}, {"i_deg__le": "much"}):
        reply = await _post(service, "filters", {"name": "bad", "query": query})
        assert reply.status_code == 422, (query, reply.text)


async def test_a_case_keeps_objects_with_the_newest_answer_about_them(service: Service) -> None:
    elements = {
        "designation": "found tonight",
        "epoch_tdb_jd": 2459107.5,
        "a_au": 1.0329,
        "e": 0.0333,
        "i_deg": 0.1384,
        "node_deg": 226.4,
        "peri_deg": 303.7,
        "mean_anomaly_deg": 308.4,
        "H": 28.4,
    }
    assert (await _post(service, "assess", {"elements": [elements]})).status_code == 200
    made = await _post(
        service, "cases", {"title": "tonight", "designations": ["found tonight", "101955", "101955"]}
    )
    assert made.status_code == 201, made.text
    case = made.json()
    items = {item["designation"]: item for item in case["items"]}
    assert list(items) == ["found tonight", "101955"]
    assert items["101955"]["assessment_id"] is None
    answer = await _get(service, f"assessments/{items['found tonight']['assessment_id']}")
    assert answer["assessment"]["designation"] == "found tonight"
    assert answer["assessment"]["evidence"]
    path = f"cases/{case['case']['id']}"
    again = await _post(service, f"{path}/objects", {"designation": "101955"})
    assert again.status_code == 409
    added = await _post(service, f"{path}/objects", {"designation": "433", "note": "to compare"})
    assert added.status_code == 201
    gone = await service.client.delete(f"{V1}/{path}/objects/101955", headers=service.as_("analyst"))
    assert gone.status_code == 204
    closed = await service.client.patch(
        f"{V1}/{path}", json={"status": "closed"}, headers=service.as_("analyst")
    )
    assert closed.json()["case"]["status"] == "closed"
    seen = await _get(service, path, "viewer")
    assert [item["designation"] for item in seen["items"]] == ["found tonight", "433"]
    removed = await service.client.delete(f"{V1}/{path}", headers=service.as_("analyst"))
    assert removed.status_code == 204
