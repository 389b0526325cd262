"""Where the short-arc line stands for the orbit, the p-value is its own and agrees with the class."""

from __future__ import annotations

import pytest

from aneos.evidence import short_arc
from aneos.evidence.base import Evidence
from aneos.observed import _tail


def _line(bound: float, tight: float) -> Evidence:
    inputs = {"probability_bound_to_earth": bound, "probability_tightly_bound": tight}
    return Evidence(short_arc.LINE, "measured", 1.0, (0.0, 2.0), "", inputs)


def test_the_tighter_the_bond_the_rarer_in_nature() -> None:
    tails = [
        short_arc.p_natural(_line(*state))
        for state in ((0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0))
    ]
    assert tails == sorted(tails, reverse=True)
    assert tails[0] == 1.0
    assert 0.0 < tails[-1] < 1e-4 < tails[1]


def test_a_push_that_nature_lacks_lowers_the_tail_and_none_leaves_it() -> None:
    p, q = _tail(1e-4, None)
    assert p == pytest.approx(1e-4)
    assert 0.0 < q <= 1.0
    with_push, _ = _tail(1e-4, 1e-5)
    assert with_push < 1e-7
