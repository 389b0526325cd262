"""The curves of a model's papers, from held-out scores: reliability, and recall against the number of alerts.

Objects of one launch resemble each other, so a launch counts as one: the sizes of samples are effective numbers of
launches and catalogued objects, (Σ w)² / Σ w² over their weights (Kish 1965). All intervals hold 90 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from scipy.stats import beta, norm

from aneos.learning.calibration import balanced

FloatArray = npt.NDArray[np.float64]
Curve = dict[str, list[float]]

BINS: Final = 10
"""Bins of equal width in probability."""
ALERTS: Final = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10_000, 20_000)
TAIL: Final = 0.05
DIGITS: Final = 6


def curves(
    log_ratio: FloatArray, label: FloatArray, weight: FloatArray, group: Sequence[str]
) -> dict[str, Curve]:
    """``reliability`` and ``recall`` of held-out log ratios, as a model's papers keep them, all arrays (n,).

    ``log_ratio`` is natural and calibrated by other rows than its own; ``label`` is 1 for simulated and 0 for
    catalogued; ``group`` the launch or the designation.
    """
    groups = np.unique(np.asarray(group), return_inverse=True)[1]
    return {
        "reliability": reliability_curve(log_ratio, label, weight, groups),
        "recall": recall_curve(log_ratio, label, weight, groups),
    }


def reliability_curve(
    log_ratio: FloatArray, label: FloatArray, weight: FloatArray, group: npt.NDArray[np.intp]
) -> Curve:
    """Mean probability and share of simulated objects in bins of equal width, at equal prior of the classes.

    Of each bin that holds anything: ``predicted``, ``observed``, its interval ``low`` and ``high``, and how many rows
    are ``simulated`` and ``catalogued``. The interval is normal in the logit of the share, with the variance 1/n₁ +
    1/n₀ of the ratio of two weights. A bin that lacks a class is bounded by what three objects of the mean weight of
    that class, of which none is seen with a chance of 5 %, would make of it.
    """
    p = expit(log_ratio)
    share = balanced(label, weight, 0.5)
    of_bin = np.minimum((p * BINS).astype(np.intp), BINS - 1)
    out: Curve = {name: [] for name in ("predicted", "observed", "low", "high", "simulated", "catalogued")}
    typical = [_typical(share[label == kind], group[label == kind]) for kind in (0.0, 1.0)]
    for number in range(BINS):
        chosen = (of_bin == number) & (share > 0.0)
        if not chosen.any():
            continue
        sides = [chosen & (label == kind) for kind in (0.0, 1.0)]
        natural, artificial = (float(share[side].sum()) for side in sides)
        observed = artificial / (artificial + natural)
        if natural > 0.0 and artificial > 0.0:
            parts = [1.0 / _effective(share[side], group[side]) for side in sides]
            reach = float(norm.ppf(1.0 - TAIL)) * float(np.sqrt(sum(parts)))
            low, high = (float(expit(logit(observed) + sign * reach)) for sign in (-1.0, 1.0))
        else:
            unseen = -float(np.log(TAIL))
            low = 0.0 if natural > 0.0 else artificial / (artificial + unseen * typical[0])
            high = 1.0 if artificial > 0.0 else unseen * typical[1] / (unseen * typical[1] + natural)
        mean = float(np.sum(share[chosen] * p[chosen]) / share[chosen].sum())
        for name, value in zip(out, (mean, observed, low, high), strict=False):
            out[name].append(round(value, DIGITS))
        out["simulated"].append(int(sides[1].sum()))
        out["catalogued"].append(int(sides[0].sum()))
    return out


def recall_curve(
    log_ratio: FloatArray, label: FloatArray, weight: FloatArray, group: npt.NDArray[np.intp]
) -> Curve:
    """Share of the simulated weight that stands above all but ``alerts`` catalogued objects, with its interval.

    A simulated object is found with N alerts where fewer than N catalogued objects score as high or higher. Exact
    binomial interval (Clopper & Pearson 1934) with the effective number of launches.
    """
    natural = np.sort(log_ratio[label == 0.0])
    seen = (label == 1.0) & (weight > 0.0)
    above = natural.size - np.searchsorted(natural, log_ratio[seen], side="left")
    share = weight[seen] / weight[seen].sum()
    trials = _effective(share, group[seen])
    out: Curve = {name: [] for name in ("alerts", "recall", "low", "high")}
    for alerts in (*(number for number in ALERTS if number < natural.size), natural.size):
        recall = min(float(share[above < alerts].sum()), 1.0)
        hits = recall * trials
        low = float(beta.ppf(TAIL, hits, trials - hits + 1.0)) if hits > 0.0 else 0.0
        high = float(beta.ppf(1.0 - TAIL, hits + 1.0, trials - hits)) if hits < trials else 1.0
        out["alerts"].append(alerts)
        for name, value in (("recall", recall), ("low", low), ("high", high)):
            out[name].append(round(value, DIGITS))
    return out


def _effective(weight: FloatArray, group: npt.NDArray[np.intp]) -> float:
    """Kish's effective number of groups."""
    sums = np.bincount(group, weight)
    return float(sums.sum() ** 2 / np.sum(sums**2))


def _typical(weight: FloatArray, group: npt.NDArray[np.intp]) -> float:
    """Mean weight of a group."""
    sums = np.bincount(group, weight)
    return float(sums[sums > 0.0].mean())
