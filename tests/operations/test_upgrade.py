"""Upgrading a database that has data, from every earlier revision, on both engines: no row is lost or changed."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from aneos_api.database import migrate
from aneos_api.database.engine import database_url
from aneos_api.database.models import Base
from tests.api.database.test_migrations import _value as some_value

Old = list[sa.TableClause]


def earlier() -> list[str]:
    """Every revision before the newest, the oldest first."""
    script = ScriptDirectory.from_config(migrate.configuration())
    return [item.revision for item in script.walk_revisions()][:0:-1]


@pytest.mark.parametrize("revision", earlier())
async def test_no_row_is_lost_or_changed(empty_url: str, revision: str) -> None:
    url = database_url(empty_url)
    await migrate.upgrade(url, revision)
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            old = await connection.run_sync(tables_of_now)
            await connection.run_sync(fill, old)
        async with engine.connect() as connection:
            before = await connection.run_sync(rows, old)
        await migrate.upgrade(url)
        assert await migrate.current(url) == migrate.head()
        async with engine.connect() as connection:
            after = await connection.run_sync(rows, old)
    finally:
        await engine.dispose()
    assert len(before) > 30
    assert all(len(found) == 1 for found in before.values())
    assert after == before
    assert await migrate.differences(url) == []


def tables_of_now(connection: sa.Connection) -> Old:
    """The tables and columns that the database has, with the types of the models."""
    inspector = sa.inspect(connection)
    names = set(inspector.get_table_names())
    out = []
    for table in Base.metadata.sorted_tables:
        if table.name in names:
            there = {column["name"] for column in inspector.get_columns(table.name)}
            columns = [sa.column(c.name, c.type) for c in table.columns if c.name in there]
            out.append(sa.table(table.name, *columns))
    return out


def fill(connection: sa.Connection, old: Old) -> None:
    """One row in every table, foreign keys included."""
    keys: dict[str, Any] = {}
    for table in old:
        model = Base.metadata.tables[table.name]
        values = {column.name: some_value(model, column.name, keys) for column in table.columns}
        if table.name == "job_schedules":
            values["cron"] = None
        keys[table.name] = values.get("id")
        connection.execute(sa.insert(table).values(values))


def rows(connection: sa.Connection, old: Old) -> dict[str, list[tuple[Any, ...]]]:
    return {table.name: [tuple(row) for row in connection.execute(sa.select(table))] for table in old}
