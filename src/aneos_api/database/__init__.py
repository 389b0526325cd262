"""The database room. In: settings or a URL. Out: units of work with one service per area; all SQL is in here.

    database = await init_database("sqlite:///aneos.db")
    async with database.write() as work:
        batch = await work.batches.create(tenant_id=tenant, items=items)
    async with database.read() as work:
        page = await work.analysis.watchlist(PageRequest(limit=20, filters={"q_value__lt": 0.1}))

Services never commit; the unit of work does, once, when its block ends.
"""

from aneos_api.database.database import Database, PoolState, init_database
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.alerts import AlertService
from aneos_api.database.services.analysis import AnalysisService
from aneos_api.database.services.audit import AuditService
from aneos_api.database.services.backups import BackupService
from aneos_api.database.services.batches import BatchService, ItemResult, NewItem
from aneos_api.database.services.cases import CaseService
from aneos_api.database.services.catalogue import CatalogueService
from aneos_api.database.services.events import EventService
from aneos_api.database.services.exports import ExportService
from aneos_api.database.services.idempotency import IdempotencyService, Replay
from aneos_api.database.services.jobs import JobService, Lease, LeaseLost
from aneos_api.database.services.keys import KeyService
from aneos_api.database.services.metrics import MetricsService, Point, Sample
from aneos_api.database.services.ml import MLService, NewPrediction
from aneos_api.database.services.observations import ObservationService
from aneos_api.database.services.schedules import ScheduleService
from aneos_api.database.services.sessions import Refreshed, SessionService
from aneos_api.database.services.tenants import TenantService
from aneos_api.database.services.usage import UsageRow, UsageService
from aneos_api.database.services.users import UserService
from aneos_api.database.services.webhooks import WebhookService
from aneos_api.database.unit import Work

__all__ = [
    "AlertService",
    "AnalysisService",
    "AuditService",
    "BackupService",
    "BatchService",
    "CaseService",
    "CatalogueService",
    "Database",
    "EventService",
    "ExportService",
    "IdempotencyService",
    "ItemResult",
    "JobService",
    "KeyService",
    "Lease",
    "LeaseLost",
    "Listing",
    "MLService",
    "MetricsService",
    "NewItem",
    "NewPrediction",
    "ObservationService",
    "Page",
    "PageRequest",
    "Point",
    "PoolState",
    "Refreshed",
    "Replay",
    "Sample",
    "ScheduleService",
    "SessionService",
    "TenantService",
    "UsageRow",
    "UsageService",
    "UserService",
    "WebhookService",
    "Work",
    "init_database",
]
