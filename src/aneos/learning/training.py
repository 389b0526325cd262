"""Training: simulated escapes against the catalogue, positive-unlabelled, everything held out by launch.

The catalogue's label is "not yet identified", never "natural". Objects known to be natural by measurement and the
registry's real hardware are in no training set: they are for tests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.catalogue import Catalogue, load_bundled
from aneos.errors import InputError
from aneos.evidence.prepared import prepare
from aneos.learning.calibration import BetaCalibration, log_score, reliability, roc_auc
from aneos.learning.curves import curves
from aneos.learning.detectors import BoostedDetector
from aneos.learning.ensemble import AnomalyEnsemble
from aneos.learning.features import NAMES, check_leaks, features
from aneos.learning.model import ModelInfo, TrainedModel, training_names
from aneos.learning.population import Escapes, load_escapes
from aneos.learning.splits import Folds, folds_of

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]

FOLDS: Final = 5
SEED: Final = 20260212
DRIFT_QUANTILES: Final = 1001

GRID: Final[Mapping[str, tuple[float, ...]]] = {
    "n_trees": (100, 150, 250),
    "n_leaves": (4, 8, 16),
    "learning_rate": (0.04, 0.08),
    "min_leaf": (20, 50, 150),
    "l2": (1.0, 10.0, 50.0),
    "feature_fraction": (0.5, 0.8, 1.0),
}


@dataclass(frozen=True)
class TrainingSet:
    """``X`` (n, features), ``y`` 1 for simulated and 0 for catalogued, ``weight`` and ``fold`` of shape (n,).

    ``group`` is the launch of a simulated object and the designation of a catalogued one.
    """

    X: FloatArray
    y: FloatArray
    weight: FloatArray
    fold: Folds
    group: tuple[str, ...] = field(repr=False)
    designation: tuple[str, ...] = field(repr=False)

    def take(self, chosen: npt.NDArray[np.bool_]) -> TrainingSet:
        """Those rows alone."""
        rows = np.flatnonzero(chosen)
        group = tuple(self.group[row] for row in rows)
        names = tuple(self.designation[row] for row in rows)
        return TrainingSet(self.X[rows], self.y[rows], self.weight[rows], self.fold[rows], group, names)

    def fit(self, parameters: Mapping[str, Any], seed: int) -> BoostedDetector:
        """A booster that has seen every row of the set."""
        return _booster(parameters, seed).fit(self.X, self.y, sample_weight=self.weight)


def train(
    catalogue: Catalogue | None = None,
    escapes: Escapes | None = None,
    *,
    seed: int = SEED,
    search: int = 8,
    name: str = "orbit-boosting",
    progress: Progress | None = None,
) -> TrainedModel:
    """Train the classifier and the anomaly ensemble; the model is not stored (see ``aneos.learning.registry``).

    ``search`` hyper-parameter sets are tried, drawn with ``seed``. The same data, seed and library versions give the
    same model. Raises InputError where a feature leaks the label or a class is empty.
    """
    started = time.perf_counter()
    catalogue = load_bundled() if catalogue is None else catalogue
    escapes = load_escapes() if escapes is None else escapes
    table = catalogue.table.filter((pl.col("e") < 1.0) & (pl.col("a_au") > 0.0))
    data = training_set(table, escapes)
    parameters = best_parameters(data, seed, search, progress)
    boosters, raw = out_of_fold(data, parameters, seed)
    calibration = BetaCalibration.fit(raw, data.y, data.weight)
    _report(progress, "anomaly ensemble", 0, 1)
    natural = data.y == 0.0
    held_out = data.fold[natural] >= 3
    ensemble = AnomalyEnsemble.fit(data.X[natural], held_out, seed=seed)
    ratio = cross_calibrated(data, raw)
    metrics = _metrics(data, ratio)
    metrics["training_seconds"] = round(time.perf_counter() - started, 1)
    info = ModelInfo(
        id="",
        name=name,
        stage="candidate",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        aneos_version=_version(),
        seed=seed,
        features=NAMES,
        parameters={**parameters, "folds": FOLDS, "searched": search},
        data={
            "catalogue": catalogue.signature(),
            "catalogue_objects": int(natural.sum()),
            "escapes_sha256": escapes.sha256,
            "escapes": len(escapes),
            "recipe": escapes.recipe,
        },
        metrics=metrics,
        calibration=asdict(calibration),
        libraries={item: version(item) for item in ("lightgbm", "scikit-learn", "numpy")},
        curves=curves(ratio, data.y, data.weight, data.group),
    )
    X = data.X[natural]
    quantiles = np.nanquantile(X, np.linspace(0.0, 1.0, DRIFT_QUANTILES), axis=0)
    return TrainedModel(
        info, boosters, calibration, ensemble, np.sort(raw[natural]), quantiles, np.isnan(X).mean(axis=0),
        training_names(table),
    )  # fmt: skip


def training_set(table: pl.DataFrame, escapes: Escapes, folds: int = FOLDS) -> TrainingSet:
    """Features, labels and folds. Raises InputError for an empty class or a feature that leaks the label."""
    if table.height == 0 or len(escapes) == 0:
        raise InputError("training needs catalogued objects and simulated escapes")
    negative, positive = features(prepare(table)), features(prepare(escapes.table))
    leaks = check_leaks(positive, negative)
    if leaks:
        raise InputError(f"a feature tells the classes apart by being there: {'; '.join(leaks)}")
    group = (*escapes.table["launch"].to_list(), *table["designation"].to_list())
    return TrainingSet(
        X=np.vstack([positive, negative]),
        y=np.concatenate([np.ones(len(positive)), np.zeros(len(negative))]),
        weight=np.concatenate([escapes.weight, np.ones(len(negative))]),
        fold=folds_of(group, folds),
        group=group,
        designation=(*escapes.table["designation"].to_list(), *table["designation"].to_list()),
    )


def best_parameters(
    data: TrainingSet, seed: int, search: int, progress: Progress | None = None
) -> dict[str, Any]:
    """The hyper-parameters with the best held-out log score within ``data``, of ``search`` random sets.

    Two of the folds that hold both kinds are held out in turn; nothing outside ``data`` is looked at. Raises InputError
    where no fold holds both.
    """
    tried = list(_draws(seed, search))
    if len(tried) == 1:
        return tried[0]
    weighty = data.weight > 0.0
    whole = [np.unique(data.fold[weighty & (data.y == kind)]) for kind in (0.0, 1.0)]
    held_out = np.intersect1d(whole[0], whole[1])[:2]
    if held_out.size == 0:
        raise InputError("a search for hyper-parameters needs a fold with rows of both kinds")
    scores = []
    for number, parameters in enumerate(tried):
        _report(progress, "hyper-parameters", number, len(tried))
        parts = []
        for fold in held_out:
            seen, test = data.take(data.fold != fold), data.take(data.fold == fold)
            raw = seen.fit(parameters, seed).score_samples(test.X)
            parts.append(log_score(raw, test.y, test.weight))
        scores.append(float(np.mean(parts)))
    return tried[int(np.argmax(scores))]


def out_of_fold(
    data: TrainingSet, parameters: Mapping[str, Any], seed: int
) -> tuple[list[BoostedDetector], FloatArray]:
    """One booster for each fold, which it has not seen, and the score of every row by that booster."""
    raw, boosters = np.full(len(data.y), np.nan), []
    for fold in range(int(data.fold.max()) + 1):
        test = data.fold == fold
        booster = data.take(~test).fit(parameters, seed)
        raw[test] = booster.score_samples(data.X[test])
        boosters.append(booster)
    return boosters, raw


def cross_calibrated(data: TrainingSet, raw: FloatArray) -> FloatArray:
    """Held-out scores calibrated by what the *other* folds' held-out scores say, natural log ratios (n,)."""
    out = np.empty_like(raw)
    for fold in np.unique(data.fold):
        test = data.fold == fold
        learned = BetaCalibration.fit(raw[~test], data.y[~test], data.weight[~test])
        out[test] = learned.log_ratio(raw[test])
    return out


def _metrics(data: TrainingSet, ratio: FloatArray) -> dict[str, float]:
    return {
        "log_score_bits": round(log_score(ratio, data.y, data.weight), 5),
        "ece": round(reliability(ratio, data.y, data.weight).ece, 5),
        "roc_auc": round(roc_auc(ratio, data.y, data.weight), 5),
    }


def _draws(seed: int, search: int) -> Iterator[dict[str, Any]]:
    """The default set first, then random ones."""
    default = BoostedDetector()
    yield {name: getattr(default, name) for name in GRID}
    rng = np.random.default_rng([seed, 1])
    for _ in range(search - 1):
        drawn = {name: values[int(rng.integers(len(values)))] for name, values in GRID.items()}
        yield {
            name: int(value) if name in ("n_trees", "n_leaves", "min_leaf") else value
            for name, value in drawn.items()
        }


def _booster(parameters: Mapping[str, Any], seed: int) -> BoostedDetector:
    return BoostedDetector(random_state=seed, **parameters)


def _report(progress: Progress | None, step: str, done: int, total: int) -> None:
    if progress is not None:
        progress(step, done, total)


def _version() -> str:
    from aneos import __version__

    return __version__
