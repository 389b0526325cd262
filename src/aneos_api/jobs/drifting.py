"""The job that measures whether the objects that changed last are still like those that the model was trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from aneos_api.database.elements import stored_catalogue
from aneos_api.errors import NotFound
from aneos_api.jobs.context import JobContext
from aneos_api.jobs.names import DRIFT_METRIC
from aneos_api.predicting import drift

OBJECTS: Final = 2000
FEWEST: Final = 30
"""Objects with closed orbits below which nothing can be said."""


async def measure_drift(context: JobContext) -> Mapping[str, Any]:
    """The task: the largest population stability index of all features becomes the stored metric ``model_drift_psi``.

    Nothing is stored where no model answers or too few objects are known; the result says so.
    """
    async with context.database.read(fresh=True) as work:
        try:
            model = await work.ml.answering()
        except NotFound as missing:
            return {"measured": False, "reason": str(missing)}
        objects = await work.catalogue.newest(OBJECTS)
    closed = [row for row in objects if row.e < 1.0 and row.a_au > 0.0]
    if len(closed) < FEWEST:
        return {"measured": False, "reason": f"fewer than {FEWEST} objects with closed orbits"}
    rows = await context.compute(drift, stored_catalogue(closed, ()), model.version)
    found = {row["feature"]: float(row["psi"]) for row in rows if math.isfinite(row["psi"])}
    if not found:
        return {"measured": False, "reason": "no feature is known of enough objects"}
    worst = max(found, key=lambda name: found[name])
    async with context.transaction() as work:
        await work.metrics.record(DRIFT_METRIC, found[worst], {"model": model.version, "feature": worst})
    return {"measured": True, "model": model.version, "psi": found[worst], "feature": worst}
