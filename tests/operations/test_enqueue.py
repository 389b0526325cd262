"""``aneos-enqueue``: one job for the workers, once."""

from __future__ import annotations

import asyncio

import pytest

from aneos_api.database import Database
from aneos_api.jobs.enqueue_command import main


async def test_a_job_is_queued_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANEOS_DATABASE__URL", database.url.render_as_string(hide_password=False))
    assert await asyncio.to_thread(main, ["housekeeping", "--payload", '{"a": 1}']) == 0
    assert await asyncio.to_thread(main, ["housekeeping", "--payload", '{"a": 1}']) == 0
    first, second = capsys.readouterr().out.split()
    assert first == second, "while it waits it is not queued again"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "no task is called"),
        (["housekeeping", "--payload", "{"], "no JSON"),
        (["housekeeping", "--payload", "[]"], "JSON object"),
    ],
)
def test_what_cannot_be_queued_is_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
