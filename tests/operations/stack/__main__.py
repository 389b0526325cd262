"""Starts the whole stack from its images, drives the main job through it, and kills parts of it under load.

    deploy/build-images.sh && python -m tests.operations.stack [--keep] [--remove-images]

PostgreSQL, Valkey, two API processes behind nginx with TLS, a worker, Prometheus, Alertmanager; podman with runc, host
network on loopback, read-only root file systems, no capabilities. Everything has a time limit and is removed.
Prints what was measured as JSON; exit status 1 when a demand is not met. Needs root, podman, runc.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx2
from standardwebhooks import Webhook

from tests.operations.stack.containers import (
    BATCH,
    PASSWORD,
    PORTS,
    PREFIX,
    RECEIVER,
    Stack,
    StackError,
    demand,
    podman,
    until,
)
from tests.operations.stack.load import Load, Receiver
from tests.operations.stack.upload import observed_file

DOWN: Final = "AneosApiProcessDown"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave the containers running")
    parser.add_argument("--remove-images", action="store_true", help="remove the images too, at the end")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is removed then too
    measured: dict[str, Any] = {}
    began, busy_s = time.monotonic(), machine_busy_s()
    folder = Path(tempfile.mkdtemp(prefix="aneos-stack-"))
    receiver = None
    status = 0
    try:
        Stack.remove()
        stack = Stack(folder)
        receiver = Receiver(stack.secrets / "tls.crt")
        drive(stack, receiver, measured)
    except (StackError, httpx2.HTTPError, LookupError, OSError, subprocess.SubprocessError) as error:
        print(f"stack test: {type(error).__name__}: {error}", file=sys.stderr)
        tell_logs()
        status = 1
    finally:
        if receiver is not None:
            receiver.close()
        if not options.keep:
            Stack.remove()
            shutil.rmtree(folder, ignore_errors=True)
        if options.remove_images:
            Stack.remove_images()
    measured["seconds"] = round(time.monotonic() - began, 1)
    measured["processor_s_of_the_whole_machine"] = round(machine_busy_s() - busy_s, 1)
    print(json.dumps(measured, indent=1))
    return status


def machine_busy_s() -> float:
    """Processor time that all programs of this machine used so far: containers are nobody's children."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _waiting, interrupts, soft, _stolen = (int(word) for word in words)
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def tell_logs() -> None:
    with contextlib.suppress(StackError):
        for name in podman("ps", "--all", "--filter", f"name={PREFIX}", "--format", "{{.Names}}").split():
            done = subprocess.run(
                ["podman", "logs", "--tail", "8", name],
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            print(f"--- {name}\n{done.stdout}{done.stderr}"[-2500:], file=sys.stderr)


@contextlib.contextmanager
def timed(measured: dict[str, Any], name: str) -> Iterator[None]:
    started = time.monotonic()
    print(f"{name} …", file=sys.stderr, flush=True)
    yield
    measured[f"{name}_s"] = round(time.monotonic() - started, 1)


def drive(stack: Stack, receiver: Receiver, measured: dict[str, Any]) -> None:
    data = {stack.folder / "data": "/var/lib/aneos"}
    with timed(measured, "start"):
        stack.postgres()
        stack.valkey()
        stack.run("migrate", "aneos-migrate", environment=stack.environment, mounts=data, wait=True)
    began = time.monotonic()
    words = ("--", "aneos-load")  # while the services start, as with docker-compose.yml
    stack.run(
        "catalogue", "aneos-migrate", *words, environment=stack.environment, mounts=data, entrypoint="tini"
    )
    with timed(measured, "services"):
        for name in ("api-1", "api-2"):
            stack.api(name)
        stack.worker()
        for name in ("api-1", "api-2", "worker"):
            stack.ready(name)
        stack.nginx()
        stack.monitoring()
    url = f"https://localhost:{PORTS['https']}"
    trust = ssl.create_default_context(cafile=str(stack.secrets / "tls.crt"))
    with httpx2.Client(base_url=url, verify=trust, timeout=60.0) as client:
        until("nginx passes requests", lambda: client.get("/health/live").is_success)
        stack.ended("catalogue", 420.0)
        measured["catalogue_s"] = round(time.monotonic() - began, 1)
        with timed(measured, "main_job"):
            key = main_job(stack, client, receiver, measured)
        headers = {"X-API-Key": key}
        client.headers.update(headers)
        with timed(measured, "monitoring"):
            watch(measured)
        with timed(measured, "kills"):
            kills(stack, client, Load(url, trust, headers), measured)
        with timed(measured, "rolling_restart"):
            rolling(stack, Load(url, trust, headers), measured)


def posted(client: httpx2.Client, path: str, body: object, **more: Any) -> dict[str, Any]:
    reply = client.post(f"/api/v1/{path}", json=body, **more)
    demand(reply.is_success, f"POST {path}: {reply.status_code} {reply.text[:300]}")
    found: dict[str, Any] = reply.json()
    return found


def main_job(stack: Stack, client: httpx2.Client, receiver: Receiver, measured: dict[str, Any]) -> str:
    """Log in, upload observations, read the verdict, be told by a webhook. Gives an API key."""
    who = {"email": "admin@localhost", "password": stack.secret("first_admin_password")}
    token = posted(client, "auth/token", who)["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    change = {"current": who["password"], "new": PASSWORD}
    posted(client, "auth/password", change, headers=bearer)
    token = posted(client, "auth/token", who | {"password": PASSWORD})["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    made = posted(client, "admin/api-keys", {"name": "stack test", "role": "admin"}, headers=bearer)
    key: str = made["secret"]
    headers = {"X-API-Key": key}

    address = f"https://{RECEIVER}:{PORTS['receiver']}/told"
    hook = posted(client, "admin/webhooks", {"name": "receiver", "url": address}, headers=headers)
    rule = {
        "name": "whatever may be artificial",
        "kind": "science",
        "condition": {"probability_artificial__ge": 1e-9},
        "severity": "critical",
    }
    posted(client, "monitoring/rules", rule, headers=headers)

    files = {"file": ("candidate.psv", observed_file().encode(), "text/plain")}
    reply = client.post("/api/v1/analysis/observations", files=files, headers=headers)
    demand(reply.status_code == 202, f"upload: {reply.status_code} {reply.text[:300]}")
    number = reply.json()["observation_set"]["id"]

    def done() -> dict[str, Any] | None:
        row = client.get(f"/api/v1/analysis/observations/{number}", headers=headers).json()["observation_set"]
        demand(row["status"] not in ("failed", "dead"), f"the observations were not assessed: {row['error']}")
        return row if row["status"] == "succeeded" else None

    started = time.monotonic()
    row = until("a verdict", done, 180.0)
    measured["verdict_s"] = round(time.monotonic() - started, 1)
    (verdict,) = row["result"]["assessments"]
    measured["verdict"] = {name: verdict[name] for name in ("designation", "class", "probability_artificial")}
    found = posted(client, "analysis/assess", {"designations": ["2006 RH120"]}, headers=headers)
    measured["verdict_2006_RH120"] = found["assessments"][0]["class"]

    def told() -> list[bytes]:
        return [body for _, body in list(receiver.got) if b"alert.opened" in body]

    until("an alert by webhook", told, 120.0)
    signed, body = next(item for item in receiver.got if b"alert.opened" in item[1])
    Webhook(hook["secret"]).verify(body, signed)  # raises when it is not ours
    changed = bytearray(body)
    changed[-2] ^= 1
    try:
        Webhook(hook["secret"]).verify(bytes(changed), signed)
    except Exception:  # noqa: BLE001 - whichever way the library refuses
        measured["alerts_told"] = len(told())
    else:
        raise StackError("a body that was changed has a good signature")
    return key


def watch(measured: dict[str, Any]) -> None:
    """Prometheus sees every process; Alertmanager hears the watchdog."""
    prometheus = f"http://127.0.0.1:{PORTS['prometheus']}"

    def up() -> bool:
        query = {"query": 'sum(up{job=~"aneos-.*"})'}
        found = httpx2.get(f"{prometheus}/api/v1/query", params=query, timeout=10).json()["data"]["result"]
        return bool(found) and float(found[0]["value"][1]) == 3.0

    with timed(measured, "prometheus_sees_all"):
        until("Prometheus sees two API processes and a worker", up, 60.0)

    def known(figure: str) -> bool:
        query = {"query": f"sum({figure})"}
        reply = httpx2.get(f"{prometheus}/api/v1/query", params=query, timeout=10).json()
        return bool(reply["data"]["result"])

    with timed(measured, "figures"):
        for figure in ("aneos_http_requests_total", "aneos_jobs_settled_total", "aneos_alerts"):
            until(f"Prometheus has {figure}", partial(known, figure), 30.0)

    with timed(measured, "alertmanager_hears"):
        until("Alertmanager hears the watchdog", partial(alerts, "Watchdog"), 120.0)
    demand(not alerts(DOWN), f"{DOWN} fires before anything was killed")


def alerts(name: str) -> list[str]:
    """Of which instances Alertmanager was told that the alert is firing."""
    found = httpx2.get(
        f"http://127.0.0.1:{PORTS['alertmanager']}/api/v2/alerts",
        params={"active": "true", "filter": f'alertname="{name}"'},
        timeout=10,
    )
    return [str(alert["labels"].get("instance", "all")) for alert in found.raise_for_status().json()]


def kills(stack: Stack, client: httpx2.Client, load: Load, measured: dict[str, Any]) -> None:
    """An API process, the worker and Valkey are killed under load, while a batch is at work."""
    page = client.get("/api/v1/catalogue/objects", params={"limit": 1000}).json()
    more = client.get("/api/v1/catalogue/objects", params={"limit": 1000, "cursor": page["next"]}).json()
    names = [row["designation"] for row in page["items"] + more["items"]][:BATCH]
    demand(len(names) == BATCH, f"only {len(names)} objects")
    with load:
        batch = posted(
            client, "analysis/batch", {"designations": names}, headers={"Idempotency-Key": uuid.uuid4().hex}
        )
        number = batch["batch"]["id"]
        time.sleep(1.0)
        stack.kill("worker")
        stack.kill("api-1")
        time.sleep(2.0)
        stack.start("worker")
        with timed(measured, "alert_of_the_kill"):
            down = f"127.0.0.1:{PORTS['api-1']}"
            until(f"Alertmanager hears {DOWN} of {down}", lambda: alerts(DOWN) == [down], 60.0)
        stack.start("api-1")
        stack.ready("api-1")
        stack.kill("valkey")
        time.sleep(3.0)
        stack.start("valkey")
        time.sleep(2.0)

        def done() -> dict[str, Any] | None:
            row = client.get(f"/api/v1/analysis/batch/{number}").json()["batch"]
            return row if row["status"] in ("succeeded", "completed", "finished", "failed") else None

        row = until("the batch", done, 240.0)
    with timed(measured, "end_of_the_alert"):
        until(f"{DOWN} has ended", lambda: not alerts(DOWN), 60.0)
    measured["batch"] = {name: row[name] for name in ("status", "total", "succeeded", "failed")}
    measured["kills_first_replies"] = dict(load.first)
    measured["kills_after_one_retry"] = dict(load.final)
    demand(row["succeeded"] == BATCH, f"of {BATCH} objects {row['succeeded']} were answered")
    demand(set(load.final) == {"200"}, f"requests failed beyond the retry: {dict(load.final)}")
    seen, following = Counter[str](), None
    while True:
        page = client.get(
            f"/api/v1/analysis/batch/{number}/results",
            params={"limit": 1000} | ({"cursor": following} if following else {}),
        ).json()
        seen.update(str(item["designation"]) for item in page["items"])
        following = page["next"]
        if not following:
            break
    demand(set(seen.values()) == {1} and len(seen) == BATCH, "an object was answered twice or not at all")


def rolling(stack: Stack, load: Load, measured: dict[str, Any]) -> None:
    """Both API processes are stopped in order and started again under load."""
    with load:
        for name in ("api-1", "api-2"):
            podman("stop", "--time", "40", PREFIX + name)
            stack.start(name)
            stack.ready(name)
            time.sleep(3.0)
    measured["rolling_first_replies"] = dict(load.first)
    measured["rolling_after_one_retry"] = dict(load.final)
    failures = {status: count for status, count in load.first.items() if not status.startswith("2")}
    measured["rolling_not_2xx_at_first"] = failures
    demand(set(load.final) == {"200"}, f"requests failed: {dict(load.final)}")


if __name__ == "__main__":
    raise SystemExit(main())
