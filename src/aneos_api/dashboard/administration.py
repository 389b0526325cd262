"""The parts of the administration, by the word in their address."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from aneos_api.dashboard.declared import (
    CREATED,
    MANAGE,
    OPERATE,
    V1,
    Action,
    Field,
    Form,
    Table,
    ThinPage,
    cancel,
    states,
    switch,
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
                    *switch(f"{V1}/admin/users/{{id}}", "active", "Switch this account off?"),
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
                forms=(
                    Form(
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
                        "New secret",
                        "POST",
                        f"{V1}/admin/api-keys/{{id}}/rotate",
                        MANAGE,
                        {},
                        {"revoked_at": [None]},
                        "Replace this key? The new one is shown once.",
                    ),
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
                forms=(
                    Form(
                        "New key",
                        f"{V1}/admin/api-keys",
                        MANAGE,
                        (
                            Field("name", "Name"),
                            Field("role", "Role", "select", ("viewer", "analyst", "admin")),
                        ),
                    ),
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
                    ("user_id", "User", "person"),
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
                poll_s=4.0,
                filters=states("queued", "running", "succeeded", "dead", "cancelled"),
                actions=(
                    Action(
                        "Retry",
                        "POST",
                        f"{V1}/admin/jobs/{{id}}/retry",
                        MANAGE,
                        None,
                        {"status": ["dead", "cancelled"]},
                    ),
                    cancel(f"{V1}/admin/jobs/{{id}}/cancel", MANAGE, "Cancel this job?"),
                ),
                forms=(
                    Form(
                        "Renew and screen the bundled catalogue",
                        f"{V1}/catalogue/sync",
                        OPERATE,
                        fixed={"source": "bundled"},
                    ),
                ),
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
                    ("name", "Name", "/administration/webhooks/{id}"),
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
                    *switch(f"{V1}/admin/webhooks/{{id}}"),
                    Action(
                        "New secret",
                        "POST",
                        f"{V1}/admin/webhooks/{{id}}/rotate",
                        MANAGE,
                        {},
                        None,
                        "Make a new secret? For a day both sign. It is shown once.",
                    ),
                    Action(
                        "Delete", "DELETE", f"{V1}/admin/webhooks/{{id}}", MANAGE, sure="Delete this webhook?"
                    ),
                ),
                forms=(
                    Form(
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
                    ("principal", "Who", "person"),
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
                forms=(
                    Form(
                        "New organisation",
                        f"{V1}/admin/tenants",
                        OPERATE,
                        (Field("slug", "Short name", hint="a-z, 0-9 and -"), Field("name", "Name")),
                    ),
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
                poll_s=5.0,
                forms=(Form("Make a backup now", f"{V1}/admin/backups", OPERATE),),
            ),
        ),
        OPERATE,
    ),
    "configuration": ThinPage(
        "Configuration",
        "Settings in force, by the names of their environment variables; secrets are not shown.",
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


def deliveries(webhook_id: UUID, name: str, url: str) -> ThinPage:
    """The page of one webhook: what was sent to it."""
    at = f"{V1}/admin/webhooks/{webhook_id}"
    return ThinPage(
        f"Webhook {name}",
        url,
        (
            Table(
                "Deliveries",
                f"{at}/deliveries",
                (
                    CREATED,
                    ("topic", "Topic", "text"),
                    ("status", "State", "text"),
                    ("attempts", "Attempts", "number"),
                    ("response_status", "Answer", "number"),
                    ("error", "Error", "wide"),
                    ("response_excerpt", "It said", "wide"),
                    ("duration_ms", "Took (ms)", "number"),
                    ("next_attempt_at", "Next attempt", "time"),
                    ("delivered_at", "Delivered", "time"),
                ),
                "Nothing has been sent yet.",
                needs=MANAGE,
                poll_s=5.0,
                filters=states("pending", "delivered", "dead"),
                actions=(
                    Action(
                        "Send again",
                        "POST",
                        f"{at}/deliveries/{{id}}/replay",
                        MANAGE,
                        None,
                        {"status": ["delivered", "dead"]},
                    ),
                ),
                forms=(Form("Send a test", f"{at}/test", MANAGE),),
            ),
        ),
        MANAGE,
    )
