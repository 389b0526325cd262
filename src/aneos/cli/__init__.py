"""The ``aneos`` command. In: arguments and files. Out: results on standard output.

Progress and messages go to standard error. Exit status: 0 done; 2 bad input, with one clear line; 70 a fault
of aNEOS itself (with ``ANEOS_DEBUG=1`` the traceback is shown); 130 interrupted. Heavy libraries are imported
inside the commands, so that ``aneos --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from aneos.cli.messages import say
from aneos.errors import AneosError

__all__ = ["main"]

DONE: Final = 0
BAD_INPUT: Final = 2
INTERNAL_ERROR: Final = 70
INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; ``arguments`` default to those of the process."""
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    if sys.stderr is not None and hasattr(sys.stderr, "reconfigure"):
        sys.stderr.reconfigure(errors="replace")
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_left()
    except AneosError as error:
        say(str(error))
        return BAD_INPUT
    except OSError as error:
        return _system_error(error)
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user
        return _internal_error(error)
    return status


def _run(arguments: Sequence[str] | None) -> int:
    import typer

    from aneos.cli.app import app

    try:
        status = app(args=arguments, prog_name="aneos", standalone_mode=False)
    except SystemExit as leaving:  # typer's own answer to a broken pipe
        if isinstance(leaving.__context__, BrokenPipeError):
            raise leaving.__context__ from None
        raise
    except typer.TyperException as error:  # a usage error: unknown option, bad value, missing argument
        context = getattr(error, "ctx", None)
        command = "aneos" if context is None else context.command_path
        say(f"{error.format_message().rstrip('.')} (see {command} --help)")
        return BAD_INPUT
    if status == INTERRUPTED:  # typer's own answer to Ctrl-C
        raise KeyboardInterrupt
    return status if isinstance(status, int) else DONE


def _reader_left() -> int:
    """The reader of our output (``head``, a pager) has what it wants: end quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _system_error(error: OSError) -> int:
    if os.environ.get("ANEOS_DEBUG") == "1":
        raise error
    where = error.filename if error.filename is not None else "output"
    say(f"{where}: {error.strerror or error}")
    return BAD_INPUT


def _internal_error(error: Exception) -> int:
    if os.environ.get("ANEOS_DEBUG") == "1":
        raise error
    say(
        f"internal error ({type(error).__name__}: {error}); please report it, "
        "with what ANEOS_DEBUG=1 shows, to the aNEOS issue tracker"
    )
    return INTERNAL_ERROR
