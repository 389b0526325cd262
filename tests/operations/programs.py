"""Where the operators' programs are; what is missing is skipped with the reason, and is a failure in CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

TOOLS = CHECKOUT / ".venv-tools" / "bin"
PATIENCE_S = 200.0


def program(name: str, hint: str = "make tools") -> str:
    """Path of a program of ``.venv-tools`` or of the machine."""
    own = TOOLS / name
    found = str(own) if own.is_file() else shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is missing: {hint}")
    return found


def run(command: Sequence[str | Path], **more: object) -> subprocess.CompletedProcess[str]:
    """Run with an end; the text of both streams is in the message when it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        cwd=CHECKOUT,
        **more,  # type: ignore[call-overload]
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout}\n{done.stderr}"
    return done
