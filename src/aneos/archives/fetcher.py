"""One request to one archive: cache, turn, tries, and the errors told apart.

In: a :class:`~aneos.archives.reply.Request` and the adapter's reader. Out: what the reader made of the reply.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

import httpx2

from aneos import __version__
from aneos.archives.cache import ReplyCache
from aneos.archives.errors import (
    ArchiveChanged,
    ArchiveError,
    ArchiveIncomplete,
    ArchiveRefused,
    ArchiveUnreachable,
    NotAsked,
)
from aneos.archives.fair_use import MAX_REPLY_BYTES
from aneos.archives.health import Told, tried
from aneos.archives.paths import cache_dir
from aneos.archives.patience import Patience, retry_after_s
from aneos.archives.provider import FAIR_USE, Provider, ProviderName
from aneos.archives.reply import Reply, Request

T = TypeVar("T")

USER_AGENT: Final = f"aNEOS/{__version__} (search for artificial objects among near-Earth asteroids)"

NOT_MODIFIED: Final = 304
NO_SUCH: Final = 404
TOO_MANY: Final = 429
SHOWN: Final = 120


class Fetcher:
    """Fetches with fair use, retries, circuit breaker and cache; use it as an async context manager."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        told: Told | None = None,
    ) -> None:
        self.cache = ReplyCache(cache_dir() if folder is None else folder)
        self.patience = Patience() if patience is None else patience
        self._sleep = sleep
        self._told = told
        locks = self.cache.folder / "locks"
        self.providers = {name: Provider(name, locks, rule) for name, rule in FAIR_USE.items()}
        self._client = httpx2.AsyncClient(
            headers={"User-Agent": USER_AGENT},
            timeout=httpx2.Timeout(self.patience.read_timeout_s, connect=self.patience.connect_timeout_s),
            verify=_trusted(),
            follow_redirects=True,
            max_redirects=5,
        )

    async def __aenter__(self) -> Fetcher:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def get(self, provider: ProviderName, request: Request, read: Callable[[Reply], T]) -> T:
        """What ``read`` makes of the reply: from the cache while it is new or unchanged, else from the archive.

        A reply enters the cache only after ``read`` accepted it. ``read`` raises ArchiveIncomplete for a reply that
        is worth another try, ArchiveChanged or NotFound for one that is not. Raises every
        :class:`~aneos.archives.errors.ArchiveError`.
        """
        known = self.cache.find(request)
        if known is not None and (datetime.now(UTC) - known.fetched_at).total_seconds() < request.max_age_s:
            return read(known)
        host = self.providers[provider]
        failures = 0
        while True:
            try:
                async with host.turn(request.service):
                    reply = await self._try(host, request, known)
                result = read(reply)
            except ArchiveError as error:
                self._tell(request, host, error)
                failures += 1
                pause = self._pause_s(error, failures, host)
                if pause is None:
                    raise
                await self._sleep(pause)
            else:
                self._tell(request, host, None)
                self.cache.accept(request, reply)
                return result

    def _tell(self, request: Request, host: Provider, error: ArchiveError | None) -> None:
        if self._told is not None and not isinstance(error, NotAsked):
            self._told(tried(request.service, host, error))

    def _pause_s(self, error: ArchiveError, failures: int, host: Provider) -> float | None:
        """Seconds until the next try; None when there is to be none."""
        if not isinstance(error, ArchiveUnreachable | ArchiveIncomplete | ArchiveRefused):
            return None
        asked = getattr(error, "retry_after_s", None)
        if isinstance(error, ArchiveRefused) and error.status != TOO_MANY:
            return None
        if isinstance(error, _Unavailable):
            asked = error.retry_after_s
        if (
            isinstance(error, NotAsked)
            or failures >= self.patience.attempts
            or host.breaker.closed_in_s() > 0.0
        ):
            return None
        if asked is not None and asked > self.patience.retry_after_cap_s:
            return None
        return self.patience.wait_s(failures, asked)

    async def _try(self, host: Provider, request: Request, known: Reply | None) -> Reply:
        wait = host.breaker.closed_in_s()
        if wait > 0.0:
            reason = (
                f"not asked: it failed {host.breaker.failures} times in a row; asked again in {wait:.0f} s"
            )
            raise NotAsked(request.service, reason)
        try:
            reply = await self._exchange(request, known)
        except (ArchiveUnreachable, ArchiveIncomplete):
            host.breaker.failed()
            raise
        host.breaker.succeeded()
        return reply

    async def _exchange(self, request: Request, known: Reply | None) -> Reply:
        """One exchange. Connection and server failures become ArchiveUnreachable, a body cut short
        ArchiveIncomplete, refusals ArchiveRefused."""
        received = 0
        try:
            async with self._client.stream(
                "GET",
                request.url,
                params=dict(request.params),
                json=request.body,
                headers=_validators(known),
            ) as answer:
                if answer.status_code == NOT_MODIFIED and known is not None:
                    return replace(known, fetched_at=datetime.now(UTC))
                chunks: list[bytes] = []
                async for chunk in answer.aiter_bytes():
                    received += len(chunk)
                    if received > MAX_REPLY_BYTES:
                        raise ArchiveChanged(
                            request.service,
                            "its size",
                            seen=f"more than {MAX_REPLY_BYTES >> 20} MiB",
                            expected="less",
                        )
                    chunks.append(chunk)
        except httpx2.TimeoutException as error:
            reason = f"unreachable: no answer in time ({type(error).__name__})"
            raise ArchiveUnreachable(request.service, reason) from error
        except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.DecodingError) as error:
            if received or isinstance(error, httpx2.DecodingError):
                reason = f"the reply is cut short after {received:,} bytes ({_line(error)})"
                raise ArchiveIncomplete(request.service, reason) from error
            raise ArchiveUnreachable(request.service, f"unreachable: {_line(error)}") from error
        except (httpx2.TransportError, httpx2.TooManyRedirects) as error:
            raise ArchiveUnreachable(request.service, f"unreachable: {_line(error)}") from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise ArchiveUnreachable(request.service, f"{request.url}: {_line(error)}") from error
        return self._judged(request, answer, b"".join(chunks))

    def _judged(self, request: Request, answer: httpx2.Response, content: bytes) -> Reply:
        status, headers = answer.status_code, answer.headers
        if status not in request.statuses:
            wait = retry_after_s(headers.get("retry-after"))
            said = _said(content, headers.get("content-type", ""))
            later = "" if wait is None else f"; it asks to wait {wait:.0f} s"
            if status >= 500:
                raise _Unavailable(request.service, f"unreachable: HTTP {status}{said}{later}", wait)
            if status >= 400:
                reason = f"refused the request: HTTP {status}{said}{later}"
                raise ArchiveRefused(request.service, reason, status, wait)
            raise ArchiveChanged(
                request.service,
                "its HTTP status",
                seen=str(status),
                expected=" or ".join(map(str, sorted(request.statuses))),
            )
        path, digest = self.cache.store(content)
        reply = Reply(
            service=request.service,
            url=str(answer.url),
            status=status,
            content_type=headers.get("content-type", "").split(";")[0].strip().lower(),
            etag=headers.get("etag"),
            last_modified=headers.get("last-modified"),
            fetched_at=datetime.now(UTC),
            sha256=digest,
            path=path,
        )
        if status != NO_SUCH:
            _check_kind(request, reply, content)
        return reply


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates trusted, loaded once for all clients: that takes longer than a request."""
    return httpx2.create_ssl_context()


class _Unavailable(ArchiveUnreachable):
    """A server error that may say when to come back."""

    def __init__(self, archive: str, reason: str, wait_s: float | None) -> None:
        super().__init__(archive, reason)
        self.retry_after_s = wait_s


def _check_kind(request: Request, reply: Reply, content: bytes) -> None:
    """An empty body, an HTML page or an unexpected type is told here, in one place for all adapters."""
    if not content.strip():
        raise ArchiveIncomplete(request.service, "the reply is empty")
    expected = " or ".join(sorted(kind or "none" for kind in request.content_types))
    if content[:1024].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise ArchiveChanged(request.service, "its content", seen="an HTML page", expected=expected)
    if reply.content_type not in request.content_types:
        seen = reply.content_type or "none"
        raise ArchiveChanged(request.service, "its content type", seen=seen, expected=expected)


def _validators(known: Reply | None) -> dict[str, str]:
    headers: dict[str, str] = {}
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    if known is not None and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _said(content: bytes, content_type: str) -> str:
    """What the archive says beside an error status, if it says it in plain text or JSON."""
    if "html" in content_type:
        return ""
    text = " ".join(content[: 4 * SHOWN].decode("utf-8", "replace").split())
    return f" ({text[:SHOWN]})" if text else ""


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
