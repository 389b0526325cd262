"""What is tracked can be installed anywhere: locks with hashes, no addresses, no machine's paths, no big file."""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import lru_cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import aneos
from tests.conftest import CHECKOUT

LOCKS = sorted((CHECKOUT / "requirements").glob("*.txt"))
LARGEST_BYTES = 3_000_000


@lru_cache(maxsize=1)
def tracked() -> tuple[Path, ...]:
    """Files under version control that are present in the checkout."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True)
    paths = (CHECKOUT / name for name in listing.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def pinned(lock: Path) -> dict[str, str]:
    """Each pinned requirement of a lock with the text that belongs to it."""
    joined = lock.read_text("utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines()]
    entries = [line for line in lines if line and not line.startswith("#")]
    return {entry.split("==")[0]: entry for entry in entries}


def test_there_are_locks() -> None:
    assert {lock.name for lock in LOCKS} >= {"base.txt", "bootstrap.txt", "dev.txt"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_is_pinned_with_a_hash(lock: Path) -> None:
    for name, entry in pinned(lock).items():
        assert re.search(r"==\S+", entry), name
        assert "--hash=sha256:" in entry, name


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_record_no_address(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert "://" not in text
    assert "index-url" not in text
    assert "file:" not in text


def test_npm_locks_record_no_address() -> None:
    for lock in (path for path in tracked() if path.name == "package-lock.json"):
        assert '"resolved"' not in lock.read_text("utf-8"), lock


def test_locks_hold_what_the_project_requires() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {"base.txt": project["dependencies"], "dev.txt": project["optional-dependencies"]["dev"]}
    for name, requirements in wanted.items():
        locked = pinned(CHECKOUT / "requirements" / name)
        for text in requirements:
            requirement = Requirement(text)
            if requirement.name == project["name"]:  # another extra of our own
                continue
            found = re.search(r"==([^\s;]+)", locked[requirement.name.lower().replace("_", "-")])
            assert found is not None, text
            assert requirement.specifier.contains(found[1]), f"{text} is locked as {found[1]}"


def test_no_tracked_file_is_larger_than_three_megabytes() -> None:
    large = {path.name: path.stat().st_size for path in tracked() if path.stat().st_size > LARGEST_BYTES}
    assert large == {}


def test_tracked_files_name_no_machine() -> None:
    machine = re.compile(rb"(?<![\w.~-])/(?:home|work|root|Users|mnt|srv)/[\w.-]+/|[A-Z]:\\\\Users\\\\")
    binary = {".parquet", ".png", ".gz", ".bsp", ".npz", ".woff2", ".ico"}
    for path in tracked():
        if path.suffix in binary or path == Path(__file__):
            continue
        found = machine.search(path.read_bytes())
        assert found is None, f"{path.relative_to(CHECKOUT)}: {found and found[0]!r}"


def test_no_address_of_a_package_index_is_tracked() -> None:
    index = re.compile(rb"--(?:extra-)?index-url[ =]|registry[.]npmjs[.]org|files[.]pythonhosted[.]org")
    for path in tracked():
        if path.suffix in {".py", ".toml", ".txt", ".in", ".cfg", ".yml", ".yaml", ".json"} and path != Path(
            __file__
        ):
            assert index.search(path.read_bytes()) is None, path.relative_to(CHECKOUT)


def test_versions_agree() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    citation = (CHECKOUT / "CITATION.cff").read_text("utf-8")
    assert aneos.__version__ == project["version"]
    assert f"version: {project['version']}\n" in citation
