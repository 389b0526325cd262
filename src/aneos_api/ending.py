"""How background tasks are ended: cancelled, cancelled again where needed, and never waited for without a bound.

``asyncio.wait_for`` of Python 3.11 loses a cancellation that comes just when what it waits for is done, and client
libraries use it; a loop that meets this goes on for ever, and who gathers it waits for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

import structlog

END_S: Final = 5.0
CANCEL_S: Final = 0.5

log = structlog.get_logger("aneos_api")


async def end(tasks: Iterable[asyncio.Task[Any]], within_s: float = END_S) -> None:
    """Cancel tasks and wait until they have ended; one that swallows its cancellation is cancelled again, and after
    ``within_s`` left behind with a warning: nothing holds the end of the process."""
    left = {task for task in tasks if not task.done()}
    for _ in range(max(1, round(within_s / CANCEL_S))):
        if not left:
            return
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_S)
    for task in left:
        log.warning("a task did not end", task=task.get_name())
