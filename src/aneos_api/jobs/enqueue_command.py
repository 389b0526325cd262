"""``aneos-enqueue TASK``: puts one job into the queue, for schedulers outside the service. A worker does it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from aneos.errors import AneosError, InputError
from aneos_api.database import Database
from aneos_api.jobs.tasks import TASKS
from aneos_api.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 with the job's id; 1 with one clear line. While an equal job waits or runs it is that one."""
    parser = argparse.ArgumentParser(prog="aneos-enqueue", description="Queues one job for the workers.")
    parser.add_argument("task", help="one of: " + ", ".join(sorted(TASKS.names)))
    parser.add_argument("--payload", default="{}", metavar="JSON", help="what the task is given; an object")
    options = parser.parse_args(arguments)
    try:
        payload = _payload(options.payload)
        if options.task not in TASKS.names:
            raise InputError(f"no task is called {options.task!r}: {', '.join(sorted(TASKS.names))}")
        print(asyncio.run(_enqueue(options.task, payload)))
    except AneosError as error:
        print(f"aneos-enqueue: {error}", file=sys.stderr)
        return 1
    return 0


def _payload(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InputError(f"--payload is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise InputError("--payload must be a JSON object")
    return found


async def _enqueue(task: str, payload: Mapping[str, Any]) -> str:
    settings = load_settings()
    key = f"{task}:{json.dumps(payload, sort_keys=True)}"[:200]
    async with Database(settings.database_url, settings.database) as database, database.write() as work:
        return str((await work.jobs.enqueue(task, payload, dedupe_key=key)).id)


if __name__ == "__main__":
    raise SystemExit(main())
