"""Pages that are tables over the API: what each shows is declared here, and fetched by the browser.

A :class:`Table` names a list of the API, its columns, what may be done with a row and what may be made. Only what the
API offers is declared; the visitor's permissions decide what of it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from aneos_api.dashboard.rendering import renderer_of
from aneos_api.dashboard.visitors import PageRoute, visitor
from aneos_api.errors import NotFound
from aneos_api.security.permissions import Permission, Principal

router = APIRouter(route_class=PageRoute)
V1: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a row. ``url`` may name fields of the row in braces; ``when``: field → values that allow it."""

    text: str
    method: str
    url: str
    needs: Permission
    body: dict[str, Any] | None = None
    when: dict[str, list[Any]] | None = None
    sure: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a form. ``kind``: text, email, password, number, select, checkbox, list, json."""

    name: str
    text: str
    kind: str = "text"
    options: tuple[str, ...] = ()
    required: bool = True
    value: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What can be made: sent as JSON to ``url``."""

    text: str
    url: str
    needs: Permission
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A list of the API. ``columns`` are (field, heading, kind); kinds: text, time, number, code, link, bytes."""

    title: str
    url: str
    columns: tuple[tuple[str, str, str], ...]
    empty: str
    about: str = ""
    needs: Permission = Permission.READ
    actions: tuple[Action, ...] = ()
    form: Form | None = None
    filters: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A stored metric over the last hour."""

    metric: str
    title: str
    unit: str


@dataclass(frozen=True, slots=True)
class ThinPage:
    title: str
    about: str
    tables: tuple[Table, ...]
    needs: Permission = Permission.READ
    charts: tuple[Chart, ...] = ()
    parts: tuple[tuple[str, str], ...] = field(default=())


READ, ANALYSE, MANAGE, OPERATE = (
    Permission.READ,
    Permission.ANALYSE,
    Permission.MANAGE,
    Permission.OPERATE,
)

CREATED: Final = ("created_at", "Made", "time")

REGISTRY: Final = ThinPage(
    "Registry of artificial objects",
    "Known artificial objects on distant orbits: who they are and how sure that is.",
    (
        Table(
            "Known objects",
            f"{V1}/catalogue/artificial?limit=200",
            (
                ("name", "Name", "text"),
                ("cospar", "COSPAR", "code"),
                ("launch_date", "Launched", "text"),
                ("kind", "Kind", "text"),
                ("status", "Identity", "text"),
                ("regime", "Orbit", "text"),
                ("withdrawn_designations", "Was listed as", "text"),
                ("note", "Note", "text"),
            ),
            "No object fits.",
            filters=(
                Field("status", "Identity", "select", ("confirmed", "probable", "disputed"), required=False),
            ),
        ),
    ),
)

MODELS: Final = ThinPage(
    "Models",
    "Learned models and experiments that this installation holds. They rank; they never form the verdict.",
    (
        Table(
            "Models",
            f"{V1}/prediction/models",
            (
                ("name", "Name", "text"),
                ("version", "Version", "code"),
                ("algorithm", "Algorithm", "text"),
                ("stage", "Stage", "text"),
                ("metrics", "Measured", "code"),
                ("activated_at", "In use since", "time"),
            ),
            "No model has been registered in this installation yet.",
            actions=(
                Action(
                    "Activate",
                    "POST",
                    f"{V1}/prediction/models/{{id}}/activate",
                    OPERATE,
                    when={"stage": ["candidate", "challenger", "retired"]},
                    sure="Use this model from now on?",
                ),
            ),
        ),
        Table(
            "Experiments",
            f"{V1}/prediction/experiments",
            (
                ("name", "Name", "text"),
                ("status", "State", "text"),
                ("metric", "Measure", "text"),
                ("started_at", "From", "time"),
                ("ended_at", "To", "time"),
            ),
            "No experiment has been made yet.",
        ),
    ),
)

