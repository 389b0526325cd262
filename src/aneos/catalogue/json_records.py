"""JSON as records of text cells, so that one validation serves every format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from aneos.catalogue.assembly import Assembly
from aneos.catalogue.files import MAX_JSON_BYTES, SourceFile, shown
from aneos.catalogue.schema import COLUMNS
from aneos.errors import InputError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Cells: TypeAlias = dict[str, str | None]

CHUNK_RECORDS: Final = 50_000


def load_json(file: SourceFile) -> Json:
    """The file's JSON value; text that is not JSON is an :class:`InputError` with its line."""
    content = file.read(MAX_JSON_BYTES)
    try:
        value: Json = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8 text", source=file.name) from error
    except json.JSONDecodeError as error:
        raise InputError(f"is not valid JSON ({error.msg})", source=file.name, line=error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not usable JSON ({shown(error, 80)})", source=file.name) from error
    return value


def add_records(
    assembly: Assembly, records: Iterable[tuple[int, Json]], columns_of: Callable[[Mapping[str, Json]], Cells]
) -> None:
    """Adds JSON objects, each with its line or 1-based position. ``columns_of`` maps one to cells and may
    refuse it with ``ValueError``."""
    rows: list[Cells] = []
    numbers: list[int] = []
    names: dict[str, None] = {}
    for number, record in records:
        if not isinstance(record, dict):
            assembly.reject(number, f"{shown(record)} is not a JSON object")
            continue
        try:
            cells = columns_of(record)
        except ValueError as error:
            assembly.reject(number, str(error))
            continue
        names.update(dict.fromkeys(cells))
        rows.append(cells)
        numbers.append(number)
    # One set of columns for all chunks: a field that only some records have is null in the others.
    for start in range(0, len(rows), CHUNK_RECORDS):
        chunk = rows[start : start + CHUNK_RECORDS]
        columns = {name: [cells.get(name) for cells in chunk] for name in names}
        assembly.add_text(numbers[start : start + CHUNK_RECORDS], columns)


def renamed(record: Mapping[str, Json], names: Mapping[str, str]) -> Cells:
    """Cells under the table's column names; fields without one keep theirs (with ``_`` where it is taken)."""
    cells: Cells = {}
    for field, value in record.items():
        column = names.get(field) or (f"{field}_" if field in COLUMNS else encodable(field))
        cells[column] = cell_text(value)
    return cells


def cell_text(value: Json) -> str | None:
    """A JSON value as a cell: lists of names joined by ``|``, numbers so that they read back unchanged."""
    if isinstance(value, float) or type(value) is int:
        return repr(value)
    if value is None or isinstance(value, str):
        return None if value is None else encodable(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return encodable("|".join(map(str, value)))
    return json.dumps(value)


def encodable(text: str) -> str:
    """Text with NUL and lone surrogates (legal in JSON escapes, not in a table) written out."""
    if "\0" in text:
        text = text.replace("\0", "\\0")
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
