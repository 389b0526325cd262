"""``start_api.py`` as its user sees it: what it says, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from aneos_api import server

CHECKOUT = Path(__file__).resolve().parents[2]
LIMIT_S = 60.0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    mine = {name: text for name, text in os.environ.items() if not name.startswith("ANEOS_")}
    return mine | {"ANEOS_DATA_DIR": str(tmp_path / "data"), "ANEOS_JOBS__IN_PROCESS": "false"}


def test_a_port_that_is_taken_is_one_clear_line_and_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANEOS_DATA_DIR", str(tmp_path))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert server.main(["--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"port {port} of 127.0.0.1 is taken" in said
    assert not (tmp_path / "aneos.db").exists(), "nothing is prepared for a server that cannot listen"


def test_a_host_that_is_not_here_is_one_clear_line_and_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANEOS_DATA_DIR", str(tmp_path))
    assert server.main(["--host", "192.0.2.1", "--port", "0"]) == 2  # RFC 5737: nobody's address
    assert capsys.readouterr().err.startswith("start_api.py: cannot listen on 192.0.2.1")


def test_it_says_its_address_and_the_first_password_once_and_ends_when_asked(
    environment: dict[str, str], tmp_path: Path
) -> None:
    first = _run(environment, tmp_path / "first.log")
    assert first.count("One-time password:") == 1
    assert "aNEOS serves on http://127.0.0.1:" in first
    assert "Traceback" not in first
    assert "One-time password:" not in _run(environment, tmp_path / "second.log")


def _run(environment: dict[str, str], log: Path) -> str:
    """Start the service, wait until it answers, end it; what it said."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(CHECKOUT / "start_api.py"), "--port", str(port), "--log-level", "WARNING"],
            env=environment,
            cwd=CHECKOUT,
            stdout=out,
            stderr=out,
        )
        try:
            _wait(f"http://127.0.0.1:{port}/health/ready", process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT_S) in (0, -signal.SIGTERM)
        finally:
            process.kill()
            process.wait(10)
    return log.read_text()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"{url} never answered")
