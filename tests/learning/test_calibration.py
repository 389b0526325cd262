"""Probabilities, p-values and figures of merit against cases with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from aneos.errors import InputError
from aneos.learning.calibration import (
    BetaCalibration,
    balanced,
    brier,
    conformal_p,
    log_score,
    pr_auc,
    reliability,
    unmix,
)


def two_normals(n: int = 40_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of two unit normals a distance 2 apart: the true log ratio at x is 2 x - 2."""
    rng = np.random.default_rng(1)
    label = (rng.random(n) < 0.3).astype(float)
    x = rng.standard_normal(n) + 2.0 * label
    return 2.0 * x - 2.0, label, np.ones(n)


def test_calibration_recovers_a_known_ratio_from_a_distorted_score() -> None:
    truth, label, weight = two_normals()
    learned = BetaCalibration.fit(0.4 * truth + 1.0, label, weight)
    inner = np.abs(truth) < 3.0
    assert np.abs(learned.log_ratio(0.4 * truth + 1.0) - truth)[inner].max() < 0.6
    assert reliability(learned.log_ratio(0.4 * truth + 1.0), label, weight).ece < 0.01


def test_calibration_never_turns_the_order_round() -> None:
    truth, label, weight = two_normals(2000)
    learned = BetaCalibration.fit(-truth, label, weight)
    assert np.all(np.diff(learned.log_ratio(np.linspace(-5, 5, 50))) >= 0.0)


def test_a_coin_scores_one_bit() -> None:
    label = np.array([1.0, 0.0, 0.0])
    assert log_score(np.zeros(3), label, np.ones(3)) == pytest.approx(-1.0)
    assert brier(np.zeros(3), label, np.ones(3)) == pytest.approx(0.25)


def test_overconfidence_is_seen_as_calibration_error() -> None:
    truth, label, weight = two_normals()
    assert reliability(3.0 * truth, label, weight).ece > 0.03


def test_precision_recall_of_a_perfect_and_of_a_useless_score() -> None:
    label = np.array([1.0] * 50 + [0.0] * 950)
    assert pr_auc(label, label, np.ones(1000), 1e-4) == pytest.approx(1.0)
    assert pr_auc(np.zeros(1000), label, np.ones(1000), 1e-4) == pytest.approx(1e-4)


def test_precision_falls_with_the_prior() -> None:
    truth, label, weight = two_normals()
    assert (
        pr_auc(truth, label, weight, 1e-4)
        < pr_auc(truth, label, weight, 3e-4)
        < pr_auc(truth, label, weight, 0.1)
    )


def test_conformal_p_values_of_the_null_are_uniform() -> None:
    rng = np.random.default_rng(2)
    p = conformal_p(rng.standard_normal(20_000), np.sort(rng.standard_normal(5_000)))
    for level in (0.01, 0.1, 0.5):
        assert np.mean(p <= level) == pytest.approx(level, rel=0.15)
    assert p.min() >= 1.0 / 5001.0


def test_a_conformal_p_value_counts_ties_against_the_object() -> None:
    assert conformal_p(np.array([1.0]), np.array([0.0, 1.0, 1.0, 2.0])) == pytest.approx(4.0 / 5.0)


def test_unmixing_corrects_for_artificial_objects_in_the_catalogue() -> None:
    x = np.linspace(-4.0, 6.0, 201)
    pure = norm.logpdf(x, 2.0) - norm.logpdf(x, 0.0)
    share = 0.01
    mixed = norm.logpdf(x, 2.0) - np.logaddexp(
        np.log(share) + norm.logpdf(x, 2.0), np.log1p(-share) + norm.logpdf(x)
    )
    below = mixed < np.log(0.9 / share)
    np.testing.assert_allclose(unmix(mixed, share)[below], pure[below] / np.log(10.0), atol=1e-9)


def test_weights_of_an_absent_class_are_refused() -> None:
    with pytest.raises(InputError, match="both classes"):
        balanced(np.ones(3), np.ones(3), 0.5)
