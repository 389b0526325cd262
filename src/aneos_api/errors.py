"""Errors of the service: each carries its HTTP status, a stable code and one clear text.

No web framework is imported here: services and tasks raise these, and the web layer turns them into the one error
shape ``{"error", "detail", "request_id"}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from aneos.errors import AneosError

RETRY_AFTER_SECONDS: Final = 5
"""Seconds after which a client should try again when nothing better is known."""


class ServiceError(AneosError):
    """Base of every error that the service raises on purpose.

    ``status`` is the HTTP status, ``code`` the stable word of the reply's ``error`` field, ``detail`` one sentence fit
    to be shown to a user, ``headers`` what the reply must carry besides.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "The service failed"

    def __init__(self, detail: str | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        self.detail = detail or self.title
        self.headers: dict[str, str] = dict(headers or {})
        super().__init__(self.detail)


class Invalid(ServiceError):
    """What was sent is well formed but cannot be used. ``field`` names the part at fault when known."""

    status = 422
    code = "invalid"
    title = "The request cannot be used"

    def __init__(self, detail: str | None = None, *, field: str | None = None) -> None:
        self.field = field
        super().__init__(f"{field}: {detail}" if field and detail else detail)


class BadRequest(ServiceError):
    """What was sent cannot be read."""

    status = 400
    code = "bad_request"
    title = "The request cannot be read"


class Unauthorized(ServiceError):
    """Nobody, or nobody known, is logged in."""

    status = 401
    code = "unauthorized"
    title = "Log in first"

    def __init__(self, detail: str | None = None, *, challenge: str = "Bearer") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class Forbidden(ServiceError):
    """The caller is known but may not do this."""

    status = 403
    code = "forbidden"
    title = "This needs a permission that you do not have"


class NotFound(ServiceError):
    """There is no such thing, or not for this caller."""

    status = 404
    code = "not_found"
    title = "There is no such thing"


class MethodNotAllowed(ServiceError):
    """The route exists but not with this method."""

    status = 405
    code = "method_not_allowed"
    title = "This method is not offered here"


class Conflict(ServiceError):
    """The change contradicts what is stored."""

    status = 409
    code = "conflict"
    title = "The change contradicts what is stored"


class Gone(ServiceError):
    """It was here and has been removed for good, such as an expired download."""

    status = 410
    code = "gone"
    title = "This has been removed"


class PreconditionFailed(ServiceError):
    """The caller's version (``If-Match``) is not the stored one."""

    status = 412
    code = "precondition_failed"
    title = "It has changed since you read it"


class TooLarge(ServiceError):
    """More was sent than is taken."""

    status = 413
    code = "too_large"
    title = "The request is too large"


class UnsupportedMedia(ServiceError):
    """The content type is not taken here."""

    status = 415
    code = "unsupported_media_type"
    title = "This content type is not taken here"


class Locked(ServiceError):
    """Too many failed attempts: closed for a while."""

    status = 423
    code = "locked"
    title = "This account is locked for a while"

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(detail, headers=_retry(retry_after))


class RateLimited(ServiceError):
    """More requests than allowed. ``retry_after`` is in seconds."""

    status = 429
    code = "rate_limited"
    title = "Too many requests"

    def __init__(self, detail: str | None = None, *, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after
        super().__init__(detail, headers=_retry(retry_after))


class Unavailable(ServiceError):
    """Something that the service needs (database, archive, queue) does not answer now. ``retry_after`` in seconds."""

    status = 503
    code = "unavailable"
    title = "The service cannot answer now"

    def __init__(self, detail: str | None = None, *, retry_after: float = RETRY_AFTER_SECONDS) -> None:
        self.retry_after = retry_after
        super().__init__(detail, headers=_retry(retry_after))


class SettingsError(AneosError):
    """A setting is missing, unknown or unsafe; the text names it. The service does not start."""


def _retry(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(max(1, round(seconds)))}
