"""Approaches, launches, observations, restored backups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aneos_api.database import Database
from aneos_api.jobs.worker import Worker
from tests.api.endpoints.conftest import Service
from tests.api.postgres import programs
from tests.astrometry.lines import OPTICAL_2018_LA, RADAR

V1 = "/api/v1"


async def get(service: Service, path: str, role: str = "viewer", tenant: str = "alpha") -> Any:
    reply = await service.client.get(f"{V1}/{path}", headers=service.as_(role, tenant))
    return reply.status_code, reply.json()


async def test_apophis_comes_on_friday_13_april_2029(service: Service) -> None:
    """JPL: 2029-04-13 21:46 TDB at 0.000254 au (38,012 km); the MPC's own orbit of 2026 agrees within 1,000 km."""
    status, body = await get(service, "analysis/objects/99942/approaches?from_year=2029&until_year=2029")
    assert status == 200, body
    earth = [item for item in body["approaches"] if item["body"] == "Earth"]
    assert len(earth) == 1
    assert earth[0]["date_tdb"].startswith("2029-04-13T21:4")
    assert earth[0]["distance_km"] == pytest.approx(38_012, abs=1000)
    assert earth[0]["speed_kms"] == pytest.approx(7.42, abs=0.05)
    assert body["forces"]["relativity"]
    assert (body["ended"], body["U"]) == ([], "0")


async def test_a_span_before_the_epoch_and_one_that_ends_before_it_begins(service: Service) -> None:
    status, body = await get(service, "analysis/objects/2006 RH120/approaches?from_year=2006&until_year=2008")
    assert status == 200
    assert any(item["bound"] for item in body["approaches"]), "the Earth held it for a year"
    assert [item["epoch_tdb_jd"] for item in body["approaches"]] == sorted(
        item["epoch_tdb_jd"] for item in body["approaches"]
    )
    status, body = await get(service, "analysis/objects/433/approaches?from_year=2030&until_year=2029")
    assert (status, body["error"]) == (422, "invalid")


async def test_launches_are_listed_page_by_page(service: Service) -> None:
    _, first = await get(service, "catalogue/launches?limit=3&regime=escape&sort=date")
    _, second = await get(
        service, f"catalogue/launches?limit=3&regime=escape&sort=date&cursor={first['next']}"
    )
    names = [item["launch"] for item in first["items"] + second["items"]]
    assert len(set(names)) == 6
    assert first["items"][0]["date"] < second["items"][-1]["date"]
    assert first["total"] > 100
    status, body = await get(service, "catalogue/launches?pad=39A")
    assert (status, body["error"]) == (422, "invalid")


async def test_an_orbit_is_traced_back_to_the_launches(service: Service) -> None:
    body = {"designations": ["433", "nobody"], "clones": 20, "look_alikes": 20}
    made = await service.client.post(f"{V1}/analysis/departures", json=body, headers=service.as_("analyst"))
    assert made.status_code == 202, made.text
    await Worker(service.context.database, service.context.settings).run_until_idle()
    _, results = await get(service, f"analysis/batch/{made.json()['batch']['id']}/results")
    eros, nobody = results["items"]
    assert (eros["status"], eros["class"]) == ("failed", None) or eros["result"]["departures"] == []
    assert nobody["error"] == "no object of the catalogue is called 'nobody'"


async def test_the_full_depth_is_a_batch_that_traces_only_what_is_undecided(service: Service) -> None:
    headers = service.as_("analyst") | {"Idempotency-Key": f"full-{service.context.database.name}"}
    body = {"designations": ["433"], "depth": "full"}
    made = await service.client.post(f"{V1}/analysis/assess", json=body, headers=headers)
    assert made.status_code == 202, made.text
    again = await service.client.post(f"{V1}/analysis/assess", json=body, headers=headers)
    assert (again.status_code, again.json()) == (202, made.json())
    await Worker(service.context.database, service.context.settings).run_until_idle()
    batch = made.json()["batch"]["id"]
    _, results = await get(service, f"analysis/batch/{batch}/results")
    eros = results["items"][0]
    assert (eros["status"], eros["class"]) == ("succeeded", "natural")
    assert "departures" not in eros["result"], "the quick lines had settled it"


async def upload(service: Service, content: bytes, tenant: str = "alpha", **fields: str) -> Any:
    return await service.client.post(
        f"{V1}/analysis/observations",
        files={"file": ("observations.txt", content, "text/plain")},
        data=fields,
        headers=service.as_("analyst", tenant),
    )


