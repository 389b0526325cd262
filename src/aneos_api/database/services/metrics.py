"""Measured values over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select

from aneos_api.clock import after, utc_now
from aneos_api.database.models import SystemMetric
from aneos_api.database.services.base import Service
from aneos_api.errors import Invalid

MAX_POINTS = 5000


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one metric; ``at`` is now when None."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured from ``at`` until the next point."""

    at: datetime
    mean: float
    minimum: float
    maximum: float
    count: int


class MetricsService(Service):
    """System metrics: stored samples, their newest values and their history."""

    async def record(self, name: str, value: float, labels: Mapping[str, str] | None = None) -> None:
        """Store one value. Raises Invalid when it is not finite."""
        await self.record_many([Sample(name, value, labels or {})])

    async def record_many(self, samples: Iterable[Sample]) -> int:
        """Store many values; how many."""
        now = utc_now()
        rows = []
        for sample in samples:
            if not math.isfinite(sample.value):
                raise Invalid("must be finite", field=sample.name)
            rows.append(
                {
                    "name": sample.name,
                    "value": float(sample.value),
                    "labels": dict(sample.labels),
                    "recorded_at": sample.at or now,
                }
            )
        if rows:
            await self.session.execute(insert(SystemMetric), rows)
        return len(rows)

    async def names(self) -> list[str]:
        """Names of all stored metrics."""
        return list(
            await self.session.scalars(select(SystemMetric.name).distinct().order_by(SystemMetric.name))
        )

    async def latest(self, names: Sequence[str] | None = None) -> list[SystemMetric]:
        """The newest value of each metric and set of labels."""
        newest = select(SystemMetric.name, func.max(SystemMetric.recorded_at).label("at")).group_by(
            SystemMetric.name
        )
        if names is not None:
            newest = newest.where(SystemMetric.name.in_(names))
        last = newest.subquery()
        rows = await self.session.scalars(
            select(SystemMetric)
            .join(last, (SystemMetric.name == last.c.name) & (SystemMetric.recorded_at == last.c.at))
            .order_by(SystemMetric.name, SystemMetric.id)
        )
        return list(rows)

    async def history(
        self,
        name: str,
        *,
        since: datetime,
        until: datetime | None = None,
        step_s: float = 60.0,
        labels: Mapping[str, str] | None = None,
    ) -> list[Point]:
        """The metric in steps of ``step_s`` seconds; steps without a value are left out.

        ``labels`` keeps samples that have all of them. Raises Invalid for more than 5,000 steps.
        """
        until = until or utc_now()
        if step_s <= 0 or (until - since).total_seconds() / step_s > MAX_POINTS:
            raise Invalid(f"must be positive and give at most {MAX_POINTS} steps", field="step_s")
        rows = await self.session.execute(
            select(SystemMetric.recorded_at, SystemMetric.value, SystemMetric.labels)
            .where(SystemMetric.name == name, SystemMetric.recorded_at.between(since, until))
            .order_by(SystemMetric.recorded_at)
        )
        steps: dict[int, list[float]] = {}
        for at, value, own in rows:
            if labels is None or all(own.get(label) == text for label, text in labels.items()):
                steps.setdefault(int(at.timestamp() // step_s), []).append(value)
        return [
            Point(
                datetime.fromtimestamp(step * step_s, tz=since.tzinfo),
                sum(values) / len(values),
                min(values),
                max(values),
                len(values),
            )
            for step, values in steps.items()
        ]

    async def purge(self, *, keep_days: int) -> int:
        """Remove values older than ``keep_days``; how many."""
        return await self._change(
            delete(SystemMetric).where(SystemMetric.recorded_at < after(-keep_days * 86400))
        )

    async def table_rows(self) -> dict[str, int]:
        """Number of rows of every table."""
        from aneos_api.database.models import Base

        out: dict[str, Any] = {}
        for table in Base.metadata.sorted_tables:
            out[table.name] = int(await self.session.scalar(select(func.count()).select_from(table)) or 0)
        return dict(sorted(out.items()))
