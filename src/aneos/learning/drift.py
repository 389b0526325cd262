"""Whether the objects of today are still like those a model learned: stability index, Kolmogorov-Smirnov distance."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import ks_2samp, kstwobign

from aneos.errors import InputError
from aneos.evidence.prepared import prepare
from aneos.learning.features import NAMES, features
from aneos.learning.model import TrainedModel
from aneos.learning.registry import load_model

FloatArray = npt.NDArray[np.float64]

SLIGHT, LARGE = 0.1, 0.25
"""Population stability index from which drift is called slight and large (the customary bounds)."""

BINS: Final = 10
FEWEST: Final = 30
"""Fewer objects than this tell nothing of a distribution."""


def drift(
    table: pl.DataFrame, model_id: str | None = None, *, model: TrainedModel | None = None
) -> pl.DataFrame:
    """One row per feature: ``feature``, ``psi``, ``ks``, ``ks_p``, ``missing``, ``missing_reference``, ``verdict``.

    The reference is the catalogue the model was trained on. ``psi`` compares ten bins of equal share (Σ (p-q) ln(p/q));
    ``ks`` is the largest distance of the distribution functions, ``ks_p`` its chance without drift. ``verdict`` is
    "stable", "slight" or "large". Raises InputError for fewer than 30 closed orbits.
    """
    model = load_model(model_id) if model is None else model
    inside = table.filter((pl.col("e") < 1.0) & (pl.col("a_au") > 0.0))
    if inside.height < FEWEST:
        raise InputError(f"drift needs at least {FEWEST} objects with closed orbits, not {inside.height}")
    X = features(prepare(inside))
    rows = []
    for column, name in enumerate(NAMES):
        known = X[:, column][np.isfinite(X[:, column])]
        psi, ks, p = _compare(known, model.reference[:, column])
        verdict = "large" if psi >= LARGE else "slight" if psi >= SLIGHT else "stable"
        missing = float(np.mean(~np.isfinite(X[:, column])))
        rows.append((name, psi, ks, p, missing, float(model.reference_missing[column]), verdict))
    schema = ["feature", "psi", "ks", "ks_p", "missing", "missing_reference", "verdict"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _compare(known: FloatArray, quantiles: FloatArray) -> tuple[float, float, float]:
    """PSI, KS distance and its p-value of values against the reference's quantiles (evenly spaced shares)."""
    if known.size == 0:
        return float("inf"), 1.0, 0.0
    edges = np.unique(quantiles[:: (quantiles.size - 1) // BINS][1:-1])
    expected, observed = _shares(quantiles, edges), _shares(known, edges)
    psi = float(np.sum((observed - expected) * np.log(observed / expected)))
    ks = float(ks_2samp(known, quantiles, method="asymp").statistic)
    return psi, ks, float(kstwobign.sf(ks * np.sqrt(known.size)))


def _shares(values: FloatArray, edges: FloatArray) -> FloatArray:
    """Share of values in each bin; half a count is added to each, so that none is empty."""
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=edges.size + 1) + 0.5
    return np.asarray(counts / counts.sum())
