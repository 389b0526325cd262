"""Processes of the batch: when they are started, and that nothing is lost or shuffled by them."""

import os

import numpy as np
import polars as pl
import pytest

from aneos.astrometry import FitFailure, fit_observations
from aneos.astrometry.parallel import OBJECTS, THREADS, each, processes_for
from tests.astrometry.synthetic import geocentric, observe


@pytest.mark.parametrize(
    ("objects", "rows", "workers", "expected"),
    [(9, 999, 2, 1), (10, 100, 2, 2), (2, 1_000, 4, 2), (1, 5_000, 4, 1), (50, 500, 1, 1)],
)
def test_processes_are_started_where_they_pay(objects: int, rows: int, workers: int, expected: int) -> None:
    assert processes_for(objects, rows, workers) == expected


def test_processes_have_one_thread_each_and_this_one_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS[0], "7")
    monkeypatch.delenv(THREADS[1], raising=False)
    assert list(each(os.getenv, THREADS, 2)) == ["1"] * len(THREADS)
    assert os.environ[THREADS[0]] == "7"
    assert THREADS[1] not in os.environ


def test_what_processes_find_comes_in_the_order_of_the_table() -> None:
    short = observe(geocentric((250_000.0, 120_000.0, 60_000.0), (-0.45, 0.95, 0.25)), np.array([0.0, 0.01]))
    names = [f"2024 A{chr(90 - number)}" for number in range(OBJECTS)]
    told: list[str] = []
    found = fit_observations(
        pl.concat([short.with_columns(object=pl.lit(name)) for name in names]),
        workers=2,
        progress=told.append,
    )
    assert [result.designation for result in found] == names == told
    assert all(isinstance(result, FitFailure) and "an orbit needs 3" in result.reason for result in found)
