"""No row of numbers, however absurd, stops the others: it comes out as NaN and has its reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from aneos.orbits import (
    KeplerianElements,
    check_elements,
    drummond,
    earth_moid,
    elements_to_state,
    encounter_geometry,
    jopek,
    keplerian_to_cometary,
    rendezvous_delta_v_kms,
    southworth_hawkins,
    synodic_period_yr,
    tangency_au,
    tisserand_earth,
    v_z_kms,
)
from tests.orbits.samples import random_orbits

ROWS = 2000


def wild(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Numbers of any size and sign, infinities, NaN and zeros."""
    values = rng.choice([-1.0, 1.0], ROWS, p=[0.2, 0.8]) * 10.0 ** rng.uniform(-300.0, 300.0, ROWS)
    kind = rng.random(ROWS)
    return np.select([kind < 0.1, kind < 0.2, kind < 0.3], [np.nan, np.inf, 0.0], values)


def wild_elements(seed: int) -> KeplerianElements:
    rng = np.random.default_rng(seed)
    tame = random_orbits(ROWS, seed)
    names = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "epoch_tdb_jd")
    return KeplerianElements(*(np.where(rng.random(ROWS) < 0.7, getattr(tame, n), wild(rng)) for n in names))


WORK: dict[str, Callable[[KeplerianElements], object]] = {
    "earth_moid": earth_moid,
    "encounter_geometry": encounter_geometry,
    "elements_to_state": elements_to_state,
    "keplerian_to_cometary": keplerian_to_cometary,
    "tangency": tangency_au,
    "tisserand": lambda x: tisserand_earth(x.a_au, x.e, x.i_deg),
    "v_z": lambda x: v_z_kms(x.a_au, x.e, x.i_deg),
    "synodic_period": lambda x: synodic_period_yr(x.a_au),
    "delta_v": lambda x: rendezvous_delta_v_kms(x.a_au, x.e, x.i_deg),
    "southworth_hawkins": lambda x: southworth_hawkins(x, x.take([0])),
    "drummond": lambda x: drummond(x, x.take([0])),
    "jopek": lambda x: jopek(x, x.take([0])),
    "properties": lambda x: (x.q_au, x.aphelion_au, x.period_days),
}


@pytest.mark.parametrize("name", WORK)
@pytest.mark.parametrize("seed", [61, 62])
def test_absurd_rows_raise_nothing(name: str, seed: int) -> None:
    WORK[name](wild_elements(seed))


def test_good_rows_among_absurd_ones_have_their_moid() -> None:
    mixed = wild_elements(63)
    good = np.array([reason is None for reason in check_elements(mixed)])
    assert 100 < good.sum() < ROWS
    found = earth_moid(mixed).moid_au
    assert np.all(np.isfinite(found[good]))
    np.testing.assert_array_equal(found[good], earth_moid(mixed.take(good)).moid_au)


def test_rows_without_a_shape_have_no_moid_and_no_speed() -> None:
    mixed = wild_elements(64)
    lost = ~np.isfinite(mixed.a_au) | ~np.isfinite(mixed.e) | ~np.isfinite(mixed.i_deg)
    assert np.all(np.isnan(earth_moid(mixed).moid_au[lost]))
    assert np.all(np.isnan(encounter_geometry(mixed).v_rel_kms[lost]))
