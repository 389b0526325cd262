"""From scores to probabilities, p-values and figures of merit.

Scores are natural logarithms of a density ratio, the higher, the more artificial. Every figure takes weights, so that
the same held-out objects answer for any prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]

ECE_BINS: Final = 15
LIMIT: Final = 6.0
"""|log10| of any learned ratio is cut here, like that of the orbit line."""


@dataclass(frozen=True, slots=True)
class BetaCalibration:
    """Beta calibration (Kull, Silva Filho & Flach 2017): logit = a ln p - b ln(1 - p) + c with a, b ≥ 0.

    Learned at equal weights of the classes, so that the calibrated logit is the logarithm of the density ratio.
    """

    a: float
    b: float
    c: float

    @classmethod
    def fit(cls, score: FloatArray, label: FloatArray, weight: FloatArray) -> BetaCalibration:
        """Learn from held-out scores (n,), labels 0 or 1 and weights; each class gets half of the weight."""
        share = balanced(label, weight, 0.5)
        inputs = np.stack([log_expit(score), -log_expit(-score), np.ones_like(score)])
        sign = np.where(label > 0.5, 1.0, -1.0)

        def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
            margin = sign * (parameters @ inputs)
            slope = -share * sign * expit(-margin)
            return float(-np.sum(share * log_expit(margin))), np.asarray(inputs @ slope)

        bounds = [(1e-6, None), (1e-6, None), (None, None)]
        found = minimize(loss, np.array([1.0, 1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds)
        a, b, c = (float(value) for value in found.x)
        return cls(a, b, c)

    def log_ratio(self, score: FloatArray) -> FloatArray:
        """Natural logarithm of the density ratio artificial : catalogue, shape as given."""
        return np.asarray(self.a * log_expit(score) - self.b * log_expit(-score) + self.c)


def unmix(log_ratio: FloatArray, contamination: float) -> FloatArray:
    """log10 Bayes factor artificial : natural from the natural log ratio artificial : catalogue.

    The catalogue is a mixture: a share π of it (``contamination``) is artificial, not yet identified. With r the ratio
    to the catalogue the ratio to its natural part is r (1 - π) / (1 - π r); r cannot exceed 1/π and is cut
    short of it. Positive-unlabelled correction after Elkan & Noto (2008) and du Plessis et al. (2015).
    """
    if not 0.0 <= contamination < 1.0:
        raise InputError(f"the share must lie in [0, 1), not {contamination}", source="contamination")
    bounded = np.minimum(log_ratio, LIMIT * np.log(10.0))
    mixed = np.minimum(contamination * np.exp(bounded), 0.9)
    out = (bounded + np.log1p(-contamination) - np.log1p(-mixed)) / np.log(10.0)
    return np.asarray(np.clip(out, -LIMIT, LIMIT))


def conformal_p(score: FloatArray, reference: FloatArray) -> FloatArray:
    """Share of held-out reference scores at least as high, (1 + count) / (n + 1), shape of ``score``.

    ``reference`` is sorted in increasing order. Valid whatever the detector, where object and reference are
    exchangeable (Vovk, Gammerman & Shafer 2005); never below 1/(n + 1).
    """
    above = reference.size - np.searchsorted(reference, score, side="left")
    p = (1.0 + above) / (reference.size + 1.0)
    return np.where(np.isnan(score), np.nan, p)


def balanced(label: FloatArray, weight: FloatArray, prior: float) -> FloatArray:
    """Weights that add up to ``prior`` over label 1 and to 1 - prior over label 0."""
    out = np.zeros_like(weight)
    for side, part in ((1.0, prior), (0.0, 1.0 - prior)):
        chosen = label == side
        total = float(weight[chosen].sum())
        if total <= 0.0:
            raise InputError("both classes need rows with a positive weight")
        out[chosen] = weight[chosen] / total * part
    return out


def log_score(log_ratio: FloatArray, label: FloatArray, weight: FloatArray, prior: float = 0.5) -> float:
    """Mean logarithm (base 2) of the probability given to the truth, at a prior; 0 is perfect, -1 a coin at 0.5."""
    shifted = log_ratio + np.log(prior / (1.0 - prior))
    margin = np.where(label > 0.5, shifted, -shifted)
    return float(np.sum(balanced(label, weight, prior) * log_expit(margin)) / np.log(2.0))


def brier(log_ratio: FloatArray, label: FloatArray, weight: FloatArray, prior: float = 0.5) -> float:
    """Mean squared error of the probability, at a prior; 0 is perfect."""
    p = expit(log_ratio + np.log(prior / (1.0 - prior)))
    return float(np.sum(balanced(label, weight, prior) * (p - label) ** 2))


@dataclass(frozen=True, slots=True)
class Reliability:
    """Calibration curve: mean probability, observed share and weight of each bin; ``ece`` is their mean distance."""

    predicted: FloatArray
    observed: FloatArray
    weight: FloatArray
    ece: float


def reliability(
    log_ratio: FloatArray, label: FloatArray, weight: FloatArray, prior: float = 0.5
) -> Reliability:
    """Calibration in :data:`ECE_BINS` bins of equal weight, at a prior; equal probabilities share a bin."""
    p = expit(log_ratio + np.log(prior / (1.0 - prior)))
    share = balanced(label, weight, prior)
    values, group = np.unique(p, return_inverse=True)
    mass = np.bincount(group, share, values.size)
    middle = np.cumsum(mass) - 0.5 * mass
    bins = np.minimum((middle * ECE_BINS).astype(np.intp), ECE_BINS - 1)[group]
    total = np.bincount(bins, share, ECE_BINS)
    used = total > 0.0
    predicted = np.bincount(bins, share * p, ECE_BINS)[used] / total[used]
    observed = np.bincount(bins, share * label, ECE_BINS)[used] / total[used]
    ece = float(np.sum(total[used] * np.abs(predicted - observed)))
    return Reliability(np.asarray(predicted), np.asarray(observed), np.asarray(total[used], np.float64), ece)


def pr_auc(score: FloatArray, label: FloatArray, weight: FloatArray, prior: float) -> float:
    """Area under precision against recall (average precision) when a share ``prior`` is artificial."""
    share = balanced(label, weight, prior)
    order = np.argsort(-score, kind="stable")
    ordered, truth, sizes = score[order], label[order], share[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), ordered.size - 1)
    hits, all_above = np.cumsum(sizes * truth)[last], np.cumsum(sizes)[last]
    recall = np.concatenate([[0.0], hits / prior])
    return float(np.sum(np.diff(recall) * hits / all_above))


def roc_auc(score: FloatArray, label: FloatArray, weight: FloatArray) -> float:
    """Chance that an artificial object scores higher than a natural one; 0.5 is no skill."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, score, sample_weight=weight))
