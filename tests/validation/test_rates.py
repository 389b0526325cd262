"""Exact intervals, counts above a score, upper limits."""

from __future__ import annotations

import numpy as np
import pytest

from aneos.validation.rates import Rate, above, by_group
from aneos.validation.unexplained import STRANGE, strange_orbits, upper_limit


def test_intervals_are_those_of_clopper_and_pearson() -> None:
    assert Rate(0, 10).interval == (0.0, pytest.approx(1.0 - 0.025**0.1))
    assert Rate(10, 10).interval == (pytest.approx(0.025**0.1), 1.0)
    assert Rate(0, 0).interval == (0.0, 1.0)
    assert str(Rate(0, 0)).startswith("–")
    low, high = Rate(3, 20).interval
    assert low == pytest.approx(0.0321, abs=5e-4)
    assert high == pytest.approx(0.3789, abs=5e-4)


def test_ties_count_against_the_object() -> None:
    assert above(np.array([2.0, 5.0]), np.array([1.0, 2.0, 3.0])).tolist() == [2, 0]


def test_members_of_a_group_are_one_trial() -> None:
    values = np.array([True, True, False, False, False, True])
    assert by_group(values, ("a", "a", "a", "b", "b", "c")) == Rate(2, 3)


def test_the_upper_limit_of_nothing_seen_is_three() -> None:
    assert upper_limit(0) == pytest.approx(2.9957, abs=1e-3)
    assert upper_limit(4) == pytest.approx(9.1535, abs=1e-3)


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_orbits_are_seeded_and_within_their_ranges(kind: str) -> None:
    drawn = strange_orbits(kind, 20, 1, 2_461_000.5)
    assert drawn.equals(strange_orbits(kind, 20, 1, 2_461_000.5))
    for name, (low, high) in zip(("a_au", "e", "i_deg"), STRANGE[kind], strict=True):
        assert drawn[name].is_between(low, high).all()
