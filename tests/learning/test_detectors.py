"""One conformance test that every detector passes, and what boosting alone promises."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from aneos.errors import InputError
from aneos.learning.detectors import ANOMALY, BoostedDetector

DETECTORS = {"boosting": BoostedDetector, **ANOMALY}


def rows(n: int = 400, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two clouds of five features, the second small and far off; some values unknown."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 8 == 0).astype(float)
    X = rng.standard_normal((n, 5)) + 6.0 * y[:, None]
    X[rng.random(X.shape) < 0.01] = np.nan
    return X, y


def learned(kind: type, X: np.ndarray, y: np.ndarray) -> object:
    return kind(random_state=5).fit(X, y) if kind is BoostedDetector else kind(random_state=5).fit(X[y == 0])


@pytest.mark.parametrize("kind", DETECTORS.values(), ids=DETECTORS)
def test_the_constructor_only_stores(kind: type) -> None:
    given = {name: object() for name in inspect.signature(kind).parameters}
    made = kind(**given)
    assert vars(made) == given
    assert clone(kind()).get_params() == kind().get_params()


@pytest.mark.parametrize("kind", DETECTORS.values(), ids=DETECTORS)
def test_scoring_before_fitting_is_refused(kind: type) -> None:
    with pytest.raises(NotFittedError):
        kind().score_samples(np.zeros((3, 5)))


@pytest.mark.parametrize("kind", DETECTORS.values(), ids=DETECTORS)
def test_the_higher_the_score_the_less_like_the_catalogue(kind: type) -> None:
    X, y = rows()
    fresh, truth = rows(seed=2)
    scores = learned(kind, X, y).score_samples(fresh)
    assert scores.shape == (400,)
    assert np.isfinite(scores).all()
    assert np.median(scores[truth == 1]) > np.quantile(scores[truth == 0], 0.95)


@pytest.mark.parametrize("kind", DETECTORS.values(), ids=DETECTORS)
def test_the_same_seed_gives_the_same_scores(kind: type) -> None:
    X, y = rows()
    np.testing.assert_array_equal(learned(kind, X, y).score_samples(X), learned(kind, X, y).score_samples(X))


@pytest.mark.parametrize("kind", DETECTORS.values(), ids=DETECTORS)
def test_a_row_is_scored_alike_alone_and_among_others(kind: type) -> None:
    X, y = rows()
    detector = learned(kind, X, y)
    alone = np.concatenate([detector.score_samples(X[k : k + 1]) for k in range(5)])
    np.testing.assert_allclose(detector.score_samples(X)[:5], alone, rtol=1e-9)


@pytest.mark.parametrize("kind", DETECTORS.values(), ids=DETECTORS)
def test_another_number_of_features_is_refused(kind: type) -> None:
    X, y = rows()
    with pytest.raises(ValueError, match="features"):
        learned(kind, X, y).score_samples(X[:, :3])


def test_boosting_needs_both_labels() -> None:
    X, _ = rows()
    with pytest.raises(InputError, match="both kinds"):
        BoostedDetector().fit(X, np.zeros(len(X)))


def test_boosting_goes_through_its_text_unchanged() -> None:
    X, y = rows()
    detector = BoostedDetector().fit(X, y)
    again = BoostedDetector.from_text(detector.to_text())
    np.testing.assert_array_equal(again.score_samples(X), detector.score_samples(X))


def test_contributions_add_up_to_the_score() -> None:
    X, y = rows()
    detector = BoostedDetector().fit(X, y)
    np.testing.assert_allclose(detector.contributions(X).sum(axis=1), detector.score_samples(X), atol=1e-9)
