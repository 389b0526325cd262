"""Both databases, and the programs that operators use."""

from __future__ import annotations

from tests.api.conftest import (
    database,
    database_url,
    empty_url,
    migrated_url,
    new_url,
    nursery,
    people,
    postgres,
    postgres_template,
    sqlite_template,
)

__all__ = [
    "database",
    "database_url",
    "empty_url",
    "migrated_url",
    "new_url",
    "nursery",
    "people",
    "postgres",
    "postgres_template",
    "sqlite_template",
]
