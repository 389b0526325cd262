"""``aneos-worker``: a worker in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aneos.errors import AneosError
from aneos_api.database import Database, init_database
from aneos_api.ending import end
from aneos_api.events.background import watching
from aneos_api.jobs.worker import Worker
from aneos_api.observability.logs import configure_logs
from aneos_api.observability.traces import flush_traces, start_traces
from aneos_api.security.secrets import Vault
from aneos_api.settings import Settings, load_settings
from aneos_api.shared_reads import Speaker
from aneos_api.shelf import use_models_of

if TYPE_CHECKING:
    from aneos_api.observability.worker_server import WorkerServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Work until SIGTERM or SIGINT; running jobs are finished or given back. Exit status 0, or 1 with one line."""
    parser = argparse.ArgumentParser(prog="aneos-worker", description="Runs the jobs of an aNEOS service.")
    parser.add_argument("--concurrency", type=int, help="jobs at the same time (ANEOS_JOBS__CONCURRENCY)")
    parser.add_argument("--once", action="store_true", help="do what is due now, then end")
    options = parser.parse_args(arguments)
    try:
        changes = {} if options.concurrency is None else {"jobs": {"concurrency": options.concurrency}}
        settings = load_settings(**changes)
        watched = settings.observability
        form = watched.log_format or ("json" if settings.production else "console")
        configure_logs(watched.log_level, form)
        start_traces(settings, "aneos-worker")
        asyncio.run(_run(settings, once=options.once))
        flush_traces()
    except AneosError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _run(settings: Settings, *, once: bool) -> None:
    use_models_of(settings)
    database = await init_database(settings)
    speaker = None if settings.cache.url is None else Speaker(settings.cache)
    if speaker is not None:
        database.invalidate = speaker.invalidate  # processes of the API forget what this one changes
    try:
        worker = Worker(database, settings)
        server = _server(database, worker, settings)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, worker.stop)
        if once:
            await worker.run_until_idle()
            return
        if server is not None:
            server.start()
        watchers = watching(database, settings, _vault(settings))
        try:
            await worker.run()
        finally:
            await end(watchers)
            if server is not None:
                await server.stop()
    finally:
        if speaker is not None:
            await speaker.close()
        await database.close()


def _vault(settings: Settings) -> Vault:
    """Opens the secrets of webhooks."""
    previous = settings.security.previous_secret_keys
    return Vault([settings.secret_key(), *(key.get_secret_value().encode() for key in previous)])


def _server(database: Database, worker: Worker, settings: Settings) -> WorkerServer | None:
    """Health and metrics of this worker over HTTP, where the settings name a port."""
    watched = settings.observability
    if watched.worker_port is None:
        return None
    from aneos_api.observability.worker_server import WorkerServer

    return WorkerServer(database, worker, host=watched.worker_host, port=watched.worker_port)
