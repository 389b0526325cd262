"""Without Node: make says so and goes on, the service starts, and its pages say what they lack."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from aneos_api.dashboard.assets import Assets
from aneos_api.database import init_database
from tests.dashboard.conftest import apart, serve

ROOT = Path(__file__).parents[2]


@pytest.fixture
def without_node(tmp_path: Path) -> dict[str, str]:
    """A PATH with make and a shell alone."""
    (tmp_path / "bin").mkdir()
    for name in ("make", "sh"):
        found = shutil.which(name)
        assert found is not None, f"{name} is missing"
        (tmp_path / "bin" / name).symlink_to(found)
    return {"PATH": str(tmp_path / "bin")}


def _make(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [f"{env['PATH']}/make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_building_the_assets_without_node_names_what_is_missing(without_node: dict[str, str]) -> None:
    done = _make("--what-if=web/build.mjs", "assets", env=without_node)
    assert done.returncode != 0
    assert "need Node 20 or newer to be built: npm is missing" in done.stderr


def test_make_run_without_node_says_so_and_goes_on(without_node: dict[str, str], tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "went on with $*"\n')
    python.chmod(0o755)
    done = _make("load", "STAMP=", f"BIN={tmp_path}", env=without_node)
    assert done.returncode == 0, done.stderr
    assert "Node is missing: the dashboard's pages stay without scripts and styles" in done.stderr
    assert "went on with -m aneos_api.database.load_command" in done.stdout


def test_the_service_starts_without_assets_and_its_pages_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = Assets.load(tmp_path / "nothing")
    monkeypatch.setattr(Assets, "load", lambda: empty)

    async def work() -> None:
        await (await init_database(f"sqlite:///{tmp_path / 'aneos.db'}")).close()

    apart(work, 60.0)
    for site in serve(tmp_path):
        page = site.get("/login", None)
        assert page.status_code == 200
        assert "scripts and styles are not built" in page.text
        assert "<script type=" not in page.text
        assert site.get("/health/live").status_code == 200
