"""``catalogue/``: objects, editions, the registry of artificial objects."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from aneos.artificial.known import KnownObject, load_known
from aneos.artificial.launches import load_launches
from aneos_api.database.services.catalogue import OBJECTS, VERSIONS
from aneos_api.dependencies import Change, Changes, Operator, Paged, Reader, Reading, Viewer, cached
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.endpoints.registry import LAUNCH_FILTERS, REGISTRY_FILTERS, launch_page, registry_page
from aneos_api.jobs.names import SCREEN_CATALOGUE, SYNC_CATALOGUE
from aneos_api.schemas.common import Designation, Identifier
from aneos_api.schemas.motion import LaunchRow
from aneos_api.schemas.science import (
    CatalogueVersionRow,
    KnownObjectReply,
    KnownOrbitRow,
    KnownRow,
    ObjectReply,
    ObjectRow,
)
from aneos_api.schemas.work import JobReply, JobRow, SyncRequest
from aneos_api.science import known_object

router = APIRouter(prefix="/api/v1/catalogue", tags=["catalogue"])


@router.get(
    "/objects",
    response_model=page_of(ObjectRow),
    operation_id="catalogue_objects",
    dependencies=[cached("objects")],
    response_model_exclude_unset=True,
    openapi_extra=documented(OBJECTS),
)
async def objects(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Objects of the open catalogue and your organisation's own, with their orbits."""
    return reply(await work.catalogue.page(paging.request, tenant_id=who.tenant_id), ObjectRow, paging)


@router.get("/objects/{designation}", operation_id="catalogue_object", dependencies=[cached("objects")])
async def show_object(designation: Annotated[Designation, Path()], who: Viewer, work: Reading) -> ObjectReply:
    """One object by designation, number, name or alias."""
    found = await work.catalogue.find(designation, tenant_id=who.tenant_id)
    return ObjectReply(object=ObjectRow.model_validate(found))


@router.get(
    "/versions",
    response_model=page_of(CatalogueVersionRow),
    operation_id="catalogue_versions",
    dependencies=[cached("objects")],
    response_model_exclude_unset=True,
    openapi_extra=documented(VERSIONS),
)
async def versions(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Editions of the catalogue that were taken in, the newest first."""
    return reply(await work.catalogue.versions(paging.request), CatalogueVersionRow, paging)


@router.get(
    "/artificial",
    response_model=page_of(KnownRow),
    operation_id="catalogue_artificial",
    dependencies=[cached(permission=None, ttl_s=300.0)],
    response_model_exclude_unset=True,
    openapi_extra=REGISTRY_FILTERS,
)
async def artificial(who: Reader, paging: Paged) -> Any:
    """Known artificial objects on distant orbits: who they are and how sure that is."""
    return reply(registry_page(load_known(), paging.request), KnownRow, paging)


@router.get(
    "/artificial/{id}",
    operation_id="catalogue_artificial_object",
    dependencies=[cached(permission=None, ttl_s=300.0)],
)
async def artificial_object(id: Annotated[Identifier, Path()], who: Reader) -> KnownObjectReply:
    """One known artificial object, with its orbits as published."""
    known = known_object(id)
    return KnownObjectReply(
        object=KnownRow.model_validate(_registry_row(known)),
        orbits=[KnownOrbitRow.model_validate(orbit) for orbit in known.orbits],
    )


@router.get(
    "/launches",
    response_model=page_of(LaunchRow),
    operation_id="catalogue_launches",
    dependencies=[cached(ttl_s=300.0)],
    response_model_exclude_unset=True,
    openapi_extra=LAUNCH_FILTERS,
)
async def launches(who: Viewer, paging: Paged) -> Any:
    """Launches beyond the Earth, by launch tag: what an object may have come from."""
    return reply(launch_page(load_launches(), paging.request), LaunchRow, paging)


@router.post("/sync", response_model=JobReply, operation_id="catalogue_sync", status_code=202)
async def sync(body: SyncRequest, who: Operator, changes: Changes, once: Idempotent) -> JobReply | Response:
    """Renew the catalogue and screen it, in the background: from an archive where the settings allow asking it."""
    task = SCREEN_CATALOGUE if body.source == "bundled" else SYNC_CATALOGUE
    named = "catalogue" if body.source == "bundled" else "source"

    async def make(change: Change) -> JobReply:
        job = await change.work.jobs.enqueue(
            task,
            {named: body.source},
            created_by_id=who.user_id,
            dedupe_key=f"{task}:{body.source}",
        )
        change.queued = True
        await change.note("catalogue.sync", "job", job.id, after={"source": body.source})
        return JobReply(job=JobRow.model_validate(job))

    return await once.make(changes, who, body, make, status=202)


def _registry_row(known: KnownObject) -> dict[str, Any]:
    return {name: getattr(known, name) for name in KnownRow.model_fields}
