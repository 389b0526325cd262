"""The frame of every command: help, versions, exit status, one line for every error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import aneos
from aneos.cli import main
from aneos.cli.messages import LONGEST, ROWS_SHOWN, one_line, tell_rejected
from aneos.cli.options import LINES
from aneos.errors import RejectedRow
from tests.cli.conftest import Run

ANEOS = [sys.executable, "-m", "aneos"]


def test_alone_it_lists_the_commands(run: Run) -> None:
    done = run()
    assert done.status == 0
    assert {"screen", "assess", "identify", "catalogue", "cite", "version"} <= set(done.out.split())
    assert done.err == ""


@pytest.mark.parametrize("words", [["--version"], ["version"]])
def test_it_says_its_version(run: Run, words: list[str]) -> None:
    done = run(*words)
    assert done.status == 0
    assert done.out.splitlines()[0] == f"aneos {aneos.__version__}"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["catalogue"], "Missing command"),
        (["screen", "--bogus"], "No such option: --bogus"),
        (["screen", "--top", "many"], "--top"),
        (["screen", "--top", "-1"], "--top"),
        (["screen", "--top"], "--top"),
        (["screen", "--format", "xml"], "--format"),
        (["screen", "--fdr", "0"], "--fdr: must lie between 0 and 1, not 0"),
        (["screen", "--fdr", "nan"], "--fdr: must lie between 0 and 1, not nan"),
        (["screen", "--prior", "1"], "--prior: must lie between 0 and 1, not 1"),
        (["assess", "433", "--prior", "-0.1"], "--prior: must lie between 0 and 1, not -0.1"),
        (["screen", "--without", "luck"], "no line of evidence is called 'luck'"),
        (
            ["screen", *(word for line in LINES for word in ("--without", line))],
            "every line of evidence is left out",
        ),
        (["assess"], "give exactly one of DESIGNATION, --elements FILE"),
        (["assess", "433", "--elements", "x.csv"], "give exactly one of"),
        (["identify"], "give exactly one of DESIGNATION, --elements FILE"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_slip_in_the_arguments_is_one_line(run: Run, words: list[str], expected: str) -> None:
    assert expected in run(*words).complaint


@pytest.mark.parametrize(
    "words",
    [
        ["screen", "--executor", "dask"],
    ],
    ids=" ".join,
)
def test_what_is_announced_for_later_says_so(run: Run, words: list[str]) -> None:
    assert "is not available in this version" in run(*words).complaint


def test_an_internal_error_is_one_line_and_asks_for_a_report(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANEOS_DEBUG", raising=False)
    monkeypatch.setattr("aneos.citations.references", lambda: 1 / 0)
    done = run("cite")
    assert done.status == 70
    assert done.out == ""
    assert done.err.startswith(
        "aneos: internal error (ZeroDivisionError: division by zero); please report it"
    )
    assert len(done.err.splitlines()) == 1


def test_debugging_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANEOS_DEBUG", "1")
    monkeypatch.setattr("aneos.citations.references", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["cite"])


def test_an_interruption_ends_quietly(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aneos.citations.references", stop)
    done = run("cite")
    assert (done.status, done.err) == (130, "aneos: interrupted\n")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run([*ANEOS, "cite"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*ANEOS, "cite"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "aneos: output: No space left on device\n"


def test_a_terminal_without_utf8_gets_replacements() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*ANEOS, "cite"], capture_output=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


def test_help_needs_no_numerical_library() -> None:
    script = (
        "import sys\n"
        "from aneos.cli import main\n"
        "assert main(['screen', '--help']) == 0\n"
        "heavy = {'numpy', 'polars', 'scipy', 'matplotlib', 'rich'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_messages_are_one_printable_line_of_bounded_length() -> None:
    text = one_line("a\nb\x1b[31m\t" + "x" * 10_000_000)
    assert text.startswith("a b�[31m x")
    assert text.endswith("…")
    assert len(text) <= LONGEST


def test_many_rejected_rows_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    tell_rejected([RejectedRow(line, "e < 0", None, "x.csv") for line in range(2, 1002)])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == ROWS_SHOWN + 1
    assert lines[0] == "aneos: x.csv, line 2: e < 0 (row left out)"
    assert lines[-1].startswith("aneos: … and 980 more rows")
