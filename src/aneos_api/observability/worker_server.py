"""A small HTTP server beside a worker, for probes and Prometheus: ``/health/live``, ``/health/ready``, ``/metrics``."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from aneos_api.database.database import Database
from aneos_api.errors import ServiceError
from aneos_api.observability.metrics import CONTENT_TYPE, exposition
from aneos_api.observability.state import StateMetrics

if TYPE_CHECKING:
    from aneos_api.jobs.worker import Worker

READY_S: Final = 3.0


class WorkerServer:
    """Serves until :meth:`stop`. It answers as long as the worker's event loop turns."""

    def __init__(self, database: Database, worker: Worker, *, host: str, port: int) -> None:
        self._server = _Quiet(
            uvicorn.Config(
                _application(database, worker),
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=2,
            )
        )
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve(), name="worker's health and metrics")

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=5.0)


class _Quiet(uvicorn.Server):
    """Leaves SIGTERM and SIGINT to the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _application(database: Database, worker: Worker) -> ASGIApp:
    state = StateMetrics(database)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path") if scope["type"] == "http" and scope["method"] == "GET" else None
        if path == "/health/live":
            await _reply(send, 200, _json({"status": "alive", "running": worker.running}))
        elif path == "/health/ready":
            fault = await _fault(database)
            body = {"status": "ready"} if fault is None else {"status": "not ready", "database": fault}
            await _reply(send, 200 if fault is None else 503, _json(body))
        elif path == "/metrics":
            text = await asyncio.to_thread(exposition) + await state.exposition()
            await _reply(send, 200, text, CONTENT_TYPE)
        elif scope["type"] == "http":
            await _reply(send, 404, _json({"error": "not_found"}))

    return application


async def _fault(database: Database) -> str | None:
    try:
        async with asyncio.timeout(READY_S):
            await database.ping()
    except (ServiceError, TimeoutError) as error:
        return str(error) or "does not answer"
    return None


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


async def _reply(send: Send, status: int, body: bytes, kind: str = "application/json") -> None:
    headers = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
