"""A trained model: trees that have not seen the object they judge, calibration, anomaly ensemble, and its papers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.errors import InputError
from aneos.learning.calibration import BetaCalibration, conformal_p, unmix
from aneos.learning.detectors import BoostedDetector
from aneos.learning.ensemble import AnomalyEnsemble
from aneos.learning.features import NAMES
from aneos.learning.splits import folds_of

FloatArray = npt.NDArray[np.float64]

Score = Callable[[BoostedDetector, FloatArray], FloatArray]

CONTAMINATION: Final = 1e-4
"""Assumed share of the catalogue that is artificial and not yet identified: a few objects of 40,000. The MPC removed
about 11 of the 40,000 once somebody noticed; as many again may be left."""

STAGES: Final = ("candidate", "champion", "retired")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The papers of a model, JSON-ready.

    ``id`` is the hash of its content; ``stage`` one of :data:`STAGES`; ``features`` in the order of the matrix;
    ``data`` the versions it was trained on; ``parameters`` as searched; ``metrics`` and ``curves`` (see
    :mod:`aneos.learning.curves`) of held-out objects. A model of before there were curves has none.
    """

    id: str
    name: str
    stage: str
    created: str
    aneos_version: str
    seed: int
    features: tuple[str, ...]
    parameters: dict[str, Any]
    data: dict[str, Any]
    metrics: dict[str, float]
    calibration: dict[str, float]
    libraries: dict[str, str] = field(default_factory=dict)
    curves: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape."""
        return {
            "id": self.id,
            "name": self.name,
            "stage": self.stage,
            "created": self.created,
            "aneos_version": self.aneos_version,
            "seed": self.seed,
            "features": list(self.features),
            "parameters": dict(self.parameters),
            "data": dict(self.data),
            "metrics": dict(self.metrics),
            "calibration": dict(self.calibration),
            "libraries": dict(self.libraries),
            "curves": {name: dict(curve) for name, curve in self.curves.items()},
        }


@dataclass(frozen=True)
class TrainedModel:
    """``boosters[k]`` has seen every fold but k; ``natural_score`` are sorted held-out scores of the catalogue.

    ``training_names`` are the catalogue's designations in the training set: each is judged by the booster that has not
    seen it, every other object by the mean of all. ``reference`` holds quantiles of each feature over the catalogue,
    shape (quantiles, features), and ``reference_missing`` the share that is missing, for drift.
    """

    info: ModelInfo
    boosters: Sequence[BoostedDetector]
    calibration: BetaCalibration
    ensemble: AnomalyEnsemble
    natural_score: FloatArray
    reference: FloatArray
    reference_missing: FloatArray
    training_names: frozenset[str] = field(repr=False)

    @cached_property
    def folds(self) -> int:
        return len(self.boosters)

    def raw_scores(self, X: FloatArray, names: Sequence[str]) -> FloatArray:
        """Uncalibrated log density ratio of each row, shape (n,); see the class for which booster answers."""
        self._check(X, names)
        return self._by_booster(X, names, lambda booster, rows: booster.score_samples(rows))

    def contributions(self, X: FloatArray, names: Sequence[str]) -> FloatArray:
        """Shapley values in dex of the uncalibrated score: shape (n, features + 1), the last the expected score."""
        self._check(X, names)
        nats = self._by_booster(X, names, lambda booster, rows: booster.contributions(rows))
        return np.asarray(nats / np.log(10.0))

    def log10_bayes_factor(self, raw: FloatArray) -> FloatArray:
        """Calibrated log10 Bayes factor artificial : natural, shape as given."""
        return unmix(self.calibration.log_ratio(raw), CONTAMINATION)

    def conformal_p(self, raw: FloatArray) -> FloatArray:
        """Chance that a catalogued object scores as artificial as this, shape as given."""
        return conformal_p(raw, self.natural_score)

    def _by_booster(self, X: FloatArray, names: Sequence[str], score: Score) -> FloatArray:
        """Rows of the training catalogue by their own fold's booster, others by the mean of all."""
        known = np.array([name in self.training_names for name in names], dtype=np.bool_)
        fold = np.where(known, folds_of(names, self.folds), -1)
        out: FloatArray | None = None
        for number, booster in enumerate(self.boosters):
            for rows, share in ((fold == number, 1.0), (fold == -1, 1.0 / self.folds)):
                if not rows.any():
                    continue
                part = score(booster, X[rows])
                out = np.zeros((len(X), *part.shape[1:])) if out is None else out
                out[rows] += share * part
        return np.empty(0) if out is None else out

    def _check(self, X: FloatArray, names: Sequence[str]) -> None:
        if X.ndim != 2 or X.shape[1] != len(self.info.features) or len(X) != len(names):
            raise InputError(
                f"the model needs {len(self.info.features)} features and one name for each row, not a matrix of shape "
                f"{X.shape} and {len(names)} names"
            )


def training_names(table: pl.DataFrame) -> frozenset[str]:
    """Designations of a training catalogue."""
    return frozenset(table["designation"].to_list())


def check_features(features: Sequence[str]) -> None:
    """Raises InputError where a model was trained on other features than this version computes."""
    if tuple(features) != NAMES:
        raise InputError(
            "the model was trained on other features than this version of aneos computes: train again"
        )
