"""Tasks by name: what a job does, and what becomes of it when all attempts are spent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aneos_api.database import Work
from aneos_api.database.models import Job

if TYPE_CHECKING:
    from aneos_api.jobs.context import JobContext

Handler = Callable[["JobContext"], Awaitable[Mapping[str, Any] | None]]
OnDead = Callable[[Work, Job], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of work. ``run`` may be killed anywhere and begun again, and must then lose and double nothing."""

    name: str
    run: Handler
    on_dead: OnDead | None = None


class Registry:
    """Tasks by name."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def task(self, name: str, *, on_dead: OnDead | None = None) -> Callable[[Handler], Handler]:
        """Register the decorated coroutine under ``name``."""

        def register(run: Handler) -> Handler:
            if name in self._tasks:
                raise ValueError(f"there is a task {name!r} already")
            self._tasks[name] = Task(name, run, on_dead)
            return run

        return register

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._tasks)

    def get(self, name: str) -> Task | None:
        return self._tasks.get(name)

    async def dead(self, work: Work, job: Job) -> None:
        """Let the task of a dead job settle what depends on it, in the transaction that marks it dead."""
        task = self._tasks.get(job.task)
        if task is not None and task.on_dead is not None:
            await task.on_dead(work, job)
