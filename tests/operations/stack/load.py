"""A receiver of webhooks, and load that asks once more where it is invited to."""

from __future__ import annotations

import http.server
import random
import ssl
import threading
import time
import uuid
from collections import Counter
from pathlib import Path

import httpx2

from tests.operations.stack.containers import PORTS, RETRIED


class Receiver:
    """Takes webhooks on loopback, over TLS, and keeps them."""

    def __init__(self, certificate: Path) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        keep = self.got

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                keep.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", PORTS["receiver"]), Handler)
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(certificate, certificate.with_suffix(".key"))
        self._server.socket = secure.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Load:
    """Readers, and writers with an Idempotency-Key: each asks once more after a reply that invites to."""

    def __init__(self, url: str, trust: ssl.SSLContext, headers: dict[str, str]) -> None:
        self.first: Counter[str] = Counter()
        self.final: Counter[str] = Counter()
        self._arguments = (url, trust, headers)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(index,)) for index in range(4)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60.0)

    def _work(self, index: int) -> None:
        url, trust, headers = self._arguments
        end = time.monotonic() + 300.0
        with httpx2.Client(base_url=url, verify=trust, headers=headers, timeout=30.0) as client:
            while not self._stop.is_set() and time.monotonic() < end:
                if index < 3:
                    status = self._ask(client, "GET", "/api/v1/analysis/watchlist", None)
                else:
                    body = {"designations": ["99942", "2006 RH120"]}
                    status = self._ask(client, "POST", "/api/v1/analysis/assess", body)
                self.final[status] += 1
                time.sleep(0.01)

    def _ask(self, client: httpx2.Client, method: str, path: str, body: object) -> str:
        headers = {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        status = "none"
        for attempt in range(2):
            try:
                reply = client.request(method, path, json=body, headers=headers)
                status = str(reply.status_code)
                again = reply.status_code in RETRIED
            except httpx2.HTTPError as error:
                status, again = type(error).__name__, True
            if attempt == 0:
                self.first[status] += 1
            if not again:
                break
            time.sleep(1.0 + random.random())
        return status
