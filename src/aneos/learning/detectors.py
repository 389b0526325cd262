"""Detectors under scikit-learn's contract: a constructor only stores, ``fit`` learns, learned things end in ``_``.

Every detector has ``fit(X, y=None, sample_weight=None)`` and ``score_samples(X)`` of shape (n,). **The sign is always
the same: the higher, the more artificial (boosting) or the less like the catalogue (the anomaly detectors).** X is the
matrix of :mod:`aneos.learning.features`; NaN stands for a value that is not known.
"""

from __future__ import annotations

import warnings
from typing import Any, Final, Self

import lightgbm
import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import SGDOneClassSVM
from sklearn.mixture import GaussianMixture
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PowerTransformer
from sklearn.utils.validation import check_is_fitted, validate_data

from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]
MatrixLike = npt.ArrayLike

THREADS: Final = 1
"""40,000 rows take under a second on one thread; on a busy machine several threads wait for each other ten times as
long. The trees are the same on any number."""


PREDICTING_THREADS: Final = 2
"""Rows are shared out once, so two threads do help here."""


class _Detector(BaseEstimator):  # type: ignore[misc]
    """What all detectors share: checks of X, and the number of features."""

    n_features_in_: int

    def _check_fit(self, X: MatrixLike) -> FloatArray:
        return np.asarray(
            validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2)
        )

    def _check_score(self, X: MatrixLike) -> FloatArray:
        check_is_fitted(self)
        return np.asarray(
            validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class BoostedDetector(_Detector):
    """Gradient-boosted trees (LightGBM) of simulated escapes (y = 1) against the catalogue (y = 0).

    Both classes get the same total weight, so the raw score estimates the natural logarithm of the ratio of the two
    densities. Small trees, large leaves and shrinkage keep it from learning single objects: some of the catalogue may
    be artificial and not yet identified.
    """

    def __init__(
        self,
        n_trees: int = 150,
        n_leaves: int = 8,
        learning_rate: float = 0.06,
        min_leaf: int = 40,
        l2: float = 5.0,
        feature_fraction: float = 0.7,
        random_state: int = 0,
    ) -> None:
        self.n_trees = n_trees
        self.n_leaves = n_leaves
        self.learning_rate = learning_rate
        self.min_leaf = min_leaf
        self.l2 = l2
        self.feature_fraction = feature_fraction
        self.random_state = random_state

    def fit(
        self, X: MatrixLike, y: npt.ArrayLike | None = None, sample_weight: npt.ArrayLike | None = None
    ) -> Self:
        """Learn from rows labelled 1 (simulated artificial) and 0 (catalogue). Raises InputError without both."""
        matrix = self._check_fit(X)
        label = np.asarray(y, dtype=np.float64).ravel() if y is not None else np.empty(0)
        if label.size != len(matrix) or set(np.unique(label)) != {0.0, 1.0}:
            raise InputError("boosting needs one label 0 or 1 for each row, and rows of both kinds")
        weight = np.ones(label.size) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        balanced = np.empty_like(weight)
        for side in (0.0, 1.0):
            chosen = label == side
            balanced[chosen] = weight[chosen] / weight[chosen].sum() * 0.5 * label.size
        data = lightgbm.Dataset(matrix, label, weight=balanced, free_raw_data=True)
        self.booster_ = lightgbm.train(
            self._parameters(), data, num_boost_round=self.n_trees, keep_training_booster=False
        )
        return self

    def score_samples(self, X: MatrixLike) -> FloatArray:
        """Natural logarithm of the density ratio artificial : catalogue; the higher, the more artificial."""
        matrix = self._check_score(X)
        return np.asarray(self.booster_.predict(matrix, raw_score=True, num_threads=PREDICTING_THREADS))

    def contributions(self, X: MatrixLike) -> FloatArray:
        """Shapley values of each feature, then the expected score: shape (n, features + 1), adding up to the score.

        Exact for trees (Lundberg et al. 2020, Nature Machine Intelligence 2, 56).
        """
        matrix = self._check_score(X)
        return np.asarray(self.booster_.predict(matrix, pred_contrib=True, num_threads=PREDICTING_THREADS))

    def to_text(self) -> str:
        """The trees in LightGBM's own text format."""
        check_is_fitted(self)
        return str(self.booster_.model_to_string())

    @classmethod
    def from_text(cls, text: str) -> BoostedDetector:
        """A fitted detector from :meth:`to_text`. Nothing in the text is executed."""
        out = cls()
        out.booster_ = lightgbm.Booster(model_str=text)
        out.n_features_in_ = out.booster_.num_feature()
        return out

    def _parameters(self) -> dict[str, Any]:
        return {
            "objective": "binary",
            "num_leaves": self.n_leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.min_leaf,
            "lambda_l2": self.l2,
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": 1.0,
            "boost_from_average": True,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": THREADS,
            "seed": self.random_state,
            "verbosity": -1,
        }


class _Anomaly(_Detector):
    """A detector that learns one population, here the catalogue, and scores how unlike it a row is."""

    random_state: int

    def fit(
        self, X: MatrixLike, y: npt.ArrayLike | None = None, sample_weight: npt.ArrayLike | None = None
    ) -> Self:
        """Learn the rows given; labels and weights are not used."""
        matrix = self._check_fit(X)
        self.pipeline_ = self._build(len(matrix))
        self._learn(matrix)
        return self

    def score_samples(self, X: MatrixLike) -> FloatArray:
        """The higher, the less like the rows learned; shape (n,)."""
        return self._score(self._check_score(X))

    def _learn(self, X: FloatArray) -> None:
        self.pipeline_.fit(X)

    def _score(self, X: FloatArray) -> FloatArray:
        return -np.asarray(self.pipeline_.score_samples(X), dtype=np.float64)

    def _build(self, rows: int) -> Pipeline:
        raise NotImplementedError


class ForestDetector(_Anomaly):
    """Isolation forest (Liu, Ting & Zhou 2008)."""

    def __init__(self, n_trees: int = 100, random_state: int = 0) -> None:
        self.n_trees = n_trees
        self.random_state = random_state

    def _build(self, rows: int) -> Pipeline:
        forest = IsolationForest(n_estimators=self.n_trees, random_state=self.random_state)
        return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), forest)


