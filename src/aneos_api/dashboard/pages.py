"""The pages with content of their own: log-in, account, overview, object, watch list, workbench, launches."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from aneos.artificial.launches import load_launches
from aneos.assessment import CLASSES, NULL_REJECTED_BELOW
from aneos_api.context import Context, context_of
from aneos_api.dashboard import drawings, picture
from aneos_api.dashboard.health import archive_health, service_health
from aneos_api.dashboard.rendering import page_headers, renderer_of
from aneos_api.dashboard.traces import past_of
from aneos_api.dashboard.visitors import PageRoute, own_path, visitor
from aneos_api.database.paging import PageRequest
from aneos_api.database.unit import Work
from aneos_api.dependencies import Ctx, Reading
from aneos_api.endpoints.objects import object_assessment
from aneos_api.endpoints.provenance import screen_signature
from aneos_api.endpoints.sky import artificial_returns
from aneos_api.errors import NotFound, Unavailable
from aneos_api.middleware.state import state_of
from aneos_api.schemas.common import Designation
from aneos_api.schemas.sky import ReturnItem
from aneos_api.security.permissions import Permission, Principal

router = APIRouter(route_class=PageRoute)

ROWS: Final = 50
CUT: Final = NULL_REJECTED_BELOW
"""q-value at which the watch list draws its line."""

FILTERS: Final = {
    "class": "class",
    "designation": "designation__contains",
    "p_min": "probability_artificial__ge",
    "q_max": "q_value__le",
    "v_max": "v_encounter_kms__le",
    "i_max": "i_deg__le",
    "alert": "alert",
}
"""Field of the form → filter of the list."""

COLUMNS: Final = (
    ("rank", "Rank", "place in the screen, the most probably artificial first"),
    ("designation", "Object", ""),
    ("class", "Class", ""),
    ("probability_artificial", "P(artificial)", "posterior probability of being artificial"),
    ("log10_bayes_factor", "log₁₀ BF", "log10 Bayes factor, artificial against natural"),
    ("q_value", "q", "false discovery rate at which the object would be listed"),
    ("v_encounter_kms", "v (km/s)", "speed relative to Earth at the closest point of the orbits"),
    ("i_deg", "i (°)", "inclination to the ecliptic"),
    ("moid_au", "MOID (au)", "minimum orbit intersection distance"),
    ("H", "H", "absolute magnitude"),
    ("arc_days", "Arc (d)", "days between first and last observation"),
)
"""(field, heading, what it means) of the watch list."""

RETURNS: Final = 5
"""Next returns that the overview names."""

LAUNCH_DAYS: Final = 60
"""A launch this near to an encounter is marked beside it."""

Text = Annotated[str, Query(max_length=64)]


@router.get("/login")
async def login(
    request: Request, next: Annotated[str, Query(max_length=500)] = "/", after: Text = ""
) -> Response:
    """The log-in; who is in already goes on. ``after``: what has just been done (``password``)."""
    target = own_path(next)
    if state_of(request.scope).principal is not None:
        return RedirectResponse(target, 303, headers=page_headers())
    return renderer_of(request).page(
        request, "login.html", {"title": "Log in", "next": target, "after": after}
    )


@router.get("/account")
async def account(request: Request, work: Reading) -> Response:
    """Own account: password, second factor, log-out."""
    who = visitor(request, None)
    user = await work.users.get(who.user_id)
    values = {
        "title": "Account",
        "user": user,
        "tenants": await work.tenants.memberships(who.user_id),
        "least": context_of(request).settings.security.password_min_length,
    }
    return renderer_of(request).page(request, "account.html", values)


@router.get("/")
async def overview(request: Request, ctx: Ctx, work: Reading) -> Response:
    """What the screen says today; before the first screen, what to do next."""
    who = visitor(request)
    counted = await work.analysis.statistics()
    render = renderer_of(request)
    if counted["screen"] is None:
        values = {"title": "Welcome", "operator": who.may(Permission.OPERATE)}
        return render.page(request, "welcome.html", values)
    pictures: picture.Pictures = request.app.state.dashboard_pictures
    drawn = await pictures.current(work)
    values = {
        "title": "Overview",
        "counted": counted,
        "classes": CLASSES,
        "signature": await screen_signature(work),
        "flagged": await picture.flagged(work),
        "not_shown": 0 if drawn is None else drawn.not_shown,
        "scales": {
            "speed": picture.SPEED_DECADES,
            "inclination": picture.INCLINATION_DECADES,
            "steps": picture.STEPS,
            "objects": 0 if drawn is None else drawn.objects,
            "classes": CLASSES,
        },
        "alerts": (await work.alerts.page(who.tenant_id, _open_alerts())).items,
        "versions": (await work.catalogue.versions(PageRequest(limit=1))).items,
        "changes": [] if drawn is None else drawn.changes,
        "health": await service_health(work),
        "archives": await archive_health(work),
        "archives_asked": ctx.settings.archives.enabled,
        "returns": await _next_returns(who, ctx),
    }
    return render.page(request, "overview.html", values)


@router.get("/dashboard/points")
async def points(request: Request, work: Reading) -> Response:
    """The columns of the overview's picture, see :mod:`aneos_api.dashboard.picture`."""
    visitor(request)
    pictures: picture.Pictures = request.app.state.dashboard_pictures
    drawn = await pictures.current(work)
    if drawn is None:
        raise NotFound("There is no screen yet")
    headers = page_headers({"etag": drawn.etag, "cache-control": "private, no-cache"})
    if request.headers.get("if-none-match") == drawn.etag:
        return Response(status_code=304, headers=headers)
    headers["content-encoding"] = "gzip"
    return Response(drawn.packed, headers=headers, media_type="application/octet-stream")


