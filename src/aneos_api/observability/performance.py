"""Latency of each route, read from the process's own histograms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aneos_api.observability.metrics import REQUESTS, SECONDS


@dataclass(slots=True)
class RoutePerformance:
    """Requests to one route since the process began; times in milliseconds."""

    method: str
    route: str
    requests: int = 0
    errors: int = 0
    total_s: float = 0.0
    buckets: list[tuple[float, float]] = field(default_factory=list)

    @property
    def mean_ms(self) -> float:
        return 1000.0 * self.total_s / self.requests if self.requests else 0.0

    @property
    def p50_ms(self) -> float | None:
        return quantile_ms(self.buckets, 0.50)

    @property
    def p95_ms(self) -> float | None:
        return quantile_ms(self.buckets, 0.95)

    @property
    def p99_ms(self) -> float | None:
        return quantile_ms(self.buckets, 0.99)


def performance_by_route() -> list[RoutePerformance]:
    """All routes that were asked for, the busiest first."""
    rows: dict[tuple[str, str], RoutePerformance] = {}

    def row(labels: dict[str, str]) -> RoutePerformance:
        key = labels["method"], labels["route"]
        return rows.setdefault(key, RoutePerformance(*key))

    for family in SECONDS.collect():
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                row(sample.labels).buckets.append((float(sample.labels["le"]), sample.value))
            elif sample.name.endswith("_sum"):
                row(sample.labels).total_s = sample.value
    for family in REQUESTS.collect():
        for sample in family.samples:
            if sample.name.endswith("_total"):
                row(sample.labels).requests += int(sample.value)
                if sample.labels["status"] >= "500":
                    row(sample.labels).errors += int(sample.value)
    return sorted(rows.values(), key=lambda item: (-item.requests, item.route, item.method))


def quantile_ms(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """The quantile of a cumulative histogram, linear within its bucket; None beyond the last finite edge."""
    ordered = sorted(buckets)
    if not ordered or ordered[-1][1] == 0:
        return None
    wanted, low, below = share * ordered[-1][1], 0.0, 0.0
    for edge, count in ordered:
        if count >= wanted:
            if edge == float("inf"):
                return None
            inside = (wanted - below) / (count - below) if count > below else 0.0
            return 1000.0 * (low + inside * (edge - low))
        low, below = edge, count
    return None
