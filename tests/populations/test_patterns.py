"""Groups and beats: found where they are planted, and not where nothing is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aneos.catalogue import load_bundled
from aneos.errors import InputError
from aneos.orbits import KeplerianElements, southworth_hawkins
from aneos.populations import patterns


@pytest.fixture(scope="module")
def some() -> pl.DataFrame:
    return load_bundled().table.gather_every(25)


def test_pairs_are_those_of_the_criterion(some: pl.DataFrame) -> None:
    elements = KeplerianElements.from_table(some.head(300))
    rows, columns = np.triu_indices(300, 1)
    distance = southworth_hawkins(elements.take(rows), elements.take(columns))
    found = {tuple(sorted(pair)) for pair in patterns.pairs_below(elements, 0.15).tolist()}
    close = np.flatnonzero(distance < 0.15)
    assert found == {(int(rows[k]), int(columns[k])) for k in close}
    assert len(found) > 5


def test_a_planted_group_is_found_and_named(some: pl.DataFrame) -> None:
    parent = some.filter(pl.col("i_deg").is_between(10.0, 20.0)).head(1)
    rng = np.random.default_rng(1)
    members = pl.concat([parent] * 12).with_columns(
        designation=pl.format("planted {}", pl.int_range(12)),
        a_au=pl.col("a_au") + pl.Series(2e-3 * rng.standard_normal(12)),
        i_deg=pl.col("i_deg") + pl.Series(0.05 * rng.standard_normal(12)),
    )
    found = patterns.search(pl.concat([some, members]), nulls=99, checks=10, seed=1)
    largest = found.patterns[0]
    assert largest.name == "largest group"
    assert largest.significant
    assert sum(name.startswith("planted") for name in found.groups[0]) == 12


def test_without_pattern_few_catalogues_are_called_significant(some: pl.DataFrame) -> None:
    rng = np.random.default_rng(3)
    found = patterns.search(some.sample(400, seed=1), nulls=99, checks=150, seed=2)
    assert found.false <= 7  # 2% of 150 is 3; more than 7 has a chance below 1%
    assert all(0.0 < item.p_value <= 1.0 and item.p_value >= item.chance for item in found.patterns)
    null, value = rng.standard_normal((200, 3)), rng.standard_normal((2000, 3))
    called = [patterns.corrected_chances(row, null)[1].min() <= 0.05 for row in value]
    assert np.mean(called) < 0.08  # three uncorrected tests would be called 14% of the time


def test_a_beat_is_the_rayleigh_power_of_the_dates(some: pl.DataFrame) -> None:
    elements = KeplerianElements.from_table(some.filter(pl.col("a_au").is_between(0.95, 1.05)))
    dates = patterns.last_meetings(elements)
    low, high, count = patterns.PERIODS_DAYS
    trial = np.linspace(1.0 / high, 1.0 / low, count)
    phases = np.exp(2j * np.pi * np.outer(trial, dates - dates.mean()))
    assert patterns.beat(elements) == pytest.approx(
        np.max(np.abs(phases.sum(axis=1)) ** 2) / dates.size, rel=1e-6
    )


def test_too_few_nulls_are_refused(some: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="at least 99"):
        patterns.search(some, nulls=50)
