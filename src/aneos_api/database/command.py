"""``aneos-migrate`` and ``python -m aneos_api.database``: the database's tables from a shell."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from aneos.errors import AneosError
from aneos_api.database import migrate
from aneos_api.database.engine import database_url
from aneos_api.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Upgrade (the default), downgrade, check or show the revision; exit status 0, or 1 with one clear line."""
    parser = argparse.ArgumentParser(
        prog="aneos-migrate", description="Bring the database's tables up to date."
    )
    parser.add_argument(
        "action", nargs="?", default="upgrade", choices=("upgrade", "downgrade", "check", "current")
    )
    parser.add_argument("revision", nargs="?", help="for downgrade: where to, or 'base'")
    parser.add_argument("--url", help="database; default: ANEOS_DATABASE__URL")
    options = parser.parse_args(arguments)
    try:
        return asyncio.run(_run(options.action, options.revision, options.url))
    except AneosError as error:
        print(error, file=sys.stderr)
        return 1


async def _run(action: str, revision: str | None, given: str | None) -> int:
    url = database_url(given or load_settings().database_url)
    if action == "downgrade":
        if revision is None:
            print("downgrade needs a revision, or 'base'", file=sys.stderr)
            return 1
        await migrate.downgrade(url, revision)
    elif action == "upgrade":
        await migrate.upgrade(url, revision or "head")
    elif action == "check":
        found = await migrate.differences(url)
        print("\n".join(found) if found else "the tables agree with the models")
        return 1 if found else 0
    print(f"{url.render_as_string(hide_password=True)}: revision {await migrate.current(url) or 'none'}")
    return 0
