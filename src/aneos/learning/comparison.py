"""Two models side by side: their held-out figures, and how far they differ over the same objects."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy.stats import spearmanr

from aneos.catalogue import load_bundled
from aneos.learning.prediction import predict
from aneos.learning.registry import find

HEAD = 30


def compare(one: str, other: str, table: pl.DataFrame | None = None) -> dict[str, Any]:
    """Figures of two models by id and their agreement over ``table`` (the bundled catalogue by default).

    ``rank_correlation`` (Spearman) of the log Bayes factors, ``largest_difference_dex``, ``head_in_common`` of the
    first 30, and each held-out metric of both with the difference (other minus one).
    """
    objects = load_bundled().table if table is None else table
    scores = [
        predict(objects, model, contributions=False)
        .drop_nulls("log10_bayes_factor")["log10_bayes_factor"]
        .to_numpy()
        for model in (one, other)
    ]
    heads = [set(np.argsort(-score, kind="stable")[:HEAD].tolist()) for score in scores]
    papers = [find(one), find(other)]
    facts: dict[str, Any] = {"one": papers[0].id, "other": papers[1].id, "objects": int(scores[0].size)}
    for name in papers[0].metrics:
        values = [info.metrics.get(name) for info in papers]
        facts |= {f"{name}_one": values[0], f"{name}_other": values[1]}
        if values[0] is not None and values[1] is not None:
            facts[f"{name}_difference"] = round(values[1] - values[0], 6)
    correlation = (
        1.0 if np.array_equal(scores[0], scores[1]) else float(spearmanr(scores[0], scores[1]).statistic)
    )
    facts["rank_correlation"] = round(correlation, 6)
    facts["largest_difference_dex"] = round(float(np.max(np.abs(scores[0] - scores[1]), initial=0.0)), 6)
    facts["head_in_common"] = len(heads[0] & heads[1])
    return facts
