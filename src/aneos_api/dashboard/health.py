"""Whether the service works, in sentences: queue, workers, events, backups, remote archives."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any, Final

from aneos_api.dashboard.declared import ARCHIVE_STATES
from aneos_api.dashboard.rendering import when
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


async def archive_health(work: Work) -> dict[str, list[dict[str, Any]]]:
    """Remote archives: those that were ``asked``, each with ``state``, ``name`` and ``text``, and the ``silent``."""
    await asyncio.to_thread(import_module, "aneos.archives.archives")  # its HTTP client takes long to load
    asked: list[dict[str, Any]] = []
    silent: list[dict[str, Any]] = []
    for one in await work.archives.all():
        text = ARCHIVE_STATES[one.state]
        if one.answered_at is not None:
            text += f", last success {when(one.answered_at)}"
        if one.failed_at is not None:
            text += f", last error {when(one.failed_at)}: {one.error}"
        item = {"name": one.archive, **_item(one.state == "answering", text)}
        (silent if one.state == "never_asked" else asked).append(item)
    return {"asked": asked, "silent": silent}


def _item(fine: bool, text: str) -> dict[str, Any]:
    return {"state": "ok" if fine else "look", "text": text}
