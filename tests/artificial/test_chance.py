"""The chance probability against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aneos.artificial.chance import chance_of_any, chance_of_one


def one(
    bound: float,
    e: tuple[float, float],
    i: tuple[float, float],
    widths: tuple[float, float, float],
    delta_a: float = 0.0,
) -> float:
    pair = tuple(np.array([value]) for value in e), tuple(np.array([value]) for value in i)
    sigma_e, sigma_i, sigma_longitude = (np.array([value]) for value in widths)
    arguments = np.array([delta_a]), pair[0], pair[1], sigma_e, sigma_i, sigma_longitude, np.array([360.0])
    return float(chance_of_one(np.array([bound]), *arguments)[0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bound", "e", "i", "widths", "delta_a"),
    [
        (4.0, (0.03, 0.031), (0.004, 0.0042), (0.01, 0.002, 20.0), 0.5),
        (6.0, (0.25, 0.26), (0.02, 0.019), (0.03, 0.006, 8.0), 2.0),
        (5.0, (0.01, 0.012), (0.001, 0.0012), (0.02, 0.003, 30.0), 0.0),
        (3.0, (0.05, 0.05), (0.01, 0.01), (0.01, 0.002, 200.0), 1.0),
    ],
)
def test_quadrature_agrees_with_random_angles(
    bound: float,
    e: tuple[float, float],
    i: tuple[float, float],
    widths: tuple[float, float, float],
    delta_a: float,
) -> None:
    rng = np.random.default_rng(1)
    n = 2_000_000
    turn_e, turn_i, phase = (
        rng.uniform(0, 2 * np.pi, n),
        rng.uniform(0, 2 * np.pi, n),
        rng.uniform(-180, 180, n),
    )
    square = delta_a**2 + (phase / widths[2]) ** 2
    for (x, y), turn, width in ((e, turn_e, widths[0]), (i, turn_i, widths[1])):
        square += ((x - y) ** 2 + 4 * x * y * np.sin(turn / 2) ** 2) / width**2
    hits = int(np.sum(square <= bound**2))
    assert hits > 400
    assert one(bound, e, i, widths, delta_a) == pytest.approx(hits / n, rel=4 / np.sqrt(hits) + 2e-3)


def test_a_narrow_match_resolves_far_below_any_sample() -> None:
    value = one(2.5, (0.2558, 0.2558), (0.0188, 0.0188), (1e-4, 1e-4, 0.02))
    volume = 4 / 3 * np.pi * 2.5**3  # the ball of radius 2.5 in the three angles
    expected = volume * (1e-4 / 0.2558) * (1e-4 / 0.0188) * np.radians(0.02) / (2 * np.pi) ** 3
    assert value == pytest.approx(expected, rel=1e-3)


def test_disagreement_in_a_leaves_no_room() -> None:
    assert one(3.0, (0.1, 0.1), (0.1, 0.1), (1.0, 1.0, 360.0), delta_a=3.1) == 0.0


def test_no_angle_matters_where_all_widths_are_huge() -> None:
    assert one(3.0, (0.1, 0.1), (0.1, 0.1), (10.0, 10.0, 3600.0)) == pytest.approx(1.0, abs=1e-6)


@given(st.floats(0.1, 8.0), st.floats(1.01, 3.0), st.floats(1e-4, 0.3), st.floats(1e-4, 0.2))
def test_it_grows_with_the_bound(bound: float, factor: float, e: float, i: float) -> None:
    widths = (1e-3, 1e-3, 1.0)
    assert (
        0.0
        < one(bound, (e, e), (i, i), widths)
        <= one(bound * factor, (e, e), (i, i), widths) + 1e-12
        <= 1.0 + 1e-12
    )


def test_any_of_many_is_their_union() -> None:
    assert chance_of_any(np.array([0.1, 0.2])) == pytest.approx(1 - 0.9 * 0.8)
    assert chance_of_any(np.array([1e-12, 2e-12])) == pytest.approx(3e-12)
