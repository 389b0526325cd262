"""The job behind an upload of observations: fit every object, weigh the lines, keep the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aneos.assessment import DEFAULT_PRIOR
from aneos.errors import InputError
from aneos.output import json_ready
from aneos_api.database import Work
from aneos_api.database.models import Job
from aneos_api.jobs.context import JobContext


async def assess_uploaded(context: JobContext) -> Mapping[str, Any]:
    """The task ``assess_observations``. Observations that cannot be used end the set with the reason."""
    set_id = UUID(context.payload["observation_set_id"])
    async with context.database.read(fresh=True) as work:
        row = await work.observations.find(set_id)
    if row is None or row.status == "succeeded":
        return {"assessments": 0}
    context.report("fitting", 0, None)
    prior = float(row.options.get("prior", DEFAULT_PRIOR))
    try:
        observed, result = await context.compute(_assess, row.content, prior)
    except InputError as error:
        async with context.transaction() as work:
            await work.observations.fail(set_id, str(error))
        return {"assessments": 0, "error": str(error)}
    report = observed.report
    names = observed.observations.objects
    async with context.transaction() as work:
        stored = await work.analysis.store_report(
            report,
            tenant_id=row.tenant_id,
            origin="observations",
            created_by_id=row.created_by_id,
            observation_set_id=set_id,
        )
        await work.observations.finish(
            set_id,
            result=json_ready(result),
            n_obs=len(observed.observations),
            designation=names[0][:64] if len(names) == 1 else None,
        )
        for answer in report.assessments:
            told = {
                "designation": answer.designation,
                "class": answer.object_class,
                "probability_artificial": answer.probability_artificial,
                "observation_set_id": str(set_id),
            }
            await work.events.emit(
                "assessments",
                "observations.assessed",
                told,
                key=answer.designation[:128],
                tenant_id=row.tenant_id,
            )
    return {"assessments": len(stored), "failures": len(observed.failures)}


async def observations_dead(work: Work, job: Job) -> None:
    """The job failed for good: so did the set, unless it was removed."""
    set_id = UUID(job.payload["observation_set_id"])
    if await work.observations.find(set_id) is not None:
        await work.observations.fail(set_id, f"the job failed: {job.error or 'unknown'}")


def _assess(content: str, prior: float) -> Any:
    """What the observations gave, and its JSON: that of ``aneos fit`` with residuals and tracks as ``series``."""
    from aneos.astrometry import parse_observations
    from aneos.fit_series import fit_series
    from aneos.observed import assess_observations

    observed = assess_observations(parse_observations(content, "file"), prior=prior, workers=1)
    return observed, observed.to_dict() | {"series": fit_series(observed)}
