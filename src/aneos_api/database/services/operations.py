"""How the whole installation stands: queue, deliveries, alerts, backups, catalogue, models. The operator's view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select

from aneos_api.clock import after
from aneos_api.database.models import (
    Alert,
    Backup,
    CatalogueVersion,
    Job,
    ModelVersion,
    OutboxEvent,
    Prediction,
    Screen,
    Webhook,
    WebhookDelivery,
)
from aneos_api.database.models.events import DELIVERY_STATES
from aneos_api.database.models.monitoring import SEVERITIES
from aneos_api.database.services.archives import ArchiveService, ArchiveView
from aneos_api.database.services.base import Service
from aneos_api.database.services.events import EventService
from aneos_api.database.services.jobs import JobService

RECENT_S: Final = 3600.0
LIVE_ALERTS: Final = ("open", "acknowledged")


@dataclass(frozen=True, slots=True)
class ModelState:
    """A champion: the model that answers under its name."""

    name: str
    version: str
    activated_at: datetime | None
    metrics: dict[str, float]
    """The numbers among the measured metrics, nested names joined by dots."""
    predictions_last_hour: int
    mean_score_last_hour: float | None


@dataclass(frozen=True, slots=True)
class OperationsState:
    """Counts at one moment; moments are aware and in UTC."""

    jobs: dict[str, int]
    waiting: dict[str, int]
    """Queued jobs by task."""
    oldest_waiting_s: float
    workers: int
    events_unsent: int
    events_position: int
    deliveries: dict[str, int]
    webhooks_disabled: int
    alerts: dict[tuple[str, str], int]
    """By severity and status, without the resolved."""
    backups: dict[str, int]
    backup_finished_at: datetime | None
    backup_bytes: int | None
    catalogues: dict[str, tuple[int, datetime]]
    """Name → objects and the moment when its current version was taken in."""
    screen_finished_at: datetime | None
    screen_classes: dict[str, int]
    models: list[ModelState] = field(default_factory=list)
    archives: list[ArchiveView] = field(default_factory=list)


class OperationsService(Service):
    """Reads that belong to no tenant."""

    async def state(self) -> OperationsState:
        """Everything at once, by a dozen small questions."""
        jobs = JobService(self.session)
        backup = await self.session.scalar(
            select(Backup).where(Backup.status == "succeeded").order_by(Backup.id.desc()).limit(1)
        )
        screen = await self.session.scalar(select(Screen).where(Screen.current))
        versions = await self.session.scalars(select(CatalogueVersion).where(CatalogueVersion.current))
        return OperationsState(
            jobs=await jobs.counts(),
            waiting=await self._counts(
                select(Job.task, func.count()).where(Job.status == "queued").group_by(Job.task)
            ),
            oldest_waiting_s=await jobs.oldest_waiting_s(),
            workers=len(await jobs.workers()),
            events_unsent=await EventService(self.session).unsent(),
            events_position=await self._count(select(func.max(OutboxEvent.position))),
            deliveries=await self._counts(
                select(WebhookDelivery.status, func.count()).group_by(WebhookDelivery.status),
                DELIVERY_STATES,
            ),
            webhooks_disabled=await self._count(
                select(func.count()).select_from(Webhook).where(Webhook.disabled_reason.is_not(None))
            ),
            alerts=await self._alerts(),
            backups=await self._counts(
                select(Backup.status, func.count()).group_by(Backup.status), ("succeeded", "failed")
            ),
            backup_finished_at=None if backup is None else backup.finished_at,
            backup_bytes=None if backup is None else backup.size_bytes,
            catalogues={row.name: (row.objects, row.created_at) for row in versions},
            screen_finished_at=None if screen is None else screen.finished_at,
            screen_classes={} if screen is None else _counts_of(screen.summary.get("classes")),
            models=await self._models(),
            archives=await ArchiveService(self.session).all(),
        )

    async def _count(self, statement: Select[Any]) -> int:
        return int(await self.session.scalar(statement) or 0)

    async def _counts(self, statement: Select[str, int], expected: Sequence[str] = ()) -> dict[str, int]:
        found = {str(name): int(count) for name, count in await self.session.execute(statement)}
        return {name: found.pop(name, 0) for name in expected} | found

    async def _alerts(self) -> dict[tuple[str, str], int]:
        rows = await self.session.execute(
            select(Alert.severity, Alert.status, func.count())
            .where(Alert.status.in_(LIVE_ALERTS))
            .group_by(Alert.severity, Alert.status)
        )
        found = {(severity, status): int(count) for severity, status, count in rows}
        return {
            (severity, status): found.get((severity, status), 0)
            for severity in SEVERITIES
            for status in LIVE_ALERTS
        }

    async def _models(self) -> list[ModelState]:
        champions = await self.session.scalars(
            select(ModelVersion).where(ModelVersion.stage == "champion").order_by(ModelVersion.name)
        )
        out = []
        for model in champions:
            recent = select(func.count(), func.avg(Prediction.score)).where(
                Prediction.model_id == model.id, Prediction.created_at > after(-RECENT_S)
            )
            count, mean = (await self.session.execute(recent)).one()
            out.append(
                ModelState(
                    model.name,
                    model.version,
                    model.activated_at,
                    dict(_numbers(model.metrics)),
                    int(count),
                    None if mean is None else float(mean),
                )
            )
        return out


def _counts_of(value: Any) -> dict[str, int]:
    return {str(name): int(count) for name, count in value.items()} if isinstance(value, dict) else {}


def _numbers(values: dict[str, Any], prefix: str = "") -> list[tuple[str, float]]:
    """The finite numbers of a nested mapping, by dotted name."""
    out: list[tuple[str, float]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            out += _numbers(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            out.append((f"{prefix}{name}", float(value)))
    return out
