"""A small training set and a small trained model, shared by the tests of this room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aneos.catalogue import Catalogue, load_bundled
from aneos.learning import TrainedModel, train
from aneos.learning.population import Escapes, load_escapes


@pytest.fixture(scope="session")
def small_catalogue() -> Catalogue:
    """Every tenth object of the bundled catalogue."""
    whole = load_bundled()
    return Catalogue(whole.table.gather_every(10), whole.provenance)


@pytest.fixture(scope="session")
def some_escapes() -> Escapes:
    """Every fourth simulated escape."""
    whole = load_escapes()
    return whole.take(np.arange(len(whole)) % 4 == 0)


@pytest.fixture(scope="session")
def small_model(small_catalogue: Catalogue, some_escapes: Escapes) -> TrainedModel:
    return train(small_catalogue, some_escapes, search=1, seed=3)


@pytest.fixture
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the user's models."""
    monkeypatch.setenv("ANEOS_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture(scope="session")
def few(small_catalogue: Catalogue) -> pl.DataFrame:
    return small_catalogue.table.head(200)
