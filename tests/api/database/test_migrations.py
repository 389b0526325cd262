"""One tree of migrations: up, down and up again with data, on both engines."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    String,
    Table,
    Uuid,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.ext.asyncio import create_async_engine

from aneos_api.database import Database, init_database, migrate
from aneos_api.database.models import Base
from aneos_api.database.revision import is_newest, newest
from aneos_api.database.types import UTCDateTime, uuid7
from aneos_api.errors import SettingsError, Unavailable


async def test_up_down_and_up_again_with_a_row_in_every_table(empty_url: str) -> None:
    database = await init_database(empty_url)
    url = database.url
    assert await migrate.current(url) == migrate.head()
    await _fill(database)
    await database.close()

    await migrate.downgrade(url, "base")
    assert await migrate.current(url) is None
    assert await _tables(url) == {"alembic_version"}

    await migrate.upgrade(url)
    assert await _tables(url) == {"alembic_version", *Base.metadata.tables}


async def test_the_tables_are_those_of_the_models_and_a_missing_column_is_noticed(migrated_url: str) -> None:
    database = Database(migrated_url)
    assert await migrate.differences(database.url) == []
    async with database.engines.write.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE users DROP COLUMN last_login_at")
    assert any("last_login_at" in text for text in await migrate.differences(database.url))
    await database.close()


async def test_constraints_and_indexes_are_those_of_the_models(migrated_url: str) -> None:
    """Alembic compares no CHECK constraints; here every constraint of a migrated database is compared."""
    database = Database(migrated_url)
    migrated = await _constraints(database)
    async with database.engines.write.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    assert migrated == await _constraints(database)
    await database.close()


async def test_an_up_to_date_database_is_left_alone_and_any_other_is_migrated(empty_url: str) -> None:
    assert newest() == migrate.head(), "the file of the newest migration is named by its revision"
    async with Database(empty_url) as database:
        assert not await is_newest(database.engines.write)
        await database.bring_up_to_date()
        assert await is_newest(database.engines.write)
        await migrate.downgrade(database.url, "-1")
        assert not await is_newest(database.engines.write)
        await database.bring_up_to_date()
        assert await migrate.current(database.url) == newest()


async def test_several_processes_that_start_together_migrate_once(empty_url: str) -> None:
    databases = await asyncio.gather(*(init_database(empty_url) for _ in range(4)))
    assert await migrate.current(databases[0].url) == migrate.head()
    for database in databases:
        await database.close()


async def test_a_database_of_a_newer_release_is_refused(migrated_url: str) -> None:
    database = Database(migrated_url)
    async with database.write() as work:
        await (await work.session.connection()).exec_driver_sql(
            "UPDATE alembic_version SET version_num = 'later'"
        )
    with pytest.raises(SettingsError, match="does not fit this release"):
        await init_database(migrated_url)
    await database.close()


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await init_database(f"postgresql://nobody@/none?host={tmp_path}")


async def _fill(database: Database) -> None:
    """One row in every table, foreign keys included."""
    keys: dict[str, Any] = {}
    async with database.engines.write.begin() as connection:
        for table in Base.metadata.sorted_tables:
            values = {column.name: _value(table, column.name, keys) for column in table.columns}
            if table.name == "job_schedules":
                values["cron"] = None
            keys[table.name] = values.get("id")
            await connection.execute(insert(table).values(values))
        for table in Base.metadata.sorted_tables:
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 1


CHOICES = {
    "role": "viewer", "object_class": "natural", "origin": "screen", "engine": "sqlite", "kind": "science",
    "severity": "info", "outcome": "done", "stage": "candidate", "format": "csv", "channel": "webhook",
}  # fmt: skip
STATUS = {
    "cases": "open", "screens": "complete", "batch_items": "pending", "alerts": "open",
    "webhook_deliveries": "pending", "experiments": "draft", "evidence": "measured",
}  # fmt: skip


def _value(table: Table, name: str, keys: dict[str, Any]) -> Any:
    column = table.columns[name]
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column.table.name
        return None if target == table.name else keys[target]
    if name in {"status", "state"} and isinstance(column.type, String):
        return STATUS.get(table.name, "queued")
    if table.name == "observation_sets" and name == "format":
        return "mpc80"
    if name in CHOICES and isinstance(column.type, String) and table.name != "object_names":
        return CHOICES[name]
    if isinstance(column.type, UTCDateTime):
        return datetime(2026, 7, 1, 12, tzinfo=UTC)
    kinds: list[tuple[type, Any]] = [
        (Uuid, uuid7()), (JSON, {}), (Boolean, False), (DateTime, datetime(2026, 7, 1, tzinfo=UTC)),
        (Date, date(2026, 7, 1)), (Float, 0.5), (Integer, 1), (String, "x"),
    ]  # fmt: skip
    if name in {"succeeded", "failed", "cancelled", "attempts"}:
        return 0
    return next(value for kind, value in kinds if isinstance(column.type, kind))


async def _tables(url: Any) -> set[str]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda bound: inspect(bound).get_table_names())
    await engine.dispose()
    return set(names)


async def _constraints(database: Database) -> dict[str, Any]:
    async with database.engines.read.connect() as connection:
        return await connection.run_sync(_reflect)


def _reflect(connection: Connection) -> dict[str, Any]:
    inspector = inspect(connection)
    return {
        table: {
            "checks": sorted(
                (str(check["name"]), check["sqltext"]) for check in inspector.get_check_constraints(table)
            ),
            "uniques": sorted(str(item) for item in inspector.get_unique_constraints(table)),
            "keys": sorted(str(item) for item in inspector.get_foreign_keys(table)),
            "indexes": sorted(
                (
                    str(item["name"]),
                    item["column_names"],
                    item["unique"],
                    _where(item.get("dialect_options", {})),
                )
                for item in inspector.get_indexes(table)
            ),
            "primary": inspector.get_pk_constraint(table),
            "columns": sorted(
                (item["name"], str(item["type"]), item["nullable"]) for item in inspector.get_columns(table)
            ),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def _where(options: Any) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in options.items())
