"""Identification by n-body from stored states: truths are named, natural bodies and scrambled registries are not."""

from dataclasses import replace

import numpy as np
import pytest

from aneos.artificial.nbody_identify import LOW, coverage, identify_state, match_carried
from aneos.artificial.registry_nodes import Carried, carry_nodes, load_nodes, nearest_nodes
from aneos.catalogue import load_bundled, select
from aneos.dynamics import States
from aneos.errors import InputError
from aneos.orbits import KeplerianElements
from tests.artificial import truth

LOOK_ALIKES = ("2006 RH120", "2020 CD3", "2024 PT5", "2016 HO3", "1991 VG", "2023 VN8")


def state_of(designation: str) -> States:
    table = select(load_bundled(), designation).table
    return States.from_elements(KeplerianElements.from_table(table))


def turned(known: Carried, rng: np.random.Generator) -> Carried:
    """Perihelion, node and mean longitude of each object turned to random places, the covariance with them."""
    n = len(known)
    turn = np.tile(np.eye(6), (n, 1, 1))
    for first in (1, 3):
        angle = rng.uniform(0.0, 2.0 * np.pi, n)
        c, s = np.cos(angle), np.sin(angle)
        turn[:, first, first], turn[:, first, first + 1] = c, -s
        turn[:, first + 1, first], turn[:, first + 1, first + 1] = s, c
    elements = np.einsum("nij,nj->ni", turn, known.elements)
    elements[:, 5] = rng.uniform(0.0, 2.0 * np.pi, n)
    return replace(known, elements=elements, covariance=turn @ known.covariance @ np.swapaxes(turn, 1, 2))


@pytest.mark.parametrize(
    ("cospar", "row"),
    [(cospar, row) for cospar, rows in truth.ELSEWHERE.items() for row in rows if row[1] > 2_453_400.0],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_orbits_published_elsewhere_are_named(cospar, row):
    table = truth.pl.DataFrame([row], schema=list(truth.COLUMNS), orient="row")
    match = identify_state(States.from_elements(KeplerianElements.from_table(table)))
    assert match is not None
    assert match.cospar == cospar
    assert match.identified, match


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_natural_bodies_are_not_named(name):
    match = identify_state(state_of(name))
    assert match is None or not match.identified


def test_scrambled_registries_name_nothing():
    nodes = load_nodes()
    epoch = 2_461_000.5
    known = carry_nodes(nodes, nearest_nodes(nodes, epoch), epoch)
    rng = np.random.default_rng(20260212)
    candidates = [state_of(name) for name in LOOK_ALIKES]
    chances = []
    for _ in range(20):
        control = turned(known, rng)
        for candidate in candidates:
            if candidate.epoch_tdb_jd[0] != epoch:
                continue
            match = match_carried(candidate, control)
            chances.append(1.0 if match is None else match.chance_probability)
            assert match is None or not match.identified
    assert len(chances) >= 60


def test_a_known_object_is_found_on_its_own_path():
    nodes = load_nodes()
    epoch = 2_460_800.5
    known = carry_nodes(nodes, nearest_nodes(nodes, epoch), epoch)
    found = [match_carried(known.states.take([row]), known) for row in range(len(known))]
    assert all(match is not None for match in found)
    named = [m.object_id == known.known[int(o)].id for m, o in zip(found, known.object, strict=True) if m]
    assert np.mean(named) > 0.9


@pytest.mark.parametrize(
    "change",
    [
        {"position_au": np.array([[np.nan, 0.0, 0.0]])},
        {"epoch_tdb_jd": np.array([3_000_000.5])},
    ],
)
def test_bad_orbits_are_one_clear_error(change):
    with pytest.raises(InputError):
        identify_state(replace(state_of("2024 PT5"), **change))


def test_bad_covariances_are_one_clear_error():
    with pytest.raises(InputError, match="6 by 6"):
        identify_state(state_of("2024 PT5"), covariance=np.eye(3))


def test_what_is_not_compared_is_counted_with_the_reason() -> None:
    now, early = coverage(2_461_000.5), coverage(2_440_000.5)
    assert now.compared >= 20
    assert now.compared + sum(now.not_compared.values()) == now.known == len(load_nodes().known)
    assert now.not_compared[LOW] > 200
    assert early.compared == 0
    with pytest.raises(InputError, match="outside the kernels"):
        coverage(2_300_000.5)