class SvmDetector(_Anomaly):
    """One-class support vector machine over an approximate Gaussian kernel (Nyström), learned by descent."""

    def __init__(
        self, n_components: int = 80, gamma: float = 0.03, nu: float = 0.05, random_state: int = 0
    ) -> None:
        self.n_components = n_components
        self.gamma = gamma
        self.nu = nu
        self.random_state = random_state

    def _build(self, rows: int) -> Pipeline:
        kernel = Nystroem(
            gamma=self.gamma, n_components=min(self.n_components, rows), random_state=self.random_state
        )
        svm = SGDOneClassSVM(nu=self.nu, random_state=self.random_state)
        return make_pipeline(*_even_out(), kernel, svm)


class AutoencoderDetector(_Anomaly):
    """Error of a small autoencoder (a multilayer perceptron that is to return its input through a bottleneck)."""

    def __init__(self, bottleneck: int = 5, max_rows: int = 8000, random_state: int = 0) -> None:
        self.bottleneck = bottleneck
        self.max_rows = max_rows
        self.random_state = random_state

    def _build(self, rows: int) -> Pipeline:
        return make_pipeline(*_even_out())

    def _learn(self, X: FloatArray) -> None:
        rng = np.random.default_rng(self.random_state)
        chosen = rng.permutation(len(X))[: self.max_rows]
        inputs = self.pipeline_.fit_transform(X)[np.sort(chosen)]
        self.network_ = MLPRegressor(
            hidden_layer_sizes=(24, self.bottleneck, 24),
            activation="tanh",
            early_stopping=len(inputs) >= 200,
            max_iter=40,
            n_iter_no_change=40,
            tol=0.0,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            # The number of passes is fixed, so that training takes the same time everywhere.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.network_.fit(inputs, inputs)

    def _score(self, X: FloatArray) -> FloatArray:
        inputs = self.pipeline_.transform(X)
        return np.asarray(np.mean((self.network_.predict(inputs) - inputs) ** 2, axis=1))


class DensityDetector(_Anomaly):
    """Minus the log density of a mixture of Gaussians over features made normal one by one."""

    def __init__(self, n_components: int = 12, random_state: int = 0) -> None:
        self.n_components = n_components
        self.random_state = random_state

    def _build(self, rows: int) -> Pipeline:
        mixture = GaussianMixture(
            n_components=max(1, min(self.n_components, rows // 20)),
            reg_covar=1e-3,
            tol=1e-2,
            random_state=self.random_state,
        )
        return make_pipeline(*_even_out(), mixture)


ANOMALY: Final[dict[str, type[_Anomaly]]] = {
    "isolation_forest": ForestDetector,
    "one_class_svm": SvmDetector,
    "autoencoder": AutoencoderDetector,
    "density": DensityDetector,
}
"""The members of the ensemble of the unexplained lane, by name."""


def _even_out() -> tuple[Any, ...]:
    """Each feature near normal (Yeo & Johnson 2000). Monotone and unbounded: an outlier stays an outlier."""
    return SimpleImputer(strategy="median", keep_empty_features=True), PowerTransformer()
