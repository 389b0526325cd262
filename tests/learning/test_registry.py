"""The registry of models: content gives the name, nothing is unpickled, one champion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import skops.io
from sklearn.naive_bayes import GaussianNB

from aneos import learning
from aneos.errors import InputError, MissingResourceError
from aneos.learning import registry
from aneos.learning.comparison import compare


def test_a_stored_model_answers_as_before(
    small_model: learning.TrainedModel, own_models: Path, few: pl.DataFrame
) -> None:
    info = learning.save_model(small_model)
    stored = learning.predict(few, info.id)
    fresh = learning.predict(few, model=small_model)
    assert stored.drop("model").equals(fresh.drop("model"))
    assert info.features == small_model.info.features
    assert learning.find(info.id[:6]).metrics == small_model.info.metrics


def test_an_altered_model_is_refused(small_model: learning.TrainedModel, own_models: Path) -> None:
    info = learning.save_model(small_model)
    path = own_models / info.id / "booster-0.txt"
    path.write_text(path.read_text().replace("leaf_value=", "leaf_value=9", 1))
    with pytest.raises(MissingResourceError, match="altered"):
        learning.load_model(info.id)


def test_foreign_types_are_not_loaded(small_model: learning.TrainedModel, own_models: Path) -> None:
    class Foreign(GaussianNB):
        pass

    info = learning.save_model(small_model)
    folder = own_models / info.id
    skops.io.dump({"density": Foreign().fit([[0.0], [1.0]], [0, 1])}, folder / "ensemble.skops")
    renamed = own_models / registry._hash(folder)
    folder.rename(renamed)
    with pytest.raises(MissingResourceError, match="holds types"):
        learning.load_model(renamed.name)


def test_there_is_one_champion_and_the_one_before_is_retired(
    small_model: learning.TrainedModel, own_models: Path
) -> None:
    shipped = learning.champion().id
    info = learning.save_model(small_model)
    assert info.stage == "candidate"
    learning.activate(info.id)
    stages = {item.id: item.stage for item in learning.list_models()}
    assert stages == {info.id: "champion", shipped: "retired"}
    assert learning.load_model().info.id == info.id
    learning.activate(shipped)
    assert learning.champion().id == shipped


def test_an_unknown_model_and_stage_are_named(own_models: Path) -> None:
    with pytest.raises(InputError, match="not in the registry"):
        learning.load_model("0000000000000000")
    with pytest.raises(InputError, match="no stage"):
        registry.set_stage("x", "best")


def test_the_shipped_champion_ships_whole(own_models: Path) -> None:
    model = learning.load_model()
    assert model.info.stage == "champion"
    assert model.info.metrics["ece"] <= 0.02
    assert len(model.training_names) > 40_000


def test_a_model_does_not_differ_from_itself(own_models: Path, few: pl.DataFrame) -> None:
    champion = learning.champion().id
    facts = compare(champion, champion, few)
    assert facts["rank_correlation"] == 1.0
    assert facts["largest_difference_dex"] == 0.0
    assert facts["head_in_common"] == 30
    assert np.isfinite(facts["log_score_bits_one"])
