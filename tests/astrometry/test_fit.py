from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aneos.astrometry import FitFailure, fit_observations, fit_one
from aneos.astrometry.arc import make_arc
from aneos.astrometry.prediction import predict
from aneos.constants import A1_PER_AMR_AU_D2, AU_PER_DAY_KMS
from aneos.dynamics.fitting import propagate_with_partials
from aneos.errors import InputError
from tests.astrometry.synthetic import EPOCH, geocentric, observe

BOUND = geocentric((250_000.0, 120_000.0, 60_000.0), (-0.45, 0.95, 0.25))
PASSING = geocentric((1_900_000.0, -700_000.0, 300_000.0), (2.2, 1.4, -0.9))


def nights(
    *starts: float, each: int = 4, apart: float = 0.02
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([start + apart * index for start in starts for index in range(each)])


def test_partials_agree_with_differences() -> None:
    arc, _ = make_arc(observe(BOUND, nights(0.0, 0.9, 2.1)))
    base = predict(arc, EPOCH, BOUND, np.zeros(3))
    for index, step in ((0, 1e-9), (4, 1e-9), (6, 1e-9)):
        state, push = BOUND.copy(), np.zeros(3)
        (state if index < 6 else push)[index % 6] += step
        moved = predict(arc, EPOCH, state, push)
        change = -(moved.residual - base.residual) / step
        assert change == pytest.approx(base.partials[:, :, index], rel=2e-3, abs=2e-3 * np.abs(change).max())


def test_an_orbit_about_the_earth_is_found_from_one_night() -> None:
    fit = fit_one(observe(BOUND, nights(0.0, 0.15, each=5)))
    there, _ = propagate_with_partials(fit.epoch_tdb_jd, fit.state, np.array([EPOCH]), fit.nongravitational)
    sigma = np.sqrt(np.diag(fit.covariance)[:6])
    assert fit.converged
    assert np.all(np.abs(there[0] - BOUND)[:3] < np.maximum(5.0 * sigma[:3], 2e-6))
    assert fit.geocentric["probability_bound"] > 0.99
    assert "short arc" in fit.flags


def test_area_to_mass_ratio_is_recovered_with_its_sign() -> None:
    days = nights(0.0, 1.0, 3.0, 6.0, 10.0, 15.0)
    fit = fit_one(observe(PASSING, days, amr=0.03))
    assert fit.model == "A1"
    assert fit.push["sign"] == "away from the Sun"
    assert abs(fit.push["amr_m2kg"] - 0.03) < 3.0 * fit.push["amr_sigma_m2kg"]
    assert fit.push["amr_sigma_m2kg"] < 0.005


def test_without_a_push_none_is_claimed() -> None:
    fit = fit_one(observe(PASSING, nights(0.0, 1.0, 3.0, 6.0, 10.0)))
    assert fit.model == "gravity"
    assert abs(fit.push["amr_m2kg"]) < 3.0 * fit.push["amr_sigma_m2kg"]
    assert fit.geocentric["probability_bound"] == 0.0


def test_a_sideways_push_does_not_turn_the_sign_of_the_radial_one() -> None:
    days = nights(0.0, 1.0, 3.0, 6.0, 10.0, 15.0, 20.0)
    fit = fit_one(observe(PASSING, days, amr=0.03, a2=-6e-9))
    assert fit.model in ("A1+A2", "A1+A2+A3")
    assert abs(fit.push["amr_m2kg"] - 0.03) < 3.0 * fit.push["amr_sigma_m2kg"]
    assert fit.push["A2"] < 0.0


def test_a_drift_along_the_orbit_is_no_radial_push() -> None:
    """Over more than a year A1 alone takes up a Yarkovsky drift too small to be chosen (Bennu, 1999 to 2006)."""
    away = geocentric((30_000_000.0, -12_000_000.0, 9_000_000.0), (6.2, 3.4, -1.9))
    fit = fit_one(observe(away, nights(0.0, 10.0, 250.0, 260.0, 520.0, 530.0, each=3), a2=1.2e-11))
    assert fit.model in ("gravity", "A2")
    assert fit.push["model"] == "A1+A2"
    assert abs(fit.push["against_zero_sigma"]) < 2.0
    assert fit.transverse is not None
    assert abs(fit.transverse[0] - 1.2e-11) < 3.0 * fit.transverse[1]


def test_outliers_are_rejected_and_nothing_else() -> None:
    table = observe(BOUND, nights(0.0, 0.9, 2.1, each=5))
    bad = [3, 11]
    shift = pl.Series([20.0 / 3600.0 if row in bad else 0.0 for row in range(table.height)])
    fit = fit_one(table.with_columns(dec_deg=pl.col("dec_deg") + shift))
    assert [row for row, used in enumerate(fit.residuals["used"]) if not used] == bad


def kicked_table(speed_ms: float) -> pl.DataFrame:
    """Four nights before and four after a kick on the fourth day."""
    before = observe(PASSING, nights(0.0, 1.0, 2.0, 3.0))
    there, _ = propagate_with_partials(EPOCH, PASSING, np.array([EPOCH + 4.0]), np.zeros(3))
    state = there[0].copy()
    state[4] += speed_ms / 1000.0 / AU_PER_DAY_KMS
    back, _ = propagate_with_partials(EPOCH + 4.0, state, np.array([EPOCH]), np.zeros(3))
    return pl.concat([before, observe(back[0], nights(5.0, 6.0, 7.0, 8.0), seed=2)])


def test_a_small_kick_is_suspected_with_its_size() -> None:
    fit = fit_one(kicked_table(1.0))
    assert fit.kick is not None
    assert "manoeuvre suspected" in fit.flags
    assert fit.kick.speed_ms == pytest.approx(1.0, rel=0.2)


def test_a_kick_too_small_to_be_seen_is_flagged_where_it_looks_like_a_push() -> None:
    fit = fit_one(kicked_table(0.1))
    assert fit.model == "A1"
    assert fit.steadiness is not None
    assert fit.steadiness.kick_does_as_well
    assert fit.steadiness.kick_ms == pytest.approx(0.1, rel=0.8)
    assert "push or kick" in fit.flags


def test_a_steady_push_over_a_month_is_not_taken_for_a_kick() -> None:
    fit = fit_one(observe(PASSING, nights(0.0, 1.0, 3.0, 6.0, 10.0, 15.0, 20.0, 30.0), amr=0.02))
    assert fit.steadiness is not None
    assert not fit.steadiness.kick_does_as_well
    assert not fit.steadiness.unsteady
    assert not {"push or kick", "push not steady", "manoeuvre suspected"} & set(fit.flags)


def test_a_push_that_stops_is_not_steady() -> None:
    days = nights(0.0, 2.0, 4.0, 6.0, 8.0, 10.0)
    pushed = observe(PASSING, days, amr=0.2)
    push = np.array([0.2 * A1_PER_AMR_AU_D2, 0.0, 0.0])
    there, _ = propagate_with_partials(EPOCH, PASSING, np.array([EPOCH + 11.0]), push)
    back, _ = propagate_with_partials(EPOCH + 11.0, there[0], np.array([EPOCH]), np.zeros(3))
    free = observe(back[0], nights(12.0, 14.0, 16.0, 18.0, 20.0, 22.0), seed=2)
    fit = fit_one(pl.concat([pushed, free]))
    assert fit.steadiness is not None
    assert fit.steadiness.unsteady
    assert "push not steady" in fit.flags


def test_a_large_kick_cuts_the_arc() -> None:
    fit = fit_one(kicked_table(30.0))
    assert "arc cut" in fit.flags
    assert fit.n_used == 16
    assert fit.reduced_chi2 < 2.0


def test_temporary_names_of_one_object_are_fitted_as_one() -> None:
    table = observe(BOUND, nights(0.0, 0.9, 2.1))
    names = pl.Series(["A1aaaaa"] * 8 + ["P9bbbbb"] * 4)
    (fit,) = fit_observations(table.with_columns(object=names), workers=1)
    assert not isinstance(fit, FitFailure)
    assert fit.designation == "A1aaaaa"
    assert fit.names == ("A1aaaaa", "P9bbbbb")
    assert fit.n_used == 12


def test_an_object_that_cannot_be_fitted_does_not_stop_the_others() -> None:
    table = observe(BOUND, nights(0.0, 0.9))
    lonely = table.head(2).with_columns(object=pl.lit("2024 AA"))
    first, second = fit_observations(
        pl.concat([lonely, table.with_columns(object=pl.lit("2024 AB"))]), workers=1
    )
    assert isinstance(first, FitFailure)
    assert "an orbit needs 3" in first.reason
    assert not isinstance(second, FitFailure)


def test_one_instant_is_refused_in_words() -> None:
    table = observe(BOUND, np.zeros(4))
    with pytest.raises(InputError, match="one instant"):
        fit_one(table)


def test_an_unknown_station_is_named() -> None:
    table = observe(BOUND, nights(0.0, 0.9)).with_columns(
        station=pl.when(pl.int_range(pl.len()) == 2).then(pl.lit("zz9")).otherwise("station")
    )
    fit = fit_one(table)
    assert any("zz9 is unknown" in row.reason for row in fit.rejected)
    assert fit.n_used == 7


def test_the_row_of_a_fit_goes_into_the_catalogue_table() -> None:
    fit = fit_one(observe(PASSING, nights(0.0, 1.0, 3.0)))
    table = fit.to_table()
    assert table["designation"].to_list() == ["synthetic"]
    assert table["n_obs"].to_list() == [12]
    assert table["a_au"][0] == pytest.approx(fit.elements["a_au"])
    assert fit.to_dict()["covariance_of"][:3] == ["x", "y", "z"]


def test_two_objects_under_temporary_names_are_not_made_one() -> None:
    both = pl.concat(
        [
            observe(BOUND, nights(0.0)).with_columns(object=pl.lit("A11aaaa")),
            observe(PASSING, nights(0.0)).with_columns(object=pl.lit("C45bbbb")),
        ]
    )
    results = fit_observations(both, workers=1)
    assert [type(result).__name__ for result in results] == ["FitResult", "FitResult"]
    assert [result.designation for result in results] == ["A11aaaa", "C45bbbb"]


def test_positions_of_two_objects_under_one_name_give_no_orbit() -> None:
    """Four of one and four of another, side by side: no orbit leaves less than minutes of arc."""
    times = nights(0.0, each=8)
    one, other = observe(BOUND, times), observe(PASSING, times)
    mixed = pl.concat([one[::2], other[1::2]]).sort("jd_utc")
    (result,) = fit_observations(mixed, workers=1)
    assert isinstance(result, FitFailure)
    assert "not of one object" in result.reason or "no orbit" in result.reason
