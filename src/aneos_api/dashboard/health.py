"""Whether the service works, in sentences: queue, workers, events, backups."""

from __future__ import annotations

from typing import Any, Final

from aneos_api.database.paging import PageRequest
from aneos_api.database.unit import Work

WAITING_S: Final = 300.0
UNSENT: Final = 1000


async def service_health(work: Work) -> list[dict[str, Any]]:
    """Each item has a ``state`` (``ok``, ``look``) and a ``text``."""
    counts = await work.jobs.counts()
    waiting = await work.jobs.oldest_waiting_s()
    workers = await work.jobs.workers()
    unsent = await work.events.unsent()
    queued, running, dead = (counts.get(name, 0) for name in ("queued", "running", "dead"))
    jobs = f"{queued} jobs wait, {running} run"
    if waiting > WAITING_S:
        jobs += f"; the oldest has waited {waiting / 60.0:.0f} min"
    backup = (await work.backups.page(PageRequest(limit=1, filters={"status": "succeeded"}))).items
    made = (
        "no backup has been made" if not backup else f"last backup {backup[0].created_at:%Y-%m-%d %H:%M} UTC"
    )
    at_work = {0: "no worker is at work", 1: "1 worker at work"}.get(
        len(workers), f"{len(workers)} workers at work"
    )
    return [
        _item(bool(workers), at_work),
        _item(waiting <= WAITING_S, jobs),
        _item(not dead, f"{dead} jobs failed for good" if dead else "no job has failed for good"),
        _item(unsent < UNSENT, f"{unsent} events wait to be sent"),
        _item(bool(backup), made),
    ]


def _item(fine: bool, text: str) -> dict[str, Any]:
    return {"state": "ok" if fine else "look", "text": text}
