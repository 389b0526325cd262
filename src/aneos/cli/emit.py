"""Where a result goes: the table to standard output, any format to a file or to standard output."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aneos.cli.messages import say
from aneos.cli.options import Format
from aneos.errors import InputError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

WIDE: Final = 200
"""Columns of a table that is read by a program or kept in a file: nothing is cut for want of room."""


@dataclass(frozen=True, slots=True)
class Result:
    """A result that can take every form; each form is made only when it is asked for."""

    render: Callable[[Console], None]
    payload: Callable[[], Mapping[str, Any]]
    table: Callable[[], pl.DataFrame]
    signature: Callable[[], Mapping[str, Any]]


def answered(**more: object) -> dict[str, Any]:
    """Who answered, and when, with what else belongs there: the signature of a result that judges nothing."""
    from datetime import UTC, datetime

    from aneos import __version__

    return {
        "source": "aNEOS",
        "version": __version__,
        **more,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def check_output(output: Path | None, given: Format | None) -> None:
    """Raise :class:`InputError` before any work is done if the result could not be delivered."""
    from aneos.output import choose_format, prepare

    chosen = choose_format(given, output)
    if output is not None:
        prepare(output)
    elif chosen == "parquet" and sys.stdout.isatty():
        raise InputError("Parquet is binary: give --output FILE or redirect the output", source="--format")


def emit(result: Result, given: Format | None, output: Path | None) -> None:
    """Deliver ``result``: to the output file, with the table on standard output; else to standard output."""
    from aneos.output import choose_format, write_whole

    chosen = choose_format(given, output)
    if output is not None:
        write_whole(output, _encode(result, chosen))
        say(f"wrote {output}")
        _print(result)
    elif chosen == "table":
        _print(result)
    else:
        sys.stdout.buffer.write(_encode(result, chosen))
        sys.stdout.buffer.flush()


def _encode(result: Result, chosen: Format) -> bytes:
    from aneos import output

    if chosen == "json":
        # A file name may hold bytes that are no UTF-8; JSON's own escape stands for them.
        return output.to_json(result.payload()).encode(errors="backslashreplace")
    if chosen == "csv":
        return output.to_csv(result.table())
    if chosen == "parquet":
        return output.to_parquet(result.table(), result.signature())
    return _plain(result).encode(errors="replace")


def _print(result: Result) -> None:
    """The table on standard output: as wide as the terminal, or plain where there is none."""
    if not sys.stdout.isatty():
        sys.stdout.write(_plain(result))
        return
    from rich.console import Console

    result.render(Console(highlight=False, markup=False, emoji=False))


def _plain(result: Result) -> str:
    """The table as text without colour, wide enough to hold everything (``COLUMNS`` may say otherwise)."""
    from rich.console import Console

    page = io.StringIO()
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() and int(columns) > 0 else WIDE
    console = Console(file=page, width=width, highlight=False, markup=False, emoji=False, no_color=True)
    result.render(console)
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())
