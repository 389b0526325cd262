"""The job that trains a model, stores it and tells the database of it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aneos_api.errors import Conflict
from aneos_api.jobs.context import JobContext
from aneos_api.shelf import Papers, register, use_models_of


class _Ended(Exception):  # noqa: N818
    """Training was asked to stop."""


async def train(context: JobContext) -> Mapping[str, Any]:
    """The task ``train_model``: options ``seed``, ``search``, ``activate``. Stops at its next step when cancelled."""
    use_models_of(context.settings)
    ended = threading.Event()

    def progress(step: str, done: int, total: int) -> None:
        if ended.is_set():
            raise _Ended
        context.report(step, done, total)

    payload = context.payload
    try:
        # A thread, whatever the workers' pool is: progress and the end are told across it.
        papers = await asyncio.to_thread(_train, payload["seed"], payload["search"], progress)
    except asyncio.CancelledError:
        ended.set()
        raise
    async with context.transaction() as work:
        if (papers.name, papers.id) in await work.ml.versions():  # the same data and seed give the same model
            raise Conflict(f"model {papers.id} exists already: the same data and seed give the same model")
        row = await register(work, papers, job_id=context.id, created_by_id=context.job.created_by_id)
        if payload["activate"]:
            await work.ml.activate(row.id)
    return {"model_id": str(row.id), "model": papers.id, "metrics": papers.content["metrics"]}


def _train(seed: int, search: int, progress: Any) -> Papers:
    from aneos import learning

    info = learning.save_model(
        learning.train(seed=seed, search=search, progress=progress), Path(os.environ["ANEOS_MODELS"])
    )
    content = info.to_dict()
    return Papers(info.id, "candidate", content)
