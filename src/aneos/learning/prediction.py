"""What a model says about objects: probability, p-values, anomaly, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.assessment import DEFAULT_PRIOR, posterior
from aneos.errors import InputError
from aneos.evidence.prepared import Prepared, prepare
from aneos.learning.features import FEATURES, NAMES, features
from aneos.learning.model import TrainedModel
from aneos.learning.registry import load_model

FloatArray = npt.NDArray[np.float64]

SHOWN: Final = 5
_REASONS: Final = {feature.name: feature for feature in FEATURES}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a model scored one object as it did.

    ``contributions`` are Shapley values in dex of the uncalibrated density ratio, the largest first; with
    ``expected`` they add up to ``score`` (log10 ratio before calibration). ``summary`` is one plain sentence.
    """

    designation: str
    model_id: str
    probability: float
    score: float
    expected: float
    contributions: tuple[dict[str, Any], ...]
    summary: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape."""
        return {
            "designation": self.designation,
            "model": self.model_id,
            "probability": self.probability,
            "score": self.score,
            "expected": self.expected,
            "contributions": [dict(item) for item in self.contributions],
            "summary": self.summary,
        }


def predict(
    table: pl.DataFrame,
    model_id: str | None = None,
    *,
    prior: float = DEFAULT_PRIOR,
    contributions: bool = True,
    model: TrainedModel | None = None,
) -> pl.DataFrame:
    """One row per object of a catalogue table, in its order.

    Columns: ``designation``; ``probability`` P(artificial) from the orbit alone at ``prior``; ``log10_bayes_factor``;
    ``conformal_p`` chance that a catalogued object scores as artificial; ``anomaly`` combined score of the ensemble
    (the higher, the less like the catalogue) and ``anomaly_p`` its conformal p-value; ``contributions`` a struct
    with the Shapley value of each feature in dex (left out with ``contributions=False``); ``model`` its id. All are
    null for an orbit that is not closed (e ≥ 1). ``model`` stands in for one of the registry.
    """
    if not 0.0 < prior < 1.0:
        raise InputError(f"the prior must lie strictly between 0 and 1, not {prior}", source="prior")
    model = load_model(model_id) if model is None else model
    closed = ((table["e"] < 1.0) & (table["a_au"] > 0.0)).fill_null(False)
    inside = table.filter(closed)
    names = inside["designation"].to_list()
    X = features(prepare(inside)) if inside.height else np.empty((0, len(NAMES)))
    raw = model.raw_scores(X, names)
    bayes = model.log10_bayes_factor(raw)
    anomaly = model.ensemble.score_samples(X) if inside.height else np.empty(0)
    columns: dict[str, Any] = {
        "probability": posterior(bayes, prior),
        "log10_bayes_factor": bayes,
        "conformal_p": model.conformal_p(raw),
        "anomaly": anomaly,
        "anomaly_p": model.ensemble.p_values(anomaly),
    }
    result = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Float64))
    if contributions:
        parts = model.contributions(X, names).reshape(len(names), len(NAMES) + 1)
        shares = pl.DataFrame(parts[:, :-1], schema=dict.fromkeys(NAMES, pl.Float64))
        result = result.with_columns(shares.to_struct("contributions"))
    place = pl.select(pl.when(closed).then(closed.cast(pl.UInt32).cum_sum() - 1)).to_series()
    spread = pl.DataFrame([column.gather(place).alias(column.name) for column in result.get_columns()])
    return spread.with_columns(model=pl.lit(model.info.id)).insert_column(0, table["designation"])


def explain(
    table: pl.DataFrame,
    model_id: str | None = None,
    *,
    prior: float = DEFAULT_PRIOR,
    top: int = SHOWN,
    model: TrainedModel | None = None,
) -> tuple[Explanation, ...]:
    """An explanation of each object with a closed orbit, in the order of the table; ``top`` features of each."""
    model = load_model(model_id) if model is None else model
    inside = table.filter((pl.col("e") < 1.0) & (pl.col("a_au") > 0.0))
    if inside.height == 0:
        return ()
    names = inside["designation"].to_list()
    X = features(prepare(inside))
    raw = model.raw_scores(X, names)
    shares = model.contributions(X, names)
    probability = posterior(model.log10_bayes_factor(raw), prior)
    p = model.conformal_p(raw)
    return tuple(
        _explanation(
            model, name, X[row], float(raw[row]), shares[row], float(probability[row]), float(p[row]), top
        )
        for row, name in enumerate(names)
    )


def feature_table(objects: pl.DataFrame | Prepared) -> pl.DataFrame:
    """The features of each object by name, null where unknown; ``designation`` first."""
    prepared = objects if isinstance(objects, Prepared) else prepare(objects)
    table = pl.DataFrame(features(prepared), schema=dict.fromkeys(NAMES, pl.Float64)).fill_nan(None)
    return table.insert_column(0, prepared.table["designation"])


def _explanation(
    model: TrainedModel,
    name: str,
    x: FloatArray,
    raw: float,
    shares: FloatArray,
    probability: float,
    p: float,
    top: int,
) -> Explanation:
    order = np.argsort(-np.abs(shares[:-1]), kind="stable")[:top]
    parts: Sequence[dict[str, Any]] = [
        {
            "feature": NAMES[k],
            "value": float(x[k]) if np.isfinite(x[k]) else None,
            "unit": _REASONS[NAMES[k]].unit,
            "contribution": float(shares[k]),
            "reason": _REASONS[NAMES[k]].reason,
        }
        for k in order
    ]
    words = ", ".join(
        f"{part['feature']} {_shown(part)} ({part['contribution']:+.2f} dex)" for part in parts[:3]
    )
    count = p * (model.natural_score.size + 1)
    summary = (
        f"By the orbit alone P(artificial) {probability:.2g}; about {count:.0f} of {model.natural_score.size} "
        f"catalogued objects score as high. What counts most: {words}."
    )
    score, expected = raw / float(np.log(10.0)), float(shares[-1])
    return Explanation(name, model.info.id, probability, score, expected, tuple(parts), summary)


def _shown(part: dict[str, Any]) -> str:
    return "unknown" if part["value"] is None else f"{part['value']:.3g}"