@router.get("/rank/{rank}")
async def by_rank(
    request: Request, work: Reading, rank: Annotated[int, Path(ge=1, le=2**31 - 1)]
) -> Response:
    """The object at a place of the current screen."""
    visitor(request)
    designation = await picture.designation_of_rank(work, rank)
    if designation is None:
        raise NotFound(f"The current screen has no rank {rank}")
    return RedirectResponse(f"/objects/{quote(designation, safe='')}", 303, headers=page_headers())


@router.get("/search")
async def search(request: Request, work: Reading, q: Text = "") -> Response:
    """Straight to the object that is called so; else the names that begin so."""
    who = visitor(request)
    text = " ".join(q.split())
    found = await work.catalogue.search(text, tenant_id=who.tenant_id, limit=50) if text else []
    if len(found) == 1:
        return RedirectResponse(
            f"/objects/{quote(found[0].designation, safe='')}", 303, headers=page_headers()
        )
    values = {"title": "Search", "q": text, "found": found}
    return renderer_of(request).page(request, "search.html", values)


@router.get("/objects/{designation:path}")
async def show_object(
    request: Request, ctx: Ctx, work: Reading, designation: Annotated[Designation, Path()]
) -> Response:
    """One object: the verdict, why, its orbit, and how good the data are."""
    who = visitor(request)
    answer = (await object_assessment(designation, who, ctx, work)).model_dump(mode="json", by_alias=True)
    assessment = answer["assessment"]
    found, row = await work.analysis.latest(designation, tenant_id=who.tenant_id)
    history = await work.analysis.history(found.id, PageRequest(limit=20), tenant_id=who.tenant_id)
    values = {
        "title": assessment["designation"],
        "a": assessment,
        "object": found,
        "stored": row,
        "signature": answer["signature"],
        "waterfall": drawings.waterfall(assessment),
        "amr": drawings.amr_picture(assessment["orbit"]),
        "scene": drawings.orbit_scene(assessment["designation"], assessment["orbit"], assessment["evidence"]),
        "history": history.items,
        "api": f"/api/v1/analysis/objects/{quote(found.designation, safe='')}",
        "bibtex": drawings.bibtex(),
        "past": await past_of(work, who, found),
        "launch_days": LAUNCH_DAYS,
        "launches": [(item.date, item.launch, item.payload or item.mission) for item in load_launches()],
    }
    return renderer_of(request).page(request, "object.html", values)


