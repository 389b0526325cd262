"""The departure line: launches speak for hardware within a cap, an Earth never reached for a natural body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aneos.artificial.departures import DepartureResult, departures
from aneos.evidence.departure import CAP, MISSED, SHOWN, from_result

# 433 Eros (JPL, epoch 2025-11-21, rounded): never within 0.1 au of the Earth in these years.
EROS = {
    "designation": "433 Eros",
    "epoch_tdb_jd": 2461000.5,
    "a_au": 1.4582,
    "e": 0.2228,
    "i_deg": 10.828,
    "node_deg": 304.27,
    "peri_deg": 178.93,
    "mean_anomaly_deg": 310.55,
    "H": 10.4,
    "n_obs": 1000,
    "arc_days": 3000.0,
    "last_observation": "2025-11-01",
}


@pytest.fixture(scope="module")
def eros() -> DepartureResult:
    return departures(EROS, clones=20, lookalikes=20, until_tdb_jd=2455197.5)


def test_an_orbit_that_never_meets_the_earth_speaks_for_a_natural_body(eros: DepartureResult) -> None:
    assert eros.reach_fraction == 0.0
    assert not eros.candidates
    line = from_result(eros)
    assert line.status == "measured"
    assert line.log10_bayes_factor < 0.0
    assert line.interval[0] <= line.log10_bayes_factor <= line.interval[1] <= 0.0
    assert "No clone comes within 0.03 au" in line.summary


def test_the_more_look_alikes_miss_the_earth_too_the_less_it_says(eros: DepartureResult) -> None:
    few = from_result(replace(eros, known_share=1.0, natural_misses=0.2))
    many = from_result(replace(eros, known_share=1.0, natural_misses=0.9))
    assert many.log10_bayes_factor == pytest.approx(np.log10(MISSED / 0.9))
    assert few.log10_bayes_factor > many.log10_bayes_factor


def test_a_launch_speaks_for_hardware_up_to_the_cap(eros: DepartureResult) -> None:
    shown = replace(eros, reach_fraction=1.0, known_share=1.0, evidence_sum=50.0)
    assert from_result(shown).log10_bayes_factor == pytest.approx(np.log10(SHOWN * 50.0 + 1.0 - SHOWN))
    beyond = replace(shown, evidence_sum=1e9)
    assert from_result(beyond).log10_bayes_factor == pytest.approx(np.log10(SHOWN * CAP + 1.0 - SHOWN))


def test_a_history_that_is_lost_at_once_says_nothing(eros: DepartureResult) -> None:
    lost = replace(eros, reach_fraction=1.0, known_share=0.0, evidence_sum=0.0)
    assert from_result(lost).log10_bayes_factor == 0.0


def test_clones_near_the_earth_but_at_no_launch_speak_a_little_for_a_natural_body(
    eros: DepartureResult,
) -> None:
    none = replace(eros, reach_fraction=0.5, known_share=1.0, evidence_sum=0.0)
    assert from_result(none).log10_bayes_factor == pytest.approx(np.log10(1.0 - SHOWN))
