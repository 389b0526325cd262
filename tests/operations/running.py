"""Real processes of the service for tests: started, waited for with an end, and always ended again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx2

from aneos.catalogue import Catalogue
from aneos_api.app import create_app
from aneos_api.database import Database, init_database
from aneos_api.database.loading import screen_into_database
from aneos_api.settings import load_settings
from tests.api.endpoints.conftest import Person, add_member, add_organisation
from tests.nursery import SERVER, Born, Nursery

START_S = 150.0
STOP_S = 20.0
SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyz"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A program with its output in a file."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.log = log
        self._process: subprocess.Popen[bytes] | Born
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(os.environ) | dict(environment or {}),
                start_new_session=True,
            )

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def ends_with(self, patience_s: float) -> int:
        """The exit status of a program that ends by itself; killed, and TimeoutExpired, when it does not in time."""
        try:
            return self._process.wait(patience_s)
        finally:
            self.kill()

    def send(self, what: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(what)

    def kill(self) -> None:
        """SIGKILL to the process and its children."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(STOP_S)

    def stop(self) -> None:
        """SIGTERM; SIGKILL when that is not enough."""
        self.send(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()

    def told(self) -> str:
        return self.log.read_text("utf-8", errors="replace")[-4000:]


class Copy(Process):
    """A process of the service that is spared the imports."""

    def __init__(
        self, nursery: Nursery, function: str, arguments: list[str], log: Path, environment: Mapping[str, str]
    ) -> None:
        self.log = log
        self._process = nursery.beget(function, arguments, dict(os.environ) | dict(environment), log)


def wait_for(url: str, process: Process, *, patience_s: float = START_S) -> None:
    """Until the URL answers with 2xx; fails with the log when the process ends or time is up."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        assert not process.ended, f"it ended: {process.told()}"
        with suppress(httpx2.HTTPError):
            if httpx2.get(url, timeout=2.0).is_success:
                return
        time.sleep(0.1)
    raise AssertionError(f"no answer at {url}: {process.told()}")


class Installation:
    """Settings of one installation, and API processes and workers of it on loopback."""

    def __init__(self, database_url: str, folder: Path, **more: str) -> None:
        self.folder = folder
        self.environment = {
            "ANEOS_DATABASE__URL": database_url,
            "ANEOS_DATA_DIR": str(folder),
            "ANEOS_SECURITY__SECRET_KEY": SECRET_KEY,
            "ANEOS_SECURITY__ARGON2_MEMORY_KIB": "8192",
            "ANEOS_SECURITY__ARGON2_TIME_COST": "1",
            "ANEOS_LIMITS__ENABLED": "false",
            "ANEOS_JOBS__IN_PROCESS": "false",
            "ANEOS_JOBS__POLL_S": "0.2",
            "ANEOS_OBSERVABILITY__SAMPLE_S": "1",
            "ANEOS_HTTP__TRUSTED_PROXIES": "127.0.0.1",
        } | more
        self.processes: list[Process] = []

    def api(self, port: int) -> Process:
        """Start an API process; :func:`wait_for` waits for it."""
        command = [sys.executable, "-m", "aneos_api.server", "--port", str(port)]
        return self._start(command, f"api-{port}.log")

    def api_again(self, port: int, nursery: Nursery) -> Process:
        """Start one that takes the place of another."""
        process = Copy(
            nursery, SERVER, ["--port", str(port)], self.folder / f"api-{port}.log", self.environment
        )
        self.processes.append(process)
        return process

    def worker(self, port: int) -> Process:
        program = "import sys; from aneos_api.jobs.command import main; sys.exit(main())"
        own = {"ANEOS_OBSERVABILITY__WORKER_PORT": str(port), "ANEOS_OBSERVABILITY__WORKER_HOST": "127.0.0.1"}
        return self._start([sys.executable, "-c", program], f"worker-{port}.log", own)

    def _start(self, command: list[str], log: str, more: Mapping[str, str] | None = None) -> Process:
        process = Process(command, self.folder / log, self.environment | dict(more or {}))
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            process.kill()

    def people(self, catalogue: Catalogue | None = None) -> dict[str, Person]:
        """An organisation with one key of each role and an operator; with a catalogue its screen too."""
        return asyncio.run(self._people(catalogue))

    async def _people(self, catalogue: Catalogue | None) -> dict[str, Person]:
        settings = load_settings(
            data_dir=self.folder,
            database={"url": self.environment["ANEOS_DATABASE__URL"]},
            security={"secret_key": SECRET_KEY, "argon2_memory_kib": 8192, "argon2_time_cost": 1},
        )
        database: Database = await init_database(settings)
        try:
            if catalogue is not None:
                await screen_into_database(database, catalogue)
            context = create_app(settings, database=database).state.context
            people = await add_organisation(context, "alpha")
            tenant_id = people["admin"].tenant_id
            people["operator"] = await add_member(context, tenant_id, "operator", superuser=True)
            return people
        finally:
            await database.close()