MONITORING: Final = ThinPage(
    "Monitoring",
    "What the service measures of itself: the process that answered, its database and its queue.",
    (
        Table(
            "Newest values",
            f"{V1}/monitoring/metrics",
            (("name", "Metric", "code"), ("value", "Value", "number"), ("recorded_at", "Measured", "time")),
            "Nothing has been measured yet: the first values come within a minute of the start.",
        ),
        Table(
            "Requests by route",
            f"{V1}/monitoring/performance",
            (
                ("method", "Method", "code"),
                ("route", "Route", "code"),
                ("requests", "Requests", "number"),
                ("errors", "Errors", "number"),
                ("mean_ms", "Mean (ms)", "number"),
                ("p50_ms", "p50 (ms)", "number"),
                ("p95_ms", "p95 (ms)", "number"),
                ("p99_ms", "p99 (ms)", "number"),
            ),
            "No request has been answered by this process yet.",
        ),
        Table(
            "System",
            f"{V1}/monitoring/system",
            (("key", "What", "code"), ("value", "Value", "code")),
            "The system told nothing.",
        ),
    ),
    charts=(
        Chart("requests_per_s", "Requests", "per second"),
        Chart("mean_request_ms", "Mean time of a request", "ms"),
        Chart("cpu_share", "Processor", "cores in use"),
    ),
)

ALERTS: Final = ThinPage(
    "Alerts",
    "What the rules of your organisation found, and the rules themselves.",
    (
        Table(
            "Alerts",
            f"{V1}/monitoring/alerts",
            (
                ("severity", "Severity", "text"),
                ("status", "State", "text"),
                ("designation", "Object", "object"),
                ("title", "What", "text"),
                ("message", "Why", "text"),
                ("count", "Times", "number"),
                ("last_seen_at", "Last seen", "time"),
            ),
            "No alert: no rule has found anything.",
            actions=(
                Action(
                    "Acknowledge",
                    "POST",
                    f"{V1}/monitoring/alerts/{{id}}/acknowledge",
                    ANALYSE,
                    body={},
                    when={"status": ["open"]},
                ),
                Action(
                    "Resolve",
                    "POST",
                    f"{V1}/monitoring/alerts/{{id}}/resolve",
                    ANALYSE,
                    body={},
                    when={"status": ["open", "acknowledged"]},
                ),
            ),
            filters=(
                Field("status", "State", "select", ("open", "acknowledged", "resolved"), required=False),
            ),
        ),
        Table(
            "Rules",
            f"{V1}/monitoring/rules",
            (
                ("name", "Name", "text"),
                ("kind", "Kind", "text"),
                ("condition", "Condition", "code"),
                ("severity", "Severity", "text"),
                ("enabled", "On", "text"),
                ("last_fired_at", "Last fired", "time"),
            ),
            "No rule has been made yet.",
            actions=(
                Action(
                    "Switch off",
                    "PATCH",
                    f"{V1}/monitoring/rules/{{id}}",
                    MANAGE,
                    {"enabled": False},
                    {"enabled": [True]},
                ),
                Action(
                    "Switch on",
                    "PATCH",
                    f"{V1}/monitoring/rules/{{id}}",
                    MANAGE,
                    {"enabled": True},
                    {"enabled": [False]},
                ),
                Action("Delete", "DELETE", f"{V1}/monitoring/rules/{{id}}", MANAGE, sure="Delete this rule?"),
            ),
            form=Form(
                "New rule",
                f"{V1}/monitoring/rules",
                MANAGE,
                (
                    Field("name", "Name"),
                    Field("kind", "Kind", "select", ("science", "system")),
                    Field(
                        "condition",
                        "Condition (JSON)",
                        "json",
                        value='{"class": "probably_artificial", "probability_artificial__ge": 0.5}',
                    ),
                    Field("severity", "Severity", "select", ("warning", "info", "critical")),
                ),
            ),
        ),
    ),
)

