"""Many objects in processes of their own: when that pays, and how many threads each process may start."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

OBJECTS: Final = 10
ROWS: Final = 1_000
"""Fewer objects, and fewer observations, are done one after the other: a process takes as long to start as five
objects of a night take to fit (`python -m benchmarks.astrometry speed 24`)."""

THREADS: Final = ("RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def processes_for(objects: int, rows: int, workers: int | None) -> int:
    """How many processes to fit ``objects`` with ``rows`` observations in; ``workers`` at most, else one a core."""
    most = min(workers if workers is not None else os.cpu_count() or 1, objects)
    return most if most > 1 and (objects >= OBJECTS or rows >= ROWS) else 1


def each(work: Callable[[Item], Result], items: Sequence[Item], processes: int) -> Iterator[Result]:
    """``work`` of every item, in their order; in one process nothing is started."""
    if processes < 2:
        yield from map(work, items)
        return
    context = multiprocessing.get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from pool.map(work, items)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started within have one thread in each library, so that as many as there are cores share them."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
