"""The routes that clients rely on: the published interface, name by name."""

from __future__ import annotations

from typing import Final

from aneos_api.endpoints.routers import ROUTERS
from tests.api.endpoints.conftest import Service

INTERFACE: Final = """
POST analysis/assess
POST analysis/identify
POST analysis/departures
POST analysis/observations
POST analysis/batch
GET analysis/batch/{batch_id}
GET analysis/batch/{batch_id}/results
DELETE analysis/batch/{batch_id}
GET analysis/objects/{designation}
GET analysis/objects/{designation}/history
GET analysis/objects/{designation}/evidence
GET analysis/objects/{designation}/as-of
GET analysis/objects/{designation}/approaches
GET analysis/watchlist
GET analysis/search
GET analysis/statistics
POST analysis/exports
GET analysis/exports/{export_id}
GET analysis/exports/{export_id}/download
GET catalogue/objects
GET catalogue/objects/{designation}
GET catalogue/artificial
GET catalogue/artificial/{id}
GET catalogue/artificial/{id}/ephemeris
GET catalogue/artificial/returns
GET catalogue/launches
GET catalogue/versions
POST catalogue/sync
POST prediction/predict
POST prediction/predict/batch
GET prediction/predictions/{designation}
GET prediction/features/{designation}
GET prediction/explanations/{designation}
GET prediction/models
GET prediction/models/{model_id}
GET prediction/models/{model_id}/metrics
GET prediction/drift
POST prediction/models/{model_id}/activate
POST prediction/experiments
GET prediction/experiments
GET prediction/experiments/{experiment_id}
GET monitoring/metrics
GET monitoring/metrics/history
GET monitoring/performance
GET monitoring/system
GET monitoring/archives
GET monitoring/alerts
GET monitoring/alerts/{alert_id}
POST monitoring/alerts/{alert_id}/acknowledge
POST monitoring/alerts/{alert_id}/resolve
GET monitoring/rules
POST monitoring/rules
GET monitoring/rules/{rule_id}
PATCH monitoring/rules/{rule_id}
DELETE monitoring/rules/{rule_id}
GET admin/users
POST admin/users
GET admin/users/{user_id}
PATCH admin/users/{user_id}
DELETE admin/users/{user_id}
GET admin/api-keys
POST admin/api-keys
POST admin/api-keys/{key_id}/rotate
DELETE admin/api-keys/{key_id}
GET admin/sessions
GET admin/audit
GET admin/usage
GET admin/config
GET admin/jobs
POST admin/jobs/{job_id}/retry
POST admin/jobs/{job_id}/cancel
POST admin/training
GET admin/training
GET admin/training/{job_id}
POST admin/training/{job_id}/cancel
POST admin/backups
GET admin/backups
POST admin/backups/{backup_id}/restore
GET admin/webhooks
POST admin/webhooks
GET admin/webhooks/{webhook_id}
PATCH admin/webhooks/{webhook_id}
DELETE admin/webhooks/{webhook_id}
GET admin/webhooks/{webhook_id}/deliveries
POST admin/webhooks/{webhook_id}/test
POST admin/maintenance/cache/clear
GET stream/events
GET stream/metrics
GET stream/alerts
GET stream/connections
POST stream/broadcast
POST auth/login
POST auth/logout
POST auth/token
POST auth/refresh
POST auth/password
POST auth/totp/enrol
POST auth/totp/confirm
POST auth/totp/disable
GET auth/me
"""


def test_every_operation_of_the_interface_is_offered(service: Service) -> None:
    offered = {
        (method.upper(), path)
        for path, operations in service.app.openapi()["paths"].items()
        for method in operations
    }
    wanted = {
        (method, f"/api/v1/{path}")
        for method, path in (line.split() for line in INTERFACE.split("\n") if line)
    }
    assert not sorted(wanted - offered)
    assert {("GET", path) for path in ("/health/live", "/health/ready", "/metrics")} <= offered


async def test_the_documents_and_the_socket_are_there(service: Service) -> None:
    for path in ("/docs", "/openapi.json"):
        assert (await service.client.get(path)).status_code == 200
    routes = [route for router in ROUTERS for route in router.routes]
    assert "/api/v1/stream/ws" in {getattr(route, "path", "") for route in routes}
