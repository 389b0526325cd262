"""A request, and the reply as it came: bytes on disk with their hash, so that any result can be traced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from aneos.catalogue.json_records import Json

Parameters = Mapping[str, str | int | float]

JSON_TYPES: Final = frozenset({"application/json"})
"""What JPL and the MPC's services send."""

LIST_TYPES: Final = frozenset(
    {"application/json", "application/gzip", "application/x-gzip", "application/octet-stream", ""}
)
"""What a web server may call a packed or plain JSON file; "" where it names no type."""

TEXT_TYPES: Final = frozenset({"text/plain", "application/octet-stream", ""})
"""What a web server may call a file with a suffix of its own, such as NEODyS' ``.eq1``."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask. ``service`` names the archive in messages ("JPL CAD"); ``url`` is whole, without query.

    ``body`` goes as JSON (the MPC's services take it with GET). ``statuses`` are the HTTP statuses whose reply the
    adapter reads; ``content_types`` what it may be called.
    """

    service: str
    url: str
    params: Parameters = field(default_factory=dict)
    body: Mapping[str, Json] | None = None
    statuses: frozenset[int] = frozenset({200})
    content_types: frozenset[str] = JSON_TYPES
    max_age_s: float = 0.0

    def key(self) -> str:
        """Under which the reply is cached: a hash of everything that determines it."""
        query = sorted((name, str(value)) for name, value in self.params.items())
        return hashlib.sha256(json.dumps([self.url, query, self.body]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. ``path`` is the file with the bytes, ``sha256`` their hash, ``fetched_at`` UTC, the moment
    when the archive last confirmed them; ``url`` is whole, with the query."""

    service: str
    url: str
    status: int
    content_type: str
    etag: str | None
    last_modified: str | None
    fetched_at: datetime
    sha256: str
    path: Path
    from_cache: bool = False

    def content(self) -> bytes:
        return self.path.read_bytes()
