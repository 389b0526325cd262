"""Reading a Parquet file that a user gave.

Polars panics on some damaged files and, where a damaged length asks for more memory than there is, ends the whole
process. A file from outside is therefore decoded by a child process (:mod:`aneos.catalogue.parquet_child`), whose
death is an error message here; that costs about half a second.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Final

import polars as pl

from aneos.catalogue import parquet_child
from aneos.catalogue.files import SourceFile, shown
from aneos.errors import InputError

PARQUET_MAGIC: Final = b"PAR1"

MAX_PARQUET_BYTES: Final = 1 << 28
"""Largest Parquet file read. All known minor planets with thirty columns take some 0.1 GiB."""

TIMEOUT_S: Final = 120.0
"""Longest time the child may take."""


def load_parquet(file: SourceFile) -> pl.DataFrame:
    """The table in a Parquet file, plain or gzipped; a damaged or too large one is an :class:`InputError`."""
    content = file.read(MAX_PARQUET_BYTES)
    command = [sys.executable, "-P", str(Path(parquet_child.__file__))]
    try:
        child = subprocess.run(command, input=content, capture_output=True, timeout=TIMEOUT_S)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        reason = f"Parquet file not read within {TIMEOUT_S:.0f} s"
        raise InputError(reason, source=file.name) from error
    if child.returncode == parquet_child.REFUSED:
        raise InputError(child.stdout.decode("utf-8", "replace"), source=file.name)
    if child.returncode != 0:
        reason = f"damaged Parquet file (its reader ended with status {child.returncode})"
        raise InputError(reason, source=file.name)
    try:
        return pl.read_ipc_stream(io.BytesIO(child.stdout))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(f"damaged Parquet file ({shown(error, 120)})", source=file.name) from error
