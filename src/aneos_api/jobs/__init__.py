"""The jobs room. In: rows of the ``jobs`` table. Out: work done once, whatever is killed meanwhile.

A worker runs in the API's process (``Worker(database, settings).run()`` as a task) or alone (``aneos-worker``). Tasks
are registered by name in :data:`aneos_api.jobs.tasks.TASKS`. What is named here is loaded when it is first asked for:
who only queues a job (:mod:`aneos_api.jobs.names`) needs none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aneos_api.jobs.context import JobCancelled, JobContext
    from aneos_api.jobs.queue import JobQueue, TableQueue
    from aneos_api.jobs.registry import Registry, Task
    from aneos_api.jobs.worker import Worker

__all__ = ["JobCancelled", "JobContext", "JobQueue", "Registry", "TableQueue", "Task", "Worker"]

_PLACES = {
    "JobCancelled": "context",
    "JobContext": "context",
    "JobQueue": "queue",
    "Registry": "registry",
    "TableQueue": "queue",
    "Task": "registry",
    "Worker": "worker",
}


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{place}"), name)
