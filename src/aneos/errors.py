"""Errors that a user can act on: each is one clear line that says where and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


class AneosError(Exception):
    """Base of every error that aNEOS raises on purpose. Its text is fit to be shown to a user."""


class InputError(AneosError):
    """Something given by the user cannot be used.

    ``source`` is the file or argument, ``line`` the 1-based line (or record) in it when known.
    """

    def __init__(self, reason: str, *, source: str | Path | None = None, line: int | None = None) -> None:
        self.reason = reason
        self.source = None if source is None else str(source)
        self.line = line
        where = "" if source is None else f"{source}: " if line is None else f"{source}, line {line}: "
        super().__init__(f"{where}{reason}")


class UnknownDesignationError(InputError):
    """No object of the catalogue or registry bears this designation."""


class MissingResourceError(AneosError):
    """A file that the installation should provide is absent; the text names the command that mends it."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One record that could not be used: its 1-based line in the source, and why."""

    line: int
    reason: str
    designation: str | None = None
    source: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape: ``line`` and ``reason``, with ``designation`` and ``source`` where known."""
        out: dict[str, Any] = {"line": self.line, "reason": self.reason}
        if self.designation is not None:
            out["designation"] = self.designation
        if self.source is not None:
            out["source"] = self.source
        return out
