"""Debian's Prometheus against a running service: no expression of a rule or a dashboard asks for what is not there."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from aneos.archives.archives import ARCHIVES
from aneos.archives.health import Tried
from aneos.catalogue import Catalogue
from aneos_api.clock import utc_now
from aneos_api.database import Database
from aneos_api.database.models import Prediction
from tests.api.conftest import apart
from tests.api.endpoints.conftest import small_catalogue
from tests.api.postgres import Postgres, programs
from tests.conftest import CHECKOUT
from tests.operations.programs import program
from tests.operations.running import Installation, Process, free_port, wait_for

__all__ = ["small_catalogue"]

DEPLOY = CHECKOUT / "deploy"
PATIENCE_S = 60.0
NOTHING_IS_RIGHT = {"AneosBackupNone"}
"""Rules of which a healthy service gives nothing even with every comparison made to a number."""


@dataclass
class Watched:
    """Prometheus that watches one API process and one worker."""

    url: str

    def ask(self, expression: str) -> list[dict[str, Any]]:
        reply = httpx2.get(f"{self.url}/api/v1/query", params={"query": expression}, timeout=PATIENCE_S)
        assert reply.status_code == 200, f"{expression}: {reply.text}"
        found = reply.json()["data"]["result"]
        return found if isinstance(found, list) else [found]


def configuration(folder: Path, ports: dict[str, int]) -> Path:
    """The shipped configuration with addresses of this test, and quicker."""
    shipped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    shipped["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    shipped["rule_files"] = [str(DEPLOY / "prometheus" / "rules" / "*.yml")]
    del shipped["alerting"]
    for job in shipped["scrape_configs"]:
        job.pop("dns_sd_configs", None)
        job["static_configs"] = [{"targets": [f"127.0.0.1:{ports[job['job_name']]}"]}]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(shipped))
    return path


async def fill(url: str, tenant_id: Any) -> None:
    """What a service has that has been at work: a backup, a model that answers, predictions, an alert, a delivery."""
    async with Database(url) as database, database.write() as work:
        backup = await work.backups.begin(engine="postgresql", job_id=None)
        await work.backups.finish(
            backup.id, path="x", size_bytes=1, sha256="0" * 64, encrypted=True, revision="1", row_counts={}
        )
        model = await work.ml.register(
            name="watched",
            version="1",
            algorithm="test",
            artefact_path="none",
            features=["a"],
            metrics={"test": {"ece": 0.02}},
        )
        await work.ml.activate(model.id)
        work.session.add(Prediction(model_id=model.id, designation="99942", score=0.1, features={}))
        await work.jobs.enqueue("housekeeping", delay_s=3600)
        archive, institution = next(iter(ARCHIVES.items()))
        await work.archives.note(Tried(archive, institution, utc_now(), None, None, 0, 0.0))


@pytest.fixture(scope="module")
def watched(
    postgres: Postgres,
    postgres_template: str,
    small_catalogue: Catalogue,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Watched]:
    prometheus = program("prometheus", "apt-get install prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    url = postgres.url(apart(postgres.create(template=postgres_template)))
    installation = Installation(url, folder, ANEOS_BACKUP__PG_BIN=str(programs()))
    people = installation.people(small_catalogue)
    asyncio.run(fill(url, people["viewer"].tenant_id))
    ports = {"aneos-api": free_port(), "aneos-worker": free_port(), "prometheus": free_port()}
    server: Process | None = None
    try:
        api = installation.api(ports["aneos-api"])
        worker = installation.worker(ports["aneos-worker"])
        wait_for(f"http://127.0.0.1:{ports['aneos-api']}/health/ready", api)
        wait_for(f"http://127.0.0.1:{ports['aneos-worker']}/health/ready", worker)
        command = [
            prometheus,
            f"--config.file={configuration(folder, ports)}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports['prometheus']}",
        ]
        server = Process(command, folder / "prometheus.log")
        found = Watched(f"http://127.0.0.1:{ports['prometheus']}")
        wait_for(f"{found.url}/-/ready", server)
        drive(f"http://127.0.0.1:{ports['aneos-api']}", people["operator"].headers)
        end = time.monotonic() + PATIENCE_S
        while not found.ask("aneos:http_request_seconds:p99_5m") or not found.ask(
            "aneos:jobs_settled:rate5m"
        ):
            assert time.monotonic() < end, "no rates yet"
            time.sleep(0.5)
        yield found
    finally:
        if server is not None:
            server.kill()
        installation.close()


def drive(url: str, headers: dict[str, str]) -> None:
    """Requests of every kind that is counted, and a job, for some seconds: rates need several scrapes."""
    with httpx2.Client(base_url=url, headers=headers, timeout=PATIENCE_S) as client:
        for _ in range(8):
            assert client.get("/api/v1/analysis/watchlist").status_code == 200
            reply = client.post("/api/v1/analysis/assess", json={"designations": ["99942"]})
            assert reply.status_code == 200, reply.text
            assert client.post("/api/v1/admin/backups").status_code == 202
            time.sleep(0.7)


def rules() -> dict[str, str]:
    """Every expression of the rules; comparisons give 0 or 1, so that a quiet alert still gives a number."""
    out = {}
    for path in sorted((DEPLOY / "prometheus" / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            for rule in group["rules"]:
                name = rule.get("alert") or rule["record"]
                out[name] = re.sub(r" ([<>]=?|[!=]=) (?=[\d.])", r" \1 bool ", rule["expr"])
    return out


def panels() -> dict[str, str]:
    """Every expression of the dashboards."""
    return {
        f"{path.stem} · {panel['title']} · {target['refId']}": target["expr"]
        for path in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
        for panel in json.loads(path.read_text("utf-8"))["panels"]
        for target in panel["targets"]
    }


def test_every_expression_of_the_rules_finds_something(watched: Watched) -> None:
    silent = {name for name, expression in rules().items() if not watched.ask(expression)}
    assert silent == NOTHING_IS_RIGHT


def test_every_expression_of_the_dashboards_finds_something(watched: Watched) -> None:
    asked = panels()
    assert len(asked) > 40
    assert {name for name, expression in asked.items() if not watched.ask(expression)} == set()


def test_a_healthy_service_fires_the_watchdog_alone(watched: Watched) -> None:
    data = httpx2.get(f"{watched.url}/api/v1/alerts", timeout=PATIENCE_S).json()["data"]["alerts"]
    firing = {alert["labels"]["alertname"] for alert in data if alert["state"] == "firing"}
    assert firing == {"Watchdog"}


def test_the_test_itself_would_notice_a_name_that_is_not_there(watched: Watched) -> None:
    assert watched.ask("max(aneos_no_such_figure)") == []
