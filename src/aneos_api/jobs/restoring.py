"""The job that makes a new database from a backup, beside the one in use, and counts its rows against the backup's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError

from aneos_api.database import Database
from aneos_api.database.backup import restore_copy
from aneos_api.errors import Conflict, Unavailable
from aneos_api.jobs.context import JobContext


async def restore(context: JobContext) -> Mapping[str, Any]:
    """The task ``restore``. Nothing of the running database is touched; pointing the service at the new one is a
    setting (``ANEOS_DATABASE__URL``) and a restart."""
    backup_id, name = UUID(context.payload["backup_id"]), str(context.payload["name"])
    settings = context.settings
    async with context.database.read(fresh=True) as work:
        backup = await work.backups.get(backup_id)
    if backup.path is None:
        raise Conflict("the file of this backup is gone")
    context.report("restoring", 0, 1)
    url = await _new_database(context.database, settings.data_dir, name)
    found = await restore_copy(settings.backups_dir / backup.path, url, settings.backup, sha256=backup.sha256)
    wanted = {table: int(count) for table, count in (backup.row_counts or {}).items()}
    differing = sorted(table for table, count in wanted.items() if found.get(table) != count)
    if differing:
        raise Conflict(f"the restored database lacks rows of {', '.join(differing)}")
    return {
        "database": url.render_as_string(hide_password=True),
        "tables": len(found),
        "rows": sum(found.values()),
        "verified": bool(wanted),
    }


async def _new_database(database: Database, folder: Any, name: str) -> URL:
    """URL of a database that is new. Raises Conflict where one of this name exists."""
    if database.sqlite:
        target = folder / f"{name}.db"
        if await asyncio.to_thread(target.exists):
            raise Conflict(f"there is a database {name!r} already")
        return database.url.set(database=str(target))
    async with database.engines.write.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        asked = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if (await outside.execute(asked, {"name": name})).scalar() is not None:
            raise Conflict(f"there is a database {name!r} already")
        try:
            await outside.execute(text(f'CREATE DATABASE "{name}"'))
        except DBAPIError as error:
            raise Unavailable(f"the database {name!r} cannot be made: {error.orig}") from error
    return database.url.set(database=name)
