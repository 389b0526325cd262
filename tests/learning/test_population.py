"""The simulated population as it ships, and the survey that weighs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aneos.artificial.launches import load_launches
from aneos.catalogue import COLUMNS
from aneos.errors import InputError, MissingResourceError
from aneos.learning.population import REGIME_SHARE, family_of, load_escapes, pack
from aneos.learning.survey import faintest_magnitude
from aneos.orbits import KeplerianElements


def test_the_population_comes_with_its_recipe_and_from_real_launches() -> None:
    escapes = load_escapes()
    assert escapes.recipe["seed"] == 20260212
    assert escapes.recipe["kept"] == len(escapes) >= 10_000
    assert set(escapes.table["launch"]) <= {launch.launch for launch in load_launches()}
    assert escapes.table.columns[: len(COLUMNS)] == list(COLUMNS)
    assert escapes.table.filter((pl.col("e") >= 1.0) | (pl.col("a_au") <= 0.0)).is_empty()


def test_weights_give_each_regime_its_share() -> None:
    escapes = load_escapes()
    assert escapes.weight.mean() == pytest.approx(1.0)
    for regime, share in REGIME_SHARE.items():
        chosen = (escapes.table["regime"] == regime).to_numpy()
        assert escapes.weight[chosen].sum() / escapes.weight.sum() == pytest.approx(share)


def test_a_body_that_meets_the_earth_is_found_fainter_than_one_that_never_does() -> None:
    near = (1.05, 0.05, 0.5, 10.0, 20.0, 30.0)
    far = (2.6, 0.5, 10.0, 10.0, 20.0, 30.0)
    inside = (0.4, 0.1, 5.0, 10.0, 20.0, 30.0)
    columns = np.array([near, far, inside]).T
    found = faintest_magnitude(KeplerianElements(*columns, np.full(3, 2_461_000.5)))
    assert found[0] > found[1] + 4.0
    assert 15.0 < found[1] < 24.0
    assert found[2] == -np.inf


def test_families_put_one_design_together() -> None:
    assert family_of("Molniya 8K78M") == family_of("Soyuz-FG") == "R-7"
    assert family_of("Thor Delta C") == family_of("Delta 7925") == "Delta"
    assert family_of("H-IIA 202") == "H-II"


def test_an_absent_population_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingResourceError, match="not found"):
        load_escapes(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="no finished chunk"):
        pack(tmp_path, tmp_path / "out.parquet")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(MissingResourceError, match="no recipe"):
        load_escapes(tmp_path / "other.parquet")
