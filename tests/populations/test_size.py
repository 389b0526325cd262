"""Sizes: a typical H says nothing, an impossible one speaks for a natural body."""

import numpy as np
import pytest

from aneos.populations.size import hardware_window, magnitude_ratio


def test_a_typical_magnitude_of_hardware_says_nothing() -> None:
    assert np.log10(magnitude_ratio(np.array([26.0, 28.0, 30.0]))) == pytest.approx(0.05, abs=0.08)


def test_a_large_body_is_not_hardware() -> None:
    assert magnitude_ratio(np.array([18.0]))[0] < 1e-3


def test_the_window_is_a_probability() -> None:
    window = hardware_window(np.linspace(5.0, 40.0, 200))
    assert (window > 0.0).all()
    assert (window <= 1.0).all()
