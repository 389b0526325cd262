"""Copies of the whole database while it is at work, and databases made from them.

SQLite: its online backup, one consistent moment. PostgreSQL: ``pg_dump`` in the custom format, of one exported snapshot
in which the rows are counted too.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, func, select, text

from aneos.errors import InputError
from aneos_api.clock import utc_now
from aneos_api.database import sealed
from aneos_api.database.database import Database
from aneos_api.database.models import Base
from aneos_api.errors import Conflict, SettingsError, Unavailable
from aneos_api.settings import BackupSettings

SUFFIXES: Final = {"sqlite": ".db", "postgresql": ".dump"}


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was written and read again."""

    path: Path
    size_bytes: int
    sha256: str
    encrypted: bool
    revision: str | None
    row_counts: dict[str, int]


async def make_copy(database: Database, folder: Path, settings: BackupSettings) -> Copy:
    """Copy the database into ``folder``, encrypted when the settings have a key. Others go on working meanwhile.

    Raises SettingsError without ``pg_dump``, Unavailable when the copy fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"aneos-{utc_now():%Y%m%dT%H%M%S%f}"
    part = folder / f".{name}.part"
    try:
        if database.sqlite:
            revision, counts = await asyncio.to_thread(_copy_sqlite, Path(str(database.url.database)), part)
        else:
            revision, counts = await _dump(database, part, settings)
        target = folder / f"{name}{SUFFIXES[database.name]}"
        key = settings.encryption_key
        if key is not None:
            target = target.with_name(f"{target.name}.sealed")
            hidden = part.with_name(f"{part.name}.sealed")
            await asyncio.to_thread(sealed.seal, part, hidden, key.get_secret_value())
            hidden.replace(target)
        else:
            part.replace(target)
        target.chmod(0o600)
        digest = await asyncio.to_thread(file_sha256, target)
        return Copy(target, target.stat().st_size, digest, key is not None, revision, counts)
    finally:
        part.unlink(missing_ok=True)
        part.with_name(f"{part.name}.sealed").unlink(missing_ok=True)


async def restore_copy(
    source: Path, url: URL, settings: BackupSettings, *, sha256: str | None = None
) -> dict[str, int]:
    """Make the empty database at ``url`` from a copy; gives the rows of every table.

    Raises InputError when the copy is damaged or the key is wrong, Conflict when the database is not empty.
    """
    if not source.is_file():
        raise InputError("no such backup", source=source)
    if sha256 is not None and await asyncio.to_thread(file_sha256, source) != sha256:
        raise InputError("the backup's checksum is not what it was", source=source)
    plain = source
    opened = source.with_name(f".{source.name}.{os.getpid()}.open")
    try:
        if sealed.sealed(source):
            if settings.encryption_key is None:
                raise SettingsError("the backup is encrypted: set ANEOS_BACKUP__ENCRYPTION_KEY")
            await asyncio.to_thread(sealed.unseal, source, opened, settings.encryption_key.get_secret_value())
            plain = opened
        if url.drivername.startswith("sqlite"):
            await asyncio.to_thread(_place_sqlite, plain, Path(str(url.database)))
        else:
            await _load_dump(plain, url, settings)
    finally:
        opened.unlink(missing_ok=True)
    database = Database(url.render_as_string(hide_password=False))
    try:
        async with database.read(fresh=True) as work:
            return await work.metrics.table_rows()
    finally:
        await database.close()


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy_sqlite(source: Path, target: Path) -> tuple[str | None, dict[str, int]]:
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as origin,
        closing(sqlite3.connect(target)) as copy,
    ):
        origin.backup(copy, pages=4096, sleep=0.01)
        copy.execute("PRAGMA journal_mode=DELETE")
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise Unavailable(f"the copy is not sound: {found}")
        counts = {
            table: copy.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - our own tables
            for table in sorted(Base.metadata.tables)
        }
        revision = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        return (None if revision is None else str(revision[0])), counts


def _place_sqlite(source: Path, target: Path) -> None:
    if target.exists() and target.stat().st_size > 0:
        raise Conflict(f"{target} exists: restore into a new file")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    with closing(sqlite3.connect(part)) as connection:
        try:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise InputError(f"is no SQLite database: {error}", source=source) from error
    if found != "ok":
        raise InputError(f"the backup is damaged: {found}", source=source)
    part.replace(target)


async def _dump(
    database: Database, target: Path, settings: BackupSettings
) -> tuple[str | None, dict[str, int]]:
    async with database.engines.write.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # Counting and dumping may take longer than a request is allowed to.
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = (await connection.execute(text("SELECT pg_export_snapshot()"))).scalar_one()
        revision = (
            await connection.execute(text("SELECT version_num FROM alembic_version"))
        ).scalar_one_or_none()
        counts = {
            name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for name, table in sorted(Base.metadata.tables.items())
        }
        arguments = ["--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={target}"]
        await _run("pg_dump", arguments, database.url, settings)
    await _run("pg_restore", ["--list", str(target)], None, settings)
    return revision, counts


async def _load_dump(source: Path, url: URL, settings: BackupSettings) -> None:
    database = Database(url.render_as_string(hide_password=False))
    try:
        async with database.engines.read.connect() as connection:
            tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
            if (await connection.execute(text(tables))).scalar_one():
                raise Conflict("the database is not empty: restore into a new one")
    finally:
        await database.close()
    arguments = [
        "--no-owner",
        "--exit-on-error",
        "--single-transaction",
        f"--dbname={url.database}",
        str(source),
    ]
    await _run("pg_restore", arguments, url, settings)


async def _run(program: str, arguments: Sequence[str], url: URL | None, settings: BackupSettings) -> None:
    """Run one of PostgreSQL's programs; the password travels in the environment, not on the command line."""
    path = shutil.which(program, path=None if settings.pg_bin is None else str(settings.pg_bin))
    if path is None:
        raise SettingsError(
            f"{program} is not found: install the PostgreSQL client or set ANEOS_BACKUP__PG_BIN"
        )
    environment = dict(os.environ)
    if url is not None:
        host = url.host or url.query.get("host")
        given = {
            "PGHOST": host if isinstance(host, str) else None,
            "PGPORT": None if url.port is None else str(url.port),
            "PGUSER": url.username,
            "PGPASSWORD": None if url.password is None else str(url.password),
            "PGDATABASE": url.database,
        }
        environment |= {name: value for name, value in given.items() if value}
    process = await asyncio.create_subprocess_exec(
        path, *arguments, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, problem = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        lines = problem.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise Unavailable(f"{program} failed: {lines[0][:300]}")
