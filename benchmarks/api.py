"""The service under load, beside a bare FastAPI application in the same run.

    python -m benchmarks.api [--workers N] [--seconds S] [--rounds R] [--database URL]

Needs ``wrk`` (Debian package of that name). Both servers run with uvicorn, uvloop and httptools and with the same
number of workers; the load generator runs beside them. Rounds of both alternate, and medians are compared, so that a
busy machine disturbs both alike. 500 connections are tried twice: as fast as they can, where the mean latency is the
number of connections over the rate and says only how fast that is, and at a rate (``paced.lua``). Limits (set high),
audit, usage and metrics are on; the log line per request is off (``--log-level WARNING``), as in the bare application.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PORT_BARE, PORT_ANEOS = 8731, 8732
PACED = Path(__file__).with_name("paced.lua")
PER_S = 1_200


@dataclass
class Measured:
    """One run of wrk. Latencies in ms; ``failed`` counts replies that were not 2xx and broken connections.

    ``cpu_us`` is the processor time that the server spent on one request: on a busy machine, where requests per second
    tell more of the neighbours, it still tells what a request costs.
    """

    per_s: float
    p50_ms: float
    p99_ms: float
    failed: int
    cpu_us: float


def wrk(
    url: str,
    process: int,
    *,
    connections: int,
    seconds: int,
    headers: dict[str, str],
    per_s: int | None = None,
) -> Measured:
    """Load ``url``, which ``process`` and its children answer: as fast as it can, or at about ``per_s`` requests/s."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    environment = dict(os.environ)
    if per_s is not None:
        command += ["-s", str(PACED)]
        environment["PAUSE_MS"] = str(round(1000 * connections / per_s))
    before = cpu_s(process)
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True, env=environment).stdout
    spent = cpu_s(process) - before
    answered = re.search(r"(\d+) requests in", text)
    assert answered, text
    if answered[1] == "0":
        raise SystemExit(
            f"{url} answered nothing in {seconds} s: the machine is too busy to measure anything"
        )
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert found, text
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    failed = int(bad[1]) if bad else 0
    failed += sum(map(int, errors.groups())) if errors else 0
    cost = 1e6 * spent / int(answered[1])
    return Measured(float(found[1]), _latency(text, "50"), _latency(text, "99"), failed, cost)


def _latency(text: str, percent: str) -> float:
    found = re.search(rf"\s{percent}%\s+([\d.]+)(us|ms|s)\b", text)
    assert found, text
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


@contextmanager
def server(
    command: list[str], url: str, environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A running server, and the seconds from its start until ``url`` answered."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(url, timeout=1):
                    break
            except OSError:
                if process.poll() is not None or time.perf_counter() - started > 180:
                    raise SystemExit(f"{command[0]} did not start") from None
                time.sleep(0.02)
        yield process, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(60)


def cpu_s(process: int) -> float:
    """Processor time of the process and its children so far."""
    import psutil

    parent = psutil.Process(process)
    times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def memory_mb(process: int) -> list[float]:
    """Resident memory of the process and its children, in MB."""
    import psutil

    parent = psutil.Process(process)
    return [one.memory_info().rss / 1e6 for one in (parent, *parent.children(recursive=True))]


async def prepare(environment: dict[str, str]) -> tuple[str, str]:
    """A database with some objects of the real catalogue, an API key, and a batch to read."""
    os.environ.update(environment)
    import polars as pl

    from aneos.catalogue import Catalogue, load_bundled
    from aneos_api.database import NewItem, init_database
    from aneos_api.database.loading import screen_into_database
    from aneos_api.security.keys import new_key
    from aneos_api.settings import load_settings

    settings = load_settings()
    database = await init_database(settings)
    bundled = load_bundled()
    named = pl.col("designation") == "2006 RH120"
    chosen = pl.concat([bundled.table.filter(named), bundled.table.filter(~named).head(500)])
    await screen_into_database(database, Catalogue(chosen, bundled.provenance))
    key = new_key()
    async with database.write() as work:
        user = await work.users.create_first_admin(email="bench@localhost", password_hash="none")
        assert user is not None
        user.must_change_password = False
        (tenant, _), *_ = await work.tenants.memberships(user.id)
        await work.keys.create(
            tenant_id=tenant.id,
            user_id=user.id,
            name="bench",
            prefix=key.prefix,
            key_hash=key.digest,
            role="analyst",
            rate_per_minute=100_000_000,
        )
        batch = await work.batches.create(tenant_id=tenant.id, items=[NewItem("2006 RH120")])
        batch_id = str(batch.id)
    await database.close()
    return key.text, batch_id


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.api", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", help="URL; a SQLite file by default")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is needed: apt-get install wrk", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(Path(folder), options), indent=2))
    return 0


