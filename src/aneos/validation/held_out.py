"""Held-out injections: calibration, log score, precision, baselines; vehicle families left out."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.isotonic import IsotonicRegression

from aneos.evidence.prepared import prepare
from aneos.learning.calibration import (
    BetaCalibration,
    balanced,
    brier,
    log_score,
    pr_auc,
    reliability,
    roc_auc,
)
from aneos.learning.detectors import ForestDetector
from aneos.learning.splits import Folds
from aneos.validation.context import LN10, THREADS, Context
from aneos.validation.pushes import amr_sigma, with_solid_push
from aneos.validation.rates import Rate, above
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]
BUDGET: Final = 30
FAMILY_SEARCH: Final = 2
"""Sets of hyper-parameters tried without each family."""
PRIORS: Final = (1e-4, 3e-4)


def run(context: Context) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The section's Markdown, its figures as JSON, and what the pictures need."""
    data = context.data
    scores = {
        "classifier (boosting)": context.classifier,
        "orbit line (generative)": context.generative,
        "mixture of both": context.mixed,
        **baselines(context),
    }
    rows, facts = [], {}
    for name, score in scores.items():
        item = {
            "log_score_bits": log_score(score, data.y, data.weight),
            "log_score_bits_prior_1e-3": log_score(score, data.y, data.weight, 1e-3),
            "brier": brier(score, data.y, data.weight),
            "ece": reliability(score, data.y, data.weight).ece,
            "roc_auc": roc_auc(score, data.y, data.weight),
            **{f"pr_auc_{prior:g}": pr_auc(score, data.y, data.weight, prior) for prior in PRIORS},
        }
        facts[name] = item
        rows.append([name, *(f"{value:.4f}" for value in item.values())])
    header = [
        "",
        "log score (bits)",
        "at prior 1e-3",
        "Brier",
        "ECE",
        "ROC AUC",
        *(f"PR-AUC at {p:g}" for p in PRIORS),
    ]
    families = _families(context)
    stages = {
        name: [curve.predicted.tolist(), curve.observed.tolist()]
        for name, score in list(scores.items())[:3]
        for curve in [reliability(score, data.y, data.weight)]
    }
    ece = facts["classifier (boosting)"]["ece"]
    best = max(facts, key=lambda name: facts[name]["log_score_bits"])
    ahead = facts["classifier (boosting)"]["log_score_bits"] > max(
        item["log_score_bits"]
        for name, item in facts.items()
        if name not in ("classifier (boosting)", "mixture of both")
    )
    text = "\n\n".join(
        [
            "## Held-out injections: is the model calibrated, and is it better?",
            f"{len(context.escapes)} simulated escapes of {context.escapes.table['launch'].n_unique()} "
            f"launches (recipe: {context.escapes.recipe['drawn']} draws, seed "
            f"{context.escapes.recipe['seed']}) against {context.natural.height} catalogued NEAs. Every "
            "object is scored by a classifier that has seen neither it nor any object of its launch; "
            "hyper-parameters are searched, and probabilities calibrated, without its fold. Simulated "
            "orbits carry the errors and arcs of catalogued faint NEAs and count by their chance to be "
            "found. Log score: mean log2 of the probability given to the truth, 0 is perfect, -1 a coin; "
            "equal prior unless said otherwise. Baselines get their probabilities by isotonic regression "
            "on the other folds; the rule |A1| > 5σ judges simulated fits on both sides (solid rock in "
            "the catalogue), where the arc allows one.",
            table(header, rows),
            f"Calibration error of the classifier at equal prior: {ece:.4f} (goal 0.02). Best log score: "
            f"{best}. The classifier is {'ahead of' if ahead else 'NOT ahead of'} every baseline and the "
            "generative line in log score.",
            "### Leave one vehicle family out",
            "Hyper-parameters and calibration are learned without the family too.",
            families[0],
        ]
    )
    return text, {"scores": facts, "ahead": bool(ahead), "families": families[1]}, {"reliability": stages}


def baselines(context: Context) -> dict[str, FloatArray]:
    """Calibrated natural log ratios of simple rules over the rows of the context."""
    data = context.data
    U, vertical = data.X[:, 0], data.X[:, 3]
    cut = -((U / 0.8) ** 2 + (vertical / 0.15) ** 2)
    forest = np.empty(len(data.y))
    for fold in np.unique(data.fold):
        test = data.fold == fold
        seen = (data.y == 0.0) & ~test
        forest[test] = ForestDetector(random_state=context.seed).fit(data.X[seen]).score_samples(data.X[test])
    return {
        "U + i cut (S statistic)": isotonic(cut, data.y, data.weight, data.fold),
        "|A1| > 5σ": isotonic(push_score(context), data.y, data.weight, data.fold),
        "isolation forest alone": isotonic(forest, data.y, data.weight, data.fold),
    }


