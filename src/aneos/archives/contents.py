"""Reading a reply: JSON, signature, announced counts, and tables by field name. Shared by all adapters.

Fields are found by name, so their order may change; a missing field, another type or another version is
:class:`ArchiveChanged`, a record too few is :class:`ArchiveIncomplete`. Nothing is filled in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from aneos.archives.errors import ArchiveChanged, ArchiveIncomplete
from aneos.archives.reply import Reply
from aneos.catalogue import Provenance
from aneos.catalogue.files import shown
from aneos.catalogue.json_records import Json

Object = dict[str, Json]
Kind = Literal["text", "number", "integer", "flag"]

TYPES: Final[dict[Kind, pl.DataType]] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "flag": pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a service: the column it becomes, what it holds, and whether the service may leave it out.

    A field that is there may always be null; that is the archive's word for unknown.
    """

    column: str
    kind: Kind = "number"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ArchiveTable:
    """Records of a service as a typed table, and the reply that they came from."""

    table: pl.DataFrame
    provenance: Provenance

    def __len__(self) -> int:
        return self.table.height


def json_of(reply: Reply) -> Json:
    """The reply's JSON. Text that ends too early is ArchiveIncomplete, text that is no JSON ArchiveChanged."""
    try:
        text = reply.content().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArchiveChanged(reply.service, "its text", seen="not UTF-8", expected="JSON") from error
    try:
        value: Json = json.loads(text)
    except json.JSONDecodeError as error:
        if _ends_early(text.strip(), error.pos):
            reason = f"the reply is cut short: its JSON ends after {len(text):,} characters"
            raise ArchiveIncomplete(reply.service, reason) from error
        seen = f"no JSON ({error.msg}, line {error.lineno})"
        raise ArchiveChanged(reply.service, "its content", seen=seen, expected="JSON") from error
    except RecursionError as error:
        raise ArchiveChanged(reply.service, "its content", seen="nested too deep", expected="JSON") from error
    return value


def _ends_early(text: str, error_at: int) -> bool:
    closing = {"{": "}", "[": "]"}.get(text[:1])
    return closing is not None and (error_at >= len(text) or not text.endswith(closing))


def object_of(reply: Reply) -> Object:
    """The reply's JSON object."""
    return as_object(json_of(reply), reply.service, "its content")


def as_object(value: Json, service: str, what: str) -> Object:
    if not isinstance(value, dict):
        raise ArchiveChanged(service, what, seen=kind_of(value), expected="an object")
    return value


def as_list(value: Json, service: str, what: str) -> list[Json]:
    if not isinstance(value, list):
        raise ArchiveChanged(service, what, seen=kind_of(value), expected="a list")
    return value


def as_text(value: Json, service: str, what: str) -> str:
    if not isinstance(value, str):
        raise ArchiveChanged(service, what, seen=kind_of(value), expected="text")
    return value


def as_number(value: Json, service: str, what: str) -> float:
    """A finite number, given as such or as text (JPL writes most numbers as text)."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    raise ArchiveChanged(service, what, seen=kind_of(value), expected="a finite number")


def as_integer(value: Json, service: str, what: str) -> int:
    number = as_number(value, service, what)
    if not number.is_integer():
        raise ArchiveChanged(service, what, seen=kind_of(value), expected="a whole number")
    return int(number)


def check_signature(content: Mapping[str, Json], service: str, source: str, versions: Sequence[str]) -> str:
    """The version that a JPL reply bears in ``signature``; ArchiveChanged unless it is one of ``versions``."""
    known = f"{source!r} version {' or '.join(versions)}"
    signature = content.get("signature")
    if not isinstance(signature, dict):
        raise ArchiveChanged(service, "its signature", seen="absent", expected=known)
    version = str(signature.get("version"))
    if signature.get("source") != source or version not in versions:
        seen = f"{shown(signature.get('source'), 80)} version {version[:20]}"
        raise ArchiveChanged(service, "its signature", seen=seen, expected=known)
    return version


def check_count(announced: Json, received: int, service: str) -> None:
    """ArchiveIncomplete unless as many records came as the reply announces."""
    if announced is None:
        raise ArchiveChanged(service, "its count", seen="absent", expected="a whole number")
    number = as_integer(announced, service, "its count")
    if number != received:
        raise ArchiveIncomplete(service, f"announces {number:,} records, {received:,} came")


def named_rows(content: Mapping[str, Json], service: str) -> list[Object]:
    """The records of a reply with ``count``, ``fields`` and ``data`` as objects. No record at all is an answer."""
    announced = content.get("count")
    if content.get("data") is None and content.get("fields") is None:
        check_count(announced, 0, service)
        return []
    fields = [str(name) for name in as_list(content.get("fields"), service, "the list of fields")]
    rows = as_list(content.get("data"), service, "the list of records")
    check_count(announced, len(rows), service)
    records: list[Object] = []
    for number, row in enumerate(rows, 1):
        values = as_list(row, service, f"record {number}")
        if len(values) != len(fields):
            reason = f"record {number} has {len(values)} values where the reply has {len(fields)} fields"
            raise ArchiveIncomplete(service, reason)
        records.append(dict(zip(fields, values, strict=True)))
    return records


def typed_table(records: Sequence[Object], fields: Mapping[str, Field], service: str) -> pl.DataFrame:
    """Records under the adapter's column names and types; fields that it does not name are left to the raw reply."""
    columns: dict[str, list[str | float | int | bool | None]] = {f.column: [] for f in fields.values()}
    for number, record in enumerate(records, 1):
        missing = [name for name, spec in fields.items() if name not in record and not spec.optional]
        if missing:
            what = f"the fields of record {number}"
            raise ArchiveChanged(service, what, seen=f"without {', '.join(missing)}", expected="with them")
        for name, spec in fields.items():
            columns[spec.column].append(
                cell(record.get(name), spec.kind, service, f"{name} of record {number}")
            )
    return pl.DataFrame(columns, schema={spec.column: TYPES[spec.kind] for spec in fields.values()})


def cell(value: Json, kind: Kind, service: str, what: str) -> str | float | int | bool | None:
    """One value in its type; null and empty text stay null."""
    if value is None or value == "":
        return None
    if kind == "text":
        return str(value).strip() if isinstance(value, str | int | float) else as_text(value, service, what)
    if kind == "flag":
        flags = {"y": True, "n": False, "true": True, "false": False}
        known = value if isinstance(value, bool) else flags.get(str(value).lower())
        if known is None:
            raise ArchiveChanged(service, what, seen=kind_of(value), expected="Y or N")
        return known
    return as_integer(value, service, what) if kind == "integer" else as_number(value, service, what)


def provenance_of(reply: Reply, name: str, acknowledgement: str) -> Provenance:
    """Provenance of a reply: the archive's address, when it confirmed the reply, and the hash of its bytes."""
    moment = reply.fetched_at.isoformat(timespec="seconds")
    return Provenance(name, moment, reply.url, reply.sha256, acknowledgement)


def kind_of(value: Json) -> str:
    """A value as it may stand in a message."""
    if value is None:
        return "absent"
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    return shown(value)
