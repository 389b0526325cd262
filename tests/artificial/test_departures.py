"""Orbits of launched objects, as published, lead back to their launches; what cannot be traced says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aneos.artificial.departure_files import read_orbits
from aneos.artificial.departure_orbit import orbit_from_row
from aneos.artificial.departures import DepartureResult, departures
from aneos.dynamics import ForceModel, OrbitUncertainty
from aneos.errors import InputError

LUCY_CENTAUR = {
    "designation": "Lucy Centaur",
    "epoch_tdb_jd": 2459511.5,
    "a_au": 1.00022968,
    "e": 0.162293,
    "i_deg": 0.13452,
    "node_deg": 202.51249,
    "peri_deg": 82.17124,
    "mean_anomaly_deg": 87.31055834,
    "sigma_a_au": 0.000536,
    "sigma_e": 0.00036,
    "sigma_i_deg": 0.0051,
    "sigma_node_deg": 0.011,
    "sigma_peri_deg": 0.21,
    "sigma_mean_anomaly_deg": 0.06,
    "H": 26.92,
    "n_obs": 17,
    "arc_days": 1.0,
    "last_observation": "2022-10-19",
}
"""2022 UQ1, 17 observations of 2022-10-18 and 19 (B. Gray, tles/21093b22.tle)."""

IM_1_STAGE = {
    "designation": "IM-1 stage",
    "epoch_tdb_jd": 2460440.5,
    "a_au": 0.9942851098,
    "e": 0.024650426,
    "i_deg": 0.2610735,
    "node_deg": 216.8879781,
    "peri_deg": 240.9226009,
    "mean_anomaly_deg": 130.4368004774,
    "H": 26.59,
    "amr_m2kg": 0.013599,
    "amr_sigma_m2kg": 0.000164,
    "n_obs": 192,
    "arc_days": 120.0,
    "last_observation": "2024-06-15",
}
"""2024-030B (B. Gray, tles/24030b.tle)."""

SO_2020 = {
    "designation": "2020 SO",
    "epoch_tdb_jd": 2459248.5,
    "a_au": 0.00768633706,
    "e": 0.8041655268,
    "i_deg": 29.55197495,
    "node_deg": 27.36087473,
    "peri_deg": 161.15539516,
    "mean_anomaly_deg": 0.25272165855,
    "sigma_a_au": 2.03e-8,
    "sigma_e": 5.17e-7,
    "sigma_i_deg": 4e-5,
    "sigma_node_deg": 1.9e-4,
    "sigma_peri_deg": 2.1e-4,
    "sigma_mean_anomaly_deg": 1.9e-5,
    "A1": 3.04e-9,
    "A1_sigma": 4.63e-12,
    "A2": 6.34e-11,
    "A2_sigma": 8.78e-12,
    "A3": -1.51e-10,
    "A3_sigma": 4.5e-12,
    "H": 28.5,
    "n_obs": 656,
    "arc_days": 167.0,
    "last_observation": "2021-02-02",
    "centre": "Earth",
    "frame": "equatorial",
}
"""656 observations of 2020 and 2021, about the Earth (B. Gray, tles/66084b.tle)."""

SINCE_2020 = 2458849.5


@pytest.fixture(scope="module")
def im_1() -> DepartureResult:
    return departures(IM_1_STAGE, clones=40, lookalikes=40, seed=3, until_tdb_jd=SINCE_2020)


def test_the_stage_of_im_1_comes_from_its_launch(im_1: DepartureResult) -> None:
    first = im_1.candidates[0]
    assert (first.launch, first.date) == ("2024-030", "2024-02-15")
    assert first.distance_km < 8000.0
    assert first.c3_km2s2 == pytest.approx(-1.88, abs=0.1)
    assert first.chance_probability < 0.01
    assert im_1.n_grounded > 0


def test_the_lucy_centaur_comes_from_its_launch_a_year_before_its_arc() -> None:
    found = departures(LUCY_CENTAUR, clones=60, lookalikes=40, seed=1, until_tdb_jd=SINCE_2020)
    first = found.candidates[0]
    assert (first.launch, first.date) == ("2021-093", "2021-10-16")
    assert found.candidates[0].score > 2.0 + max([c.score for c in found.candidates[1:]], default=-9.0)


def test_the_same_seed_gives_the_same_answer_on_any_number_of_threads(im_1: DepartureResult) -> None:
    again = departures(IM_1_STAGE, clones=40, lookalikes=40, seed=3, until_tdb_jd=SINCE_2020, threads=1)
    assert [c.to_dict() for c in again.candidates] == [c.to_dict() for c in im_1.candidates]
    assert again.evidence_sum == im_1.evidence_sum


def test_geocentric_elements_are_the_same_orbit_as_heliocentric_ones() -> None:
    geocentric = {name: value for name, value in SO_2020.items() if not name.startswith("sigma_")}
    traced = orbit_from_row(geocentric, forces=ForceModel())
    about_the_sun = traced.states.elements()
    heliocentric = {name: float(getattr(about_the_sun, name)[0]) for name in ("a_au", "e", "i_deg")}
    assert heliocentric["a_au"] == pytest.approx(1.0, abs=0.15)
    same = {
        **{name: value for name, value in geocentric.items() if name not in ("centre", "frame")},
        **{
            name: float(getattr(about_the_sun, name)[0])
            for name in ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
        },
    }
    other = orbit_from_row(same, forces=ForceModel())
    np.testing.assert_allclose(other.states.position_au, traced.states.position_au, atol=1e-11)
    assert traced.states.A1[0] == 3.04e-9


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"a_au": float("nan")}, "no a_au"),
        ({"epoch_tdb_jd": 2300000.5}, "epoch"),
        ({"sigma_e": -0.1}, "negative sigma"),
        ({"sigma_e": None}, "sigma_e"),
        ({"centre": "Mars"}, "Mars|mars"),
        ({"A1": "much"}, "not a number"),
        ({"last_observation": "soon"}, "not a date"),
    ],
)
def test_an_orbit_that_is_none_is_refused_with_its_reason(change: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        departures({**LUCY_CENTAUR, **change}, clones=20, lookalikes=20, until_tdb_jd=SINCE_2020)


def test_an_impossible_covariance_is_refused() -> None:
    labels = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
    values = np.array([LUCY_CENTAUR[label] for label in labels], dtype=np.float64)
    matrix = np.diag(np.full(6, 1e-8))
    matrix[0, 1] = matrix[1, 0] = 5e-8
    with pytest.raises(InputError, match="eigenvalue"):
        OrbitUncertainty(2459511.5, labels, values, matrix)


def test_too_few_clones_and_an_object_seen_before_the_first_launch_are_refused() -> None:
    with pytest.raises(InputError, match="at least"):
        departures(LUCY_CENTAUR, clones=3)
    early = {**LUCY_CENTAUR, "epoch_tdb_jd": 2433282.5, "last_observation": None, "arc_days": None}
    with pytest.raises(InputError, match="before the first launch"):
        departures({k: v for k, v in early.items() if not k.startswith("sigma")}, clones=20)


@pytest.mark.shared
def test_the_published_fit_of_the_lucy_centaur_leads_to_its_launch(shared_data: Path) -> None:
    (row,) = read_orbits(shared_data / "artificial" / "lucy_centaur_21093b.tle.gz").rows
    found = departures(row, clones=60, lookalikes=40, seed=2, until_tdb_jd=SINCE_2020)
    assert found.candidates[0].launch == "2021-093"


@pytest.mark.slow
def test_2020_so_comes_first_from_surveyor_2() -> None:
    """200 clones suffice; docs/departures.md has 1,000 over three seeds, from the command line."""
    found = departures(SO_2020, clones=200, lookalikes=40, seed=0)
    assert found.candidates[0].launch == "1966-084"
    assert 1e-3 < found.candidates[0].chance_probability < 0.3
    assert found.lost_before is None
