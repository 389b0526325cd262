"""Copies are made while others write, checked, encrypted, and give the same rows back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from aneos.errors import InputError
from aneos_api.database import Database, PageRequest, migrate
from aneos_api.database.backup import Copy, make_copy, restore_copy
from aneos_api.database.engine import database_url
from aneos_api.database.models import Base
from aneos_api.errors import Conflict, SettingsError
from aneos_api.jobs import Worker
from aneos_api.settings import BackupSettings, load_settings
from tests.api.conftest import People
from tests.api.postgres import programs

PLAIN = BackupSettings(pg_bin=programs())
SEALED = BackupSettings(pg_bin=programs(), encryption_key=SecretStr("a key that nobody guesses, 32 bytes"))


async def rows(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, in an order that both have."""
    out: dict[str, list[Any]] = {}
    async with database.engines.read.connect() as connection:
        for name, table in Base.metadata.tables.items():
            found = await connection.execute(select(table).order_by(*table.primary_key.columns))
            out[name] = [tuple(row) for row in found]
    return out


async def copied(database: Database, folder: Path, settings: BackupSettings) -> Copy:
    """A copy made while somebody writes."""
    going = True

    async def write() -> None:
        while going:
            async with database.write() as work:
                await work.metrics.record("busy", 1.0)
            await asyncio.sleep(0.01)

    writer = asyncio.create_task(write())
    try:
        return await make_copy(database, folder, settings)
    finally:
        going = False
        await writer


@pytest.mark.parametrize("settings", [PLAIN, SEALED], ids=["plain", "sealed"])
async def test_a_restored_copy_has_every_row(
    database: Database, people: People, tmp_path: Path, new_url: str, settings: BackupSettings
) -> None:
    copy = await copied(database, tmp_path / "backups", settings)
    assert copy.encrypted == (settings is SEALED)
    assert copy.revision == migrate.head()
    assert copy.path.stat().st_mode & 0o077 == 0
    assert (b"analyst-" in copy.path.read_bytes()) == (settings is PLAIN and database.sqlite)
    counts = await restore_copy(copy.path, database_url(new_url), settings, sha256=copy.sha256)
    assert counts == copy.row_counts
    before = await rows(database)
    async with Database(new_url) as restored:
        after = await rows(restored)
        assert await migrate.differences(restored.url) == []
        async with restored.write() as work:
            await work.metrics.record("works", 1.0)
    metrics = after.pop("system_metrics")
    assert metrics == before.pop("system_metrics")[: len(metrics)], "one moment while others wrote"
    assert after == before
    with pytest.raises(Conflict):
        await restore_copy(copy.path, database_url(new_url), settings)


async def test_a_copy_that_was_changed_cut_or_is_not_ours_is_refused(
    database: Database, tmp_path: Path, new_url: str
) -> None:
    url = database_url(new_url)
    copy = await make_copy(database, tmp_path / "backups", SEALED)
    whole = copy.path.read_bytes()
    for spoilt in (whole[:-1], whole[:100], whole[:3000] + b"\x00" + whole[3001:], whole + b"x"):
        copy.path.write_bytes(spoilt)
        with pytest.raises(InputError, match="cannot be decrypted"):
            await restore_copy(copy.path, url, SEALED)
        with pytest.raises(InputError, match="checksum"):
            await restore_copy(copy.path, url, SEALED, sha256=copy.sha256)
    copy.path.write_bytes(whole)
    with pytest.raises(SettingsError, match="is encrypted"):
        await restore_copy(copy.path, url, PLAIN)
    wrong = BackupSettings(pg_bin=PLAIN.pg_bin, encryption_key=SecretStr("another"))
    with pytest.raises(InputError, match="wrong key"):
        await restore_copy(copy.path, url, wrong)
    with pytest.raises(InputError, match="no such backup"):
        await restore_copy(tmp_path / "nothing", url, PLAIN)
    assert list((tmp_path / "backups").iterdir()) == [copy.path], "nothing is left lying about"


async def test_the_backup_job_keeps_the_newest(database: Database, tmp_path: Path) -> None:
    settings = load_settings(
        data_dir=tmp_path, backup={"keep": 2, "pg_bin": PLAIN.pg_bin}, jobs={"poll_s": 0.05}
    )
    worker = Worker(database, settings)
    for _ in range(3):
        async with database.write() as work:
            first = await work.backups.request()
            assert (await work.backups.request()).id == first.id
        await worker.run_until_idle()
    async with database.read(fresh=True) as work:
        page = await work.backups.page(PageRequest())
    assert [row.status for row in page.items] == ["succeeded", "succeeded", "expired"]
    assert {row.path for row in page.items if row.path} == {
        path.name for path in settings.backups_dir.iterdir()
    }


async def test_without_pg_dump_one_is_told_so_and_sqlite_needs_none(
    database: Database, tmp_path: Path
) -> None:
    settings = BackupSettings(pg_bin=tmp_path)
    if database.sqlite:
        assert (await make_copy(database, tmp_path, settings)).size_bytes > 0
    else:
        with pytest.raises(SettingsError, match="pg_dump is not found"):
            await make_copy(database, tmp_path, settings)
