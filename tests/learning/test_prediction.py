"""Predictions, explanations and drift."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aneos.artificial.known import heliocentric_orbits
from aneos.catalogue import COLUMNS, load_bundled
from aneos.errors import InputError
from aneos.learning import drift, explain, predict
from aneos.learning.features import NAMES
from aneos.learning.joint import joint_ranking
from aneos.learning.model import TrainedModel
from aneos.learning.posterior import joined, mixture
from aneos.screening import screen


def test_hardware_stands_out_and_rows_keep_their_order(small_model: TrainedModel, few: pl.DataFrame) -> None:
    leakers = heliocentric_orbits().filter(pl.col("object_id") == "change-6-orbiter").select(*COLUMNS)
    out = predict(pl.concat([few.select(*COLUMNS), leakers]), model=small_model)
    assert out["designation"].to_list() == [*few["designation"], *leakers["designation"]]
    assert (
        out["log10_bayes_factor"].tail(leakers.height).min()
        > out["log10_bayes_factor"].head(few.height).max()
    )
    assert out["conformal_p"].tail(leakers.height).max() < 0.003


def test_open_orbits_get_no_prediction(small_model: TrainedModel, few: pl.DataFrame) -> None:
    table = few.head(3).with_columns(e=pl.Series([0.2, 1.2, 0.3]), a_au=pl.Series([1.5, -2.0, 1.1]))
    out = predict(table, model=small_model)
    assert out["probability"].is_null().to_list() == [False, True, False]
    alone = predict(table[2:], model=small_model)
    assert out["probability"][2] == alone["probability"][0]


def test_contributions_lead_from_the_expected_to_the_score(
    small_model: TrainedModel, few: pl.DataFrame
) -> None:
    reasons = explain(few.head(5), model=small_model, top=len(NAMES))
    for reason in reasons:
        total = reason.expected + sum(part["contribution"] for part in reason.contributions)
        assert total == pytest.approx(reason.score, abs=1e-6)
        assert reason.designation in few["designation"].to_list()
        assert reason.summary.count("dex") == 3


def test_an_impossible_prior_is_refused(small_model: TrainedModel, few: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="prior"):
        predict(few, model=small_model, prior=1.0)


def test_the_training_catalogue_has_not_drifted_and_another_population_has(small_model: TrainedModel) -> None:
    same = drift(load_bundled().table.gather_every(10), model=small_model)
    assert set(same["verdict"]) == {"stable"}
    assert same["ks"].max() < 0.01
    slow = load_bundled().table.filter((pl.col("i_deg") < 3.0) & (pl.col("H") > 25.0))
    changed = drift(slow, model=small_model)
    row = changed.filter(pl.col("feature") == "i")
    assert row["verdict"][0] == "large"
    assert row["ks_p"][0] < 1e-6


def test_drift_needs_enough_objects(small_model: TrainedModel, few: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="at least 30"):
        drift(few.head(5), model=small_model)


def test_the_orbit_counts_once_whoever_judges_it(few: pl.DataFrame) -> None:
    from aneos.catalogue import Catalogue

    lines = screen(Catalogue(few, load_bundled().provenance)).scored.lines
    classifier = np.linspace(-2.0, 2.0, few.height)
    others = sum(line.log10_bayes_factor for name, line in lines.items() if name != "orbit")
    np.testing.assert_allclose(
        joined(lines, classifier, "classifier").log10_bayes_factor, others + classifier
    )
    both = joined(lines, classifier, "mixture").log10_bayes_factor
    np.testing.assert_allclose(both, others + mixture(lines["orbit"].log10_bayes_factor, classifier))


def test_a_mixture_lies_between_and_loses_at_most_a_factor_of_two() -> None:
    one, two = np.array([3.0, -1.0, 0.5]), np.array([-3.0, 2.0, 0.5])
    both = mixture(one, two)
    assert np.all(both <= np.maximum(one, two) + 1e-12)
    assert np.all(both >= np.maximum(one, two) - np.log10(2.0) - 1e-12)


def test_a_screen_is_ranked_again_with_the_judge_asked_for(few: pl.DataFrame) -> None:
    from aneos.catalogue import Catalogue

    result = screen(Catalogue(few, load_bundled().provenance))
    same = joint_ranking(result, "generative")
    assert same["designation"].to_list() == result.table["designation"].to_list()
    assert same["rank_generative"].to_list() == list(range(1, few.height + 1))
    np.testing.assert_allclose(same["probability"], same["probability_generative"])
    said = predict(few, contributions=False)
    told = dict(zip(said["designation"], said["log10_bayes_factor"], strict=True))
    learned = joint_ranking(result, "classifier")
    assert learned["log10_bayes_factor"].is_sorted(descending=True)
    assert learned["orbit"].to_list() == [told[name] for name in learned["designation"]]
    assert set(learned["model"]) == {said["model"][0]}
    with pytest.raises(InputError, match="no judge"):
        joint_ranking(result, "coin")  # type: ignore[arg-type]
