"""``aneos-migrate`` and ``aneos-worker`` as one would call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aneos_api.database import Database
from aneos_api.database.command import main as migrate_main
from aneos_api.jobs.command import main as worker_main
from tests.api.conftest import apart


def test_migrating_up_checking_and_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'aneos.db'}"
    assert migrate_main(["--url", url]) == 0
    assert "revision 0003" in capsys.readouterr().out
    assert migrate_main(["check", "--url", url]) == 0
    assert "agree" in capsys.readouterr().out
    assert migrate_main(["downgrade", "--url", url]) == 1
    assert "needs a revision" in capsys.readouterr().err
    assert migrate_main(["downgrade", "base", "--url", url]) == 0
    assert "revision none" in capsys.readouterr().out
    assert migrate_main(["check", "--url", url]) == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://h/d", "no database of the kind 'mysql'"),
        ("postgresql://u:secret@127.0.0.1:1/d", "does not answer"),
        ("sqlite:////proc/nothing/aneos.db", "cannot be made"),
    ],
)
def test_what_cannot_be_migrated_is_one_line(
    url: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate_main(["--url", url]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert "secret" not in told
    assert told.count("\n") == 1


def test_a_worker_does_what_is_due_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'aneos.db'}"
    monkeypatch.setenv("ANEOS_DATA_DIR", str(tmp_path))
    assert migrate_main(["--url", url]) == 0

    async def queue() -> None:
        async with Database(url) as database, database.write() as work:
            await work.jobs.enqueue("housekeeping")

    async def counts() -> dict[str, int]:
        async with Database(url) as database, database.read() as work:
            return await work.jobs.counts()

    apart(queue())
    assert worker_main(["--once"]) == 0
    assert apart(counts())["succeeded"] == 1
