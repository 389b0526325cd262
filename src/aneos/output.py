"""Results in their formats: strict JSON, flat CSV and Parquet, each written whole or not at all.

In: a :class:`~aneos.assessment.Report` or a table. Out: bytes, or a file. JSON carries everything; CSV and
Parquet have one row per object, and Parquet keeps the signature in its file metadata (``aneos.signature``).
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
import polars as pl

from aneos.assessment import Assessment, Report
from aneos.errors import InputError

Format = Literal["table", "json", "csv", "parquet"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
SUFFIXES: Final[dict[str, Format]] = {
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".txt": "table",
}
"""What a file's suffix says about its format when none is given."""

SIGNATURE_KEY: Final = "aneos.signature"


def choose_format(given: Format | None, output: Path | None) -> Format:
    """The format asked for, else the one that the output's suffix names, else a table.

    Raises :class:`InputError` when there is an output file whose suffix names no format.
    """
    if given is not None:
        return given
    if output is None:
        return "table"
    try:
        return SUFFIXES[output.suffix.lower()]
    except KeyError:
        known = ", ".join(SUFFIXES)
        reason = f"cannot tell the format from this name: end it in one of {known}, or give --format"
        raise InputError(reason, source=output) from None


def to_json(value: object, *, indent: int | None = 2) -> str:
    """``value`` as strict JSON (RFC 8259): what is not finite becomes null; a final newline.

    Raises ``TypeError`` for a type that has no JSON shape.
    """
    return json.dumps(json_ready(value), indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def json_ready(value: object) -> Any:
    """``value`` in JSON's own types; NumPy scalars and arrays, dates and tuples are translated."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_ready(item) for item in value]
    if isinstance(value, np.generic | np.ndarray):
        return json_ready(value.tolist())
    if isinstance(value, pl.Series):
        return json_ready(value.to_list())
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"no JSON shape for {type(value).__name__}")


def report_table(report: Report) -> pl.DataFrame:
    """``report`` with one row per object: verdict, evidence (``bf_<line>``, ``status_<line>``), elements.

    Log Bayes factors are base 10; elements keep the names and units of the catalogue's table.
    """
    return pl.DataFrame([_flat(item) for item in report.assessments], infer_schema_length=None)


def to_csv(table: pl.DataFrame) -> bytes:
    """``table`` as CSV (RFC 4180, UTF-8): empty where unknown, lists joined with ``"; "``."""
    return _flat_columns(table).write_csv(line_terminator="\n").encode()


def to_parquet(table: pl.DataFrame, signature: Mapping[str, Any]) -> bytes:
    """``table`` as Parquet, NaN as null, with ``signature`` (JSON) in the file's metadata."""
    buffer = io.BytesIO()
    metadata = {SIGNATURE_KEY: to_json(signature, indent=None).strip()}
    table.with_columns(pl.selectors.float().fill_nan(None)).write_parquet(buffer, metadata=metadata)
    return buffer.getvalue()


def prepare(path: Path) -> None:
    """Make the folder of ``path``; raise :class:`InputError` now if the file could not be written later."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    if path.is_dir():
        raise InputError("cannot be written: it is a folder", source=path)
    if path.exists() and not os.access(path, os.W_OK):
        raise InputError("cannot be written: permission denied", source=path)
    if not path.exists() and not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError("cannot be written: no permission to write in its folder", source=path)


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that a reader sees the old file or the new one, never a part.

    Folders are made; a device or pipe is written directly. Raises :class:`InputError` when it cannot be done.
    """
    prepare(path)
    target = path.resolve()
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        part = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
        try:
            part.write_bytes(data)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"cannot be written: {error.strerror or error}", source=path)


def _flat(item: Assessment) -> dict[str, Any]:
    row: dict[str, Any] = {
        "rank": item.rank,
        "designation": item.designation,
        "class": item.object_class,
        "probability_artificial": item.probability_artificial,
        "prob_lo": item.interval[0],
        "prob_hi": item.interval[1],
        "prior": item.prior,
        "log10_bayes_factor": item.log10_bayes_factor,
        "p_value": item.p_value,
        "q_value": item.q_value,
    }
    for line in item.evidence:
        row[f"bf_{line.line}"] = line.log10_bayes_factor
        row[f"status_{line.line}"] = line.status
    identity = item.identity
    row["identity_name"] = identity.name if identity else None
    row["identity_cospar"] = identity.cospar if identity else None
    row["identity_chance_probability"] = identity.chance_probability if identity else None
    row["missing"] = "; ".join(f"{entry.line}: {entry.needs}" for entry in item.missing)
    row["verdict"] = item.verdict
    for key, value in item.orbit.items():
        if key not in row and not isinstance(value, Mapping | list | tuple):
            row[key] = value
    return row


def _flat_columns(table: pl.DataFrame) -> pl.DataFrame:
    lists = [name for name, kind in table.schema.items() if isinstance(kind, pl.List)]
    joined = [pl.col(name).cast(pl.List(pl.String)).list.join("; ") for name in lists]
    return table.with_columns(pl.selectors.float().fill_nan(None), *joined)
