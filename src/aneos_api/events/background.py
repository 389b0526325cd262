"""What runs beside the application: relay and hub in every process, alert rules and webhooks where jobs are worked.

The streams' router brings it along as its own lifespan, inside that of the application.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from aneos_api.context import Context
from aneos_api.database.database import Database
from aneos_api.events.bus import MemoryBus, make_bus
from aneos_api.events.delivery import Deliverer
from aneos_api.events.hub import Hub
from aneos_api.events.relay import Relay
from aneos_api.events.rules import Judge
from aneos_api.security.secrets import Vault
from aneos_api.settings import Settings

END_S: Final = 5.0
CANCEL_S: Final = 0.5

log = structlog.get_logger("aneos_api.events")


@asynccontextmanager
async def streaming(app: FastAPI) -> AsyncIterator[None]:
    """Lifespan: carry events to the streams of this process."""
    context: Context = app.state.context
    settings = context.settings
    bus = make_bus(settings.events)
    hub = app.state.hub = Hub(context.database, bus, queue=settings.events.client_queue)
    await hub.start()
    start = hub.position if isinstance(bus, MemoryBus) else 0
    relay = Relay(context.database, bus, start=start, poll_s=settings.events.poll_s)
    tasks = [_forever(hub.run(), "hub"), _forever(relay.run(), "relay")]
    if settings.jobs.in_process:
        tasks += watching(context.database, settings, context.vault)
    try:
        yield
    finally:
        hub.close()
        await end(tasks)
        await bus.close()


def watching(database: Database, settings: Settings, vault: Vault) -> list[asyncio.Task[None]]:
    """Tasks that judge the alert rules and deliver to webhooks; for one or more processes of an installation."""
    return [
        _forever(Judge(database).run(settings.events.rules_s), "judge of alert rules"),
        _forever(Deliverer(database, vault, settings.events).run(), "delivery to webhooks"),
    ]


async def end(tasks: Sequence[asyncio.Task[None]], within_s: float = END_S) -> None:
    """Cancel tasks and wait until they have ended; one that swallows its cancellation is cancelled again, and after
    ``within_s`` left behind with a warning: nothing holds the end of the process."""
    left = {task for task in tasks if not task.done()}
    for _ in range(max(1, round(within_s / CANCEL_S))):
        if not left:
            break
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_S)
    for task in left:
        log.warning("a task did not end", task=task.get_name())


def hub_of(connection: HTTPConnection) -> Hub:
    """The hub of the process that answers."""
    hub = connection.app.state.hub
    assert isinstance(hub, Hub)
    return hub


def _forever(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Run ``work``; should it end, that is a fault, and logged."""

    async def guarded() -> None:
        try:
            await work
        except Exception:
            log.exception(f"the {name} has stopped")
            raise

    return asyncio.create_task(guarded(), name=name)
