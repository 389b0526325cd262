"""The extrapolated comparison population: what it is made of and that it is marked."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aneos.catalogue import COLUMNS, load_bundled
from aneos.errors import InputError
from aneos.evidence.prepared import prepare
from aneos.populations.faint import draw_faint, draw_lunar


def test_faint_bodies_go_on_by_the_slope_of_bolides() -> None:
    drawn = draw_faint(load_bundled().table, 4000, 1)
    assert drawn.columns == list(COLUMNS)
    H = drawn["H"].to_numpy()
    assert H.min() >= 25.0
    assert H.max() <= 31.0
    # N(< H) grows by 10^0.54 per magnitude: 3.5 times as many in each magnitude as in the one before.
    counts = np.histogram(H, np.arange(26.0, 31.01))[0]
    assert np.median(counts[1:] / counts[:-1]) == pytest.approx(10.0**0.54, rel=0.25)
    assert drawn["designation"].str.starts_with("FAINT-").all()


def test_lunar_fragments_are_slow_and_seeded() -> None:
    lent = load_bundled().table.filter(pl.col("arc_days").is_not_null()).head(50)
    drawn = draw_lunar(lent, 500, 1, 2_461_000.5)
    assert drawn.equals(draw_lunar(lent, 500, 1, 2_461_000.5))
    assert not drawn.equals(draw_lunar(lent, 500, 2, 2_461_000.5))
    met = prepare(drawn)
    near = met.encounters.moid_au < 0.05
    assert near.mean() > 0.5
    assert np.quantile(met.speed_kms[near], 0.99) < 4.0
    assert np.median(met.speed_kms[near]) < 1.5


def test_parents_of_the_right_size_are_needed() -> None:
    with pytest.raises(InputError, match="draw from"):
        draw_faint(load_bundled().table.filter(pl.col("H") < 20.0), 10, 1)
