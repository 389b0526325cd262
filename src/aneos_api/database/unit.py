"""The unit of work: one session, every service over it, one commit at its end."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from aneos_api.database.failures import database_errors
from aneos_api.database.services.alerts import AlertService
from aneos_api.database.services.analysis import AnalysisService
from aneos_api.database.services.archives import ArchiveService
from aneos_api.database.services.audit import AuditService
from aneos_api.database.services.backups import BackupService
from aneos_api.database.services.base import TOUCHED
from aneos_api.database.services.batches import BatchService
from aneos_api.database.services.cases import CaseService
from aneos_api.database.services.catalogue import CatalogueService
from aneos_api.database.services.events import EventService
from aneos_api.database.services.exports import ExportService
from aneos_api.database.services.idempotency import IdempotencyService
from aneos_api.database.services.jobs import JobService
from aneos_api.database.services.keys import KeyService
from aneos_api.database.services.metrics import MetricsService
from aneos_api.database.services.ml import MLService
from aneos_api.database.services.observations import ObservationService
from aneos_api.database.services.overview import OverviewService
from aneos_api.database.services.schedules import ScheduleService
from aneos_api.database.services.sessions import SessionService
from aneos_api.database.services.streams import StreamService
from aneos_api.database.services.tenants import TenantService
from aneos_api.database.services.usage import UsageService
from aneos_api.database.services.users import UserService
from aneos_api.database.services.webhooks import WebhookService

AfterCommit = Callable[[], Awaitable[None] | None]
Invalidate = Callable[[set[tuple[UUID | None, str]]], Awaitable[None]]

AFTER: Final = "aneos_after_commit"


class Work:
    """A session with every service over it. Nothing is stored before the block that made it ends well."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    def after_commit(self, call: AfterCommit) -> None:
        """Call this once everything is stored; it is not called when the work fails."""
        self.session.info.setdefault(AFTER, []).append(call)

    @property
    def touched(self) -> set[tuple[UUID | None, str]]:
        """Tenants and areas that were changed: what is cached of them is out of date."""
        touched: set[tuple[UUID | None, str]] = self.session.info.setdefault(TOUCHED, set())
        return touched

    async def flush(self) -> None:
        """Send what is pending, so that the database can object now."""
        with database_errors():
            await self.session.flush()

    @cached_property
    def alerts(self) -> AlertService:
        return AlertService(self.session)

    @cached_property
    def analysis(self) -> AnalysisService:
        return AnalysisService(self.session)

    @cached_property
    def archives(self) -> ArchiveService:
        return ArchiveService(self.session)

    @cached_property
    def audit(self) -> AuditService:
        return AuditService(self.session)

    @cached_property
    def backups(self) -> BackupService:
        return BackupService(self.session)

    @cached_property
    def batches(self) -> BatchService:
        return BatchService(self.session)

    @cached_property
    def cases(self) -> CaseService:
        return CaseService(self.session)

    @cached_property
    def catalogue(self) -> CatalogueService:
        return CatalogueService(self.session)

    @cached_property
    def events(self) -> EventService:
        return EventService(self.session)

    @cached_property
    def exports(self) -> ExportService:
        return ExportService(self.session)

    @cached_property
    def idempotency(self) -> IdempotencyService:
        return IdempotencyService(self.session)

    @cached_property
    def jobs(self) -> JobService:
        return JobService(self.session)

    @cached_property
    def keys(self) -> KeyService:
        return KeyService(self.session)

    @cached_property
    def metrics(self) -> MetricsService:
        return MetricsService(self.session)

    @cached_property
    def ml(self) -> MLService:
        return MLService(self.session)

    @cached_property
    def observations(self) -> ObservationService:
        return ObservationService(self.session)

    @cached_property
    def overview(self) -> OverviewService:
        return OverviewService(self.session)

    @cached_property
    def schedules(self) -> ScheduleService:
        return ScheduleService(self.session)

    @cached_property
    def sessions(self) -> SessionService:
        return SessionService(self.session)

    @cached_property
    def streams(self) -> StreamService:
        return StreamService(self.session)

    @cached_property
    def tenants(self) -> TenantService:
        return TenantService(self.session)

    @cached_property
    def usage(self) -> UsageService:
        return UsageService(self.session)

    @cached_property
    def users(self) -> UserService:
        return UserService(self.session)

    @cached_property
    def webhooks(self) -> WebhookService:
        return WebhookService(self.session)


@asynccontextmanager
async def unit_of_work(session: AsyncSession, invalidate: Invalidate | None) -> AsyncIterator[Work]:
    """Commit once when the block ends well, then drop what is cached of it; otherwise nothing is stored."""
    work = Work(session)
    with database_errors():
        try:
            yield work
            await session.commit()
        except BaseException:
            await session.rollback()
            raise
        finally:
            await session.close()
    if invalidate is not None and work.touched:
        await invalidate(work.touched)
    for call in session.info.pop(AFTER, []):
        outcome = call()
        if inspect.isawaitable(outcome):
            await outcome
