"""``monitoring/``: metrics now and before, performance, the system."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from aneos_api.clock import utc_now
from aneos_api.dependencies import Ctx, Reading, Viewer
from aneos_api.errors import Invalid
from aneos_api.observability.performance import RoutePerformance, performance_by_route
from aneos_api.observability.sampler import memory_bytes
from aneos_api.schemas.common import Identifier, Record, Signed
from aneos_api.schemas.watch import ArchiveItem, MetricRow

router = APIRouter(prefix="/api/v1/monitoring", tags=["monitoring"])


class MetricsReply(Signed):
    """The newest stored value of every metric."""

    items: list[MetricRow]


class PointItem(Record):
    at: datetime
    mean: float
    minimum: float
    maximum: float
    count: int


class HistoryReply(Signed):
    name: str
    step_s: float
    points: list[PointItem]


class RouteItem(Record):
    """Requests to one route since this process began; percentiles from the histogram, in ms."""

    method: str
    route: str
    requests: int
    errors: int = Field(description="replies with status 500 and more")
    mean_ms: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class PerformanceReply(Signed):
    items: list[RouteItem]


class SystemReply(Signed):
    """The process that answered, its database and the queue."""

    python: str
    process: int
    cores: int
    load_average: list[float]
    memory_bytes: int
    disk_free_bytes: int
    database: dict[str, Any]
    read_cache: dict[str, int]
    jobs: dict[str, int]
    oldest_waiting_job_s: float
    workers: list[dict[str, Any]]


class ArchivesReply(Signed):
    """Every remote archive that aNEOS can ask, and how the service's requests to it went."""

    enabled: bool = Field(description="whether the settings let archives be asked at all")
    items: list[ArchiveItem]


@router.get("/metrics", operation_id="monitoring_metrics")
async def metrics(who: Viewer, work: Reading) -> MetricsReply:
    """The newest stored value of every metric."""
    return MetricsReply(items=[MetricRow.model_validate(row) for row in await work.metrics.latest()])


@router.get("/metrics/history", operation_id="monitoring_metrics_history")
async def metrics_history(
    who: Viewer,
    work: Reading,
    name: Annotated[Identifier, Query(examples=["requests_per_s"])],
    since: Annotated[datetime | None, Query(description="an hour ago by default")] = None,
    until: Annotated[datetime | None, Query()] = None,
    step_s: Annotated[float, Query(ge=1.0, le=86_400.0)] = 60.0,
) -> HistoryReply:
    """One metric over time, in steps."""
    start, end = _aware(since, "since"), _aware(until, "until")
    start = start or utc_now() - timedelta(hours=1)
    end = end or utc_now()
    if end <= start:
        raise Invalid("must be before until", field="since")
    points = await work.metrics.history(name, since=start, until=end, step_s=step_s)
    return HistoryReply(
        name=name, step_s=step_s, points=[PointItem.model_validate(point) for point in points]
    )


@router.get("/performance", operation_id="monitoring_performance")
async def performance(who: Viewer) -> PerformanceReply:
    """Requests and latency of every route of the process that answered, the busiest first."""
    rows: list[RoutePerformance] = performance_by_route()
    return PerformanceReply(items=[RouteItem.model_validate(row) for row in rows])


@router.get("/system", operation_id="monitoring_system")
async def system(who: Viewer, ctx: Ctx, work: Reading) -> SystemReply:
    """How the process, the database and the queue are."""
    entries, size = ctx.reads.size
    folder = ctx.settings.data_dir if ctx.settings.data_dir.exists() else ctx.settings.data_dir.anchor
    disk = await asyncio.to_thread(shutil.disk_usage, folder)
    pools = {name: {"size": pool.size, "in_use": pool.in_use} for name, pool in ctx.database.pools().items()}
    workers = [
        {"name": row.name, "running": row.running, "seen_at": row.seen_at.isoformat()}
        for row in await work.jobs.workers()
    ]
    return SystemReply(
        python=sys.version.split()[0],
        process=os.getpid(),
        cores=os.cpu_count() or 1,
        load_average=list(os.getloadavg()),
        memory_bytes=memory_bytes(),
        disk_free_bytes=disk.free,
        database={"engine": ctx.database.name, "pools": pools},
        read_cache={"entries": entries, "bytes": size},
        jobs=await work.jobs.counts(),
        oldest_waiting_job_s=await work.jobs.oldest_waiting_s(),
        workers=workers,
    )


@router.get("/archives", operation_id="monitoring_archives")
async def archives(who: Viewer, ctx: Ctx, work: Reading) -> ArchivesReply:
    """How each remote archive answered last, and whether it is left alone after failures."""
    rows = await work.archives.all()
    return ArchivesReply(
        enabled=ctx.settings.archives.enabled, items=[ArchiveItem.model_validate(row) for row in rows]
    )


def _aware(moment: datetime | None, name: str) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Invalid("needs a time zone, as in 2026-01-01T00:00:00Z", field=name)
    if moment is not None and not 1970 <= moment.year <= 9000:
        raise Invalid("is out of range", field=name)
    return moment
