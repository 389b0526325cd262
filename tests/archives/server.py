"""A real HTTP server on this machine that answers as told, faults included."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """``cut`` ends the connection after that many bytes of the body; ``delay_s`` is silence before the answer."""

    body: bytes = b""
    status: int = 200
    content_type: str | None = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut: int | None = None


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


class ArchiveServer(ThreadingHTTPServer):
    """Answers every request with the next answer of its path; the last one is repeated. Others get 404."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, deque[Answer]] = {}
        self.asked: list[Asked] = []
        self.running = 0
        self.peak = 0
        self.guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, path: str, *answers: Answer) -> None:
        self.answers[path] = deque(answers)

    def next_answer(self, path: str) -> Answer:
        with self.guard:
            waiting = self.answers.get(path)
            if waiting is None:
                return Answer(b"<html>no such page</html>", 404, "text/html")
            return waiting.popleft() if len(waiting) > 1 else waiting[0]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up (a time-out) is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ArchiveServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = self.server
        with server.guard:
            server.asked.append(Asked(parts.path, parse_qs(parts.query), dict(self.headers), body))
            server.running += 1
            server.peak = max(server.peak, server.running)
        try:
            self._send(server.next_answer(parts.path))
        finally:
            with server.guard:
                server.running -= 1

    def _send(self, answer: Answer) -> None:
        time.sleep(answer.delay_s)
        status = answer.status
        etag = answer.headers.get("ETag")
        if status == 200 and etag and self.headers.get("If-None-Match") == etag:
            status = 304
        self.send_response(status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.content_type is not None:
            self.send_header("Content-Type", answer.content_type)
        content = b"" if status == 304 else answer.body
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if answer.cut is None else content[: answer.cut])
        if answer.cut is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def running_server() -> Iterator[ArchiveServer]:
    server = ArchiveServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
