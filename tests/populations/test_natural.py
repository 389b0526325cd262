"""The natural null: counts from the bundled catalogue, constant where it is thin."""

import json
from importlib.resources import files

import numpy as np
import pytest

from aneos.catalogue import load_bundled
from aneos.populations.build import count
from aneos.populations.encounter_space import EncounterSpace
from aneos.populations.natural import MOID_EDGES_AU, SPEED_EDGES_KMS, NaturalOrbits, load_natural_orbits


def test_shipped_counts_are_those_of_the_bundled_catalogue() -> None:
    orbits, magnitudes = count(load_bundled())
    folder = files("aneos.populations") / "data"
    assert json.loads((folder / "natural_orbits.json").read_text()) == orbits
    assert json.loads((folder / "natural_magnitudes.json").read_text()) == magnitudes


def test_every_reference_object_is_counted_once() -> None:
    natural = load_natural_orbits()
    assert natural.counts.sum() + natural.n_far == natural.n_reference == 40874


def test_velocity_density_is_constant_in_the_empty_corner() -> None:
    density = load_natural_orbits().velocity_density(np.array([0.0, 0.3, 2.0, 5.9]))
    assert np.ptp(density) == 0.0


def test_velocity_density_agrees_with_the_published_order_of_magnitude() -> None:
    """SCIENCE: 1.42 per (km/s)³ per 20,060 NEAs with MOID below 0.05 au and 2 to 6 km/s, on the 2019 list."""
    natural = load_natural_orbits()
    near = float(natural.counts[0, :-2].sum() / natural.counts[0].sum())
    per_object = float(natural.velocity_density(np.array([3.0]))[0]) * near
    assert per_object * 20060 == pytest.approx(1.42, rel=0.25)


def test_velocity_density_integrates_to_the_near_share() -> None:
    natural = load_natural_orbits()
    speed = np.linspace(0.0, 80.0, 20001)
    total = np.trapezoid(4.0 * np.pi * speed**2 * natural.velocity_density(speed), speed)
    assert total == pytest.approx(1.0 - natural.far_fraction, rel=0.1)


def test_counts_over_other_bins_are_refused() -> None:
    data = load_natural_orbits().to_dict() | {"moid_edges_au": [0.0, 1.0]}
    with pytest.raises(ValueError, match="rebuild"):
        NaturalOrbits.from_dict(data)


def test_fit_counts_faster_than_the_last_edge_in_the_last_shell() -> None:
    space = EncounterSpace(np.array([500.0]), np.array([0.0]), np.array([0.01]))
    fitted = NaturalOrbits.fit(space, "one")
    assert fitted.counts.shape == (SPEED_EDGES_KMS.size - 1, MOID_EDGES_AU.size - 1)
    assert fitted.counts[-1].sum() == 1
