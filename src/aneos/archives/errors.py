"""What can go wrong with an archive, told apart: "unreachable" is never "no data".

:class:`NotFound` is the archive's own answer that it knows no such object. Everything else says that no answer was
had, or none that can be trusted.
"""

from __future__ import annotations

from collections.abc import Sequence

from aneos.errors import AneosError


class ArchiveError(AneosError):
    """Base of all errors of the clients. ``archive`` is the service as users know it, such as "JPL CAD"."""

    def __init__(self, archive: str, reason: str) -> None:
        self.archive = archive
        self.reason = reason
        super().__init__(f"{archive}: {reason}")


class ArchiveUnreachable(ArchiveError):
    """No answer: no connection, a time-out, a server error, or the circuit breaker is open. Says nothing of data."""


class NotAsked(ArchiveUnreachable):
    """No request was sent: the circuit breaker is open, or another process did not give up its turn."""


class ArchiveRefused(ArchiveError):
    """The archive answered that it will not serve this request (HTTP 4xx).

    ``status`` is the HTTP status, ``retry_after_s`` what the archive asked to wait, if it did.
    """

    def __init__(self, archive: str, reason: str, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(archive, reason)
        self.status = status
        self.retry_after_s = retry_after_s


class ArchiveChanged(ArchiveError):
    """The reply is not of the form that the adapter was written for: names what was seen and what was expected."""

    def __init__(self, archive: str, what: str, *, seen: str, expected: str) -> None:
        self.what = what
        self.seen = seen
        self.expected = expected
        super().__init__(archive, f"the reply has changed: {what} is {seen}, expected {expected}")


class ArchiveIncomplete(ArchiveError):
    """The reply is cut short, or has fewer (or more) records than it announces."""


class NotFound(ArchiveError):
    """The archive was reached and knows no such object."""


class Ambiguous(NotFound):
    """The name fits several objects; ``candidates`` are their designations as the archive gives them."""

    def __init__(self, archive: str, name: str, candidates: Sequence[str]) -> None:
        self.candidates = tuple(candidates)
        shown = ", ".join(self.candidates[:10]) + (", …" if len(self.candidates) > 10 else "")
        super().__init__(archive, f"{name!r} fits several objects: {shown}")
