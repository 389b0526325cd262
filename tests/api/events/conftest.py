"""The service on a real socket, over each engine, with events inside the process or over a real Valkey server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from aneos_api.app import create_app
from aneos_api.context import Context
from aneos_api.database import Database
from aneos_api.ending import end
from aneos_api.events.hub import Hub
from tests.api.endpoints.conftest import Person, add_member, add_organisation, make_settings

STARTING_S: Final = 30.0
ENDING_S: Final = 20.0


@dataclass
class Running:
    """A running service."""

    app: FastAPI
    address: str
    people: dict[str, dict[str, Person]]
    operator: Person

    @property
    def context(self) -> Context:
        context: Context = self.app.state.context
        return context

    @property
    def hub(self) -> Hub:
        hub: Hub = self.app.state.hub
        return hub

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def headers(self, role: str, tenant: str = "alpha") -> dict[str, str]:
        return self.people[tenant][role].headers

    async def emit(self, topic: str, kind: str, data: dict[str, Any], **more: Any) -> None:
        """An event, committed."""
        async with self.context.database.write() as work:
            await work.events.emit(topic, kind, data, **more)


@asynccontextmanager
async def serving(database: Database, folder: Path, **settings: Any) -> AsyncIterator[Running]:
    """The service on a socket of its own over ``database``, until the block ends."""
    settings["events"] = {"poll_s": 0.05, **settings.get("events", {})}
    app = create_app(make_settings(folder, **settings), database=database, tell=lambda _: None)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with asyncio.timeout(STARTING_S):
                while not server.started:
                    assert not task.done(), "the service did not start"
                    await asyncio.sleep(0.01)
                context = app.state.context
                tag = folder.name.replace("_", "-").lower()
                people = {
                    name: await add_organisation(context, f"{name}-{tag}") for name in ("alpha", "beta")
                }
                tenant = people["alpha"]["admin"].tenant_id
                operator = await add_member(context, tenant, "operator", superuser=True, prefix=tag)
            yield Running(app, address, people, operator)
        finally:
            if hasattr(app.state, "hub"):
                app.state.hub.close()
            server.should_exit = True
            _, left = await asyncio.wait([task], timeout=ENDING_S)
            if left:
                server.force_exit = True
                await end([task])
                pytest.fail(f"the service did not end within {ENDING_S:g} s")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(database: Database, tmp_path_factory: Any) -> AsyncIterator[Running]:
    """The service of one module."""
    async with serving(
        database, tmp_path_factory.mktemp("run"), events={"stream_lifetime_s": 30, "heartbeat_s": 0.5}
    ) as service:
        yield service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=20) as opened:
        yield opened
