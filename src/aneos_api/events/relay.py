"""From the outbox to the bus: numbers what was committed, gives webhooks their share, puts it on the bus.

Any number of processes may run a relay. Nothing is lost when one is killed anywhere: an event without a position is
numbered by the next one, and a numbered event that is not on the bus is put there by the next one.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from aneos_api.database.database import Database
from aneos_api.errors import ServiceError
from aneos_api.events.bus import KEPT, BusUnavailable, EventBus
from aneos_api.events.event import Event

log = structlog.get_logger("aneos_api.events")

PAGE: Final = 500
LONGEST_PAUSE_S: Final = 5.0


class Relay:
    """Moves events until it is cancelled.

    ``start`` is the position that an empty bus begins after, ``poll_s`` how often it looks.
    """

    def __init__(self, database: Database, bus: EventBus, *, start: int = 0, poll_s: float = 0.1) -> None:
        self._database = database
        self._bus = bus
        self._start = start
        self._poll_s = poll_s

    async def run(self) -> None:
        """Look again and again; a database or bus that is away is asked again later."""
        pause = self._poll_s
        while True:
            try:
                moved = await self.step()
                pause = self._poll_s
            except (ServiceError, BusUnavailable) as error:
                log.warning("events wait", reason=str(error))
                moved, pause = False, min(pause * 2, LONGEST_PAUSE_S)
            if not moved:
                await asyncio.sleep(pause)

    async def step(self) -> bool:
        """Number and put what there is now, up to a page; whether there was anything."""
        async with self._database.read(fresh=True) as work:
            waiting, last = await work.events.standing()
        if waiting:
            async with self._database.write() as work:
                for row in await work.events.publish(limit=PAGE):
                    await work.webhooks.add_deliveries(row)
        top = await self._bus.top()
        if top is None:  # new, or started anew without what it had
            top = max(self._start, last - KEPT)
        if not waiting and top >= last:
            return False
        async with self._database.read(fresh=True) as work:
            events = [Event.of(row) for row in await work.events.all_since(top, limit=PAGE)]
        await self._bus.put(events)
        return bool(events)
