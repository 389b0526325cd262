"""Child process of :mod:`aneos.catalogue.parquet`: Parquet from standard input to an Arrow stream on standard output.

Leaves with status :data:`REFUSED` and one line on standard output where it can say what is wrong. It imports nothing
of aNEOS, so that it starts quickly.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Final

REFUSED: Final = 3

MAX_ROWS: Final = 10_000_000
"""Most rows read, some seven times the known minor planets."""

MAX_ADDRESS_SPACE_BYTES: Final = 8 << 30
"""Memory that the child may ask for: a damaged or hostile file cannot exhaust the machine."""


def main() -> int:
    limit_memory()
    os.environ["POLARS_MAX_THREADS"] = "2"
    import polars as pl

    content = sys.stdin.buffer.read()
    try:
        height = pl.scan_parquet(io.BytesIO(content)).select(pl.len()).collect().item()
        if height > MAX_ROWS:
            return refused(f"holds {height:,} rows; the limit is {MAX_ROWS:,}")
        table = pl.read_parquet(io.BytesIO(content))
        out = io.BytesIO()
        table.write_ipc_stream(out)
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        OSError,
        ValueError,
        MemoryError,
    ) as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        return refused(f"damaged Parquet file ({first[:120]!r})")
    sys.stdout.buffer.write(out.getbuffer())
    return 0


def refused(reason: str) -> int:
    sys.stdout.buffer.write(reason.encode("utf-8", "backslashreplace"))
    return REFUSED


def limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or hard > MAX_ADDRESS_SPACE_BYTES:
            resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE_BYTES, hard))


if __name__ == "__main__":
    raise SystemExit(main())
