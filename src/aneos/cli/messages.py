"""One-line messages on standard error, and nothing in them that could harm a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aneos.errors import RejectedRow

LONGEST: Final = 400
"""Characters of one message; a line of a binary file can be megabytes long."""

ROWS_SHOWN: Final = 20


def say(text: str) -> None:
    """Write ``aneos: text`` as one line to standard error."""
    print(f"aneos: {one_line(text)}", file=sys.stderr)


def one_line(text: str, longest: int = LONGEST) -> str:
    """``text`` on one line, without control characters, cut to ``longest`` characters."""
    head = text[: 4 * longest]
    line = printable(" ".join(head.split()))
    return line if len(line) <= longest and len(head) == len(text) else line[: longest - 1].rstrip() + "…"


def printable(text: str) -> str:
    """``text`` with every character that does not print (escape codes, for one) replaced by ``�``."""
    return "".join(char if char.isprintable() else "�" for char in text)


def tell_rejected(rows: Sequence[RejectedRow]) -> None:
    """Name the first rows that could not be used, and count the rest."""
    for row in rows[:ROWS_SHOWN]:
        say(f"{describe(row)} (row left out)")
    if len(rows) > ROWS_SHOWN:
        say(f"… and {len(rows) - ROWS_SHOWN:,} more rows left out; the JSON has all of them under 'rejected'")


def describe(row: RejectedRow) -> str:
    """Where a rejected row is, and why: ``file, line 3 (2020 SO): reason``."""
    name = f" ({row.designation})" if row.designation else ""
    if not row.line:  # of no file, or of none that has lines
        return f"{row.source or row.designation or 'an object'}{name if row.source else ''}: {row.reason}"
    where = f"{row.source}, line {row.line}" if row.source else f"line {row.line}"
    return f"{where}{name}: {row.reason}"


def listing(names: Iterable[str]) -> str:
    """``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
