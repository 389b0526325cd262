"""Writes the Grafana dashboards from the typed description below: ``python tools/grafana_dashboards.py [--check]``.

With ``--check`` nothing is written; the exit status says whether the files are those that would be.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypedDict

FOLDER: Final = Path(__file__).resolve().parents[1] / "deploy" / "grafana" / "dashboards"
SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
COLUMNS: Final = 24

Kind = Literal["timeseries", "stat", "table"]
Unit = Literal["short", "reqps", "s", "percentunit", "bytes", "ops", "dtdurations"]


class Target(TypedDict):
    refId: str
    expr: str
    legendFormat: str
    datasource: dict[str, str]
    instant: bool


@dataclass(frozen=True)
class Query:
    """One expression; ``legend`` is a template of labels."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """One picture. ``warn`` and ``bad`` colour a stat from there on (or, when bad is the lower one, down to there)."""

    title: str
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    unit: Unit = "short"
    width: int = 8
    height: int = 7
    warn: float | None = None
    bad: float | None = None
    text: str = ""

    def json(self, number: int, x: int, y: int) -> dict[str, object]:
        targets: list[Target] = [
            {
                "refId": chr(ord("A") + index),
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "datasource": SOURCE,
                "instant": self.kind != "timeseries",
            }
            for index, query in enumerate(self.queries)
        ]
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.text,
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "fieldConfig": {
                "defaults": {
                    "unit": self.unit,
                    "color": {"mode": "thresholds" if self.kind == "stat" else "palette-classic"},
                    "thresholds": {"mode": "absolute", "steps": self._steps()},
                },
                "overrides": [],
            },
            "options": {"reduceOptions": {"calcs": ["lastNotNull"]}} if self.kind == "stat" else {},
            "targets": targets,
        }

    def _steps(self) -> list[dict[str, object]]:
        if self.warn is None or self.bad is None:
            return [{"color": "green", "value": None}]
        if self.bad < self.warn:
            return [
                {"color": "red", "value": None},
                {"color": "orange", "value": self.bad},
                {"color": "green", "value": self.warn},
            ]
        return [
            {"color": "green", "value": None},
            {"color": "orange", "value": self.warn},
            {"color": "red", "value": self.bad},
        ]


@dataclass(frozen=True)
class Dashboard:
    """A page of panels, laid out from left to right."""

    uid: str
    title: str
    panels: tuple[Panel, ...]

    def json(self) -> dict[str, object]:
        placed, x, y, row = [], 0, 0, 0
        for number, panel in enumerate(self.panels, start=1):
            if x + panel.width > COLUMNS:
                x, y, row = 0, y + row, 0
            placed.append(panel.json(number, x, y))
            x, row = x + panel.width, max(row, panel.height)
        return {
            "uid": self.uid,
            "title": self.title,
            "tags": ["aneos"],
            "timezone": "utc",
            "editable": False,
            "schemaVersion": 39,
            "version": 1,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "panels": placed,
        }


def q(expr: str, legend: str = "") -> Query:
    return Query(expr, legend)


SERVICE: Final = Dashboard(
    "aneos-service",
    "aNEOS · Service",
    (
        Panel("API processes", (q('sum(up{job="aneos-api"})'),), "stat", width=4, warn=2, bad=1),
        Panel("Database", (q("min(aneos_database_up)"),), "stat", width=4, warn=1, bad=0.5),
        Panel("Workers", (q("max(aneos_workers)"),), "stat", width=4, warn=1, bad=0.5),
        Panel(
            "Requests that fail",
            (q("aneos:http_errors:ratio_rate5m"),),
            "stat",
            "percentunit",
            width=4,
            warn=0.001,
            bad=0.0144,
            text="Share of replies with status 500 and more, of all, in five minutes.",
        ),
        Panel("p99", (q("aneos:http_request_seconds:p99_5m"),), "stat", "s", width=4, warn=0.5, bad=2),
        Panel("In flight", (q("sum(aneos_http_requests_in_flight)"),), "stat", width=4, warn=100, bad=500),
        Panel(
            "Requests by route",
            (q("topk(10, sum by (route) (aneos:http_requests:rate5m))", "{{route}}"),),
            unit="reqps",
            width=12,
        ),
        Panel(
            "Replies by status",
            (q("sum by (status) (rate(aneos_http_requests_total[5m]))", "{{status}}"),),
            unit="reqps",
            width=12,
        ),
        Panel(
            "Latency",
            (
                q("aneos:http_request_seconds:p50_5m", "p50"),
                q("aneos:http_request_seconds:p95_5m", "p95"),
                q("aneos:http_request_seconds:p99_5m", "p99"),
            ),
            unit="s",
            width=12,
        ),
        Panel(
            "Slowest routes (p95)",
            (
                q(
                    "topk(10, histogram_quantile(0.95, sum by (route, le) "
                    "(rate(aneos_http_request_seconds_bucket[5m]))))",
                    "{{route}}",
                ),
            ),
            unit="s",
            width=12,
        ),
        Panel(
            "Memory",
            (q('process_resident_memory_bytes{job=~"aneos-.*"}', "{{job}} {{instance}}"),),
            unit="bytes",
        ),
        Panel(
            "Processor",
            (q('rate(process_cpu_seconds_total{job=~"aneos-.*"}[5m])', "{{job}} {{instance}}"),),
            text="Cores in use.",
        ),
        Panel(
            "Connections to the database",
            (q("sum by (pool) (aneos_database_pool_in_use)", "{{pool}}"),),
        ),
        Panel(
            "Kept replies that were found",
            (
                q(
                    'sum(rate(aneos_read_cache_total{result="hit"}[5m])) / sum(rate(aneos_read_cache_total[5m]))',
                    "share",
                ),
            ),
            unit="percentunit",
        ),
        Panel(
            "Refused",
            (
                q("sum(rate(aneos_rate_limited_total[5m])) or vector(0)", "by a limit"),
                q("sum(rate(aneos_access_refused_total[5m])) or vector(0)", "for want of a right"),
                q('sum(rate(aneos_logins_total{outcome!="ok"}[5m])) or vector(0)', "log-ins"),
            ),
            unit="reqps",
        ),
        Panel(
            "Limiter's store away",
            (q("sum(rate(aneos_limiter_failures_total[5m]))", "requests let pass"),),
            unit="reqps",
        ),
    ),
)

WORK: Final = Dashboard(
    "aneos-work",
    "aNEOS · Jobs, events, backups",
    (
        Panel("Queued", (q('max(aneos_jobs{status="queued"})'),), "stat", width=4, warn=1000, bad=10000),
        Panel("Running", (q('max(aneos_jobs{status="running"})'),), "stat", width=4),
        Panel("Dead", (q('max(aneos_jobs{status="dead"})'),), "stat", width=4, warn=1, bad=10),
        Panel(
            "Longest wait",
            (q("max(aneos_jobs_oldest_waiting_seconds)"),),
            "stat",
            "s",
            width=4,
            warn=60,
            bad=900,
        ),
        Panel(
            "Age of the newest backup",
            (q("time() - max(aneos_backup_timestamp_seconds)"),),
            "stat",
            "dtdurations",
            width=4,
            warn=90000,
            bad=93600,
        ),
        Panel("Size of it", (q("max(aneos_backup_bytes)"),), "stat", "bytes", width=4),
        Panel("Jobs by status", (q("max by (status) (aneos_jobs)", "{{status}}"),), width=12),
        Panel("Waiting by task", (q("max by (task) (aneos_jobs_waiting)", "{{task}}"),), width=12),
        Panel(
            "Attempts settled",
            (q("aneos:jobs_settled:rate5m", "{{task}} {{outcome}}"),),
            unit="ops",
            width=12,
        ),
        Panel(
            "Time of an attempt (p95)",
            (
                q(
                    "histogram_quantile(0.95, sum by (task, le) (rate(aneos_job_seconds_bucket[15m])))",
                    "{{task}}",
                ),
            ),
            unit="s",
            width=12,
        ),
        Panel("Events not yet sent", (q("max(aneos_events_unsent)", "events"),)),
        Panel("Events sent", (q("max(rate(aneos_events_position[5m]))", "a second"),), unit="ops"),
        Panel(
            "Webhook deliveries",
            (q("max by (status) (aneos_webhook_deliveries)", "{{status}}"),),
        ),
        Panel("Backups", (q("max by (status) (aneos_backups)", "{{status}}"),)),
        Panel("Webhooks switched off", (q("max(aneos_webhooks_disabled)"),), "stat", warn=1, bad=5),
        Panel(
            "Audit events dropped",
            (q("sum(increase(aneos_audit_dropped_total[1h]))", "in an hour"),),
        ),
    ),
)

SCIENCE: Final = Dashboard(
    "aneos-science",
    "aNEOS · Catalogue, screen, models",
    (
        Panel("Objects", (q("sum(max by (catalogue) (aneos_catalogue_objects))"),), "stat", width=6),
        Panel(
            "Age of the catalogue",
            (q("time() - max(aneos_catalogue_timestamp_seconds)"),),
            "stat",
            "dtdurations",
            width=6,
            warn=604800,
            bad=2592000,
        ),
        Panel(
            "Age of the screen",
            (q("time() - max(aneos_screen_timestamp_seconds)"),),
            "stat",
            "dtdurations",
            width=6,
        ),
        Panel(
            "Alerts open",
            (q("sum(max by (severity, status) (aneos_alerts))"),),
            "stat",
            width=6,
            warn=1,
            bad=10,
        ),
        Panel(
            "Objects of the screen by class",
            (q("max by (class) (aneos_screen_objects)", "{{class}}"),),
            "table",
            width=12,
        ),
        Panel(
            "Alerts by severity",
            (q("max by (severity, status) (aneos_alerts)", "{{severity}} {{status}}"),),
            width=12,
        ),
        Panel(
            "Assessments",
            (q("sum by (depth) (rate(aneos_assess_seconds_count[5m]))", "{{depth}}"),),
            unit="ops",
        ),
        Panel(
            "Time of an assessment (p95)",
            (
                q(
                    "histogram_quantile(0.95, sum by (depth, le) (rate(aneos_assess_seconds_bucket[5m])))",
                    "{{depth}}",
                ),
            ),
            unit="s",
        ),
        Panel(
            "Predictions of the last hour",
            (
                q(
                    "max by (model, version) (aneos_model_predictions_last_hour)",
                    "{{model}} {{version}}",
                ),
            ),
        ),
        Panel(
            "Mean score of the last hour",
            (
                q(
                    "max by (model, version) (aneos_model_mean_score_last_hour)",
                    "{{model}} {{version}}",
                ),
            ),
        ),
        Panel(
            "Metrics of the models that answer",
            (
                q(
                    "max by (model, version, metric) (aneos_model_metric)",
                    "{{model}} {{version}} {{metric}}",
                ),
            ),
            "table",
            width=16,
        ),
        Panel(
            "Archives: tries",
            (
                q(
                    "max by (archive, outcome) (rate(aneos_archive_requests_total[1h]))",
                    "{{archive}} {{outcome}}",
                ),
            ),
            unit="reqps",
            text="Requests to remote archives, by what became of them.",
        ),
        Panel(
            "Archives: time since the last answer",
            (q("time() - max by (archive) (aneos_archive_answered_timestamp_seconds)", "{{archive}}"),),
            "table",
            "dtdurations",
        ),
        Panel(
            "Archives: failed in a row, left alone",
            (
                q("max by (archive) (aneos_archive_failures)", "{{archive}}"),
                q("sum(max by (archive) (aneos_archive_left_alone))", "left alone"),
            ),
        ),
    ),
)

DASHBOARDS: Final = (SERVICE, WORK, SCIENCE)


def rendered() -> dict[Path, str]:
    """Path → text of every dashboard."""
    return {
        FOLDER / f"{board.uid}.json": json.dumps(board.json(), indent=1, ensure_ascii=False) + "\n"
        for board in DASHBOARDS
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes deploy/grafana/dashboards/*.json.")
    parser.add_argument("--check", action="store_true", help="only say whether the files are up to date")
    check = parser.parse_args().check
    stale = 0
    for path, text in rendered().items():
        if check:
            same = path.is_file() and path.read_text("utf-8") == text
            stale += not same
            if not same:
                print(f"{path.name} is not what tools/grafana_dashboards.py makes", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