ADMINISTRATION: Final[dict[str, ThinPage]] = {
    "users": ThinPage(
        "Users",
        "Members of your organisation and what they may do.",
        (
            Table(
                "Users",
                f"{V1}/admin/users",
                (
                    ("email", "E-mail", "text"),
                    ("name", "Name", "text"),
                    ("role", "Role", "text"),
                    ("active", "Active", "text"),
                    ("totp_enabled", "Second factor", "text"),
                    ("locked_until", "Locked until", "time"),
                    ("last_login_at", "Last log-in", "time"),
                ),
                "No user.",
                needs=MANAGE,
                actions=(
                    Action(
                        "Switch off",
                        "PATCH",
                        f"{V1}/admin/users/{{id}}",
                        MANAGE,
                        {"active": False},
                        {"active": [True]},
                        "Switch this account off?",
                    ),
                    Action(
                        "Switch on",
                        "PATCH",
                        f"{V1}/admin/users/{{id}}",
                        MANAGE,
                        {"active": True},
                        {"active": [False]},
                    ),
                    Action(
                        "New password",
                        "PATCH",
                        f"{V1}/admin/users/{{id}}",
                        MANAGE,
                        {"reset_password": True},
                        None,
                        "Make a new random password? It is shown once.",
                    ),
                ),
                form=Form(
                    "New user",
                    f"{V1}/admin/users",
                    MANAGE,
                    (
                        Field("email", "E-mail", "email"),
                        Field("name", "Name", required=False),
                        Field("role", "Role", "select", ("viewer", "analyst", "admin")),
                    ),
                ),
            ),
        ),
        MANAGE,
    ),
    "keys": ThinPage(
        "API keys",
        "Keys for programs. A key is shown once, when it is made.",
        (
            Table(
                "API keys",
                f"{V1}/admin/api-keys",
                (
                    ("name", "Name", "text"),
                    ("prefix", "Begins with", "code"),
                    ("role", "Role", "text"),
                    ("scopes", "Scopes", "text"),
                    ("expires_at", "Expires", "time"),
                    ("last_used_at", "Last used", "time"),
                    ("revoked_at", "Revoked", "time"),
                ),
                "No key has been made yet.",
                needs=MANAGE,
                actions=(
                    Action(
                        "Revoke",
                        "DELETE",
                        f"{V1}/admin/api-keys/{{id}}",
                        MANAGE,
                        None,
                        {"revoked_at": [None]},
                        "End this key now?",
                    ),
                ),
                form=Form(
                    "New key",
                    f"{V1}/admin/api-keys",
                    MANAGE,
                    (Field("name", "Name"), Field("role", "Role", "select", ("viewer", "analyst", "admin"))),
                ),
            ),
        ),
        MANAGE,
    ),
    "sessions": ThinPage(
        "Sessions",
        "Who is logged in, from where.",
        (
            Table(
                "Sessions",
                f"{V1}/admin/sessions",
                (
                    ("user_id", "User", "code"),
                    ("address", "Address", "code"),
                    ("agent", "Browser", "text"),
                    ("last_seen_at", "Last seen", "time"),
                    ("expires_at", "Ends", "time"),
                ),
                "Nobody is logged in.",
                needs=MANAGE,
                actions=(
                    Action(
                        "End",
                        "DELETE",
                        f"{V1}/admin/sessions/{{id}}",
                        MANAGE,
                        None,
                        {"revoked_at": [None]},
                        "End this session?",
                    ),
                ),
            ),
        ),
        MANAGE,
    ),
    "audit": ThinPage(
        "Audit",
        "Every change and every refusal: who, what, when, from where.",
        (
            Table(
                "Audit",
                f"{V1}/admin/audit",
                (
                    ("created_at", "When", "time"),
                    ("actor", "Who", "text"),
                    ("action", "Did", "code"),
                    ("outcome", "Outcome", "text"),
                    ("resource_type", "What", "text"),
                    ("resource_id", "Which", "code"),
                    ("address", "From", "code"),
                    ("reason", "Reason", "text"),
                ),
                "Nothing has been done yet.",
                needs=MANAGE,
                filters=(
                    Field("outcome", "Outcome", "select", ("done", "refused", "failed"), required=False),
                ),
            ),
        ),
        MANAGE,
    ),
    "jobs": ThinPage(
        "Jobs",
        "Work in the background.",
        (
            Table(
                "Jobs",
                f"{V1}/admin/jobs",
                (
                    ("task", "Task", "code"),
                    ("status", "State", "text"),
                    ("progress_text", "Progress", "text"),
                    ("progress_done", "Done", "number"),
                    ("progress_total", "Of", "number"),
                    ("attempts", "Attempts", "number"),
                    ("error", "Error", "text"),
                    CREATED,
                    ("finished_at", "Finished", "time"),
                ),
                "No job has been queued yet.",
                needs=MANAGE,
                actions=(
                    Action(
                        "Retry",
                        "POST",
                        f"{V1}/admin/jobs/{{id}}/retry",
                        MANAGE,
                        None,
                        {"status": ["dead", "cancelled"]},
                    ),
                    Action(
                        "Cancel",
                        "POST",
                        f"{V1}/admin/jobs/{{id}}/cancel",
                        MANAGE,
                        None,
                        {"status": ["queued", "running"]},
                        "Cancel this job?",
                    ),
                ),
                form=Form("Renew and screen the bundled catalogue", f"{V1}/catalogue/sync", OPERATE),
            ),
        ),
        MANAGE,
    ),
    "webhooks": ThinPage(
        "Webhooks",
        "Addresses that are told of events. The secret that signs deliveries is shown once.",
        (
            Table(
                "Webhooks",
                f"{V1}/admin/webhooks",
                (
                    ("name", "Name", "text"),
                    ("url", "Address", "code"),
                    ("topics", "Topics", "text"),
                    ("enabled", "On", "text"),
                    ("failures", "Failures", "number"),
                    ("disabled_reason", "Why off", "text"),
                    ("last_delivery_at", "Last delivery", "time"),
                ),
                "No webhook has been made yet.",
                needs=MANAGE,
                actions=(
                    Action("Test", "POST", f"{V1}/admin/webhooks/{{id}}/test", MANAGE),
                    Action(
                        "Delete", "DELETE", f"{V1}/admin/webhooks/{{id}}", MANAGE, sure="Delete this webhook?"
                    ),
                ),
                form=Form(
                    "New webhook",
                    f"{V1}/admin/webhooks",
                    MANAGE,
                    (
                        Field("name", "Name"),
                        Field("url", "Address", hint="https://example.org/aneos"),
                        Field(
                            "topics",
                            "Topics",
                            "list",
                            required=False,
                            hint="separated by commas; none means all",
                        ),
                    ),
                ),
            ),
        ),
        MANAGE,
    ),
    "usage": ThinPage(
        "Usage",
        "Requests by day, principal and route.",
        (
            Table(
                "Usage",
                f"{V1}/admin/usage",
                (
                    ("day", "Day", "text"),
                    ("principal", "Who", "code"),
                    ("method", "Method", "code"),
                    ("route", "Route", "code"),
                    ("status_class", "Status", "number"),
                    ("requests", "Requests", "number"),
                    ("bytes_out", "Sent", "bytes"),
                ),
                "No request has been counted yet.",
                needs=MANAGE,
            ),
        ),
        MANAGE,
    ),
    "tenants": ThinPage(
        "Organisations",
        "Every organisation of this installation.",
        (
            Table(
                "Organisations",
                f"{V1}/admin/tenants",
                (
                    ("slug", "Short name", "code"),
                    ("name", "Name", "text"),
                    ("active", "Active", "text"),
                    CREATED,
                ),
                "No organisation.",
                needs=OPERATE,
                form=Form(
                    "New organisation",
                    f"{V1}/admin/tenants",
                    OPERATE,
                    (Field("slug", "Short name", hint="a-z, 0-9 and -"), Field("name", "Name")),
                ),
            ),
        ),
        OPERATE,
    ),
    "backups": ThinPage(
        "Backups",
        "Copies of the database.",
        (
            Table(
                "Backups",
                f"{V1}/admin/backups",
                (
                    ("engine", "Engine", "text"),
                    ("status", "State", "text"),
                    ("size_bytes", "Size", "bytes"),
                    ("encrypted", "Encrypted", "text"),
                    ("error", "Error", "text"),
                    CREATED,
                ),
                "No backup has been made yet.",
                needs=OPERATE,
                form=Form("Make a backup now", f"{V1}/admin/backups", OPERATE),
            ),
        ),
        OPERATE,
    ),
    "configuration": ThinPage(
        "Configuration",
        "Settings in force; secrets are not shown.",
        (
            Table(
                "Configuration",
                f"{V1}/admin/config",
                (("key", "Setting", "code"), ("value", "Value", "code")),
                "No setting.",
                needs=OPERATE,
            ),
        ),
        OPERATE,
    ),
}


@router.get("/registry")
async def registry(request: Request) -> Response:
    """The registry of known artificial objects."""
    return _thin(request, REGISTRY)


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
    actions: Sequence[Action] = [action for action in table.actions if who.may(action.needs)]
    return {
        "title": table.title,
        "empty": table.empty,
        "filters": table.filters,
        "form": table.form if table.form is not None and who.may(table.form.needs) else None,
        "spec": {
            "title": table.title,
            "url": table.url,
            "columns": [list(column) for column in table.columns],
            "empty": table.empty,
            "actions": [
                {
                    "text": action.text,
                    "method": action.method,
                    "url": action.url,
                    "body": action.body,
                    "when": action.when,
                    "sure": action.sure,
                }
                for action in actions
            ],
        },
    }
