"""``aneos-worker``: a worker in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence

from aneos.errors import AneosError
from aneos_api.database import init_database
from aneos_api.jobs.worker import Worker
from aneos_api.settings import Settings, load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Work until SIGTERM or SIGINT; running jobs are finished or given back. Exit status 0, or 1 with one line."""
    parser = argparse.ArgumentParser(prog="aneos-worker", description="Runs the jobs of an aNEOS service.")
    parser.add_argument("--concurrency", type=int, help="jobs at the same time (ANEOS_JOBS__CONCURRENCY)")
    parser.add_argument("--once", action="store_true", help="do what is due now, then end")
    options = parser.parse_args(arguments)
    try:
        changes = {} if options.concurrency is None else {"jobs": {"concurrency": options.concurrency}}
        settings = load_settings(**changes)
        logging.basicConfig(
            level=settings.observability.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
        )
        asyncio.run(_run(settings, once=options.once))
    except AneosError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _run(settings: Settings, *, once: bool) -> None:
    database = await init_database(settings)
    try:
        worker = Worker(database, settings)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, worker.stop)
        if once:
            await worker.run_until_idle()
        else:
            await worker.run()
    finally:
        await database.close()
