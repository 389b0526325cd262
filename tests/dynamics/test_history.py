"""Patterns are tested against look-alikes; noise gives no signal more often than asked for."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aneos.catalogue import load_bundled
from aneos.dynamics import (
    States,
    concatenate,
    encounter_patterns,
    false_signal_rate,
    natural_look_alikes,
)
from aneos.dynamics.history import _tested, periodicity
from aneos.dynamics.resonance import COMMENSURABILITIES, libration_gap_deg, widest_gap_deg
from aneos.errors import InputError
from aneos.orbits import KeplerianElements, earth_elements

EPOCH = 2_461_000.5
SPAN = {"first_tdb_jd": EPOCH - 22_000.0, "last_tdb_jd": EPOCH + 4_000.0}


def elements_of(designation: str) -> KeplerianElements:
    return KeplerianElements.from_table(load_bundled().table.filter(pl.col("designation") == designation))


def test_even_spacing_is_more_periodic_than_chance() -> None:
    even = EPOCH + 365.25 * 7.3 * np.arange(12)
    random = np.random.default_rng(1)
    chance = [periodicity(np.sort(EPOCH + random.uniform(0.0, 365.25 * 90.0, 12))) for _ in range(50)]
    assert periodicity(even) > max(chance)
    assert periodicity(even[:3]) == 0.0


def test_a_resonant_angle_that_librates_leaves_a_gap() -> None:
    """Made-up motion at 3:2 with the Earth: the angle 3 λE - 2 λ - ϖ swings by 40 degrees about 180."""
    epochs = EPOCH + 20.0 * np.arange(3000)
    earth = earth_elements(epochs)
    of_earth = earth.node_deg + earth.peri_deg + earth.mean_anomaly_deg
    swing = 180.0 + 40.0 * np.sin(2.0 * np.pi * np.arange(3000) / 700.0)
    perihelion = 30.0
    # the Earth's longitude comes wrapped: 3 of its turns are whole turns of the angle
    unwrapped = np.degrees(np.unwrap(np.radians(of_earth)))
    longitude = (3.0 * unwrapped - perihelion - swing) / 2.0
    a = (2.0 / 3.0) ** (2.0 / 3.0)
    resonant = KeplerianElements(a, 0.2, 1.0, 0.0, perihelion, longitude - perihelion, epochs)
    assert libration_gap_deg(resonant) == pytest.approx(280.0, abs=10.0)
    passing = KeplerianElements(a, 0.2, 1.0, 0.0, perihelion, longitude + 0.2 * np.arange(3000), epochs)
    assert libration_gap_deg(passing) == 0.0
    far = KeplerianElements(0.87, 0.2, 1.0, 0.0, perihelion, longitude, epochs)
    assert libration_gap_deg(far) == 0.0


def test_commensurabilities_are_in_lowest_terms() -> None:
    assert (3, 2) in COMMENSURABILITIES
    assert (6, 4) not in COMMENSURABILITIES
    assert (1, 1) not in COMMENSURABILITIES


def test_gaps_go_around_zero() -> None:
    assert widest_gap_deg(np.arange(20.0, 340.0)) == pytest.approx(40.0)
    assert widest_gap_deg(np.arange(0.0, 360.0)) == 0.0
    assert widest_gap_deg(np.array([180.0])) == pytest.approx(355.0)


def test_ranks_are_adjusted_for_the_number_of_patterns() -> None:
    null = list(np.arange(99.0))
    patterns = _tested(
        {"strong": ("", [1000.0, *null]), "weak": ("", [97.5, *null]), "none": ("", [-1.0, *null])}, 0.05
    )
    assert [round(p.p_value, 2) for p in patterns] == [0.01, 0.02, 1.0]
    assert [round(p.adjusted_p, 2) for p in patterns] == [0.03, 0.04, 1.0]
    assert [p.signal for p in patterns] == [True, True, False]
    assert "natural look-alikes" in patterns[0].summary


def test_noise_gives_no_more_signals_than_asked_for() -> None:
    """Each statistic drawn from the null itself: any signal in at most 5% of the trials, within counting error."""
    random = np.random.default_rng(3)
    trials, hits = 2000, 0
    for _ in range(trials):
        draws = {name: ("", list(random.normal(size=100))) for name in ("a", "b", "c", "d")}
        hits += any(pattern.signal for pattern in _tested(draws, 0.05))
    assert hits / trials < 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / trials)


def test_2006_rh120_was_captured_as_look_alikes_are_not() -> None:
    """Its capture of 2006-2007 (Kwiatkowski et al. 2009), from elements of 2026."""
    elements = elements_of("2006 RH120")
    found = encounter_patterns(
        States.from_elements(elements), natural_look_alikes(elements, 24, seed=1), level=0.2, **SPAN
    )
    capture = next(pattern for pattern in found.patterns if pattern.name == "capture")
    assert capture.value > 200.0
    assert capture.p_value == pytest.approx(1.0 / 25.0)
    assert capture.signal
    assert found.state is not None
    assert found.state.kind == "circulating"
    assert found.provenance["look_alikes"] == 24


def test_look_alikes_have_like_orbits_and_other_angles() -> None:
    elements = elements_of("2016 HO3")
    alike = natural_look_alikes(elements, 50, seed=2).elements()
    assert np.abs(alike.a_au - elements.a_au[0]).max() < 0.1
    assert np.abs(alike.i_deg - elements.i_deg[0]).max() < 5.0
    assert np.ptp(alike.node_deg) > 200.0
    again = natural_look_alikes(elements, 50, seed=2).elements()
    np.testing.assert_array_equal(alike.node_deg, again.node_deg)


def test_bad_requests_are_refused() -> None:
    elements = elements_of("2016 HO3")
    state, alike = States.from_elements(elements), natural_look_alikes(elements, 24)
    with pytest.raises(InputError, match="one object"):
        encounter_patterns(concatenate([state, state]), alike)
    with pytest.raises(InputError, match="cannot give a p-value"):
        encounter_patterns(state, alike.take(slice(0, 5)))
    with pytest.raises(InputError, match="between 0 and 1"):
        encounter_patterns(state, alike, level=1.5)
    with pytest.raises(InputError, match="outside the span"):
        encounter_patterns(state, alike, first_tdb_jd=EPOCH + 1.0)
    moved = States(alike.position_au, alike.velocity_au_d, alike.epoch_tdb_jd + 1.0, 0.0, 0.0, 0.0)
    with pytest.raises(InputError, match="epoch"):
        encounter_patterns(state, moved)
    with pytest.raises(InputError, match="one orbit"):
        natural_look_alikes(KeplerianElements([1.0, 1.1], 0.1, 1.0, 0.0, 0.0, 0.0, EPOCH))


def test_look_alikes_tested_against_each_other_seldom_signal() -> None:
    """With 24 others and level 0.05 no rank can be small enough after Holm's adjustment; at 0.9 some must be."""
    alike = natural_look_alikes(elements_of("2006 RH120"), 25, seed=3)
    short = {"first_tdb_jd": EPOCH - 3000.0, "last_tdb_jd": EPOCH + 1000.0}
    assert false_signal_rate(alike, **short) == (0, 25)
    loose, tested = false_signal_rate(alike, level=0.9, **short)
    assert 0 < loose <= tested
    with pytest.raises(InputError, match="too few"):
        false_signal_rate(alike.take(slice(0, 10)), **short)
