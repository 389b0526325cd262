"""``aneos-load``: the bundled catalogue and its screen into the database, with progress on standard error."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from aneos.catalogue import load_bundled
from aneos.errors import AneosError
from aneos_api.database import init_database
from aneos_api.database.loading import screen_into_database
from aneos_api.settings import load_settings


def main() -> int:
    """Migrate, store and screen; exit status 0, or 2 with one clear line. Nothing is done twice."""
    try:
        summary = asyncio.run(_load())
    except AneosError as error:
        print(f"aneos-load: {error}", file=sys.stderr)
        return 2
    classes = ", ".join(f"{count:,} {name}" for name, count in summary["classes"].items())
    print(f"aneos-load: {summary['objects']:,} objects are in the database: {classes}", file=sys.stderr)
    return 0


async def _load() -> dict[str, Any]:
    database = await init_database(load_settings())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bars: dict[str, TaskID] = {}
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as shown:

            def progress(step: str, done: int, total: int) -> None:
                bar = bars.get(step)
                if bar is None:
                    bar = bars[step] = shown.add_task(step, total=total)
                shown.update(bar, completed=done, total=total)

            screen = await screen_into_database(database, load_bundled(), progress=progress)
    finally:
        await database.close()
    return dict(screen.summary)


if __name__ == "__main__":
    raise SystemExit(main())
