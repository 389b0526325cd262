"""A screened catalogue ranked again with another judge of the orbit; every other line stays as it was."""

from __future__ import annotations

import numpy as np
import polars as pl

from aneos.assessment import posterior
from aneos.errors import InputError
from aneos.learning.posterior import OrbitBy, joined
from aneos.learning.prediction import predict
from aneos.screening import ScreenResult


def joint_ranking(result: ScreenResult, by: OrbitBy = "mixture", model_id: str | None = None) -> pl.DataFrame:
    """One row per screened object, the most probably artificial first.

    ``rank``, ``designation``; ``probability`` and ``log10_bayes_factor`` with the orbit judged ``by``; ``orbit`` that
    judge's part of it (log10); ``rank_generative`` and ``probability_generative`` as the screen itself gives them;
    ``model`` the id of the classifier (the champion by default), null for the generative line. The prior is that
    of the screen. Raises InputError for a judge that there is not and for a screen without the orbit line.
    """
    if by not in ("generative", "classifier", "mixture"):
        raise InputError(f"no judge {by!r}; there are generative, classifier and mixture", source="by")
    scored = result.scored
    names = scored.prepared.table["designation"]
    classifier, model = None, None
    if by != "generative":
        said = predict(scored.prepared.table, model_id, contributions=False)
        classifier, model = said["log10_bayes_factor"].to_numpy(), said["model"][0]
    found = joined(scored.lines, classifier, by)
    place = np.empty(len(names), dtype=np.int64)
    place[result.order] = np.arange(1, len(names) + 1)
    table = pl.DataFrame(
        {
            "designation": names,
            "probability": posterior(found.log10_bayes_factor, scored.prior),
            "log10_bayes_factor": found.log10_bayes_factor,
            "orbit": found.orbit,
            "rank_generative": place,
            "probability_generative": scored.probability,
        }
    ).with_columns(model=pl.lit(model, pl.String))
    ranked = table.sort("log10_bayes_factor", descending=True, maintain_order=True)
    return ranked.with_row_index("rank", offset=1)
