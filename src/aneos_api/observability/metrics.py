"""Figures for Prometheus. One set per process; with several workers ``PROMETHEUS_MULTIPROC_DIR`` joins them.

Names are a contract with the shipped dashboards and alert rules: ``aneos_`` first, units last.
"""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
MULTIPROCESS_DIR: Final = "PROMETHEUS_MULTIPROC_DIR"

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUESTS: Final = Counter("aneos_http_requests_total", "Requests answered.", ("method", "route", "status"))
SECONDS: Final = Histogram(
    "aneos_http_request_seconds", "Time to the end of a reply.", ("method", "route"), buckets=BUCKETS
)
IN_FLIGHT: Final = Gauge(
    "aneos_http_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum"
)
RATE_LIMITED: Final = Counter("aneos_rate_limited_total", "Requests refused by a limit.", ("kind",))
LIMITER_FAILURES: Final = Counter(
    "aneos_limiter_failures_total", "Requests let pass because the limiter's store did not answer."
)
REFUSED: Final = Counter("aneos_access_refused_total", "Requests refused for want of a right.", ("reason",))
LOG_INS: Final = Counter("aneos_logins_total", "Log-ins by outcome.", ("outcome",))
READ_CACHE: Final = Counter("aneos_read_cache_total", "Reads answered from the cache or not.", ("result",))
AUDIT_DROPPED: Final = Counter(
    "aneos_audit_dropped_total", "Audit events of refused requests that could not be kept."
)
ASSESS_SECONDS: Final = Histogram(
    "aneos_assess_seconds", "Time of the assessment of one request.", ("depth",), buckets=BUCKETS
)
ERRORS: Final = Counter(
    "aneos_internal_errors_total", "Requests that failed through a fault of aNEOS.", ("route",)
)
JOBS_SETTLED: Final = Counter("aneos_jobs_settled_total", "Attempts of jobs by outcome.", ("task", "outcome"))
JOB_SECONDS: Final = Histogram(
    "aneos_job_seconds",
    "Time of one attempt of a job.",
    ("task",),
    buckets=(0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0),
)


def exposition() -> bytes:
    """All figures in Prometheus' text format, of all workers where there are several."""
    if MULTIPROCESS_DIR in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest(REGISTRY)
