"""Replies on disk: every reply's bytes under their hash, and an index of those that an adapter accepted.

A reply that an adapter refused stays as bytes for inspection but is never served again. Files appear whole or not
at all (written beside their place, then renamed), so processes can share one folder.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aneos.archives.reply import Reply, Request
from aneos.errors import InputError

KEPT_BYTES: Final = 2 << 30
"""Size to which :meth:`ReplyCache.prune` brings the folder: a year of daily lists."""

INDEXED: Final = ("service", "url", "content_type", "etag", "last_modified", "sha256")


class ReplyCache:
    """Replies in a folder; it is made when the first reply is stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(self, content: bytes) -> tuple[Path, str]:
        """Keep the bytes of a reply; gives their file and SHA-256."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._body(digest)
        if not path.exists() or path.read_bytes() != content:  # the second: damaged on disk
            write_file(path, content)
        return path, digest

    def accept(self, request: Request, reply: Reply) -> None:
        """Index a reply under its request: from now on it may be served again."""
        record = {name: getattr(reply, name) for name in INDEXED}
        record |= {"status": reply.status, "fetched_at": reply.fetched_at.isoformat()}
        write_file(self._entry(request), json.dumps(record).encode())

    def find(self, request: Request) -> Reply | None:
        """The accepted reply to a request, None where there is none or its files are damaged."""
        try:
            record = json.loads(self._entry(request).read_bytes())
            path = self._body(record["sha256"])
            if hashlib.sha256(path.read_bytes()).hexdigest() != record["sha256"]:
                return None
            return Reply(
                **{name: record[name] for name in INDEXED},
                status=int(record["status"]),
                fetched_at=datetime.fromisoformat(record["fetched_at"]),
                path=path,
                from_cache=True,
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None  # the cache is a convenience: what cannot be read is fetched again

    def confirm(self, request: Request, reply: Reply) -> Reply:
        """The archive said that a cached reply still holds: date it anew."""
        confirmed = replace(reply, fetched_at=datetime.now(UTC))
        self.accept(request, confirmed)
        return confirmed

    def prune(self, keep_bytes: int = KEPT_BYTES) -> int:
        """Remove the oldest replies until ``keep_bytes`` are left; gives the bytes removed."""
        bodies = [(path.stat(), path) for path in (self.folder / "replies").glob("??/*")]
        surplus = sum(status.st_size for status, _ in bodies) - keep_bytes
        removed = 0
        for status, path in sorted(bodies, key=lambda item: item[0].st_mtime):
            if removed >= surplus:
                break
            path.unlink(missing_ok=True)
            removed += status.st_size
        return removed

    def _body(self, digest: str) -> Path:
        return self.folder / "replies" / digest[:2] / digest

    def _entry(self, request: Request) -> Path:
        return self.folder / "index" / f"{request.key()}.json"


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; :class:`InputError` names the folder that cannot be written."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", source=path) from error
