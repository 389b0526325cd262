"""Pages of the registry, which is a file of some hundred rows: filtered and sorted in memory."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from aneos.artificial.known import KnownObject
from aneos.artificial.launches import Launch
from aneos_api.database.paging import Page, PageRequest
from aneos_api.endpoints.lists import filters_parameter
from aneos_api.errors import Invalid

FIELDS: Final = ("id", "name", "cospar", "kind", "status", "regime", "launch_date")

LAUNCH_FIELDS: Final = ("launch", "date", "vehicle", "payload", "mission", "site", "regime")

Row = TypeVar("Row", KnownObject, Launch)


def _documented(fields: tuple[str, ...]) -> dict[str, Any]:
    return filters_parameter(f"Filters: a field and the value it must have. Fields: {', '.join(fields)}.")


REGISTRY_FILTERS: Final = _documented(FIELDS)
LAUNCH_FILTERS: Final = _documented(LAUNCH_FIELDS)


def registry_page(known: Sequence[KnownObject], request: PageRequest) -> Page[KnownObject]:
    """One page of the registry. Raises Invalid for unknown fields and for a cursor that is not of this list."""
    return _page(known, request, FIELDS)


def launch_page(launches: Sequence[Launch], request: PageRequest) -> Page[Launch]:
    """One page of the list of launches, as :func:`registry_page`."""
    return _page(launches, request, LAUNCH_FIELDS)


def _page(known: Sequence[Row], request: PageRequest, fields: tuple[str, ...]) -> Page[Row]:
    """``fields`` are those to filter and sort by; the first names a row."""
    key = fields[0]
    for name in request.filters:
        if name not in fields:
            raise Invalid(f"this list has no such field; there are {', '.join(fields)}", field=name[:64])
    rows = [
        row
        for row in known
        if all(str(getattr(row, name) or "") == str(value) for name, value in request.filters.items())
    ]
    for part in reversed((request.sort or key).split(",")):
        name = part.removeprefix("-")
        if name not in fields:
            raise Invalid(f"cannot sort by {name[:64]!r}; there are {', '.join(fields)}", field="sort")
        rows.sort(key=_text_of(name), reverse=part.startswith("-"))
    start = 0 if request.cursor is None else _after([getattr(row, key) for row in rows], request.cursor)
    items = rows[start : start + request.limit]
    more = start + request.limit < len(rows)
    return Page(items, _token(getattr(items[-1], key)) if more else None, len(rows), more)


def _text_of(name: str) -> Callable[[KnownObject | Launch], str]:
    return lambda row: str(getattr(row, name) or "")


def _token(identifier: str) -> str:
    return base64.urlsafe_b64encode(identifier.encode()).decode().rstrip("=")


def _after(keys: Sequence[str], cursor: str) -> int:
    try:
        identifier = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        raise Invalid("this is no cursor of this list", field="cursor") from None
    for index, key in enumerate(keys):
        if key == identifier:
            return index + 1
    raise Invalid("this is no cursor of this list", field="cursor")
