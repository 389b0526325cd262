"""Training: what is held out, what is refused, and that it can be repeated."""

from __future__ import annotations

import numpy as np
import pytest

from aneos.catalogue import Catalogue, load_bundled
from aneos.errors import InputError
from aneos.learning import TrainedModel, predict, train
from aneos.learning.calibration import roc_auc
from aneos.learning.features import NAMES, check_leaks
from aneos.learning.population import Escapes, load_escapes
from aneos.learning.registry import load_model
from aneos.learning.training import TrainingSet, best_parameters, out_of_fold, training_set


@pytest.fixture(scope="module")
def data(small_catalogue: Catalogue, some_escapes: Escapes) -> TrainingSet:
    return training_set(small_catalogue.table, some_escapes)


def test_no_launch_is_on_both_sides_of_a_split(data: TrainingSet) -> None:
    folds: dict[str, set[int]] = {}
    for name, fold in zip(data.group, data.fold, strict=True):
        folds.setdefault(name, set()).add(int(fold))
    assert all(len(found) == 1 for found in folds.values())
    assert {fold for found in folds.values() for fold in found} == {0, 1, 2, 3, 4}


def test_scrambled_labels_give_no_skill(data: TrainingSet) -> None:
    order = np.random.default_rng(4).permutation(data.y.size)
    false = TrainingSet(data.X, data.y[order], data.weight[order], data.fold, data.group, data.designation)
    _, raw = out_of_fold(false, {}, 1)
    assert abs(roc_auc(raw, false.y, false.weight) - 0.5) < 0.06
    _, raw = out_of_fold(data, {}, 1)
    assert roc_auc(raw, data.y, data.weight) > 0.98


def test_a_planted_leak_is_refused(data: TrainingSet) -> None:
    positive, negative = data.X[data.y == 1], data.X[data.y == 0]
    assert check_leaks(positive, negative) == []
    names = (*NAMES, "mass")
    constant = np.column_stack([positive, np.full(len(positive), 2700.0)])
    absent = np.column_stack([negative, np.full(len(negative), np.nan)])
    assert any("mass" in leak for leak in check_leaks(constant, absent, names))


def test_training_again_gives_the_same_predictions(
    small_model: TrainedModel, small_catalogue: Catalogue, some_escapes: Escapes
) -> None:
    again = train(small_catalogue, some_escapes, search=1, seed=3)
    table = small_catalogue.table.head(300)
    one, two = predict(table, model=small_model), predict(table, model=again)
    assert one.drop("contributions").equals(two.drop("contributions"))


def test_real_hardware_and_simulated_names_are_not_mixed(data: TrainingSet) -> None:
    known = {name for name, label in zip(data.designation, data.y, strict=True) if label == 1.0}
    assert all(name.startswith("SIM-") for name in known)


def test_an_empty_catalogue_is_refused(some_escapes: Escapes) -> None:
    whole = load_bundled()
    with pytest.raises(InputError, match="needs catalogued objects"):
        train(Catalogue(whole.table.head(0), whole.provenance), some_escapes)


@pytest.mark.slow
def test_the_shipped_model_is_what_training_makes() -> None:
    model = load_model()
    assert model.info.data["escapes_sha256"] == load_escapes().sha256, (
        "train again: the population has changed"
    )
    table = load_bundled().table.gather_every(400)
    again = train(seed=model.info.seed, search=int(model.info.parameters["searched"]))
    old, new = (predict(table, model=item)["log10_bayes_factor"].to_numpy() for item in (model, again))
    np.testing.assert_allclose(old, new, atol=1e-6)


def test_a_search_holds_out_folds_with_both_kinds_only(data: TrainingSet) -> None:
    lacking = data.take(~((data.fold == 0) & (data.y == 0.0)))
    assert best_parameters(lacking, 1, 2).keys() == best_parameters(lacking, 1, 1).keys()
    with pytest.raises(InputError, match="both kinds"):
        best_parameters(data.take(data.y == 0.0), 1, 2)
