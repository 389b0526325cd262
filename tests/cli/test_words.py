"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aneos.cli.messages import listing
from aneos.cli.words import fixed, percent, probability, signed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0.0, "< 1e-300"),
        (2.75e-4, "2.8e-04"),
        (0.001, "0.001"),
        (0.5, "0.500"),
        (0.9994, "0.999"),
        (0.9999999, "> 0.999"),
        (1.0, "> 0.999"),
    ],
)
def test_a_probability_is_never_a_bare_zero_or_one(value: float | None, text: str) -> None:
    assert probability(value) == text


@given(st.none() | st.floats())
def test_no_number_becomes_nan_or_inf(value: float | None) -> None:
    for text in (probability(value), signed(value), fixed(value, 2)):
        assert "nan" not in text
        assert "inf" not in text


def test_signs_and_shares() -> None:
    assert (signed(1.234), signed(-0.5), signed(None)) == ("+1.23", "-0.50", "–")
    assert (percent(0.1), percent(0.005)) == ("10%", "0.5%")
    assert listing(["a", "b", "c"]) == "a, b or c"
