"""Artificial objects are assessed and identified by name as by the command, though the catalogue lacks them."""

from __future__ import annotations

import pytest

import aneos
from aneos.cli.inputs import named
from tests.api.endpoints.conftest import Service


@pytest.mark.parametrize("path", ["assess", "identify"])
async def test_a_registry_object_goes_by_its_name(service: Service, path: str) -> None:
    body = {"designations": ["99942", "K20S00O", "J002E3", "1999 ZZ99"]}
    reply = await service.client.post(
        f"/api/v1/analysis/{path}", json=body, headers=service.as_("analyst"), timeout=120
    )
    assert reply.status_code == 200
    given = reply.json()
    apophis, centaur = given["assessments"]
    assert apophis["identity"] is None
    assert centaur["identity"]["cospar"] == "1966-084B"
    reasons = {row["designation"]: row["reason"] for row in given["rejected"]}
    assert "of which no heliocentric orbit is known" in reasons["J002E3"]
    assert reasons["1999 ZZ99"] == "no object of the catalogue is called so"
    if path == "assess":
        (item,) = aneos.assess(objects=named("K20S00O")).assessments
        assert centaur["probability_artificial"] == pytest.approx(item.probability_artificial)
        assert centaur["verdict"] == item.verdict


async def test_an_object_on_no_orbit_about_the_sun_is_named_with_the_reason(service: Service) -> None:
    reply = await service.client.post(
        "/api/v1/analysis/assess",
        json={"designations": ["J002E3"]},
        headers=service.as_("analyst"),
        timeout=120,
    )
    assert reply.status_code == 200
    assert reply.json()["assessments"] == []
    assert "Apollo 12" in reply.json()["rejected"][0]["reason"]
