"""Opening what a user names: plain or gzipped files, bounded in size, with errors of one line."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from aneos.errors import InputError

MAX_TEXT_BYTES: Final = 1 << 30
"""Largest text or Parquet file read, unpacked. MPCORB.DAT, the largest list of minor planets, has 0.3 GiB."""

MAX_JSON_BYTES: Final = 1 << 28
"""Largest JSON file read, unpacked: it is parsed as one piece. ``nea_extended.json`` has 25 MiB."""

MAX_LINE_CHARS: Final = 1 << 20
"""Longest line read. A line of elements has some hundred characters."""

HEAD_BYTES: Final = 1 << 16
"""How much of a file is looked at to recognise its kind."""

GZIP_MAGIC: Final = b"\x1f\x8b"


class SourceFile:
    """A regular file named by the user, unpacked on the fly when it is gzipped.

    Raises :class:`InputError` when it is absent, a directory, not a regular file, unreadable or empty.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if "\0" in str(path):
            raise InputError(f"{shown(path)} is not a file name")
        with readable(self.path):
            if not self.path.exists():
                raise InputError("no such file", source=self.path)
            if self.path.is_dir():
                raise InputError("is a directory, not a file", source=self.path)
            if not self.path.is_file():
                raise InputError("is not a regular file", source=self.path)
            with self.path.open("rb") as raw:
                self.gzipped = raw.read(2) == GZIP_MAGIC
        if not self.head(1):
            raise InputError("is empty", source=self.path)

    @property
    def name(self) -> str:
        """The path as the user gave it."""
        return str(self.path)

    def head(self, count: int = HEAD_BYTES) -> bytes:
        """The first ``count`` unpacked bytes."""
        with self.open() as stream:
            return stream.read(count)

    def read(self, limit: int) -> bytes:
        """All unpacked bytes; more than ``limit`` is an :class:`InputError`."""
        with self.open() as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise too_large(self.path, limit)
        return content

    def sha256(self) -> str:
        """Hash of the bytes as they lie on disk (packed when the file is gzipped)."""
        with readable(self.path), self.path.open("rb") as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()

    def lines(self) -> Iterator[str]:
        """Lines as text with their line ends. Bytes that are not UTF-8 become lone surrogates (see
        :func:`is_text`), a byte-order mark is dropped; too long lines and files are an
        :class:`InputError`."""
        with self.open() as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
            number, total = 0, 0
            while line := text.readline(MAX_LINE_CHARS + 1):
                number += 1
                total += len(line)
                if len(line) > MAX_LINE_CHARS:
                    reason = f"is longer than {MAX_LINE_CHARS:,} characters"
                    raise InputError(reason, source=self.path, line=number)
                if total > MAX_TEXT_BYTES:
                    raise too_large(self.path, MAX_TEXT_BYTES)
                yield line

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The unpacked bytes as a stream; failures of reading or unpacking become :class:`InputError`."""
        with readable(self.path), self.path.open("rb") as raw:
            if self.gzipped:
                with gzip.GzipFile(fileobj=raw, mode="rb") as unpacked:
                    yield cast(BinaryIO, unpacked)
            else:
                yield raw


def is_text(line: str) -> bool:
    """Whether a line from :meth:`SourceFile.lines` was valid UTF-8 without NUL characters."""
    if line.isascii():
        return "\0" not in line
    return "\0" not in line and not any("\ud800" <= char <= "\udfff" for char in line)


def shown(text: object, limit: int = 40) -> str:
    """A value as it may stand in a message: one line, quoted, unprintable characters escaped, cut to
    ``limit``."""
    full = str(text)
    return repr(full if len(full) <= limit else full[:limit] + "…")


def too_large(path: Path, limit: int) -> InputError:
    return InputError(f"is larger than the limit of {limit >> 20:,} MiB (unpacked)", source=path)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns the failures of the file system and of gzip into one-line errors."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"damaged gzip file ({error})", source=path) from error
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", source=path) from error
