"""Refuses bodies that are too large: by their announced length at once, else while they arrive."""

from __future__ import annotations

from collections.abc import Collection

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aneos_api.errors import BadRequest, TooLarge
from aneos_api.middleware.state import header


class BodyLimitMiddleware:
    """``limit`` bytes for every path, ``upload_limit`` for those in ``uploads``."""

    def __init__(self, app: ASGIApp, *, limit: int, upload_limit: int, uploads: Collection[str]) -> None:
        self._app = app
        self._limit = limit
        self._upload_limit = upload_limit
        self._uploads = frozenset(uploads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        limit = self._upload_limit if scope["path"] in self._uploads else self._limit
        announced = header(scope, b"content-length")
        if announced is not None:
            if not announced.isdecimal():
                raise BadRequest("Content-Length is no number")
            if int(announced[:20]) > limit:
                raise _too_large(limit)
        taken = 0

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > limit:  # FastAPI lets only its own kind of error through from here
                    raise HTTPException(413, _too_large(limit).detail)
            return message

        await self._app(scope, receive_bounded, send)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The request is larger than {limit:,} bytes")
