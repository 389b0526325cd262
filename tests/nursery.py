"""Processes that begin as copies of one that has imported everything: imports are most of what a start costs.

Each is a process of its own, with its own settings, log and session, and dies like any other; only the imports are not
done again. Where the start of a program is what is tested, the program itself is started.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

CHECKOUT: Final = Path(__file__).resolve().parents[1]
SERVER: Final = "aneos_api.server:main"
WORKER: Final = "aneos_api.jobs.command:main"
IMPORTED: Final = (
    "aiokafka",
    "aneos.screening",
    "aneos_api.app",
    "aneos_api.events.kafka",
    "aneos_api.jobs.command",
    "aneos_api.jobs.tasks",
    "aneos_api.server",
)
END_S: Final = 10.0


class Born:
    """As much of ``subprocess.Popen`` as tests of killed processes need; its exit status is not known."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process: psutil.Process | None = None
        with suppress(psutil.NoSuchProcess):  # it may have ended already
            self._process = psutil.Process(pid)

    def poll(self) -> int | None:
        """None while it runs."""
        return None if self._process is not None and self._process.is_running() else 0

    def wait(self, timeout: float) -> int:
        if self._process is not None:
            try:
                self._process.wait(timeout)
            except psutil.TimeoutExpired:
                raise subprocess.TimeoutExpired(str(self.pid), timeout) from None
        return 0

    def send_signal(self, what: int) -> None:
        if self._process is not None:
            with suppress(psutil.NoSuchProcess):
                self._process.send_signal(what)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that has imported everything, and begets the others."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._told() == "ready"

    def beget(
        self, function: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> Born:
        """Start ``module:function``, which takes a list of arguments and gives an exit status."""
        order = {"function": function, "arguments": [*arguments]}
        order |= {"environment": dict(environment), "log": str(log)}
        assert self._process.stdin is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return Born(int(self._told()))

    def close(self) -> None:
        """End the nursery; those that it has begotten go on."""
        self._process.kill()
        self._process.communicate(timeout=END_S)

    def _told(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def main() -> int:
    for name in IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that end
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            return _become(**json.loads(line))
        print(pid, flush=True)
    return 0


def _become(function: str, arguments: list[str], environment: dict[str, str], log: str) -> int:
    """What the new process does from here on."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), out, out)):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(environment)
    module, _, name = function.partition(":")
    status: int = getattr(importlib.import_module(module), name)(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
