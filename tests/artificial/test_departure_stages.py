"""Stages as tumbling cylinders have the area-to-mass ratios that were measured of stages whose launch is known."""

from __future__ import annotations

import numpy as np
import pytest

from aneos.artificial.departure_stages import push_fit, stage_log10_amr
from aneos.populations.area_to_mass import LOG10_AMR, artificial_density


@pytest.mark.parametrize(
    ("vehicle", "stages", "measured_m2kg"),
    [
        ("Saturn V", "S-IVB; spacecraft adapter panels", 0.0079),  # J002E3, Apollo 12
        ("Chang Zheng 3C", "third stage (H-18)", 0.01224),  # 2013 QW1, Chang'e 2
        ("Ariane 5ECA", "ESC-A", 0.0077072),  # JWST
        ("Falcon 9", "second stage", 0.013599),  # IM-1
        ("Falcon Heavy", "second stage", 0.013296),  # Tesla Roadster
    ],
)
def test_known_stages_lie_within_a_tenth_of_a_decade(vehicle: str, stages: str, measured_m2kg: float) -> None:
    assert stage_log10_amr(vehicle, stages) == pytest.approx(np.log10(measured_m2kg), abs=0.1)


def test_the_mean_over_all_hardware_is_one() -> None:
    density = artificial_density()
    fit = push_fit(10.0**LOG10_AMR, np.array(stage_log10_amr("Atlas Centaur D", "Centaur")))
    assert np.average(fit, weights=density) == pytest.approx(1.0, abs=0.02)


def test_what_is_not_listed_and_no_push_at_all_say_nothing() -> None:
    assert np.isnan(stage_log10_amr("Scout", "fourth stage"))
    assert push_fit(np.array([0.0134]), np.array(np.nan)) == 1.0
    assert push_fit(np.array([-1.0]), np.array(-2.0)) == 1.0
