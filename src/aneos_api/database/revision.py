"""Whether the tables are those of this release: one question, without loading what migrates them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"


def newest() -> str:
    """The newest revision of this release: its file's name begins with it."""
    return max(path.stem.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


async def is_newest(engine: AsyncEngine) -> bool:
    """Whether the database stands at :func:`newest`; False also where it has no tables or does not answer."""
    try:
        async with engine.connect() as connection:
            found = await connection.scalars(text("SELECT version_num FROM alembic_version"))
            return found.all() == [newest()]
    except (DBAPIError, OSError):
        return False