def push_score(context: Context) -> FloatArray:
    """The rule |A1| > 5σ on both sides alike, shape (n,): 1 above, 0 not measured, -1 measured and below.

    Nobody has fitted A1 to thousands of catalogued objects, and its presence must not tell the sides apart. So
    catalogued bodies get the push of solid rock of their size and simulated ones their own, both with the error of
    their arc where it is long enough.
    """
    escapes, rng = context.escapes.table, np.random.default_rng([context.seed, 47])
    solid = with_solid_push(context.natural, context.seed)
    sigma = amr_sigma(escapes["arc_days"].cast(pl.Float64).to_numpy())
    told = escapes["amr_m2kg"].to_numpy() + sigma * rng.standard_normal(sigma.size)
    ratios = [
        told / sigma,
        (solid["amr_m2kg"] / solid["amr_sigma_m2kg"]).cast(pl.Float64).fill_null(np.nan).to_numpy(),
    ]
    ratio = np.concatenate(ratios)
    return np.where(np.isnan(ratio), 0.0, np.where(np.abs(ratio) > 5.0, 1.0, -1.0))


def isotonic(score: FloatArray, label: FloatArray, weight: FloatArray, fold: Folds) -> FloatArray:
    """Natural log ratios from any increasing score, calibrated on the other folds, cut at 1e-4."""
    out = np.empty_like(score)
    for number in np.unique(fold):
        test = fold == number
        share = balanced(label[~test], weight[~test], 0.5)
        fitted = IsotonicRegression(out_of_bounds="clip", y_min=1e-4, y_max=1.0 - 1e-4)
        p = fitted.fit(score[~test], label[~test], sample_weight=share).predict(score[test])
        out[test] = np.log(p / (1.0 - p))
    return out


def _families(context: Context) -> tuple[str, list[dict[str, Any]]]:
    """Each vehicle family judged by a classifier that has seen none of its launches."""
    data, names = context.data, context.escapes.table["family"].to_numpy()
    counts = dict(zip(*np.unique(names, return_counts=True), strict=True))
    chosen = sorted((name for name in counts if counts[name] >= 30), key=lambda name: -counts[name])
    chosen = chosen[:3] if context.quick else chosen
    weight, raw, generative = context.escapes.weight, context.raw, context.generative
    natural_test = (data.y == 0.0) & (data.fold == 0)
    budget = BUDGET * natural_test.sum() / context.natural.height

    def without(name: str) -> dict[str, Any]:
        member = np.concatenate([names == name, np.zeros(context.natural.height, dtype=np.bool_)])
        seen, test = ~member & ~natural_test, member | natural_test
        booster = data.take(seen).fit(context.search(seen, FAMILY_SEARCH), context.seed)
        learned = BetaCalibration.fit(raw[seen], data.y[seen], data.weight[seen])
        score, label, share = (
            learned.log_ratio(booster.score_samples(data.X[test])),
            data.y[test],
            data.weight[test],
        )
        found = above(score[label == 1.0], score[label == 0.0]) < budget
        visible = weight[names == name] > 0.0
        return {
            "family": name,
            "escapes": int(counts[name]),
            "log_score_bits": log_score(score, label, share),
            "generative_bits": log_score(generative[test], label, share),
            "recall_30": Rate(int(found[visible].sum()), int(visible.sum())),
        }

    with ThreadPoolExecutor(THREADS) as pool:
        items = list(pool.map(without, chosen))
    rows = [
        [
            item["family"],
            item["escapes"],
            f"{item['log_score_bits']:.3f}",
            f"{item['generative_bits']:.3f}",
            item["recall_30"],
        ]
        for item in items
    ]
    header = [
        "family left out",
        "escapes",
        "log score (bits)",
        "generative line",
        "recall at a rate of 30 alerts",
    ]
    return table(header, rows), [{**item, "recall_30": item["recall_30"].to_dict()} for item in items]


def hard_cut(context: Context, speed_kms: float, inclination_deg: float) -> Mapping[str, Rate]:
    """The plain cut on encounter speed and inclination: share of escapes and of catalogued NEAs that pass."""
    both = {"escapes": context.escapes.table, "catalogue": context.natural}
    out = {}
    for name, objects in both.items():
        prepared = prepare(objects)
        passed = (prepared.speed_kms < speed_kms) & (prepared.column("i_deg") < inclination_deg)
        out[name] = Rate(int(passed.sum()), len(passed))
    return out


__all__ = ["LN10", "baselines", "hard_cut", "isotonic", "run"]
