"""The jobs room. In: rows of the ``jobs`` table. Out: work done once, whatever is killed meanwhile.

A worker runs in the API's process (``Worker(database, settings).run()`` as a task) or alone (``aneos-worker``). Tasks
are registered by name in :data:`aneos_api.jobs.tasks.TASKS`.
"""

from aneos_api.jobs.context import JobCancelled, JobContext
from aneos_api.jobs.queue import JobQueue, TableQueue
from aneos_api.jobs.registry import Registry, Task
from aneos_api.jobs.worker import Worker

__all__ = ["JobCancelled", "JobContext", "JobQueue", "Registry", "TableQueue", "Task", "Worker"]
