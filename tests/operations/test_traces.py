"""A running service sends its traces to a collector: requests, the jobs that they queue, statements."""

from __future__ import annotations

import http.server
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from aneos_api.errors import SettingsError
from aneos_api.observability.traces import check_traces
from aneos_api.settings import load_settings
from tests.operations.running import Installation, Process, free_port, wait_for

PATIENCE_S = 60.0
TRACE = "0af7651916cd43dd8448eb211c80319c"  # pragma: allowlist secret
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


class Collector:
    """Takes OTLP over HTTP and keeps the spans."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        me = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                body = self.rfile.read(int(self.headers["content-length"]))
                for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                    me.services |= {
                        item.value.string_value
                        for item in group.resource.attributes
                        if item.key == "service.name"
                    }
                    for scope in group.scope_spans:
                        me.spans.extend(scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[Collector]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(5.0)

    def find(self, fits: Callable[[Span], bool]) -> list[Span]:
        return [span for span in list(self.spans) if fits(span)]


def of_the_test(span: Span) -> bool:
    return span.trace_id.hex() == TRACE


def attributes(span: Span) -> dict[str, object]:
    """Of a span, as plain values."""
    out: dict[str, object] = {}
    for item in span.attributes:
        kind = item.value.WhichOneof("value")
        out[item.key] = getattr(item.value, kind) if kind else None
    return out


def test_requests_jobs_and_statements_are_traced(tmp_path: Path) -> None:
    with Collector().running() as collector:
        more = {
            "ANEOS_OBSERVABILITY__OTLP_ENDPOINT": collector.url,
            "ANEOS_OBSERVABILITY__LOG_FORMAT": "json",
            "ANEOS_JOBS__IN_PROCESS": "true",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        installation = Installation(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, **more)
        operator = installation.people()["operator"]
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        try:
            process = installation.api(port)
            wait_for(f"{url}/health/ready", process)
            with httpx2.Client(base_url=url, headers=operator.headers, timeout=PATIENCE_S) as client:
                sent = {"traceparent": PARENT, "X-Request-ID": "request-of-the-test"}
                reply = client.post("/api/v1/admin/backups", headers=sent)
                assert reply.status_code == 202, reply.text
                assert client.get("/api/v1/nothing-here").status_code == 404
                assert client.get("/metrics").status_code == 200

            def complete() -> bool:
                return bool(collector.find(lambda span: span.name.startswith("job ") and of_the_test(span)))

            end = time.monotonic() + PATIENCE_S
            while not complete():
                assert time.monotonic() < end, [span.name for span in collector.spans]
                time.sleep(0.1)
        finally:
            for started in installation.processes:
                started.stop()
        lines = [json.loads(line) for line in process.log.read_text().splitlines() if line.startswith("{")]
    assert collector.services == {"aneos-api"}
    (asked,) = collector.find(lambda span: span.name == "POST /api/v1/admin/backups")
    told = attributes(asked)
    assert asked.trace_id.hex() == TRACE, "the caller's trace goes on"
    assert asked.kind == Span.SPAN_KIND_SERVER
    assert told["http.response.status_code"] == 202
    assert told["http.route"] == "/api/v1/admin/backups"
    assert told["aneos.request_id"] == "request-of-the-test"
    assert told["aneos.tenant"] == str(operator.tenant_id)
    (job,) = collector.find(lambda span: span.name.startswith("job ") and of_the_test(span))
    assert job.parent_span_id == asked.span_id
    assert attributes(job)["aneos.job.outcome"] == "succeeded"
    assert job.status.code == Status.STATUS_CODE_UNSET
    statements = collector.find(lambda span: "db.query.text" in attributes(span))
    assert {span.trace_id for span in statements if span.parent_span_id == job.span_id} == {job.trace_id}
    text = " ".join(str(attributes(span)["db.query.text"]) for span in statements)
    assert "INSERT INTO jobs" in text
    assert operator.email not in text, "statements without their values"
    assert not collector.find(lambda span: str(attributes(span).get("url.path")) == "/metrics")
    assert not [span for span in statements if not span.parent_span_id], "idle polling is not traced"
    (access,) = (
        line for line in lines if line.get("request_id") == "request-of-the-test" and "status" in line
    )
    assert access["trace_id"] == TRACE
    assert access["tenant"] == str(operator.tenant_id)
    assert {line["trace_id"] for line in lines if line.get("job")} <= {TRACE}


def test_a_collector_that_is_away_costs_seconds_at_the_end_and_nothing_else(tmp_path: Path) -> None:
    program = (
        "import time\n"
        "from opentelemetry import trace\n"
        "from aneos_api.observability.traces import FLUSH_S, flush_traces, start_traces\n"
        "from aneos_api.settings import load_settings\n"
        "start_traces(load_settings(), 'aneos-test')\n"
        "started = time.monotonic()\n"
        "with trace.get_tracer('t').start_as_current_span('s') as span:\n"
        "    assert span.is_recording()\n"
        "assert time.monotonic() - started < 1.0\n"
        "flush_traces()\n"
        "assert time.monotonic() - started < FLUSH_S + 1.0\n"
    )
    endpoint = {"ANEOS_OBSERVABILITY__OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    process = Process([sys.executable, "-c", program], tmp_path / "log", endpoint)
    assert process.ends_with(PATIENCE_S) == 0, process.told()


def test_without_the_packages_the_start_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    check_traces(load_settings())
    settings = load_settings(observability={"otlp_endpoint": "http://collector:4318"})
    with pytest.raises(SettingsError, match=r"pip install 'aneos\[otel\]'"):
        check_traces(settings)


def test_an_endpoint_that_is_no_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="OTLP_ENDPOINT"):
        load_settings(observability={"otlp_endpoint": "collector:4318"})
