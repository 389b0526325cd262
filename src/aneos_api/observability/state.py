"""Figures of the whole installation, read from the database when Prometheus asks: every process tells the same ones.

Rules over several processes therefore take ``max``, not ``sum``. When the database does not answer the figures that
rest on it are absent and ``aneos_database_up`` is 0: an absent number is not a zero.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from aneos import __version__
from aneos_api.database.database import Database
from aneos_api.database.services.operations import OperationsService, OperationsState
from aneos_api.errors import ServiceError

log = structlog.get_logger("aneos_api.metrics")

KEEP_S: Final = 2.0
"""Several scrapers that come together are answered from one reading."""
PATIENCE_S: Final = 3.0

Labels = tuple[str, ...]


class StateMetrics:
    """The exposition of one process's database and of the installation behind it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._read_at = float("-inf")
        self._text = b""

    async def exposition(self) -> bytes:
        """The figures in Prometheus' text format; never raises for a database that is away."""
        async with self._lock:
            if time.monotonic() - self._read_at > KEEP_S:
                self._text = _text([*_local(self._database), *await self._remote()])
                self._read_at = time.monotonic()
            return self._text

    async def _remote(self) -> list[Metric]:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_S), self._database.read() as work:
                state = await OperationsService(work.session).state()
        except (ServiceError, TimeoutError) as error:
            log.warning("no figures from the database", reason=str(error) or type(error).__name__)
            return [_gauge("aneos_database_up", "Whether the database answers.", 0)]
        return [
            _gauge("aneos_database_up", "Whether the database answers.", 1),
            _gauge(
                "aneos_database_state_seconds",
                "Time to read the figures of the installation.",
                time.perf_counter() - started,
            ),
            *_families(state),
        ]


def _local(database: Database) -> Iterator[Metric]:
    yield _labelled("aneos_build_info", "Version that runs.", ("version",), [((__version__,), 1)])
    pools = database.pools()
    yield _labelled(
        "aneos_database_pool_size",
        "Connections that a pool keeps.",
        ("pool",),
        [((name,), pool.size) for name, pool in pools.items()],
    )
    yield _labelled(
        "aneos_database_pool_in_use",
        "Connections of a pool in use.",
        ("pool",),
        [((name,), pool.in_use) for name, pool in pools.items()],
    )


def _families(state: OperationsState) -> Iterator[Metric]:
    yield _by("aneos_jobs", "Jobs by status.", "status", state.jobs)
    yield _by("aneos_jobs_waiting", "Queued jobs by task.", "task", state.waiting)
    yield _gauge(
        "aneos_jobs_oldest_waiting_seconds",
        "How long the longest-waiting job that may run has waited.",
        state.oldest_waiting_s,
    )
    yield _gauge("aneos_workers", "Workers seen within a minute.", state.workers)
    yield _gauge("aneos_events_unsent", "Events committed and not yet sent.", state.events_unsent)
    yield _gauge("aneos_events_position", "Position of the last event sent.", state.events_position)
    yield _by("aneos_webhook_deliveries", "Deliveries to webhooks by status.", "status", state.deliveries)
    yield _gauge("aneos_webhooks_disabled", "Webhooks switched off.", state.webhooks_disabled)
    yield _labelled(
        "aneos_alerts", "Alerts that are not resolved.", ("severity", "status"), state.alerts.items()
    )
    yield _by("aneos_backups", "Backups by status.", "status", state.backups)
    yield from _moment(
        "aneos_backup_timestamp_seconds", "End of the newest good backup.", state.backup_finished_at
    )
    if state.backup_bytes is not None:
        yield _gauge("aneos_backup_bytes", "Size of the newest good backup.", state.backup_bytes)
    yield _by(
        "aneos_catalogue_objects",
        "Objects of a catalogue's current version.",
        "catalogue",
        {name: count for name, (count, _) in state.catalogues.items()},
    )
    yield _labelled(
        "aneos_catalogue_timestamp_seconds",
        "When a catalogue's current version was taken in.",
        ("catalogue",),
        [((name,), moment.timestamp()) for name, (_, moment) in state.catalogues.items()],
    )
    yield from _moment(
        "aneos_screen_timestamp_seconds", "End of the current screen.", state.screen_finished_at
    )
    yield _by(
        "aneos_screen_objects", "Objects of the current screen by class.", "class", state.screen_classes
    )
    yield from _models(state)
    yield from _archives(state)


def _models(state: OperationsState) -> Iterator[Metric]:
    named = [((model.name, model.version), model) for model in state.models]
    yield _labelled(
        "aneos_model_predictions_last_hour",
        "Predictions stored of the model that answers.",
        ("model", "version"),
        [(key, model.predictions_last_hour) for key, model in named],
    )
    yield _labelled(
        "aneos_model_mean_score_last_hour",
        "Mean score of those predictions; the higher, the more artificial.",
        ("model", "version"),
        [(key, model.mean_score_last_hour) for key, model in named if model.mean_score_last_hour is not None],
    )
    yield _labelled(
        "aneos_model_metric",
        "Measured metrics of the model that answers (calibration, drift and the rest).",
        ("model", "version", "metric"),
        [((*key, name), value) for key, model in named for name, value in model.metrics.items()],
    )


def _archives(state: OperationsState) -> Iterator[Metric]:
    tries = CounterMetricFamily(
        "aneos_archive_requests", "Tries at a remote archive.", labels=("archive", "outcome")
    )
    for archive in state.archives:
        tries.add_metric([archive.archive, "failed"], archive.errors)
        tries.add_metric([archive.archive, "answered"], archive.requests - archive.errors)
    yield tries
    yield _by(
        "aneos_archive_failures",
        "Failed tries at an archive in a row, up to now.",
        "archive",
        {archive.archive: archive.failures for archive in state.archives},
    )
    yield _labelled(
        "aneos_archive_answered_timestamp_seconds",
        "When an archive answered last.",
        ("archive",),
        [((row.archive,), row.answered_at.timestamp()) for row in state.archives if row.answered_at],
    )
    yield _by(
        "aneos_archive_left_alone",
        "Whether an archive is not asked for a while after failures.",
        "archive",
        {archive.archive: int(archive.circuit == "open") for archive in state.archives},
    )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _by(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    return _labelled(name, text, (label,), [((key,), value) for key, value in values.items()])


def _labelled(name: str, text: str, labels: Labels, values: Iterable[tuple[Labels, float]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values:
        family.add_metric(list(key), value)
    return family


def _moment(name: str, text: str, moment: datetime | None) -> Iterator[Metric]:
    if moment is not None:
        yield _gauge(name, text, moment.timestamp())


class _Given(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _text(families: list[Metric]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(families))
    return generate_latest(registry)