@router.get("/watchlist")
async def watchlist(
    request: Request,
    work: Reading,
    sort: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> Response:
    """The ranked list; filters and order stand in the address. With ``cursor`` only the rows that follow."""
    who = visitor(request)
    given = {
        name: value.strip()
        for name, value in request.query_params.items()
        if name in FILTERS and value.strip()
    }
    filters = {FILTERS[name]: value for name, value in given.items()}
    page = await work.analysis.watchlist(PageRequest(ROWS, cursor or None, sort or None, filters))
    values: dict[str, Any] = {
        "title": "Watch list",
        "columns": COLUMNS,
        "classes": CLASSES,
        "given": given,
        "filtered": bool(filters),
        "sort": sort or "rank",
        "page": page,
        "plain": urlencode(given),
        "more": urlencode({**given, "sort": sort or "rank", "cursor": page.next or ""}),
        "export": {**filters, "sort": sort or "rank"},
        "condition": filters,
        "kept": [] if cursor else await _saved_filters(work, who, request),
        "here": _here(request),
        "screen": await work.analysis.current_screen(),
        "cut": any(row.q_value is not None and row.q_value <= CUT for row, _ in page.items),
        "fdr": CUT,
    }
    part = "hx-request" in request.headers
    template = "watchlist_rows.html" if part and cursor else "watchlist.html"
    return renderer_of(request).page(request, template, values)


@router.get("/workbench")
async def workbench(request: Request, work: Reading) -> Response:
    """Observations and orbits of one's own."""
    who = visitor(request, Permission.ANALYSE)
    values = {
        "title": "Workbench",
        "most": context_of(request).settings.limits.assess_objects,
        "sets": (await work.observations.page(who.tenant_id, PageRequest(limit=10))).items,
    }
    return renderer_of(request).page(request, "workbench.html", values)


async def _next_returns(who: Principal, ctx: Context) -> list[ReturnItem] | None:
    """The next approaches of the registry's calendar; None where it is not at hand."""
    try:
        return (await artificial_returns(who, ctx)).approaches[:RETURNS]
    except Unavailable:
        return None


async def _saved_filters(work: Work, who: Principal, request: Request) -> list[dict[str, Any]]:
    """Filters that the visitor may use, each with the address that shows it where the form has its fields."""
    inputs = {name: field for field, name in FILTERS.items()}
    out = []
    for row in (await work.cases.filters(who.tenant_id, who.user_id, PageRequest(limit=50))).items:
        known = {name: value for name, value in row.query.items() if name in inputs}
        order = {"sort": row.query["sort"]} if row.query.get("sort", "rank") != "rank" else {}
        shown = len(known) + ("sort" in row.query) == len(row.query)
        given = {inputs[name]: str(value) for name, value in known.items()} | order
        out.append(
            {
                "id": row.id,
                "name": row.name,
                "shared": row.shared,
                "own": row.user_id == who.user_id,
                "href": f"/watchlist?{urlencode(given)}" if shown else None,
                "here": given == _given(request),
            }
        )
    return out


def _given(request: Request) -> dict[str, str]:
    """What the address asks of the watch list."""
    given = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    return {
        name: value
        for name, value in given.items()
        if name in FILTERS or (name == "sort" and value != "rank")
    }


def _here(request: Request) -> str:
    """The watch list's address with the filters that were given."""
    given = _given(request)
    return f"/watchlist?{urlencode(given)}" if given else "/watchlist"


def _open_alerts() -> PageRequest:
    return PageRequest(limit=5, filters={"status": "open"})
