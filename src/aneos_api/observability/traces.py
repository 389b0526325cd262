"""OpenTelemetry traces, sent by OTLP over HTTP where ``ANEOS_OBSERVABILITY__OTLP_ENDPOINT`` names a collector.

FastAPI opens the span of each request itself, by the semantic conventions for HTTP; here are the provider that it
writes to, and the spans of jobs and of statements. Sampling, headers and time limits are those of the OpenTelemetry
SDK's own variables (``OTEL_TRACES_SAMPLER``, ``OTEL_EXPORTER_OTLP_HEADERS``, ``OTEL_EXPORTER_OTLP_TIMEOUT``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from structlog.types import EventDict

from aneos import __version__
from aneos_api.errors import SettingsError
from aneos_api.settings import Settings

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from opentelemetry.sdk.trace import TracerProvider

    from aneos_api.database.models import Job

UNTRACED: Final = frozenset({"/health/live", "/health/ready", "/health/startup", "/metrics"})
PARENT: Final = "traceparent"
"""Key of a job's payload that holds the span of the request that queued it, as the W3C writes it."""
FLUSH_S: Final = 5.0
"""Longest wait at the end for a collector that does not answer."""

_CONTEXT: Final = TraceContextTextMapPropagator()
_STATEMENT: Final = "aneos.span"
_provider: TracerProvider | None = None


def check_traces(settings: Settings) -> None:
    """Raise :class:`~aneos_api.errors.SettingsError` where traces are asked for and cannot be sent."""
    if settings.observability.otlp_endpoint is None:
        return
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace  # noqa: F401
    except ImportError:
        raise SettingsError(
            "ANEOS_OBSERVABILITY__OTLP_ENDPOINT is set, and the packages that send traces are missing: "
            "pip install 'aneos[otel]'"
        ) from None


def start_traces(settings: Settings, service: str) -> None:
    """Send spans of this process to the collector of the settings, if they name one; once per process.

    ``service`` is the name of the kind of process. Raises :class:`~aneos_api.errors.SettingsError` as
    :func:`check_traces` does. A collector that is away costs spans, never a request.
    """
    global _provider
    endpoint = settings.observability.otlp_endpoint
    if endpoint is None or _provider is not None:
        return
    check_traces(settings)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    url = endpoint if endpoint.endswith("/v1/traces") else f"{endpoint.rstrip('/')}/v1/traces"
    named = {"service.namespace": "aneos", "service.name": service, "service.version": __version__}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    trace.set_tracer_provider(provider)
    _provider = provider
    event.listen(Engine, "before_cursor_execute", _statement_begins)
    event.listen(Engine, "after_cursor_execute", _statement_ends)
    event.listen(Engine, "handle_error", _statement_fails)


def flush_traces() -> None:
    """Send what has not been sent yet; waits :data:`FLUSH_S` at most. Blocks."""
    if _provider is not None:
        sending = threading.Thread(target=_provider.force_flush, daemon=True, name="last traces")
        sending.start()
        sending.join(FLUSH_S)


def requests_traced(settings: Settings) -> TelemetryConfig:
    """What FastAPI is told: spans of requests and nothing else, or nothing at all."""
    return {
        "auto_configure": False,
        "tracing": settings.observability.otlp_endpoint is not None,
        "metrics": False,
        "logs": False,
        "operation_spans": False,
        "exclude": _untraced,
    }


def annotate(values: Mapping[str, str | None]) -> None:
    """Attributes for the span at hand, where there is one."""
    span = trace.get_current_span()
    if span.is_recording():
        span.set_attributes({name: value for name, value in values.items() if value is not None})


def mark_failed(error: Exception) -> None:
    """The span at hand ends badly."""
    span = trace.get_current_span()
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(trace.StatusCode.ERROR)


def carried() -> dict[str, str]:
    """For the payload of a job: the span that queues it; empty where nothing is traced."""
    carrier: dict[str, str] = {}
    _CONTEXT.inject(carrier)
    return {PARENT: carrier[PARENT]} if PARENT in carrier else {}


@contextmanager
def job_span(job: Job) -> Iterator[trace.Span]:
    """The span of one attempt at a job, in the trace of the request that queued it."""
    given = job.payload.get(PARENT)
    parent = _CONTEXT.extract({PARENT: given}) if isinstance(given, str) else None
    attributes: dict[str, str | int] = {
        "messaging.system": "aneos",
        "messaging.operation.type": "process",
        "messaging.message.id": str(job.id),
        "aneos.job.task": job.task,
        "aneos.job.attempt": job.attempts,
    }
    if job.tenant_id is not None:
        attributes["aneos.tenant"] = str(job.tenant_id)
    tracer = trace.get_tracer("aneos", __version__)
    with tracer.start_as_current_span(
        f"job {job.task}", parent, kind=trace.SpanKind.CONSUMER, attributes=attributes
    ) as span:
        yield span


def add_trace_ids(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Put the ids of the span at hand into a log line. A processor of structlog."""
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        line["trace_id"] = trace.format_trace_id(span.trace_id)
        line["span_id"] = trace.format_span_id(span.span_id)
    return line


def _untraced(scope: MutableMapping[str, Any]) -> bool:
    return scope["path"] in UNTRACED


def _statement_begins(
    connection: Connection, _cursor: object, statement: str, _values: object, _context: object, _many: bool
) -> None:
    """Statements of a request or job are traced, without their values; those of idle polling are not."""
    if not trace.get_current_span().is_recording():
        return
    verb = (statement.split(None, 1) or ("",))[0].upper()
    connection.info[_STATEMENT] = trace.get_tracer("aneos", __version__).start_span(
        f"{verb} {connection.dialect.name}",
        kind=trace.SpanKind.CLIENT,
        attributes={
            "db.system.name": connection.dialect.name,
            "db.operation.name": verb,
            "db.query.text": statement,
        },
    )


def _statement_ends(connection: Connection, *_: object) -> None:
    span = connection.info.pop(_STATEMENT, None)
    if span is not None:
        span.end()


def _statement_fails(failure: ExceptionContext) -> None:
    span = None if failure.connection is None else failure.connection.info.pop(_STATEMENT, None)
    if span is not None:
        span.set_attribute("error.type", type(failure.original_exception).__name__)
        span.set_status(trace.StatusCode.ERROR)
        span.end()
