"""``analysis/observations``: upload astrometry; a job fits the orbits and assesses them."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, Response, UploadFile
from pydantic import Field

from aneos_api.database.services.observations import OBSERVATIONS
from aneos_api.dependencies import Analyst, Change, Changes, Ctx, Paged, Reading, Viewer
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.errors import Invalid
from aneos_api.schemas.common import Line, Request
from aneos_api.schemas.work import ObservationSetReply, ObservationSetRow, ObservationSetShort

router = APIRouter(prefix="/api/v1/analysis/observations", tags=["analysis"])

Format = Literal["mpc80", "ades-psv", "ades-xml"]
HEAD_LINES: Final = 2000


class Upload(Request):
    """What an upload says, for the comparison of repeated requests."""

    sha256: str
    name: str
    prior: float | None


@router.post("", response_model=ObservationSetReply, operation_id="observations_upload", status_code=202)
async def upload(
    who: Analyst,
    ctx: Ctx,
    changes: Changes,
    once: Idempotent,
    file: Annotated[
        UploadFile,
        File(description="MPC 80-column, ADES PSV or ADES XML, as text; recognised by its content"),
    ],
    name: Annotated[Line, Form()] = "",
    prior: Annotated[float | None, Form(gt=0.0, lt=1.0), Field(allow_inf_nan=False)] = None,
) -> ObservationSetReply | Response:
    """Upload observations: they are read at once (a file that cannot be used is refused), fitted and assessed by a job.

    Ask for the set to see how far it is; the answers stand in its ``result`` and in the lists of assessments.
    """
    raw = await file.read()
    text = _text(raw)
    form = await ctx.science.run(lambda: _read(text))
    digest = hashlib.sha256(raw).hexdigest()

    async def make(change: Change) -> ObservationSetReply:
        row, _ = await change.work.observations.create(
            tenant_id=who.tenant_id,
            content=text,
            format=form,
            name=name,
            options={} if prior is None else {"prior": prior},
            created_by_id=who.user_id,
        )
        change.queued = True
        await change.note(
            "observations.upload", "observation_set", row.id, after={"name": name, "sha256": digest}
        )
        return ObservationSetReply(observation_set=ObservationSetRow.model_validate(row))

    return await once.make(changes, who, Upload(sha256=digest, name=name, prior=prior), make, status=202)


@router.get(
    "",
    response_model=page_of(ObservationSetShort),
    operation_id="observations_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(OBSERVATIONS),
)
async def observation_sets(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Observation sets of the organisation, the newest first."""
    return reply(await work.observations.page(who.tenant_id, paging.request), ObservationSetShort, paging)


@router.get("/{set_id}", operation_id="observations_show")
async def show(set_id: UUID, who: Viewer, work: Reading) -> ObservationSetReply:
    """One set: how far it is, then the fits and the assessments (the JSON shape of ``aneos fit``)."""
    row = await work.observations.get(set_id, tenant_id=who.tenant_id)
    return ObservationSetReply(observation_set=ObservationSetRow.model_validate(row))


@router.delete("/{set_id}", operation_id="observations_delete", status_code=204)
async def delete(set_id: UUID, who: Analyst, changes: Changes) -> None:
    """Remove a set with the assessments made from it; a job that is at work on it is ended."""
    async with changes.begin() as change:
        row = await change.work.observations.get(set_id, tenant_id=who.tenant_id)
        before = {"name": row.name, "sha256": row.sha256}
        await change.work.observations.delete(set_id, tenant_id=who.tenant_id)
        await change.note("observations.delete", "observation_set", set_id, before=before)


def _text(raw: bytes) -> str:
    """The file as text. Raises Invalid for what is none."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(f"is no UTF-8 text (byte {error.start})", field="file") from None
    if "\x00" in text:
        raise Invalid("is a binary file", field="file")
    return text


def _read(text: str) -> Format:
    """Read everything once, so that what cannot be used is refused now; the format. Raises InputError."""
    from aneos.astrometry import parse_observations
    from aneos.astrometry.ades_psv import is_header
    from aneos.astrometry.radar_table import looks_like_radar_table

    parse_observations(text, "file")
    if text.lstrip().startswith("<"):
        return "ades-xml"
    lines = text.splitlines()[:HEAD_LINES]
    if any("|" in line and is_header([cell.strip() for cell in line.split("|")]) for line in lines):
        return "ades-psv"
    if any(looks_like_radar_table(line) for line in lines):
        raise Invalid("is a table of radar astrometry: send it as ADES", field="file")
    return "mpc80"
