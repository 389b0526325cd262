"""The artificial mixture: normalised, and nowhere infinite."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aneos.populations.artificial import DEPARTURES, density_ratio, departure_shares
from aneos.populations.encounter_space import EncounterSpace
from aneos.populations.natural import load_natural_orbits


@pytest.mark.parametrize("way", DEPARTURES, ids=lambda way: way.name)
def test_each_way_of_leaving_is_normalised(way) -> None:
    planar, vertical = np.meshgrid(np.linspace(0, 40, 2001), np.linspace(-20, 20, 2001), indexing="ij")
    values = 2.0 * np.pi * planar * way.density(planar, np.abs(vertical))
    total = np.trapezoid(np.trapezoid(values, dx=40 / 2000, axis=0), dx=40 / 2000)
    assert total == pytest.approx(1.0, abs=0.03)


def test_weights_add_up_to_one() -> None:
    assert sum(way.weight for way in DEPARTURES) == pytest.approx(1.0)


@given(st.floats(0, 80), st.floats(0, 80), st.floats(0, 5))
def test_ratio_is_finite_and_not_negative_everywhere(planar: float, vertical: float, moid: float) -> None:
    space = EncounterSpace(np.array([planar]), np.array([vertical]), np.array([moid]))
    ratio = density_ratio(space, load_natural_orbits())
    assert np.isfinite(ratio).all()
    assert (ratio >= 0.0).all()


def test_shares_of_the_ways_add_up_to_one() -> None:
    space = EncounterSpace(np.array([0.3, 4.0]), np.array([0.1, 0.5]), np.array([0.001, 0.001]))
    shares = departure_shares(space)
    assert np.sum(list(shares.values()), axis=0) == pytest.approx(1.0)
    assert shares["slow leak"][0] > 0.9
    assert shares["interplanetary"][1] > 0.5
