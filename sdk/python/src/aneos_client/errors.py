"""What the client raises and yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class ApiError(Exception):
    """A reply that is no success. ``request_id`` finds it in the service's log."""

    def __init__(self, status: int, error: str, detail: str, request_id: str | None) -> None:
        super().__init__(f"{status} {error}: {detail}" + (f" (request {request_id})" if request_id else ""))
        self.status = status
        self.error = error
        self.detail = detail
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One server-sent event: ``kind`` is its type; ``id`` its position, from which a stream resumes."""

    kind: str
    data: Any
    id: str | None
