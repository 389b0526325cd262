"""Starts the service: ``python start_api.py``, or ``aneos-api``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import gc
import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from typing import Final

from aneos.errors import AneosError
from aneos_api.errors import SettingsError
from aneos_api.observability.traces import check_traces
from aneos_api.settings import PREFIX, Settings, load_settings
from aneos_api.shelf import adopt, use_models_of

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
LOCAL: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names for every address of the machine
"""Where a browser on this machine finds a server that listens everywhere."""

BACKLOG: Final = 2048
LISTENERS: Final = 16
"""Handles on the one listening socket of a process. libuv (1.45 and later) takes one new connection per handle and turn
of its loop; behind a single handle a crowd that connects at once waits for seconds while those before it are served."""

WORKER_SILENCE_S: Final = 60
"""Silence after which a worker process is replaced. On a busy machine one may need many seconds to start; replaced
too soon, none would ever be ready."""

STARTUP_FAILURE: Final = 3
"""Exit status of uvicorn where the application did not start."""

KEEP_ALIVE_S: Final = 65
"""Longer than the 60 s after which proxies and load balancers commonly close an idle connection themselves."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Exit status 0; 2 with one clear line for settings that cannot be used."""
    parser = argparse.ArgumentParser(prog="start_api.py", description="Starts the aNEOS service.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes; one per core is a good number (default: 1)"
    )
    parser.add_argument(
        "--dev", action="store_true", help="one process that starts again when the code changes"
    )
    parser.add_argument("--log-level", choices=LEVELS, type=str.upper, help="default: INFO, with --dev DEBUG")
    options = parser.parse_args(arguments)
    if options.workers < 1 or not 0 <= options.port <= 65_535:
        parser.error("--workers must be 1 or more, --port between 0 and 65535")
    level = options.log_level or ("DEBUG" if options.dev else None)
    if level is not None:
        os.environ[f"{PREFIX}OBSERVABILITY__LOG_LEVEL"] = level
    gc.disable()  # what a start loads stays: looking it through again and again takes half a second
    try:
        settings = load_settings()
        check_traces(settings)
        use_models_of(settings)
        check_address(options.host, options.port)
        asyncio.run(_prepare(settings))
    except AneosError as error:
        print(f"start_api.py: {error}", file=sys.stderr)
        return 2
    finally:
        gc.enable()
    if options.port:
        host = LOCAL.get(options.host, options.host)
        shown = f"[{host}]" if ":" in host else host
        print(f"aNEOS serves on http://{shown}:{options.port} (Ctrl+C ends it)", file=sys.stderr, flush=True)
    os.environ[f"{PREFIX}DATABASE__MIGRATE_ON_START"] = "false"  # done, once for all workers
    _serve(options, settings)
    return 0


def check_address(host: str, port: int) -> None:
    """Raise :class:`SettingsError` where nobody can listen on this address: taken, forbidden or unknown."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except socket.gaierror as error:
        raise SettingsError(f"there is no address {host!r} on this machine: {error.strerror}") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"port {port} of {host} is taken by another program: end it, or choose another with --port "
                f"(make run PORT=8001)"
            ) from None
        raise SettingsError(f"cannot listen on {host}, port {port}: {error.strerror}") from None


def _serve(options: argparse.Namespace, settings: Settings) -> None:
    import uvicorn
    from uvicorn.supervisors import ChangeReload, Multiprocess

    with tempfile.TemporaryDirectory(prefix="aneos-metrics-") as folder:
        if options.workers > 1 and not options.dev:
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        config = uvicorn.Config(
            "aneos_api.server:application",
            factory=True,
            host=options.host,
            port=options.port,
            workers=1 if options.dev else options.workers,
            reload=options.dev,
            reload_dirs=["src"] if options.dev and os.path.isdir("src") else None,
            log_config=None,
            log_level=settings.observability.log_level.lower(),
            access_log=False,
            server_header=False,
            proxy_headers=False,  # aNEOS reads them itself, and believes trusted proxies only
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            ws_per_message_deflate=False,  # events are small; a compressor's state would be most of a client's memory
            timeout_graceful_shutdown=round(settings.jobs.shutdown_s) + 5,
            timeout_worker_healthcheck=WORKER_SILENCE_S,
        )
        listener = config.bind_socket()
        listeners = [listener, *(listener.dup() for _ in range(LISTENERS - 1))]
        with contextlib.suppress(KeyboardInterrupt):
            if options.dev:
                ChangeReload(config, target=uvicorn.Server(config).run, sockets=[listener]).run()
            elif config.workers > 1:
                Multiprocess(config, sockets=listeners).run()
            else:
                config.load_app()
                server = uvicorn.Server(config)
                server.run(sockets=listeners)
                if not server.started:
                    sys.exit(STARTUP_FAILURE)


def application() -> object:
    """The application of one worker process, with logs as the settings say."""
    gc.disable()
    try:
        return _application()
    finally:
        gc.freeze()  # what is there now is not looked through again
        gc.enable()


def _application() -> object:
    from aneos_api.app import create_app
    from aneos_api.observability.logs import configure_logs

    settings = load_settings()
    form = settings.observability.log_format or ("json" if settings.production else "console")
    configure_logs(settings.observability.log_level, form)
    return create_app(settings)


async def _prepare(settings: Settings) -> None:
    """Bring the database up to date and make the first administrator, before any worker starts."""
    from aneos_api.database import init_database
    from aneos_api.first_admin import make_first_admin
    from aneos_api.security.passwords import Passwords

    database = await init_database(settings)
    try:
        await adopt(database)
        security = settings.security
        passwords = Passwords(memory_kib=security.argon2_memory_kib, time_cost=security.argon2_time_cost)
        await make_first_admin(database, passwords, security)
    finally:
        await database.close()


if __name__ == "__main__":
    raise SystemExit(main())
