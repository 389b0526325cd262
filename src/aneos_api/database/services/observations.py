"""Uploaded astrometry and what the fit made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import defer

from aneos_api.database.models import Job, ObservationSet
from aneos_api.database.models.work import OPEN_STATES
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.database.services.jobs import JobService

ASSESS_OBSERVATIONS: Final = "assess_observations"
OBSERVATIONS: Final = Listing(
    ObservationSet.id,
    {
        "name": ObservationSet.name,
        "designation": ObservationSet.designation,
        "format": ObservationSet.format,
        "status": ObservationSet.status,
        "n_obs": ObservationSet.n_obs,
        "created_at": ObservationSet.created_at,
    },
    default="-created_at",
)


class ObservationService(Service):
    """Observation sets of one tenant."""

    async def create(
        self,
        *,
        tenant_id: UUID,
        content: str,
        format: str,
        name: str = "",
        designation: str | None = None,
        options: Mapping[str, Any] | None = None,
        created_by_id: UUID | None = None,
    ) -> tuple[ObservationSet, Job]:
        """Store observations (``mpc80``, ``ades-psv``, ``ades-xml``) and queue their fit and assessment."""
        observations = await self._add(
            ObservationSet(
                tenant_id=tenant_id,
                name=name,
                designation=designation,
                format=format,
                sha256=hashlib.sha256(content.encode()).hexdigest(),
                content=content,
                options=dict(options or {}),
                created_by_id=created_by_id,
            )
        )
        job = await JobService(self.session).enqueue(
            ASSESS_OBSERVATIONS,
            {"observation_set_id": str(observations.id)},
            tenant_id=tenant_id,
            created_by_id=created_by_id,
        )
        observations.job_id = job.id
        await self.session.flush()
        return observations, job

    async def get(self, set_id: UUID, *, tenant_id: UUID | None = None) -> ObservationSet:
        return await self._get(ObservationSet, set_id, "observation set", tenant_id=tenant_id)

    async def page(self, tenant_id: UUID, request: PageRequest) -> Page[ObservationSet]:
        short = (defer(ObservationSet.content), defer(ObservationSet.result))  # each may be megabytes
        statement = select(ObservationSet).where(ObservationSet.tenant_id == tenant_id).options(*short)
        return await OBSERVATIONS.page(self.session, statement, request)

    async def finish(
        self, set_id: UUID, *, result: Mapping[str, Any], n_obs: int, designation: str | None
    ) -> ObservationSet:
        """Keep the fit and its report (JSON shape of ``fit``)."""
        row = await self.get(set_id)
        row.status, row.error, row.result, row.n_obs = "succeeded", None, dict(result), n_obs
        row.designation = designation or row.designation
        await self.session.flush()
        self._touch("assessments", row.tenant_id)
        return row

    async def find(self, set_id: UUID) -> ObservationSet | None:
        """The set, or None where it was removed meanwhile."""
        return await self.session.get(ObservationSet, set_id)

    async def fail(self, set_id: UUID, error: str) -> None:
        row = await self.get(set_id)
        row.status, row.error = "failed", error[:2000]
        await self.session.flush()

    async def delete(self, set_id: UUID, *, tenant_id: UUID) -> None:
        """Remove the observations with the assessments made of them, and end the job that is at work on them."""
        row = await self.get(set_id, tenant_id=tenant_id)
        jobs = JobService(self.session)
        if row.job_id is not None and (await jobs.get(row.job_id)).status in OPEN_STATES:
            await jobs.cancel(row.job_id)
        await self.session.delete(row)
        await self.session.flush()
        self._touch("assessments", tenant_id)