def run(folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """All measurements."""
    environment = {
        "ANEOS_DATA_DIR": str(folder / "data"),
        "ANEOS_SECURITY__SECRET_KEY": "bench-" * 8,
        "ANEOS_LIMITS__ADDRESS_PER_MINUTE": "100000000",
        "ANEOS_LIMITS__PRINCIPAL_PER_MINUTE": "100000000",
        "ANEOS_JOBS__IN_PROCESS": "false",
        "PYTHONWARNINGS": "ignore",
    }
    if options.database:
        environment["ANEOS_DATABASE__URL"] = options.database
    key, batch = asyncio.run(prepare(environment))
    headers = {"X-API-Key": key}
    workers = str(options.workers)
    bare = [sys.executable, "-m", "uvicorn", "benchmarks.bare_api:app", "--port", str(PORT_BARE), "--workers", workers,
            "--log-level", "warning", "--no-access-log"]  # fmt: skip
    aneos = [
        sys.executable,
        "start_api.py",
        "--port",
        str(PORT_ANEOS),
        "--workers",
        workers,
        "--log-level",
        "WARNING",
    ]
    bare_url = f"http://127.0.0.1:{PORT_BARE}/items/x"
    api = f"http://127.0.0.1:{PORT_ANEOS}"
    cached_url = f"{api}/api/v1/analysis/objects/2006%20RH120"
    stored_url = f"{api}/api/v1/analysis/batch/{batch}"
    out: dict[str, list[Measured]] = {"bare": [], "cached": [], "stored": []}
    with (
        server(bare, bare_url, {}) as (bare_process, _),
        server(aneos, f"{api}/health/ready", environment) as (process, ready_s),
    ):
        time.sleep(3)
        runs = (
            ("bare", bare_url, bare_process.pid),
            ("cached", cached_url, process.pid),
            ("stored", stored_url, process.pid),
        )
        for _, url, pid in runs:
            wrk(url, pid, connections=32, seconds=2, headers=headers)
        for _ in range(options.rounds):
            for name, url, pid in runs:
                out[name].append(wrk(url, pid, connections=64, seconds=options.seconds, headers=headers))
        crowd = wrk(cached_url, process.pid, connections=500, seconds=options.seconds, headers=headers)
        crowd_bare = wrk(
            bare_url, bare_process.pid, connections=500, seconds=options.seconds, headers=headers
        )
        paced, paced_bare = (
            wrk(url, pid, connections=500, seconds=max(options.seconds, 5), headers=headers, per_s=PER_S)
            for url, pid in ((cached_url, process.pid), (bare_url, bare_process.pid))
        )
        assess = _assess(api, key)
        memory = memory_mb(process.pid)
    costs = {name: statistics.median(item.cpu_us for item in rounds) for name, rounds in out.items()}
    medians = {name: statistics.median(item.per_s for item in rounds) for name, rounds in out.items()}
    return {
        "workers": options.workers,
        "load_average": os.getloadavg()[0],
        "requests_per_s": {name: round(value) for name, value in medians.items()},
        "cpu_us_per_request": {name: round(value) for name, value in costs.items()},
        "cached_share_of_bare_by_cpu": round(costs["bare"] / costs["cached"], 3),
        "database_share_of_bare_by_cpu": round(costs["bare"] / costs["stored"], 3),
        "cached_share_of_bare": round(medians["cached"] / medians["bare"], 3),
        "database_share_of_bare": round(medians["stored"] / medians["bare"], 3),
        "failed": sum(item.failed for rounds in out.values() for item in rounds) + crowd.failed,
        "500_connections": {"cached_p50_ms": crowd.p50_ms, "cached_p99_ms": crowd.p99_ms, "cached_per_s": crowd.per_s,
                            "bare_p99_ms": crowd_bare.p99_ms},
        "500_connections_paced": {"cached_p50_ms": paced.p50_ms, "cached_p99_ms": paced.p99_ms,
                                  "cached_per_s": paced.per_s, "cached_cpu_us": round(paced.cpu_us),
                                  "failed": paced.failed,
                                  "bare_p99_ms": paced_bare.p99_ms, "bare_per_s": paced_bare.per_s},
        "assess_quick_p50_ms": assess,
        "start_to_ready_s": round(ready_s, 2),
        "memory_mb_by_process": [round(value) for value in memory],
    }  # fmt: skip


def _assess(api: str, key: str, count: int = 40) -> float:
    """Median time of a quick assessment over HTTP, one after the other, in ms."""
    times = []
    for _ in range(count):
        request = urllib.request.Request(
            f"{api}/api/v1/analysis/assess",
            json.dumps({"designations": ["2006 RH120"]}).encode(),
            {"X-API-Key": key, "Content-Type": "application/json"},
        )
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as reply:
            reply.read()
        times.append(1000 * (time.perf_counter() - started))
    return round(statistics.median(times), 1)


if __name__ == "__main__":
    raise SystemExit(main())
