"""What runs beside the application: relay and hub in every process, alert rules and webhooks where jobs are worked.

The streams' router brings it along as its own lifespan, inside that of the application.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from aneos_api.context import Context
from aneos_api.database.database import Database
from aneos_api.ending import end
from aneos_api.errors import SettingsError
from aneos_api.events.bus import MemoryBus, make_bus
from aneos_api.events.delivery import Deliverer
from aneos_api.events.hub import Hub
from aneos_api.events.relay import Relay
from aneos_api.events.rules import Judge
from aneos_api.security.secrets import Vault
from aneos_api.settings import Settings

AGAIN_S: Final = 5.0

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
    tasks = [_forever(hub.run, "hub"), _forever(relay.run, "relay")]
    if settings.jobs.in_process:
        tasks += watching(context.database, settings, context.vault, relay=False)
    try:
        yield
    finally:
        hub.close()
        await end(tasks)
        await bus.close()


def watching(
    database: Database, settings: Settings, vault: Vault, *, relay: bool = True
) -> list[asyncio.Task[None]]:
    """Tasks that judge the alert rules, deliver to webhooks, chats and by e-mail, copy to Kafka and read from it; for
    one or more processes of an installation. ``relay`` numbers events too, where no process of the API does."""
    events = settings.events
    tasks = [
        _forever(lambda: Judge(database).run(events.rules_s), "judge of alert rules"),
        _forever(Deliverer(database, vault, events).run, "delivery to webhooks"),
    ]
    if relay:
        tasks.append(_forever(Relay(database, make_bus(events), poll_s=events.poll_s).run, "relay"))
    if events.kafka_servers:
        try:
            from aneos_api.events.intake import Intake
            from aneos_api.events.kafka import KafkaSink
        except ModuleNotFoundError as error:
            raise SettingsError("ANEOS_EVENTS__KAFKA_SERVERS needs the extra 'kafka' (aiokafka)") from error
        sink = KafkaSink(database, events, lease_s=settings.jobs.lease_s)
        tasks.append(_forever(sink.run, "copy to Kafka"))
        if events.kafka_observations is not None:
            intake = Intake(database, events, lease_s=settings.jobs.lease_s)
            tasks.append(_forever(intake.run, "observations from Kafka"))
    return tasks


def hub_of(connection: HTTPConnection) -> Hub:
    """The hub of the process that answers."""
    hub = connection.app.state.hub
    assert isinstance(hub, Hub)
    return hub


def _forever(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> asyncio.Task[None]:
    """Run ``work``; should it fail, that is a fault, logged, and it is begun again."""

    async def guarded() -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception(f"the {name} has stopped")
            await asyncio.sleep(AGAIN_S)

    return asyncio.create_task(guarded(), name=name)
