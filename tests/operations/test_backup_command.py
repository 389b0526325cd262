"""``aneos-backup``: made, listed, checked, kept in number, and restored with every row, on both engines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aneos_api.database import Database
from aneos_api.database.backup_command import main
from tests.api.conftest import People, apart
from tests.api.database.test_backup import rows
from tests.api.postgres import programs

KEY = "words that open the copies 0123456789"


@pytest.fixture
def folder(database: Database, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of the command, for a database that has rows."""
    monkeypatch.setenv("ANEOS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ANEOS_DATABASE__URL", database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("ANEOS_BACKUP__PG_BIN", str(programs()))
    monkeypatch.setenv("ANEOS_BACKUP__KEEP", "2")
    monkeypatch.setenv("ANEOS_BACKUP__ENCRYPTION_KEY", KEY)
    return tmp_path / "backups"


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def all_rows(url: str) -> dict[str, list[Any]]:
    """Every row of every table of the database there."""
    async with Database(url) as opened:
        return await rows(opened)


def test_what_is_restored_is_what_was_copied(
    folder: Path, database: Database, new_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = apart(all_rows(database.url.render_as_string(hide_password=False)))
    for _ in range(3):
        assert main(["create"]) == 0
    made = printed(capsys)
    assert main(["list"]) == 0
    listed = printed(capsys)
    assert [row["name"] for row in listed] == [made[2]["name"], made[1]["name"]], "the newest two are kept"
    assert listed[0]["encrypted"]
    assert main(["verify", "latest"]) == 0
    capsys.readouterr()
    assert main(["restore", "latest", "--into", new_url]) == 0
    told = printed(capsys)[0]
    assert told["compared"]
    assert apart(all_rows(new_url)) == before
    assert main(["restore", "latest", "--into", new_url]) == 1, "never into a database that has something"
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        name for row in listed for name in (row["name"], f"{row['name']}.json")
    )


def test_a_copy_that_was_changed_is_refused(
    folder: Path, new_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["create"]) == 0
    name = printed(capsys)[0]["name"]
    path = folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert main(["verify", name]) == 1
    assert main(["restore", name, "--into", new_url]) == 1
    assert "checksum" in capsys.readouterr().err
    assert main(["verify", "aneos-nothing"]) == 1
    assert main(["verify", "../etc/passwd"]) == 1, "only names of the folder"
