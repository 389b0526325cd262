"""Pages of the registry, which is a file of some hundred rows: filtered and sorted in memory."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final

from aneos.artificial.known import KnownObject
from aneos_api.database.paging import Page, PageRequest
from aneos_api.errors import Invalid

FIELDS: Final = ("id", "name", "cospar", "kind", "status", "regime", "launch_date")

REGISTRY_FILTERS: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "filters",
            "in": "query",
            "required": False,
            "style": "form",
            "explode": True,
            "description": f"Filters: a field and the value it must have. Fields: {', '.join(FIELDS)}.",
            "schema": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 200}},
        }
    ]
}


def registry_page(known: Sequence[KnownObject], request: PageRequest) -> Page[KnownObject]:
    """One page of the registry. Raises Invalid for unknown fields and for a cursor that is not of this list."""
    for name in request.filters:
        if name not in FIELDS:
            raise Invalid(f"this list has no such field; there are {', '.join(FIELDS)}", field=name[:64])
    rows = [
        row
        for row in known
        if all(str(getattr(row, name) or "") == str(value) for name, value in request.filters.items())
    ]
    for part in reversed((request.sort or "id").split(",")):
        name = part.removeprefix("-")
        if name not in FIELDS:
            raise Invalid(f"cannot sort by {name[:64]!r}; there are {', '.join(FIELDS)}", field="sort")
        rows.sort(key=lambda row, name=name: str(getattr(row, name) or ""), reverse=part.startswith("-"))  # type: ignore[misc]
    start = 0 if request.cursor is None else _after(rows, request.cursor)
    items = rows[start : start + request.limit]
    more = start + request.limit < len(rows)
    return Page(items, _token(items[-1].id) if more else None, len(rows), more)


def _token(identifier: str) -> str:
    return base64.urlsafe_b64encode(identifier.encode()).decode().rstrip("=")


def _after(rows: Sequence[KnownObject], cursor: str) -> int:
    try:
        identifier = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        raise Invalid("this is no cursor of this list", field="cursor") from None
    for index, row in enumerate(rows):
        if row.id == identifier:
            return index + 1
    raise Invalid("this is no cursor of this list", field="cursor")
