"""Covariances made from the MPC's uncertainty parameter."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import numpy as np
import pytest

from aneos.dynamics import assumed_uncertainty, draw_clones
from aneos.dynamics.assumed import runoff_of, uncertainty_parameter
from aneos.errors import InputError
from aneos.orbits import KeplerianElements

EPOCH = 2_461_000.5
# (99942) Apophis in the MPC's list of 2026-02-12, rounded
ORBIT = KeplerianElements(0.9223, 0.1911, 3.34, 203.9, 126.6, 317.0, EPOCH)


@pytest.mark.parametrize("U", range(1, 9))
def test_clones_have_the_run_off_that_u_stands_for(U: int) -> None:
    """Period and perihelion passage of the clones, put into the MPC's formula, give U back."""
    uncertainty = assumed_uncertainty(ORBIT, U=U, arc_days=300.0, n_obs=80)
    elements = draw_clones(uncertainty, 400, seed=1).states.elements()
    period = elements.period_days
    after = (np.remainder(elements.mean_anomaly_deg + 180.0, 360.0) - 180.0) / elements.mean_motion_deg_d
    found = uncertainty_parameter(
        float(period.mean() / 365.25), float(elements.e.mean()), float(period.std()), float(after.std())
    )
    assert found == U
    assert uncertainty.assumed


def test_it_is_marked_through_to_the_clones() -> None:
    clones = draw_clones(assumed_uncertainty(ORBIT, U="5", arc_days=20.0, n_obs=30), 5)
    assert clones.assumed


def test_the_epoch_is_the_middle_of_the_arc() -> None:
    uncertainty = assumed_uncertainty(
        ORBIT, U="3", arc_days=100.0, n_obs=30, last_observation_tdb_jd=EPOCH - 400.0
    )
    assert uncertainty.epoch_tdb_jd == EPOCH - 450.0


def test_a_longer_arc_and_more_observations_narrow_it() -> None:
    def sigma(arc_days: float, n_obs: int) -> float:
        found = assumed_uncertainty(ORBIT, U=None, arc_days=arc_days, n_obs=n_obs)
        return float(np.sqrt(np.trace(found.matrix[3:, 3:])))

    assert sigma(10.0, 40) > 3.0 * sigma(40.0, 40)
    assert sigma(40.0, 40) > sigma(40.0, 160)


def test_zero_does_not_widen_what_a_long_arc_says() -> None:
    by_arc = assumed_uncertainty(ORBIT, U=None, arc_days=8000.0, n_obs=4000)
    by_zero = assumed_uncertainty(ORBIT, U="0", arc_days=8000.0, n_obs=4000)
    np.testing.assert_allclose(by_zero.matrix, by_arc.matrix)


def test_forces_join_without_correlation() -> None:
    uncertainty = assumed_uncertainty(
        ORBIT, U="2", arc_days=100.0, n_obs=30, forces={"amr_m2kg": (0.01, 0.002)}
    )
    assert uncertainty.labels[-1] == "amr_m2kg"
    assert uncertainty.sigma("amr_m2kg") == pytest.approx(0.002)
    assert np.all(uncertainty.matrix[:6, 6] == 0.0)


@pytest.mark.parametrize("U", ["E", "D", "F", None, "", "-1", "10"])
def test_letters_are_no_run_off(U: str | None) -> None:
    assert runoff_of(U) is None


def test_the_classes_of_the_minor_planet_center() -> None:
    """MPC: U = 0 below 1.0 arcsec a decade, 1 to 4.4, 2 to 19.6, 3 to 86.5, 4 to 382, 5 to 1692, 6 to 7488 …"""
    for U, (low, high) in enumerate([(0.0, 1.0), (1.0, 4.4), (4.4, 19.6), (19.6, 86.5), (86.5, 382.0)]):
        found = runoff_of(U)
        assert found is not None
        assert low < found < high


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="arc must be positive"):
        assumed_uncertainty(ORBIT, U="1", arc_days=0.0, n_obs=10)
    with pytest.raises(InputError, match="number of observations"):
        assumed_uncertainty(ORBIT, U="1", arc_days=10.0, n_obs=0)
    hyperbola = KeplerianElements(-2.0, 1.5, 3.0, 0.0, 0.0, 10.0, EPOCH)
    with pytest.raises(InputError, match="hyperbolic"):
        assumed_uncertainty(hyperbola, U="1", arc_days=10.0, n_obs=10)
    with pytest.raises(InputError, match="negative"):
        assumed_uncertainty(
            KeplerianElements(1.0, -0.1, 3.0, 0.0, 0.0, 10.0, EPOCH), U="1", arc_days=9.0, n_obs=9
        )
    with pytest.raises(InputError, match="one orbit"):
        assumed_uncertainty(
            KeplerianElements([1.0, 1.0], 0.1, 3.0, 0.0, 0.0, 9.0, EPOCH), U=1, arc_days=9.0, n_obs=9
        )


@pytest.mark.shared
def test_u_follows_from_the_uncertainties_that_jpl_publishes(shared_data: Path) -> None:
    path = shared_data / "catalogue" / "jpl_sbdb_neo_sigmas_2020-09.csv"
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["condition_code"].isdigit() and row["sigma_per"]]
    off = [
        uncertainty_parameter(*(float(row[name]) for name in ("per_y", "e", "sigma_per", "sigma_tp")))
        - int(row["condition_code"])
        for row in rows
    ]
    assert len(off) > 500
    assert np.mean(np.array(off) == 0) > 0.9
    assert np.abs(off).max() <= 1


@pytest.mark.shared
def test_it_is_as_wide_as_what_jpl_fits_within_a_factor(shared_data: Path) -> None:
    path = shared_data / "catalogue" / "jpl_sbdb_neo_sigmas_2020-09.csv"
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["condition_code"] in set("123456789")][:12]
    ratios = []
    for row in rows:
        orbit = KeplerianElements(*(float(row[name]) for name in ("a", "e", "i", "om", "w", "ma", "epoch")))
        last = datetime.date.fromisoformat(row["last_obs"]).toordinal() + 1_721_424.5
        uncertainty = assumed_uncertainty(
            orbit,
            U=row["condition_code"],
            arc_days=float(row["data_arc"]),
            n_obs=int(row["n_obs_used"]),
            last_observation_tdb_jd=last,
        )
        spread = draw_clones(uncertainty, 200, seed=2).states.elements().a_au.std()
        ratios.append(spread / float(row["sigma_a"]))
    assert len(ratios) > 8
    assert 0.7 < np.median(ratios) < 4.0
