"""Figures of the installation, the worker's own server, the probe, and logs without secrets."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from aneos_api.app import create_app
from aneos_api.database import Database
from aneos_api.jobs import Worker
from aneos_api.observability.logs import HIDDEN, redact
from aneos_api.observability.state import StateMetrics
from aneos_api.observability.worker_server import WorkerServer
from tests.api.conftest import People
from tests.api.endpoints.conftest import make_settings
from tests.operations.running import free_port

NEVER_MIND = 60.0


def values(text: bytes) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Samples by name."""
    out: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            out.setdefault(sample.name, []).append((dict(sample.labels), sample.value))
    return out


async def test_the_figures_are_those_of_the_database(database: Database, people: People) -> None:
    async with database.write() as work:
        waiting = (await work.jobs.counts())["queued"]
        await work.jobs.enqueue("housekeeping")
        await work.events.emit("notices", "notice", {"text": "hello"}, tenant_id=people.tenant_id)
        unsent = await work.events.unsent()
        backup = await work.backups.begin(engine=database.name, job_id=None)
        await work.backups.finish(
            backup.id, path="x", size_bytes=12, sha256="0" * 64, encrypted=True, revision="1", row_counts={}
        )
    found = values(await StateMetrics(database).exposition())
    assert found["aneos_database_up"] == [({}, 1.0)]
    assert ({"status": "queued"}, waiting + 1.0) in found["aneos_jobs"]
    assert ({"task": "housekeeping"}, 1.0) in found["aneos_jobs_waiting"]
    assert found["aneos_events_unsent"] == [({}, float(unsent))]
    assert found["aneos_backup_bytes"] == [({}, 12.0)]
    assert found["aneos_backup_timestamp_seconds"][0][1] > 1.7e9
    assert len(found["aneos_alerts"]) == 6, "every severity is there, also those without alerts"
    assert {labels["pool"] for labels, _ in found["aneos_database_pool_size"]} == {"read", "write"}


async def test_without_a_database_the_figures_say_so(tmp_path: Path) -> None:
    async with Database("postgresql://nobody:x@127.0.0.1:1/none") as away:
        found = values(await StateMetrics(away).exposition())
    assert found["aneos_database_up"] == [({}, 0.0)]
    assert "aneos_jobs" not in found, "an absent number is not a zero"


async def test_the_service_tells_both_kinds_of_figures(database: Database, tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path), database=database, tell=lambda _: None)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client,
    ):
        await client.get("/health/live")
        found = values((await client.get("/metrics")).content)
    assert found["aneos_database_up"] == [({}, 1.0)]
    assert any(labels["route"] == "/health/live" for labels, _ in found["aneos_http_requests_total"])


async def test_a_worker_serves_health_and_metrics(database: Database, tmp_path: Path) -> None:
    worker = Worker(database, make_settings(tmp_path))
    async with database.write() as work:
        await work.jobs.enqueue("housekeeping")
    await worker.run_until_idle()
    port = free_port()
    server = WorkerServer(database, worker, host="127.0.0.1", port=port)
    server.start()
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=5) as client:
            for _ in range(100):
                try:
                    live = await client.get("/health/live")
                    break
                except httpx2.ConnectError:
                    await asyncio.sleep(0.05)
            assert live.json() == {"status": "alive", "running": 0}
            assert (await client.get("/health/ready")).json() == {"status": "ready"}
            assert (await client.get("/nothing")).status_code == 404
            found = values((await client.get("/metrics")).content)
        settled = [
            labels for labels, _ in found["aneos_jobs_settled_total"] if labels["task"] == "housekeeping"
        ]
        assert {labels["outcome"] for labels in settled} == {"succeeded"}
        probe = [sys.executable, "-m", "aneos_api.observability.probe", f"{url}/health/ready"]
        good = await asyncio.to_thread(subprocess.run, probe, timeout=NEVER_MIND, check=False)
        assert good.returncode == 0
    finally:
        await server.stop()
    bad = subprocess.run(probe, timeout=NEVER_MIND, check=False, capture_output=True, text=True)
    assert bad.returncode == 1
    assert bad.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("event", "gone"),
    [
        ({"event": "x", "password": "hunter2hunter2"}, "hunter2"),
        ({"event": "x", "headers": {"Authorization": "Bearer abc"}}, "abc"),
        ({"event": "postgresql://aneos:hunter2@db/aneos does not answer"}, "hunter2"),
        ({"event": "used aneos_ABCDefgh1234_zyxwvutsrqponm here"}, "zyxw"),
        ({"event": "x", "items": [{"api_key": "hunter2"}, "Bearer hunter2"]}, "hunter2"),
    ],
)
def test_secrets_are_not_logged(event: dict[str, object], gone: str) -> None:
    clean = json.dumps(redact(None, "", dict(event)))
    assert gone not in clean
    assert HIDDEN in clean


def test_ordinary_fields_are_logged_as_they_are() -> None:
    event = {"event": "request", "path": "/api/v1/x", "ms": 1.5, "user": "a@b.org", "key": "2006 RH120"}
    assert redact(None, "", dict(event)) == event


def test_a_log_line_of_the_service_is_json_with_its_request(tmp_path: Path) -> None:
    program = (
        "import logging, structlog\n"
        "from aneos_api.observability.logs import configure_logs\n"
        "configure_logs('INFO', 'json')\n"
        "with structlog.contextvars.bound_contextvars(job='j1'):\n"
        "    logging.getLogger('aneos.jobs').info('job %s', 'postgresql://u:hunter2@h/d')\n"
        "structlog.get_logger('a').info('request', request_id='r1', token='hunter2')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=NEVER_MIND,
        check=True,
        env={**os.environ, "ANEOS_DATA_DIR": str(tmp_path)},
    )
    first, second = (json.loads(line) for line in done.stderr.splitlines())
    assert first["job"] == "j1"
    assert second["request_id"] == "r1"
    assert "hunter2" not in done.stderr
