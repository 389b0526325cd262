"""What is told of known vulnerabilities: found, none, and not looked up are three things."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHECKOUT

GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (1)"}


@pytest.mark.parametrize(
    ("rows", "status", "says"),
    [
        ([GOOD], 0, "1 packages looked up, none"),
        ([GOOD, BAD], 1, "b 2: PYSEC-2026-1"),
        ([SKIPPED, SKIPPED], 0, "NOT PROVED HERE"),
        ([GOOD, SKIPPED], 1, "c was not looked up"),
        ([], 1, ""),
    ],
)
def test_what_was_not_looked_up_is_not_called_clean(
    rows: list[dict[str, Any]], status: int, says: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"dependencies": rows, "fixes": []}))
    done = told(report)
    assert done.returncode == status
    assert says in done.stdout + done.stderr


def test_proof_can_be_demanded(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"dependencies": [SKIPPED], "fixes": []}))
    assert told(report, "--must-prove").returncode == 1


def test_no_report_is_a_failure(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("ERROR: something")
    assert told(report).returncode == 1


def told(report: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "tools/known_vulnerabilities.py",
        "requirements/api.txt",
        "--report",
        str(report),
    ]
    return subprocess.run(
        [*command, *more], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
    )
