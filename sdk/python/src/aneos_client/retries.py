"""A transport that asks again where that is safe: after a refused connection, and after 429, 502, 503, 504."""

from __future__ import annotations

import random
import time
from typing import Final

import httpx

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
INVITING: Final = frozenset({429, 502, 503, 504})
LONGEST_S: Final = 30.0


class RetryTransport(httpx.BaseTransport):
    """Repeats safe requests, and others that carry an ``Idempotency-Key``, up to ``retries`` times.

    Between two attempts it waits as long as ``Retry-After`` says (at most 30 s), else 0.5 s doubled each time with some
    chance in it. The last reply or error is passed on as it is.
    """

    def __init__(self, *, retries: int = 3, inner: httpx.BaseTransport | None = None) -> None:
        self._retries = retries
        self._inner = inner or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        safe = request.method in SAFE or "idempotency-key" in request.headers
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            try:
                response = self._inner.handle_request(request)
            except httpx.ConnectError:
                if last:
                    raise
                _pause(None, attempt)
                continue
            except httpx.TransportError:
                if last or not safe:
                    raise
                _pause(None, attempt)
                continue
            if last or not safe or response.status_code not in INVITING:
                return response
            wait = response.headers.get("retry-after")
            response.close()
            _pause(wait, attempt)
        raise AssertionError("the loop returns or raises")

    def close(self) -> None:
        self._inner.close()


def _pause(wait: str | None, attempt: int) -> None:
    told = float(wait) if wait is not None and wait.isdigit() else 0.5 * 2**attempt
    time.sleep(min(told, LONGEST_S) * (1.0 + 0.25 * random.random()))  # noqa: S311 - no secret
