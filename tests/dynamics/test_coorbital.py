"""Co-orbital states from the drift of the mean longitude, made up and real."""

from __future__ import annotations

import numpy as np
import pytest

from aneos.dynamics import States, sample
from aneos.dynamics.coorbital import (
    STEP_DAYS,
    YEAR_DAYS,
    coorbital_spells,
    librating_days,
    relative_longitude_deg,
    spell_at,
)
from aneos.orbits import KeplerianElements, earth_elements, state_to_elements

START = 2_415_100.5
EPOCHS = START + STEP_DAYS * np.arange(3598)
YEARS = (EPOCHS - START) / YEAR_DAYS
NOW = 2_461_000.5


def swinging(centre: float, half_width: float, period_yr: float) -> np.ndarray:
    """A libration about a longitude, with the yearly swing of an eccentric orbit on top."""
    slow = centre + half_width * np.sin(2.0 * np.pi * YEARS / period_yr)
    return slow + 10.0 * np.sin(2.0 * np.pi * YEARS)


@pytest.mark.parametrize(
    ("centre", "half_width", "period", "kind"),
    [
        (0.0, 20.0, 60.0, "quasi-satellite"),
        (360.0, 20.0, 60.0, "quasi-satellite"),
        (180.0, 160.0, 150.0, "horseshoe"),
        (60.0, 20.0, 90.0, "tadpole"),
        (-60.0, 20.0, 90.0, "tadpole"),
        (90.0, 170.0, 90.0, "compound"),
    ],
)
def test_made_up_librations_are_named(centre: float, half_width: float, period: float, kind: str) -> None:
    spells = coorbital_spells(EPOCHS, swinging(centre, half_width, period))
    found = spell_at(spells, NOW)
    assert found is not None
    assert found.kind == kind
    assert not found.begins_open
    assert found.end_tdb_jd - found.begin_tdb_jd == pytest.approx(0.5 * period * YEAR_DAYS, rel=0.05)


def test_an_orbit_that_passes_by_circulates() -> None:
    spells = coorbital_spells(EPOCHS, 4.0 * YEARS + 10.0 * np.sin(2.0 * np.pi * YEARS))
    assert [spell.kind for spell in spells] == ["circulating"]
    assert librating_days(spells) == 0.0


def test_a_stretch_that_was_not_seen_to_turn_is_undetermined() -> None:
    spells = coorbital_spells(EPOCHS, 0.5 * YEARS)
    assert [spell.kind for spell in spells] == ["undetermined"]


def test_short_or_broken_series_have_no_spell() -> None:
    assert coorbital_spells(EPOCHS[:30], np.zeros(30)) == []
    broken = swinging(0.0, 20.0, 60.0)
    broken[5] = np.nan
    assert coorbital_spells(EPOCHS, broken) == []


def test_the_earth_has_no_longitude_relative_to_itself() -> None:
    np.testing.assert_allclose(
        np.remainder(relative_longitude_deg(earth_elements(EPOCHS)) + 180.0, 360.0), 180.0
    )


# Elements at JD 2461000.5, MPC list of 2026-02-12; states after Connors et al. 2002 (2002 AA29), Wajer 2010
# (2004 GU9), de la Fuente Marcos 2016 (2016 HO3), Christou & Asher 2011 (2010 SO16).
REAL = {
    "2016 HO3": "quasi-satellite",
    "2004 GU9": "quasi-satellite",
    "2002 AA29": "horseshoe",
    "2010 SO16": "horseshoe",
    "2020 XL5": "tadpole",
}


def test_published_states_come_out() -> None:
    import polars as pl

    from aneos.catalogue import load_bundled

    table = load_bundled().table
    chosen = pl.concat([table.filter(pl.col("designation") == name) for name in REAL])
    elements = KeplerianElements.from_table(chosen)
    path = sample(States.from_elements(elements), EPOCHS)
    for row, (name, kind) in enumerate(REAL.items()):
        series = state_to_elements(path.position_au[row], path.velocity_au_d[row], EPOCHS)
        found = spell_at(coorbital_spells(EPOCHS, relative_longitude_deg(series)), NOW)
        assert found is not None, name
        assert found.kind == kind, name
