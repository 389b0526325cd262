"""The thin part: a key, repeated requests, pages, batches, streams."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self

import httpx

from aneos_client.errors import ApiError, StreamEvent
from aneos_client.generated import AuthenticatedClient
from aneos_client.generated.api.analysis import analysis_assess, batch_create, batch_show
from aneos_client.generated.models import AssessRequest, BatchCreate
from aneos_client.retries import RetryTransport

FINAL = frozenset({"succeeded", "completed", "finished", "failed", "cancelled", "dead"})


class AneosClient:
    """A service at ``url``, asked with an API key.

    Everything the service can do is a typed function in ``aneos_client.generated.api``; give it to :meth:`call`:

        from aneos_client.generated.api.analysis import analysis_watchlist
        page = client.call(analysis_watchlist, limit=10)
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        retries: int = 3,
        timeout_s: float = 60.0,
        verify: bool | SSLContext = True,
    ) -> None:
        transport = RetryTransport(retries=retries, inner=httpx.HTTPTransport(verify=verify))
        self.generated = AuthenticatedClient(
            base_url=url.rstrip("/"),
            token=api_key,
            prefix="",
            auth_header_name="X-API-Key",
            timeout=httpx.Timeout(timeout_s),
            httpx_args={"transport": transport},
        )

    def call(self, function: Any, **arguments: Any) -> Any:
        """What a generated function gives, typed. Raises :class:`ApiError` for a reply that is no success."""
        reply = function.sync_detailed(client=self.generated, **arguments)
        if not 200 <= int(reply.status_code) < 300:
            raise _error(int(reply.status_code), reply.content)
        return reply.parsed

    def assess(self, designations: Iterable[str], **more: Any) -> Any:
        """Assess objects at once; for more than a hundred use :meth:`batch`."""
        body = AssessRequest(designations=list(designations), **more)
        return self.call(analysis_assess, body=body)

    def pages(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page: ``client.pages("analysis/watchlist", limit=500, q_value__lt=0.1)``.

        Pages continue from a cursor: rows that come or go meanwhile neither repeat nor are skipped.
        """
        cursor: str | None = None
        while True:
            page = self.get(path, **parameters, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page.get("next")
            if not cursor:
                return

    def get(self, path: str, **parameters: Any) -> Any:
        """JSON of ``/api/v1/PATH``."""
        return self._json(self._http.get(f"/api/v1/{path}", params=parameters))

    def post(self, path: str, body: Any = None) -> Any:
        """Send JSON to ``/api/v1/PATH`` with an ``Idempotency-Key``: it may be repeated, and nothing is made twice."""
        return self._json(self._http.post(f"/api/v1/{path}", json=body, headers=_once()))

    def upload(self, path: Path | str, *, name: str = "") -> dict[str, Any]:
        """Upload observations (MPC 80-column, ADES PSV or XML); a job fits and assesses them."""
        file = Path(path)
        reply = self._http.post(
            "/api/v1/analysis/observations",
            files={"file": (file.name, file.read_bytes(), "text/plain")},
            data={"name": name or file.name},
            headers=_once(),
        )
        found: dict[str, Any] = self._json(reply)["observation_set"]
        return found

    def verdict(self, observation_set: dict[str, Any], *, patience_s: float = 600.0) -> dict[str, Any]:
        """Wait until an upload is assessed; its ``result``. Raises ApiError or TimeoutError."""
        path = f"analysis/observations/{observation_set['id']}"
        row = _wait(lambda: self.get(path)["observation_set"], patience_s)
        if row["status"] != "succeeded":
            raise ApiError(200, str(row["status"]), str(row["error"]), None)
        found: dict[str, Any] = row["result"]
        return found

    def batch(
        self, designations: Iterable[str], *, patience_s: float = 3600.0, **more: Any
    ) -> Iterator[dict[str, Any]]:
        """Have many objects assessed in the background and read their answers."""
        body = BatchCreate(designations=list(designations), **more)
        made = self.call(batch_create, body=body, idempotency_key=uuid.uuid4().hex)
        number = made.batch.id
        _wait(lambda: {"status": str(self.call(batch_show, batch_id=number).batch.status)}, patience_s)
        yield from self.pages(f"analysis/batch/{number}/results", limit=500)

    def events(
        self, stream: str = "events", *, last_event_id: str | None = None, **parameters: Any
    ) -> Iterator[StreamEvent]:
        """Server-sent events of ``events``, ``alerts`` or ``metrics``, for ever.

        A stream that ends is opened again where it was.
        """
        while True:
            headers = {"Accept": "text/event-stream"} | (
                {"Last-Event-ID": last_event_id} if last_event_id else {}
            )
            with self._http.stream(
                "GET",
                f"/api/v1/stream/{stream}",
                params=parameters,
                headers=headers,
                timeout=httpx.Timeout(30, read=60),
            ) as reply:
                if not reply.is_success:
                    raise _error(reply.status_code, reply.read())
                try:
                    for event in _parse(reply.iter_lines()):
                        last_event_id = event.id or last_event_id
                        if event.kind != "reconnect":
                            yield event
                except httpx.TransportError:
                    time.sleep(1.0)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _http(self) -> httpx.Client:
        return self.generated.get_httpx_client()

    @staticmethod
    def _json(reply: httpx.Response) -> Any:
        if not reply.is_success:
            raise _error(reply.status_code, reply.content)
        return reply.json()


def _once() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def _wait(ask: Callable[[], dict[str, Any]], patience_s: float) -> dict[str, Any]:
    end, pause = time.monotonic() + patience_s, 0.2
    while True:
        row = ask()
        if row["status"] in FINAL:
            return row
        if time.monotonic() > end:
            raise TimeoutError(f"still {row['status']} after {patience_s:.0f} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 5.0)


def _error(status: int, content: bytes) -> ApiError:
    try:
        told = json.loads(content)
        return ApiError(status, told["error"], told["detail"], told.get("request_id"))
    except (ValueError, KeyError, TypeError):
        return ApiError(status, "error", content[:200].decode(errors="replace"), None)


def _parse(lines: Iterable[str]) -> Iterator[StreamEvent]:
    kind, number, data = "", None, list[str]()
    for line in lines:
        if not line:
            if data:
                yield _event(kind, number, "\n".join(data))
            kind, data = "", []
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                kind = value
            elif name == "id":
                number = value
            elif name == "data":
                data.append(value)


def _event(kind: str, number: str | None, text: str) -> StreamEvent:
    try:
        data = json.loads(text)
    except ValueError:
        return StreamEvent(kind or "message", text, number)
    told = data.get("type") if isinstance(data, dict) else None
    return StreamEvent(kind or str(told or "message"), data, number)
