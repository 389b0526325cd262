"""Containers, conversion to perihelion elements, and the reasons why a row is no orbit."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aneos.errors import InputError
from aneos.orbits import (
    CometaryElements,
    KeplerianElements,
    check_elements,
    cometary_to_keplerian,
    keplerian_to_cometary,
)
from tests.orbits.samples import orbit, random_orbits

NAMES = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "epoch_tdb_jd")


@pytest.mark.parametrize("hyperbolic", [False, True])
def test_perihelion_elements_and_back(hyperbolic: bool) -> None:
    before = random_orbits(500, seed=21, hyperbolic=hyperbolic)
    after = cometary_to_keplerian(keplerian_to_cometary(before))
    for name in NAMES[:5]:
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), rtol=1e-9, err_msg=name)
    turned = after.mean_anomaly_deg - before.mean_anomaly_deg
    turned = turned if hyperbolic else np.remainder(turned + 180.0, 360.0) - 180.0
    # a day count of 2.4 million leaves 5e-10 d; its angle grows with the mean motion
    assert np.all(np.abs(turned) < 1e-9 * (1.0 + before.mean_motion_deg_d))


def test_eros_passes_perihelion_on_the_day_jpl_says() -> None:
    """433 Eros, JPL SBDB solution 658, epoch 2459000.5: tp = 2459159.351922370."""
    eros = orbit(
        1.458045729081040, 0.2229512647434280, 10.83054121829920, 304.2993259000440, 178.8822959227220,
        271.0717325705170, 2459000.5,
    )  # fmt: skip
    assert keplerian_to_cometary(eros).tp_tdb_jd[0] == pytest.approx(2459159.351922370, abs=1e-5)


def test_a_parabola_has_no_semi_major_axis() -> None:
    parabola = CometaryElements(*(np.array([x]) for x in (0.8, 1.0, 30.0, 10.0, 20.0, 0.0, 0.0)))
    with pytest.raises(InputError, match="row 0 is a parabola"):
        cometary_to_keplerian(parabola)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"e": np.nan}, "e is missing or not finite (nan)"),
        ({"mean_anomaly_deg": np.inf}, "mean_anomaly_deg is missing or not finite (inf)"),
        ({"e": -0.1}, "e = -0.1 is negative"),
        ({"e": 1.0}, "e = 1: a parabola has no semi-major axis"),
        ({"e": 1.5}, "e = 1.5 is hyperbolic, but a_au = 1.2 is not negative"),
        ({"a_au": 0.0}, "e = 0.2 is elliptic, but a_au = 0 is not positive"),
        ({"a_au": -3.0}, "e = 0.2 is elliptic, but a_au = -3 is not positive"),
        ({"a_au": 1e200}, "a_au = 1e+200 with e = 0.2 is no orbit about the Sun"),
        ({"a_au": 0.002}, "perihelion at 0.0016 au lies inside the Sun"),
        ({"i_deg": -0.5}, "i_deg = -0.5 lies outside 0 to 180"),
        ({"i_deg": 181.0}, "i_deg = 181 lies outside 0 to 180"),
        ({"epoch_tdb_jd": 61000.5}, "epoch_tdb_jd = 61000.5 is no date of the years 1 to 4000"),
    ],
)
def test_each_fault_has_its_reason(changes: dict[str, float], reason: str) -> None:
    assert check_elements(orbit(**changes)) == [reason]


@pytest.mark.parametrize(
    "changes",
    [{}, {"e": 0.0, "i_deg": 0.0}, {"a_au": -1.27, "e": 1.2}, {"i_deg": 180.0}, {"node_deg": -40.0}],
)
def test_valid_orbits_have_no_fault(changes: dict[str, float]) -> None:
    assert check_elements(orbit(**changes)) == [None]


def test_faults_stay_with_their_rows() -> None:
    rows = KeplerianElements(
        *np.array([[1.0, np.nan, 1.0], [0.1, 0.1, -1.0], *np.full((4, 3), 5.0), [2461000.5] * 3])
    )
    reasons = check_elements(rows)
    assert reasons[0] is None
    assert reasons[1] is not None
    assert reasons[1].startswith("a_au is missing")
    assert reasons[2] == "e = -1 is negative"


def test_elements_come_from_a_table_and_nulls_become_nan() -> None:
    table = pl.DataFrame({name: [1, None] for name in NAMES}, schema=dict.fromkeys(NAMES, pl.Int64))
    elements = KeplerianElements.from_table(table)
    assert elements.a_au.dtype == np.float64
    assert elements.a_au[0] == 1.0
    assert np.isnan(elements.e[1])


def test_a_table_without_a_column_is_refused() -> None:
    with pytest.raises(InputError, match="lacks the element columns e, i_deg"):
        KeplerianElements.from_table(
            pl.DataFrame({name: [1.0] for name in NAMES if name not in ("e", "i_deg")})
        )


def test_arrays_of_unequal_length_are_refused() -> None:
    with pytest.raises(InputError, match="differ in shape"):
        KeplerianElements(np.ones(2), np.ones(3), *np.ones((5, 3)))


def test_rows_are_taken_by_mask_index_and_slice() -> None:
    orbits = random_orbits(5, seed=22)
    mask = np.array([False, True, False, True, False])
    np.testing.assert_array_equal(orbits.take(mask).e, orbits.e[[1, 3]])
    np.testing.assert_array_equal(orbits.take([3, 1]).e, orbits.e[[3, 1]])
    np.testing.assert_array_equal(orbits.take(slice(1, 3)).e, orbits.e[1:3])
    assert len(orbits.take(2)) == 1


def test_aphelion_and_period_of_a_hyperbola_are_infinite() -> None:
    hyperbola = orbit(-1.3, 1.2)
    assert np.isposinf(hyperbola.aphelion_au[0])
    assert np.isposinf(hyperbola.period_days[0])
    assert hyperbola.q_au[0] == pytest.approx(0.26)


def test_the_earths_period_is_a_sidereal_year() -> None:
    assert orbit(1.0, 0.0).period_days[0] == pytest.approx(365.2568983, abs=1e-6)  # Gauss: 2 pi / k days
