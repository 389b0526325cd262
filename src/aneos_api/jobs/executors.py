"""Pools for computation: threads by default, processes when asked for."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

from aneos_api.settings import JobSettings


def make_executor(settings: JobSettings) -> Executor:
    """The pool of one worker. Processes end by themselves when the worker is killed."""
    if settings.executor == "thread":
        return ThreadPoolExecutor(settings.compute_workers, thread_name_prefix="aneos-compute")
    return ProcessPoolExecutor(
        settings.compute_workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_die_with,
        initargs=(os.getpid(),),
    )


def _die_with(parent: int) -> None:
    """End this process when its parent is gone: a pool's processes would wait for it for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