async def test_observations_are_read_at_once_then_fitted_and_assessed_by_a_job(service: Service) -> None:
    """2018 LA, observed for some minutes before it fell: the MPC's own records."""
    made = await upload(service, OPTICAL_2018_LA.encode(), name="2018 LA")
    assert made.status_code == 202, made.text
    short = made.json()["observation_set"]
    assert (short["status"], short["format"], short["result"]) == ("queued", "mpc80", None)
    await Worker(service.context.database, service.context.settings).run_until_idle()
    status, body = await get(service, f"analysis/observations/{short['id']}")
    done = body["observation_set"]
    assert (status, done["status"], done["n_obs"]) == (200, "succeeded", 3), done
    assert set(done["result"]) >= {"assessments", "rejected", "observations", "failures", "series"}
    for own in done["result"]["series"]:
        assert len(own["residuals"]["east_arcsec"]) == len(own["residuals"]["time_utc"]) > 0
        assert len(own["track"]["ra_deg"]) == len(own["track"]["dec_deg"]) > 0
    assert len(done["result"]["assessments"]) + len(done["result"]["failures"]) == 1
    _, listed = await get(service, "analysis/observations?fields=id,name&limit=1")
    assert listed["items"] == [{"id": short["id"], "name": "2018 LA"}]
    status, _ = await get(service, f"analysis/observations/{short['id']}", tenant="beta")
    assert status == 404
    gone = await service.client.delete(
        f"{V1}/analysis/observations/{short['id']}", headers=service.as_("analyst")
    )
    assert gone.status_code == 204
    assert (await get(service, f"analysis/observations/{short['id']}"))[0] == 404


async def test_a_set_is_cancelled_with_its_job_and_waits_again_when_that_is_retried(service: Service) -> None:
    made = (await upload(service, OPTICAL_2018_LA.encode(), name="held")).json()["observation_set"]
    states = []
    for act in ("cancel", "retry", "cancel"):
        done = await service.client.post(
            f"{V1}/admin/jobs/{made['job_id']}/{act}", headers=service.as_("admin")
        )
        assert done.status_code == 200, done.text
        _, body = await get(service, f"analysis/observations/{made['id']}")
        states.append(body["observation_set"]["status"])
    assert states == ["cancelled", "queued", "cancelled"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"hello, this is no astrometry\n", "observations were expected"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no UTF-8 text"),
        (b"abc\x00def", "binary"),
        (b'{"designation": "x"}', "JSON"),
        (b"<html><body>404</body></html>", "HTML"),
        (RADAR[0].encode(), "the second line of this radar record is missing"),
    ],
)
async def test_files_that_are_no_observations_are_refused_at_once(
    service: Service, content: bytes, says: str
) -> None:
    reply = await upload(service, content)
    assert reply.status_code == 422, reply.text
    assert says in reply.json()["detail"]


async def test_a_backup_is_restored_into_a_new_database(service: Service, tmp_path: Path) -> None:
    database = service.context.database
    settings = service.context.settings.model_copy(
        update={"backup": service.context.settings.backup.model_copy(update={"pg_bin": programs()})}
    )
    headers = service.as_("operator")
    await service.client.post(f"{V1}/admin/backups", headers=headers)
    await Worker(database, settings).run_until_idle()
    backup = (await get(service, "admin/backups?limit=1", "operator"))[1]["items"][0]
    assert backup["status"] == "succeeded", backup
    name = f"restored_{database.name}"
    asked = await service.client.post(
        f"{V1}/admin/backups/{backup['id']}/restore", json={"name": name}, headers=headers
    )
    assert asked.status_code == 202, asked.text
    await Worker(database, settings).run_until_idle()
    job = (await get(service, f"admin/jobs/{asked.json()['job']['id']}", "operator"))[1]["job"]
    assert job["status"] == "succeeded", job
    assert job["result"]["verified"]
    assert job["result"]["rows"] == sum(backup["row_counts"].values())
    target = database.url.set(
        database=str(settings.data_dir / f"{name}.db") if database.sqlite else name
    ).render_as_string(hide_password=False)
    async with Database(target) as restored, restored.read() as work:
        assert (await work.catalogue.find("99942")).name == "Apophis"
    again = await service.client.post(
        f"{V1}/admin/backups/{backup['id']}/restore", json={"name": name}, headers=headers
    )
    await Worker(database, settings).run_until_idle()
    job = (await get(service, f"admin/jobs/{again.json()['job']['id']}", "operator"))[1]["job"]
    assert (job["status"], job["error"]) == ("dead", f"there is a database '{name}' already")
    bad = await service.client.post(
        f"{V1}/admin/backups/{backup['id']}/restore", json={"name": "../x"}, headers=headers
    )
    assert bad.status_code == 422
