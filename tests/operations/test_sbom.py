"""A bill of materials: made by syft from a file system, held against the schema; what is wrong with one is told."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHECKOUT
from tests.operations.programs import PATIENCE_S, TOOLS, program, run

CHECK = CHECKOUT / "tools" / "check_sbom.py"
STATUS = """Package: tini
Status: install ok installed
Architecture: amd64
Version: 0.19.0-1
Maintainer: nobody <nobody@example.org>
Description: a package
"""


def scanned(folder: Path) -> dict[str, Any]:
    """What syft finds with the options of deploy/make-sboms.sh."""
    script = (CHECKOUT / "deploy" / "make-sboms.sh").read_text("utf-8")
    (kinds,) = (word for word in script.split() if word.endswith("-cataloger"))
    path = folder.parent / "made.cdx.json"
    words = [
        program("syft"),
        "scan",
        f"dir:{folder}",
        "--quiet",
        "--source-name",
        "aneos-api",
        "--source-version",
        "1",
    ]
    words += ["--override-default-catalogers", kinds, "--output", f"cyclonedx-json={path}"]
    run(
        words,
        env={**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false", "SYFT_FILE_METADATA_SELECTION": "none"},
    )
    bill: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return bill


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of a file system with one package of Debian and one of Python."""
    folder = tmp_path_factory.mktemp("image") / "files"
    (folder / "var" / "lib" / "dpkg").mkdir(parents=True)
    (folder / "var" / "lib" / "dpkg" / "status").write_text(STATUS)
    (folder / "etc").mkdir()
    (folder / "etc" / "os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    own = folder / "opt" / "aneos" / "lib" / "python3.11" / "site-packages" / "thing-2.1.dist-info"
    own.mkdir(parents=True)
    (own / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 2.1\nLicense: BSD-3-Clause\n")
    (own / "RECORD").write_text("thing-2.1.dist-info/METADATA,,\n")
    return scanned(folder)


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    """Of the environment of ``make tools``, which has the schemas."""
    program("syft")
    words = [str(TOOLS / "python"), str(CHECK), str(path)]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_it_names_debian_and_python_packages_with_versions_and_licences(
    bill: dict[str, Any], tmp_path: Path
) -> None:
    found = {item["name"]: item for item in bill["components"] if item.get("purl")}
    assert found["tini"]["version"] == "0.19.0-1"
    assert found["thing"]["version"] == "2.1"
    assert found["thing"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    path = tmp_path / "bill.json"
    path.write_text(json.dumps(bill))
    done = checked(path)
    assert done.returncode == 0, done.stderr
    assert "1 deb, 1 pypi; licence not found: 1 (tini)" in done.stderr


def without_version(bill: dict[str, Any]) -> None:
    next(item for item in bill["components"] if item["name"] == "thing").pop("version")


def without_python(bill: dict[str, Any]) -> None:
    bill["components"] = [item for item in bill["components"] if item["name"] != "thing"]


def with_a_word_of_its_own(bill: dict[str, Any]) -> None:
    bill["whatever"] = 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without_version, "thing has no version"),
        (without_python, "names no package of kind pypi"),
        (with_a_word_of_its_own, "does not fit the schema"),
    ],
)
def test_what_is_wrong_with_one_is_told(
    change: Callable[[dict[str, Any]], None], says: str, bill: dict[str, Any], tmp_path: Path
) -> None:
    worse = json.loads(json.dumps(bill))
    change(worse)
    path = tmp_path / "bill.json"
    path.write_text(json.dumps(worse))
    done = checked(path)
    assert done.returncode == 1
    assert says in done.stderr
