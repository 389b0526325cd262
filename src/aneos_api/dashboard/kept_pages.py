"""What people keep and hold side by side: cases, single answers, a comparison of objects."""

from __future__ import annotations

import itertools
from typing import Annotated, Any, Final
from uuid import UUID

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response

from aneos.orbits import KeplerianElements, drummond, southworth_hawkins
from aneos_api.dashboard import drawings
from aneos_api.dashboard.rendering import renderer_of
from aneos_api.dashboard.visitors import PageRoute, visitor
from aneos_api.database.paging import PageRequest
from aneos_api.database.unit import Work
from aneos_api.dependencies import Ctx, Reading
from aneos_api.endpoints.kept import answer, show_case
from aneos_api.endpoints.objects import object_assessment
from aneos_api.errors import ServiceError
from aneos_api.schemas.common import MAX_INT
from aneos_api.security.permissions import Principal

router = APIRouter(route_class=PageRoute)

MOST: Final = 6
"""Objects that a comparison holds side by side."""

ELEMENTS: Final = (
    ("a_au", "Semi-major axis (au)"),
    ("e", "Eccentricity"),
    ("i_deg", "Inclination (°)"),
    ("node_deg", "Ascending node (°)"),
    ("peri_deg", "Argument of perihelion (°)"),
    ("mean_anomaly_deg", "Mean anomaly (°)"),
    ("epoch_tdb_jd", "Epoch (TDB)"),
    ("H", "Absolute magnitude H"),
    ("amr_m2kg", "Area-to-mass ratio (m²/kg)"),
    ("amr_sigma_m2kg", "its σ (m²/kg)"),
    ("arc_days", "Observed arc (d)"),
    ("n_obs", "Observations"),
    ("rms_arcsec", "Residuals, rms (″)"),
)


@router.get("/cases")
async def cases(request: Request, work: Reading) -> Response:
    """The organisation's inquiries."""
    who = visitor(request)
    found = await work.cases.page(who.tenant_id, PageRequest(limit=200))
    return renderer_of(request).page(request, "cases.html", {"title": "Cases", "page": found})


@router.get("/cases/{case_id}")
async def case(request: Request, work: Reading, case_id: UUID) -> Response:
    """One inquiry: notes, objects, what was answered about them."""
    who = visitor(request)
    found = await show_case(case_id, who, work)
    items = [{"item": item, "row": await _believed(work, who, item)} for item in found.items]
    values = {"title": found.case.title, "case": found.case, "items": items}
    return renderer_of(request).page(request, "case.html", values)


@router.get("/answers/{assessment_id}")
async def show_answer(
    request: Request, work: Reading, assessment_id: Annotated[int, Path(ge=1, le=MAX_INT)]
) -> Response:
    """A stored answer about an orbit of one's own or about observations."""
    who = visitor(request)
    full = await answer(assessment_id, who, work)
    told = full.model_dump(mode="json", by_alias=True)
    assessment = told["assessment"]
    row = await work.analysis.get(assessment_id, tenant_id=who.tenant_id)
    values = {
        "title": assessment["designation"],
        "a": assessment,
        "object": None,
        "stored": row,
        "signature": told["signature"],
        "waterfall": drawings.waterfall(assessment),
        "amr": drawings.amr_picture(assessment["orbit"]),
        "scene": drawings.orbit_scene(assessment["designation"], assessment["orbit"], assessment["evidence"]),
        "history": [],
        "past": None,
        "bibtex": drawings.bibtex(),
        "api": f"/api/v1/analysis/assessments/{assessment_id}",
    }
    return renderer_of(request).page(request, "object.html", values)


@router.get("/compare")
async def compare(
    request: Request,
    ctx: Ctx,
    work: Reading,
    object: Annotated[list[Annotated[str, Query(max_length=64)]] | None, Query(max_length=50)] = None,
    answer_id: Annotated[
        list[Annotated[int, Query(ge=1, le=MAX_INT)]] | None, Query(alias="answer", max_length=50)
    ] = None,
) -> Response:
    """Objects of the catalogue (``object``) and stored answers (``answer``) side by side."""
    who = visitor(request)
    names = list(dict.fromkeys(name.strip() for name in object or () if name.strip()))
    columns: list[dict[str, Any]] = []
    missing: list[str] = []
    for number in (answer_id or [])[:MOST]:
        told = (await answer(number, who, work)).model_dump(mode="json", by_alias=True)["assessment"]
        columns.append({"a": told, "href": f"/answers/{number}"})
    for name in names:
        if len(columns) >= MOST:
            missing.append(f"{name}: at most {MOST} are compared at once")
            continue
        try:
            reply = await object_assessment(name, who, ctx, work)
        except ServiceError as error:
            missing.append(f"{name}: {error.detail}")
            continue
        told = reply.model_dump(mode="json", by_alias=True)["assessment"]
        columns.append({"a": told, "href": None})
    lines = list(dict.fromkeys(line["line"] for column in columns for line in column["a"]["evidence"]))
    values = {
        "title": "Compare",
        "columns": columns,
        "names": names,
        "missing": missing,
        "lines": [(name, drawings.LINE_TEXTS.get(name, name)) for name in lines],
        "elements": ELEMENTS,
        "pairs": _pairs(columns),
        "most": MOST,
    }
    return renderer_of(request).page(request, "compare.html", values)


async def _believed(work: Work, who: Principal, item: Any) -> Any:
    """The stored answer of a case's object, or its line in the current screen; None where there is neither."""
    if item.assessment_id is not None:
        return await work.analysis.get(item.assessment_id, tenant_id=who.tenant_id)
    try:
        _, row = await work.analysis.latest(item.designation, tenant_id=who.tenant_id)
    except ServiceError:
        return None
    return row


def _pairs(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Distance of the orbits of every two objects by the criteria of Southworth & Hawkins and Drummond."""
    orbits = []
    for column in columns:
        orbit = column["a"]["orbit"]
        values = [orbit.get(name) for name in KeplerianElements.__dataclass_fields__]
        known = all(value is not None for value in values) and 0.0 <= float(orbit["e"]) < 1.0
        if known:
            elements = KeplerianElements(*(np.array([float(value)]) for value in values))
            orbits.append((column["a"]["designation"], elements))
    return [
        {
            "names": (first[0], second[0]),
            "d_sh": float(southworth_hawkins(first[1], second[1])[0]),
            "d_d": float(drummond(first[1], second[1])[0]),
        }
        for first, second in itertools.combinations(orbits, 2)
    ]
