"""Predictions, features, explanations, drift, experiments: with the model that ships."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import pytest_asyncio

from aneos.catalogue import Catalogue, load_bundled
from aneos.learning import training
from aneos.learning.population import load_escapes
from aneos_api.jobs.worker import Worker
from aneos_api.shelf import adopt, papers
from tests.api.endpoints.conftest import Service

numbers = itertools.count()
OPEN_ORBIT = {
    "designation": "3I",
    "epoch_tdb_jd": 2461000.5,
    "a_au": -0.2639,
    "e": 6.137,
    "i_deg": 175.11,
    "node_deg": 322.15,
    "peri_deg": 128.01,
    "mean_anomaly_deg": 90.0,
}


@pytest_asyncio.fixture(loop_scope="session")
async def model_id(service: Service) -> str:
    """The shipped champion, in the database."""
    await adopt(service.context.database)
    async with service.context.database.read() as work:
        return str((await work.ml.answering()).id)


async def send(
    service: Service, method: str, path: str, body: Any = None, role: str = "analyst", **params: Any
) -> httpx2.Response:
    return await service.client.request(
        method, f"/api/v1/{path}", json=body, params=params, headers=service.as_(role)
    )


async def test_the_shipped_models_are_told_to_the_database_once(service: Service, model_id: str) -> None:
    assert await adopt(service.context.database) == 0
    shipped = next(one for one in papers() if one.stage == "champion")
    reply = await send(service, "GET", f"prediction/models/{model_id}", role="viewer")
    assert reply.json()["model"]["version"] == shipped.id
    assert reply.json()["model"]["metrics"] == shipped.content["metrics"]


async def test_a_prediction_is_given_explained_and_kept(service: Service, model_id: str) -> None:
    reply = await send(
        service,
        "POST",
        "prediction/predict",
        {"designations": ["2006 RH120", "433", "nobody"], "explain": True},
    )
    assert reply.status_code == 200, reply.text
    slow, eros = reply.json()["predictions"]
    assert (slow["designation"], slow["model_id"]) == ("2006 RH120", model_id)
    assert slow["log10_bayes_factor"] > eros["log10_bayes_factor"]
    assert 0.0 < eros["probability_artificial"] < slow["probability_artificial"] < 1.0
    told = slow["explanation"]
    total = told["expected"] + sum(item["contribution"] for item in told["contributions"])
    assert told["score"] > told["expected"]
    assert math.isfinite(total)
    assert [item["designation"] for item in reply.json()["rejected"]] == ["nobody"]
    kept = await send(service, "GET", "prediction/predictions/2006 RH120", role="viewer")
    assert kept.json()["items"][0]["score"] == pytest.approx(slow["log10_bayes_factor"])
    other = await service.client.get(
        "/api/v1/prediction/predictions/2006 RH120", headers=service.as_("viewer", "beta")
    )
    assert other.json()["items"] == []


async def test_an_open_orbit_is_rejected_with_its_reason(service: Service, model_id: str) -> None:
    reply = await send(service, "POST", "prediction/predict", {"elements": [OPEN_ORBIT]})
    assert reply.status_code == 200
    assert reply.json()["predictions"] == []
    assert "closed" in reply.json()["rejected"][0]["reason"]


async def test_a_model_that_is_not_there_is_404(service: Service, model_id: str) -> None:
    body = {"designations": ["433"], "model_id": "00000000-0000-0000-0000-000000000007"}
    assert (await send(service, "POST", "prediction/predict", body)).status_code == 404


async def test_features_and_explanation_of_one_object(service: Service, model_id: str) -> None:
    reply = await send(service, "GET", "prediction/features/433", role="viewer")
    features = {item["name"]: item for item in reply.json()["features"]}
    assert features["a"]["value"] == pytest.approx(1.458, abs=0.01)
    assert features["a"]["unit"] == "au"
    told = await send(service, "GET", "prediction/explanations/433", role="viewer")
    explanation = told.json()["explanation"]
    assert {item["feature"] for item in explanation["contributions"]} == set(features)
    total = explanation["expected"] + sum(item["contribution"] for item in explanation["contributions"])
    assert total == pytest.approx(explanation["score"], abs=1e-6)


async def test_drift_needs_objects_and_says_so(service: Service, model_id: str) -> None:
    reply = await send(service, "GET", "prediction/drift", role="viewer")
    assert reply.status_code == 422  # the catalogue of these tests has eight objects
    assert "at least 30" in reply.json()["detail"]


async def test_a_batch_of_predictions_is_done_by_a_worker(service: Service, model_id: str) -> None:
    made = await send(
        service,
        "POST",
        "prediction/predict/batch",
        {"designations": ["433", "99942", "nobody"], "name": "some"},
    )
    assert made.status_code == 202, made.text
    batch = made.json()["batch"]["id"]
    await Worker(service.context.database, service.context.settings).run_until_idle()
    results = await send(service, "GET", f"analysis/batch/{batch}/results", role="viewer")
    first, second, third = results.json()["items"]
    assert first["result"]["model_id"] == model_id
    assert first["probability_artificial"] == first["result"]["probability_artificial"]
    assert second["status"] == "succeeded"
    assert (third["status"], third["error"]) == ("failed", "no object of the catalogue is called 'nobody'")
    kept = await send(service, "GET", "prediction/predictions/99942", role="viewer")
    assert kept.json()["total"] == 1


async def test_an_experiment_shares_out_predictions(service: Service, model_id: str) -> None:
    arms = [{"name": name, "model_id": model_id, "share": 0.5} for name in ("a", "b")]
    made = await send(
        service, "POST", "prediction/experiments", {"name": f"x{next(numbers)}", "arms": arms}, "operator"
    )
    path = f"prediction/experiments/{made.json()['experiment']['id']}"
    started = await send(service, "POST", f"{path}/start", role="operator")
    assert started.json()["experiment"]["status"] == "running"
    assert (await send(service, "POST", f"{path}/start", role="operator")).status_code == 409
    body = {"designations": ["433", "99942", "101955", "1991 VG", "469219", "2000 SG344"]}
    first = (await send(service, "POST", "prediction/predict", body)).json()["predictions"]
    again = (await send(service, "POST", "prediction/predict", body)).json()["predictions"]
    assert [item["arm"] for item in first] == [item["arm"] for item in again]
    assert [item["designation"] for item in first] == [item["designation"] for item in again]
    assert {item["arm"] for item in first} <= {"a", "b"}
    stopped = await send(service, "POST", f"{path}/stop", role="operator")
    results = stopped.json()["experiment"]["results"]
    assert sum(arm["count"] for arm in results.values()) == 2 * len(body["designations"])


@pytest.mark.slow
async def test_a_model_is_trained_stored_and_activated(
    service: Service, model_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real training on every fortieth object and every sixteenth simulated escape."""
    whole, escapes = load_bundled(), load_escapes()
    some = escapes.take(np.arange(len(escapes)) % 16 == 0)
    monkeypatch.setattr(
        training, "load_bundled", lambda: Catalogue(whole.table.gather_every(40), whole.provenance)
    )
    monkeypatch.setattr(training, "load_escapes", lambda: some)
    monkeypatch.setenv("ANEOS_MODELS", str(tmp_path / "models"))
    seed = next(numbers) + 100
    body = {"seed": seed, "search": 1, "activate": True}
    made = await send(service, "POST", "admin/training", body, "operator")
    assert made.status_code == 202, made.text
    job = made.json()["job"]["id"]
    same = await send(service, "POST", "admin/training", body, "operator")
    assert same.json()["job"]["id"] == job, "one training waits or runs at a time"
    await Worker(service.context.database, service.context.settings).run_until_idle()
    shown = (await send(service, "GET", f"admin/training/{job}", role="operator")).json()["job"]
    assert shown["status"] == "succeeded", shown
    listed = await send(service, "GET", "admin/training", role="operator")
    assert job in {item["id"] for item in listed.json()["items"]}
    new = shown["result"]["model_id"]
    answer = (await send(service, "POST", "prediction/predict", {"designations": ["433"]})).json()
    assert answer["predictions"][0]["model_id"] == new
    back = await send(service, "POST", f"prediction/models/{model_id}/activate", role="operator")
    assert back.json()["model"]["stage"] == "champion"


async def test_a_training_that_waits_is_cancelled(service: Service) -> None:
    made = await send(service, "POST", "admin/training", {"search": 1}, "operator")
    path = f"admin/training/{made.json()['job']['id']}"
    assert (await send(service, "POST", f"{path}/cancel", role="operator")).json()["job"][
        "status"
    ] == "cancelled"
    assert (await send(service, "POST", f"{path}/cancel", role="operator")).status_code == 409
    other = await send(service, "GET", "admin/training", role="operator", task="backup")
    assert other.status_code == 422
