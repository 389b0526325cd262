"""Kepler's equation: residuals over the whole range of eccentricity and anomaly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aneos.orbits.kepler import (
    barker,
    eccentric_anomaly,
    hyperbolic_anomaly,
    stumpff,
    true_anomaly,
    universal_anomaly,
)

gap_from_one = st.floats(-15.5, -0.01).map(lambda x: 10.0**x)


def residual(e: float, anomaly: float, mean: float) -> float:
    """Relative error of |1 - e| x + e x^3 c3(+-x^2) = M, the form of Kepler's equation that loses no digits."""
    sign = 1.0 if e < 1.0 else -1.0
    c3 = float(stumpff(sign * anomaly * anomaly)[3])
    return abs(abs(1.0 - e) * anomaly + e * anomaly**3 * c3 - mean) / max(abs(mean), 1e-300)


@example(1.28e-211, 1.28e-211)
@given(st.floats(0.0, 1.0, exclude_max=True), st.floats(-np.pi, np.pi))
def test_ellipse_solves_the_equation(e: float, mean: float) -> None:
    assert residual(e, float(eccentric_anomaly(mean, e)), mean) < 4e-15


@given(gap_from_one, st.floats(-20.0, 0.4).map(lambda x: 10.0**x))
def test_ellipse_near_one_solves_the_equation(gap: float, mean: float) -> None:
    assert residual(1.0 - gap, float(eccentric_anomaly(mean, 1.0 - gap)), mean) < 4e-15


@given(gap_from_one, st.floats(-20.0, 12.0).map(lambda x: 10.0**x))
def test_hyperbola_near_one_solves_the_equation(gap: float, mean: float) -> None:
    anomaly = float(hyperbolic_anomaly(mean, 1.0 + gap))
    assert residual(1.0 + gap, anomaly, mean) < 4e-15 * max(1.0, anomaly)


@given(st.floats(0.01, 8.0).map(lambda x: 1.0 + 10.0**x), st.floats(-1e12, 1e12))
def test_open_hyperbola_solves_the_equation(e: float, mean: float) -> None:
    anomaly = float(hyperbolic_anomaly(mean, e))
    assert residual(e, anomaly, mean) < 4e-15 * max(1.0, abs(anomaly))


@given(st.floats(0.0, 0.999), st.integers(-1000, 1000), st.floats(-3.0, 3.0))
def test_the_anomaly_stays_in_the_revolution_of_the_mean_anomaly(e: float, turns: int, mean: float) -> None:
    whole = 2.0 * np.pi * turns
    assert float(eccentric_anomaly(mean + whole, e)) == pytest.approx(
        float(eccentric_anomaly(mean, e)) + whole, abs=1e-9
    )


@given(st.floats(-1e6, 1e6))
def test_barker_solves_the_cubic(mean: float) -> None:
    root = float(barker(mean))
    assert root + root**3 / 3.0 == pytest.approx(mean, rel=1e-13, abs=1e-300)


def test_true_anomaly_runs_smoothly_through_the_parabola() -> None:
    q, days = 0.9, 55.0
    angles = []
    for e in (1.0 - 1e-10, 1.0, 1.0 + 1e-10):
        s = float(universal_anomaly(q, e, days))
        angles.append(2.0 * np.arctan(s / np.sqrt(2.0 * q)))
    assert angles[0] == pytest.approx(angles[1], abs=1e-8)
    assert angles[2] == pytest.approx(angles[1], abs=1e-8)


def test_true_anomaly_of_a_circle_is_the_mean_anomaly() -> None:
    angles = np.linspace(-3.0, 3.0, 25)
    np.testing.assert_allclose(true_anomaly(angles, 0.0), angles, atol=1e-15)


def test_true_anomaly_of_each_conic_against_its_definition() -> None:
    """cos nu = (cos E - e)/(1 - e cos E) with E = 1 rad, and (e - cosh H)/(e cosh H - 1) with H = 1."""
    e, hyper = 0.6, 1.6
    mean = np.array([1.0 - e * np.sin(1.0), 4.0 / 3.0, hyper * np.sinh(1.0) - 1.0])
    found = true_anomaly(mean, [e, 1.0, hyper])
    expected = [
        np.arccos((np.cos(1.0) - e) / (1.0 - e * np.cos(1.0))),
        np.pi / 2.0,
        np.arccos((hyper - np.cosh(1.0)) / (hyper * np.cosh(1.0) - 1.0)),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_halley_comes_back_after_one_period() -> None:
    q, e = 0.5871, 0.9673
    period = 2.0 * np.pi * (q / (1.0 - e)) ** 1.5 / np.sqrt(0.295912208284e-3)
    assert float(universal_anomaly(q, e, period)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("bad", [(np.nan, 0.1), (1.0, -0.1), (1.0, 1.0), (np.inf, 0.5)])
def test_what_is_no_ellipse_gives_nan(bad: tuple[float, float]) -> None:
    assert np.isnan(eccentric_anomaly(*bad))


def test_shapes_broadcast() -> None:
    assert eccentric_anomaly(np.zeros((3, 1)), np.zeros(4)).shape == (3, 4)
    assert eccentric_anomaly(1.0, 0.5).shape == ()
    assert eccentric_anomaly(np.empty(0), 0.5).shape == (0,)
