"""The pages of tables that every member may see: registry, models, monitoring, alerts."""

from __future__ import annotations

from typing import Final

from aneos_api.dashboard.declared import (
    ANALYSE,
    ARCHIVE_STATES,
    CREATED,
    MANAGE,
    OPERATE,
    V1,
    Action,
    Chart,
    Field,
    Form,
    Table,
    ThinPage,
    cancel,
    states,
    switch,
)
from aneos_api.database.services.analysis import WATCHLIST
from aneos_api.events.conditions import MORE

REGISTRY: Final = ThinPage(
    "Registry of artificial objects",
    "Known artificial objects on distant orbits: who they are and how sure that is.",
    (
        Table(
            "Known objects",
            f"{V1}/catalogue/artificial?limit=200",
            (
                ("name", "Name", "/registry/{id}"),
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

MEASURES: Final = {
    "connections_in_use": ("Database connections in use", ""),
    "cpu_share": ("Processor cores in use", ""),
    "internal_errors_per_s": ("Internal errors per second", ""),
    "mean_request_ms": ("Mean time of a request (ms)", ""),
    "memory_bytes": ("Memory of the process", "bytes"),
    "read_cache_bytes": ("Kept replies, size", "bytes"),
    "read_cache_entries": ("Kept replies", ""),
    "requests_in_flight": ("Requests under way", ""),
    "requests_per_s": ("Requests per second", ""),
}
MEASURE_TEXTS: Final = {name: text for name, (text, _) in MEASURES.items()}
OBJECT_FIELDS: Final = tuple(sorted({*WATCHLIST.fields, *MORE}))
TRIAL: Final = f"{V1}/monitoring/rules/try"
SEVERITY: Final = Field("severity", "Severity", "select", ("warning", "info", "critical"))
SYSTEM: Final = {
    "python": ("Python", ""),
    "process": ("Process", "id"),
    "cores": ("Processor cores", ""),
    "load_average": ("Load over 1, 5 and 15 min", ""),
    "memory_bytes": ("Memory of the process", "bytes"),
    "disk_free_bytes": ("Free on the disk", "bytes"),
    "database.engine": ("Database", ""),
    "database.pools.write.size": ("Connections for writing", ""),
    "database.pools.write.in_use": ("Connections for writing, in use", ""),
    "database.pools.read.size": ("Connections for reading", ""),
    "database.pools.read.in_use": ("Connections for reading, in use", ""),
    "read_cache.entries": ("Kept replies", ""),
    "read_cache.bytes": ("Kept replies, size", "bytes"),
    "jobs.queued": ("Jobs that wait", ""),
    "jobs.running": ("Jobs at work", ""),
    "jobs.succeeded": ("Jobs done", ""),
    "jobs.dead": ("Jobs that failed for good", ""),
    "jobs.cancelled": ("Jobs cancelled", ""),
    "oldest_waiting_job_s": ("The oldest job has waited (s)", ""),
    "workers *.name": ("Worker *", ""),
    "workers *.running": ("Worker *, jobs at work", ""),
    "workers *.seen_at": ("Worker *, last heard of", ""),
}
"""Name in the API → what people read, and the kind of its values. ``*`` stands for the number of one of many."""

MODELS: Final = ThinPage(
    "Models",
    "Learned models and experiments that this installation holds. They rank; they never form the verdict.",
    (
        Table(
            "Models",
            f"{V1}/prediction/models",
            (
                ("name", "Name", "/models/{id}"),
                ("version", "Version", "code"),
                ("algorithm", "Algorithm", "text"),
                ("stage", "Stage", "text"),
                ("created_at", "Registered", "time"),
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
                ("results", "Results", "code"),
                ("started_at", "From", "time"),
                ("ended_at", "To", "time"),
            ),
            "No experiment has been made yet.",
            actions=(
                Action(
                    "Start",
                    "POST",
                    f"{V1}/prediction/experiments/{{id}}/start",
                    OPERATE,
                    when={"status": ["draft"]},
                    sure="Share out predictions between these models from now on?",
                ),
                Action(
                    "Stop",
                    "POST",
                    f"{V1}/prediction/experiments/{{id}}/stop",
                    OPERATE,
                    when={"status": ["running"]},
                    sure="End this experiment and keep its results?",
                ),
            ),
            forms=(
                Form(
                    "New experiment",
                    f"{V1}/prediction/experiments",
                    OPERATE,
                    (
                        Field("name", "Name"),
                        Field("arms", "Predictions are shared out between", "arms"),
                    ),
                ),
            ),
        ),
        Table(
            "Trainings",
            f"{V1}/admin/training",
            (
                CREATED,
                ("status", "State", "text"),
                ("progress_text", "Step", "text"),
                ("progress_done", "Done", "number"),
                ("progress_total", "Of", "number"),
                ("error", "Error", "wide"),
                ("result", "Result", "code"),
                ("finished_at", "Finished", "time"),
            ),
            "No model has been trained in this installation yet.",
            needs=OPERATE,
            poll_s=3.0,
            actions=(cancel(f"{V1}/admin/training/{{id}}/cancel", OPERATE, "End this training?"),),
            forms=(
                Form(
                    "Train a model",
                    f"{V1}/admin/training",
                    OPERATE,
                    (
                        Field("seed", "Seed", "number", required=False, value="20260212"),
                        Field(
                            "search", "Sets of hyper-parameters to try", "number", required=False, value="8"
                        ),
                        Field("activate", "Use it when it is there", "checkbox", required=False),
                    ),
                ),
            ),
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
            (("name", "Measure", "text"), ("value", "Value", "number"), ("recorded_at", "Measured", "time")),
            "Nothing has been measured yet: the first values come within a minute of the start.",
            live="metrics",
            names=MEASURES,
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
            poll_s=10.0,
        ),
        Table(
            "Remote archives",
            f"{V1}/monitoring/archives",
            (
                ("archive", "Archive", "text"),
                ("state", "State", "text"),
                ("answered_at", "Last success", "time"),
                ("failed_at", "Last error", "time"),
                ("error", "It was", "wide"),
                ("failures", "Failures in a row", "number"),
                ("requests", "Requests", "number"),
                ("circuit_open_until", "Left alone until", "time"),
            ),
            "There is no remote archive.",
            poll_s=30.0,
            words=ARCHIVE_STATES,
        ),
        Table(
            "System",
            f"{V1}/monitoring/system",
            (("key", "What", "text"), ("value", "Value", "text")),
            "The system told nothing.",
            poll_s=10.0,
            names=SYSTEM,
        ),
    ),
    charts=(
        Chart("requests_per_s", "Requests", "per second"),
        Chart("mean_request_ms", "Mean time of a request", "ms"),
        Chart("cpu_share", "Processor", "cores in use"),
        Chart("requests_in_flight", "Requests under way", ""),
        Chart("connections_in_use", "Database connections in use", ""),
        Chart("memory_bytes", "Memory of the process", "MB", 1e-6),
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
            live="alerts",
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
            filters=states("open", "acknowledged", "resolved"),
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
                *switch(f"{V1}/monitoring/rules/{{id}}"),
                Action("Delete", "DELETE", f"{V1}/monitoring/rules/{{id}}", MANAGE, sure="Delete this rule?"),
            ),
            forms=(
                Form(
                    "New rule about objects",
                    f"{V1}/monitoring/rules",
                    MANAGE,
                    trial=TRIAL,
                    fixed={"kind": "science"},
                    fields=(
                        Field("name", "Name"),
                        Field("condition", "Tell of objects of which all this holds", "terms", OBJECT_FIELDS),
                        SEVERITY,
                    ),
                ),
                Form(
                    "New rule about the service",
                    f"{V1}/monitoring/rules",
                    OPERATE,
                    trial=TRIAL,
                    fixed={"kind": "system"},
                    fields=(
                        Field("name", "Name"),
                        Field("condition.metric", "Measure", "select", tuple(MEASURES), words=MEASURE_TEXTS),
                        Field("condition.ge", "Tell when it is at least", "number", required=False),
                        Field("condition.le", "or at most", "number", required=False),
                        Field("condition.clear", "Over again at", "number", required=False),
                        SEVERITY,
                    ),
                ),
            ),
        ),
    ),
)
