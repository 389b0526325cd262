"""Places on the sky and returns of the registry's objects: those of the library."""

from __future__ import annotations

from typing import Any

import pytest

from aneos.artificial.build_returns import bundled_returns
from aneos.artificial.ephemerides import ephemeris
from tests.api.endpoints.conftest import Service

V1 = "/api/v1/catalogue/artificial"


async def _get(service: Service, path: str, status: int = 200) -> dict[str, Any]:
    reply = await service.client.get(f"{V1}/{path}", headers=service.as_("viewer"))
    assert reply.status_code == status, reply.text
    told: dict[str, Any] = reply.json()
    return told


async def test_an_ephemeris_is_that_of_the_library(service: Service) -> None:
    told = await _get(
        service, "surveyor-2-centaur/ephemeris?start=2026-09-17T00:00:00Z&days=2&rows=3&observer=568"
    )
    own = ephemeris("surveyor-2-centaur", [2461300.5, 2461301.5, 2461302.5], observer="568", threads=1)
    assert [point["jd_utc"] for point in told["points"]] == pytest.approx([2461300.5, 2461301.5, 2461302.5])
    assert [point["ra_deg"] for point in told["points"]] == pytest.approx(own.sky.ra_deg, abs=1e-6)
    assert [point["dec_deg"] for point in told["points"]] == pytest.approx(own.sky.dec_deg, abs=1e-6)
    assert told["observer"]["code"] == "568"
    assert told["orbits"]


async def test_now_and_one_row_are_the_default(service: Service) -> None:
    told = await _get(service, "surveyor-2-centaur/ephemeris")
    assert len(told["points"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        "start=2026-09-17T00:00:00",
        "start=1800-01-01T00:00:00Z",
        "start=2098-12-01T00:00:00Z&days=400&rows=2",
        "observer=???",
        "observer=ZZ9",
        "rows=0",
        "days=nan",
    ],
)
async def test_a_faulty_ephemeris_is_refused_with_a_reason(service: Service, query: str) -> None:
    told = await _get(service, f"surveyor-2-centaur/ephemeris?{query}", 422)
    assert told["detail"]


async def test_an_object_that_the_registry_lacks_is_not_there(service: Service) -> None:
    await _get(service, "no-such-object/ephemeris", 404)


async def test_returns_are_those_of_the_shipped_calendar_in_order(service: Service) -> None:
    calendar = bundled_returns()
    assert calendar is not None
    told = await _get(service, "returns?from_year=2026")
    expected = calendar.to_table()
    assert [item["object_id"] for item in told["approaches"]] == expected["object_id"].to_list()
    assert [item["distance_au"] for item in told["approaches"]] == expected["distance_au"].to_list()
    near = await _get(service, "returns?from_year=2030&until_year=2040&within_au=0.05")
    assert near["approaches"]
    assert all(
        item["distance_au"] <= 0.05 and "2030" <= item["time_utc"][:4] <= "2040"
        for item in near["approaches"]
    )
    assert all(item["reason"] for item in told["not_followed"])
    await _get(service, "returns?from_year=2040&until_year=2030", 422)
