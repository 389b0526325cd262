"""Pages that are tables over the API: declared in ``lists`` and ``administration``, filled by the browser."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from aneos_api.dashboard.administration import ADMINISTRATION, deliveries
from aneos_api.dashboard.declared import Table, ThinPage
from aneos_api.dashboard.lists import ALERTS, MODELS, MONITORING, REGISTRY
from aneos_api.dashboard.rendering import renderer_of
from aneos_api.dashboard.visitors import PageRoute, visitor
from aneos_api.dependencies import Reading
from aneos_api.errors import NotFound
from aneos_api.security.permissions import Permission, Principal

router = APIRouter(route_class=PageRoute)

METRIC_TEXTS: Final = {
    "ece": "Calibration error (ECE)",
    "log_score_bits": "Log score (bits; 0 perfect, −1 a coin)",
    "roc_auc": "ROC AUC",
    "training_seconds": "Training (s)",
}


@router.get("/registry")
async def registry(request: Request) -> Response:
    """The registry of known artificial objects."""
    return _thin(request, REGISTRY)


@router.get("/models/{model_id}")
async def model(request: Request, work: Reading, model_id: UUID) -> Response:
    """One learned model: how good it was, what it sees, whether it still fits."""
    visitor(request)
    row = await work.ml.get_model(model_id)
    values = {"title": row.name, "model": row, "metric_texts": METRIC_TEXTS}
    return renderer_of(request).page(request, "model.html", values)


@router.get("/administration/webhooks/{webhook_id}")
async def webhook(request: Request, work: Reading, webhook_id: UUID) -> Response:
    """What was sent to an address and what became of it."""
    who = visitor(request, Permission.MANAGE)
    row = await work.webhooks.get(webhook_id, tenant_id=who.tenant_id)
    return _thin(request, deliveries(row.id, row.name, row.url), part="webhooks")


@router.get("/models")
async def models(request: Request) -> Response:
    """Learned models and experiments."""
    return _thin(request, MODELS)


@router.get("/monitoring")
async def monitoring(request: Request) -> Response:
    """What the service measures of itself."""
    return _thin(request, MONITORING)


@router.get("/alerts")
async def alerts(request: Request) -> Response:
    """Alerts and rules."""
    return _thin(request, ALERTS)


@router.get("/administration")
async def administration(request: Request) -> Response:
    """The first part of the administration."""
    return _thin(request, ADMINISTRATION["users"], part="users")


@router.get("/administration/{part}")
async def administration_part(request: Request, part: str) -> Response:
    """One part of the administration."""
    if part not in ADMINISTRATION:
        visitor(request)
        raise NotFound("The administration has no such part")
    return _thin(request, ADMINISTRATION[part], part=part)


def _thin(request: Request, page: ThinPage, *, part: str | None = None) -> Response:
    who = visitor(request, page.needs)
    parts = [(name, item.title) for name, item in ADMINISTRATION.items() if who.may(item.needs)]
    values = {
        "title": page.title,
        "page": page,
        "parts": parts if part is not None else [],
        "part": part,
        "tables": [_shown(table, who) for table in page.tables if who.may(table.needs)],
    }
    return renderer_of(request).page(request, "tables.html", values)


def _shown(table: Table, who: Principal) -> dict[str, Any]:
    """A table as the template and the script need it, with what the visitor may do."""
    actions = [asdict(action) for action in table.actions if who.may(action.needs)]
    return {
        "title": table.title,
        "empty": table.empty,
        "filters": table.filters,
        "forms": [form for form in table.forms if who.may(form.needs)],
        "spec": {
            "title": table.title,
            "url": table.url,
            "columns": table.columns,
            "empty": table.empty,
            "actions": actions,
            "poll_s": table.poll_s,
            "words": table.words,
            "names": table.names,
        },
        "live": table.live,
    }
