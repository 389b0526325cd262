"""Where known objects are, against what others published of them."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from aneos.artificial.known import KnownObject, heliocentric_orbits, load_known, resolve
from aneos.artificial.trajectories import Trajectory, build_trajectories, load_trajectories, osculating
from aneos.errors import InputError, MissingResourceError, UnknownDesignationError
from aneos.orbits import KeplerianElements, earth_elements, elements_to_state


def trajectory(object_id: str) -> Trajectory:
    return next(item for item in load_trajectories() if item.known.id == object_id)


RETURNS = [
    # object, first and last day of the search, closest approach: published date, tolerance in days, distance au
    (
        "dart-falcon-9",
        "2026-03-01",
        "2026-08-01",
        "2026-05-15",
        20,
        0.03,
    ),  # B. Gray, tle_list: returns May 2026
    ("spektr-rg-block-dm", "2037-01-01", "2039-12-01", "2038-06-15", 30, 0.06),  # returns June 2038
    ("surveyor-2-centaur", "2030-01-01", "2038-01-01", "2036-03-01", 45, 0.05),  # returns March 2036
    ("2018-av2", "2030-01-01", "2039-12-01", "2037-07-15", 30, 0.06),  # returns July 2037
    (
        "lucy-centaur",
        "2024-01-01",
        "2025-12-01",
        "2024-11-08",
        3,
        0.045,
    ),  # Horizons -490: 2024-11-08, 0.04 au
]


@pytest.mark.parametrize(("object_id", "first", "last", "day", "tolerance", "within"), RETURNS)
def test_published_returns_to_the_earth_come_out(
    object_id: str, first: str, last: str, day: str, tolerance: int, within: float
) -> None:
    epochs = np.arange(julian(first), julian(last))
    table = osculating(object_id, epochs)
    orbit = KeplerianElements.from_table(table)
    earth = elements_to_state(earth_elements(orbit.epoch_tdb_jd))[0]
    distance = np.linalg.norm(elements_to_state(orbit)[0] - earth, axis=1)
    nearest = int(np.argmin(distance))
    assert abs(float(orbit.epoch_tdb_jd[nearest]) - julian(day)) <= tolerance
    assert distance[nearest] < within


def test_the_surveyor_centaur_was_near_the_earth_after_its_launch() -> None:
    """Half a century before the observations (launch 1966-09-20)."""
    epochs = np.arange(julian("1966-09-25"), julian("1967-12-01"))
    orbit = KeplerianElements.from_table(osculating("surveyor-2-centaur", epochs))
    earth = elements_to_state(earth_elements(orbit.epoch_tdb_jd))[0]
    distance = np.linalg.norm(elements_to_state(orbit)[0] - earth, axis=1)
    assert distance[:60].min() < 0.03
    assert distance[-1] > 0.3


def test_kepler_followed_back_from_its_last_orbit_leaves_the_earth_at_its_launch() -> None:
    """Nine years before the orbit that the registry holds (launch 2009-03-07)."""
    epochs = np.array([julian("2009-03-12"), julian("2009-03-20"), julian("2009-04-15")])
    orbit = KeplerianElements.from_table(osculating("kepler", epochs))
    earth = elements_to_state(earth_elements(orbit.epoch_tdb_jd))[0]
    distance = np.linalg.norm(elements_to_state(orbit)[0] - earth, axis=1)
    assert distance[0] < 0.006
    assert np.all(np.diff(distance) > 0.0)


def julian(day: str) -> float:
    return date.fromisoformat(day).toordinal() + 1_721_424.5


def test_every_published_heliocentric_orbit_is_met_where_it_was_used() -> None:
    met = 0
    for row in heliocentric_orbits().iter_rows(named=True):
        orbit, widths, fit = trajectory(row["object_id"]).predict(row["epoch_tdb_jd"])
        if fit[0] != row["epoch_tdb_jd"]:
            continue
        met += 1
        # within a few widths: the clones scatter about the published orbit
        assert abs(orbit.a_au[0] - row["a_au"]) < 5e-5 + widths.a_au[0]
        assert abs(np.hypot(*orbit.e_vector[0]) - row["e"]) < 1e-4 + widths.e[0]
        longitude = row["node_deg"] + row["peri_deg"] + row["mean_anomaly_deg"]
        assert abs((orbit.longitude_deg[0] - longitude + 180.0) % 360.0 - 180.0) < 0.02
    assert met >= 25


def test_nothing_is_predicted_before_the_launch_or_after_the_end() -> None:
    roadster, dart = trajectory("tesla-roadster"), trajectory("dart")
    assert np.isnan(roadster.predict(julian("2018-01-01"))[0].a_au[0])
    assert np.isfinite(roadster.predict(julian("2026-01-01"))[0].a_au[0])
    assert np.isnan(dart.predict(julian("2022-10-15"))[0].a_au[0])


def test_a_craft_that_steers_is_not_followed_far_from_its_fits() -> None:
    spektr = trajectory("spektr-rg")
    assert np.isfinite(spektr.predict(julian("2021-09-01"))[0].a_au[0])
    assert np.isnan(spektr.predict(julian("2026-09-01"))[0].a_au[0])


def test_widths_grow_away_from_the_observations() -> None:
    _, widths, _ = trajectory("tesla-roadster").predict([julian("2018-03-01"), julian("2030-01-01")])
    assert widths.longitude_deg[1] > 10 * widths.longitude_deg[0]


def test_no_heliocentric_place_is_invented_for_hyperbolic_departures() -> None:
    hyperbolic = {
        item.id for item in load_known() if item.orbits and all(orbit.e >= 1.0 for orbit in item.orbits)
    }
    assert len(hyperbolic) >= 12
    assert hyperbolic.isdisjoint(item.known.id for item in load_trajectories())


# -- two-body fallback -----------------------------------------------------------------------------


def without_table(designation: str) -> tuple[KnownObject, Trajectory]:
    known = resolve(designation)
    return known, build_trajectories([known], None)[0]


def test_an_object_without_integrated_path_is_carried_by_two_bodies() -> None:
    _, carried = without_table("2018-017A")
    assert not carried.integrated
    epochs = [julian("2019-06-01"), julian("2024-06-01")]
    orbit, widths, _ = carried.predict(epochs)
    truth, _, _ = trajectory("tesla-roadster").predict(epochs)
    error = np.abs((orbit.longitude_deg - truth.longitude_deg + 180.0) % 360.0 - 180.0)
    assert np.all(np.abs(orbit.a_au - truth.a_au) < 3 * widths.a_au)
    assert np.all(error < 3 * widths.longitude_deg)
    assert widths.a_au[0] < 0.01


def test_two_body_widths_grow_near_the_earth() -> None:
    _, spitzer = without_table("2003-038A")
    _, far, _ = spitzer.predict(2454725.5 + 300)
    launch = replace(spitzer, stretches=(spitzer.stretches[0],))
    _, near, _ = launch.predict(2452880.13 + 300)
    assert near.a_au[0] > 5 * far.a_au[0]


def test_a_path_of_a_stranger_is_refused() -> None:
    elements = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
    sigmas = ("sigma_a_au", "sigma_e", "sigma_i_deg", "sigma_lambda_deg")
    nodes = pl.DataFrame(
        {"object_id": ["x"], "fit_epoch_tdb_jd": [2459000.5], "piece": [0], "epoch_tdb_jd": [2459000.5]}
    )
    nodes = nodes.with_columns(pl.lit(0.1).alias(name) for name in (*elements, *sigmas))
    with pytest.raises(InputError, match="not in the registry: x"):
        build_trajectories(load_known(), nodes)


def test_no_trajectory_is_an_unknown_designation() -> None:
    with pytest.raises(UnknownDesignationError, match="'2010-kq'"):
        osculating("2010-kq", 2459000.5)


def test_a_damaged_table_names_the_command_that_mends_it(tmp_path: object) -> None:
    from pathlib import Path

    from aneos.artificial.trajectories import read_nodes

    path = Path(str(tmp_path)) / "broken.parquet"
    path.write_bytes(b"not a table")
    with pytest.raises(MissingResourceError, match=r"registry_trajectories\.py"):
        read_nodes(path)
