"""All tables, one module per area."""

from aneos_api.database.models.assessments import Assessment, AssessmentEvidence, Screen
from aneos_api.database.models.base import Base
from aneos_api.database.models.cases import Case, CaseItem, SavedFilter
from aneos_api.database.models.catalogue import CatalogueObject, CatalogueVersion, ObjectName, ObjectVersion
from aneos_api.database.models.credentials import (
    ApiKey,
    LoginSession,
    RecoveryCode,
    RefreshToken,
    RevokedToken,
)
from aneos_api.database.models.events import (
    Duty,
    OutboxEvent,
    ReceivedMessage,
    StreamPosition,
    Webhook,
    WebhookDelivery,
)
from aneos_api.database.models.identity import ROLES, Membership, Role, Tenant, User
from aneos_api.database.models.learning import Experiment, ExperimentArm, ModelVersion, Prediction
from aneos_api.database.models.monitoring import (
    Alert,
    AlertRule,
    ApiUsage,
    ArchiveHealth,
    AuditEvent,
    SystemMetric,
)
from aneos_api.database.models.work import (
    Backup,
    Batch,
    BatchItem,
    Export,
    IdempotencyKey,
    Job,
    JobSchedule,
    ObservationSet,
    WorkerHeartbeat,
)

__all__ = [
    "ROLES",
    "Alert",
    "AlertRule",
    "ApiKey",
    "ApiUsage",
    "ArchiveHealth",
    "Assessment",
    "AssessmentEvidence",
    "AuditEvent",
    "Backup",
    "Base",
    "Batch",
    "BatchItem",
    "Case",
    "CaseItem",
    "CatalogueObject",
    "CatalogueVersion",
    "Duty",
    "Experiment",
    "ExperimentArm",
    "Export",
    "IdempotencyKey",
    "Job",
    "JobSchedule",
    "LoginSession",
    "Membership",
    "ModelVersion",
    "ObjectName",
    "ObjectVersion",
    "ObservationSet",
    "OutboxEvent",
    "Prediction",
    "ReceivedMessage",
    "RecoveryCode",
    "RefreshToken",
    "RevokedToken",
    "Role",
    "SavedFilter",
    "Screen",
    "StreamPosition",
    "SystemMetric",
    "Tenant",
    "User",
    "Webhook",
    "WebhookDelivery",
    "WorkerHeartbeat",
]
