"""Reliability and recall of held-out scores against cases with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from aneos.learning import TrainedModel
from aneos.learning.curves import curves

SAMPLES = 20_000
APART = 2.0


def two_normals(stretch: float = 1.0) -> dict[str, dict[str, list[float]]]:
    """Curves of two unit normals; the true log ratio at x is 2 x - 2, told with a factor ``stretch``."""
    rng = np.random.default_rng(5)
    label = np.repeat([1.0, 0.0], SAMPLES)
    x = rng.standard_normal(label.size) + APART * label
    names = [str(number) for number in range(label.size)]
    return curves(stretch * (APART * x - APART**2 / 2.0), label, np.ones(label.size), names)


def test_a_true_probability_lies_on_the_diagonal() -> None:
    curve = two_normals()["reliability"]
    predicted, low, high = (np.array(curve[name]) for name in ("predicted", "low", "high"))
    assert np.sum((low <= predicted) & (predicted <= high)) >= 8
    assert sum(curve["simulated"]) == sum(curve["catalogued"]) == SAMPLES


def test_an_overconfident_probability_leaves_the_diagonal_as_it_must() -> None:
    curve = two_normals(stretch=2.0)["reliability"]
    predicted = np.array(curve["predicted"])
    truth = expit(0.5 * np.log(predicted / (1.0 - predicted)))
    inner = slice(1, -1)  # in the outer bins the probability varies too much for its mean to stand for it
    np.testing.assert_allclose(curve["observed"][inner], truth[inner], atol=0.03)


def test_recall_at_a_number_of_alerts_is_that_of_two_normals() -> None:
    curve = two_normals()["recall"]
    for alerts in (200, 2000):
        at = curve["alerts"].index(alerts)
        truth = norm.sf(norm.isf(alerts / SAMPLES) - APART)
        assert curve["recall"][at] == pytest.approx(truth, abs=0.03)
        assert curve["low"][at] < truth < curve["high"][at]
    assert (curve["alerts"][-1], curve["recall"][-1]) == (SAMPLES, 1.0)


def test_objects_of_few_launches_tell_less() -> None:
    label, ratio = np.repeat([1.0, 0.0], 100), np.linspace(1.0, -1.0, 200)
    widths = []
    for launches in (100, 5):
        names = [f"launch {k % launches}" for k in range(100)] + [f"rock {k}" for k in range(100)]
        recall = curves(ratio, label, np.ones(200), names)["recall"]
        widths.append(recall["high"][0] - recall["low"][0])
    assert widths[1] > 3.0 * widths[0]


def test_a_bin_without_simulated_objects_is_bounded_not_certain() -> None:
    label, ratio = np.repeat([1.0, 0.0], 50), np.repeat([3.0, -3.0], 50)
    curve = curves(ratio, label, np.ones(100), [str(k) for k in range(100)])["reliability"]
    assert curve["observed"] == [0.0, 1.0]
    assert (curve["low"][0], curve["high"][1]) == (0.0, 1.0)
    assert 0.02 < curve["high"][0] < 0.1
    assert 0.9 < curve["low"][1] < 0.98


def test_training_keeps_the_curves_with_the_model(small_model: TrainedModel) -> None:
    kept = small_model.info.to_dict()["curves"]
    found = small_model.info.data
    assert sum(kept["reliability"]["simulated"]) <= found["escapes"]
    assert sum(kept["reliability"]["catalogued"]) == found["catalogue_objects"]
    assert kept["recall"]["alerts"][-1] == found["catalogue_objects"]
    assert np.all(np.diff(kept["recall"]["recall"]) >= 0.0)
