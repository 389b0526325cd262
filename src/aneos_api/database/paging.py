"""Lists in pages that neither skip nor repeat: sorted, filtered, continued by an opaque cursor (keyset).

A service declares a :class:`Listing`: the fields by which callers may sort and filter. Nothing that a caller sends
becomes part of a statement except as a bound value.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import UnaryExpression

from aneos_api.errors import Invalid

Row = TypeVar("Row")
Column = InstrumentedAttribute[Any]

MAX_SORTS: Final = 3
MAX_TEXT: Final = 200
MAX_IN: Final = 200
ORDERED: Final = ("eq", "ne", "in", "lt", "le", "gt", "ge", "null")
TEXTUAL: Final = ("eq", "ne", "in", "contains", "startswith", "null")
PLAIN: Final = ("eq", "ne", "in", "null")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a caller asks of a list.

    ``sort`` is a comma-separated list of fields, each with ``-`` in front to turn it round. ``filters`` maps
    ``field`` or ``field__op`` to a value; operators: eq, ne, in, lt, le, gt, ge, contains, startswith, null.
    """

    limit: int = 50
    cursor: str | None = None
    sort: str | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page. ``total`` counts everything that fits the filters; ``truncated`` says that more follows ``items``,
    from the cursor ``next``."""

    items: list[Row]
    next: str | None
    total: int
    truncated: bool

    def map(self, change: Callable[[Row], Any]) -> Page[Any]:
        """The same page with every item changed."""
        return Page([change(item) for item in self.items], self.next, self.total, self.truncated)


class Listing:
    """The fields of one list. ``key`` is unique and breaks ties; fields in ``required`` are never null here."""

    def __init__(
        self,
        key: Column,
        fields: Mapping[str, Column],
        *,
        default: str,
        required: Sequence[str] = (),
    ) -> None:
        self.key = key
        self.fields = dict(fields)
        self.default = default
        self.nullable = {
            name: name not in required and bool(column.expression.nullable)
            for name, column in self.fields.items()
        }

    @property
    def sorts(self) -> tuple[str, ...]:
        """Fields by which the list may be sorted."""
        return tuple(self.fields)

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """Operators that each field takes."""
        return {name: operators(_kind(column)) for name, column in self.fields.items()}

    async def page(
        self,
        session: AsyncSession,
        statement: Select[*tuple[Any, ...]],
        request: PageRequest,
        *,
        max_limit: int = 1000,
    ) -> Page[Any]:
        """One page of ``statement``. Raises :class:`~aneos_api.errors.Invalid` for what it does not understand."""
        if not 1 <= request.limit <= max_limit:
            raise Invalid(f"must be between 1 and {max_limit}", field="limit")
        statement = statement.where(*self.conditions(request.filters))
        sorts = self._sorts(request.sort or self.default)
        counted = statement.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
        total = (await session.execute(counted)).scalar_one()
        columns = [column for _, column, _ in sorts] + [self.key]
        paged = statement.order_by(None).order_by(*self._order(sorts)).limit(request.limit + 1)
        if request.cursor is not None:
            paged = paged.where(
                self._after(sorts, _decode(request.cursor, request.sort or self.default, columns))
            )
        paged = paged.add_columns(*(column.label(f"key_{i}") for i, column in enumerate(columns)))
        rows = (await session.execute(paged)).all()
        more = len(rows) > request.limit
        rows = rows[: request.limit]
        items = [row[0] if len(row) == len(columns) + 1 else tuple(row[: -len(columns)]) for row in rows]
        cursor = _encode(request.sort or self.default, rows[-1][-len(columns) :]) if more else None
        return Page(items, cursor, total, more)

    def conditions(self, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
        """The conditions that ``filters`` ask for."""
        return [self._condition(name, value) for name, value in filters.items() if value is not None]

    def _condition(self, name: str, value: Any) -> ColumnElement[bool]:
        short, _, operator = name.partition("__")
        column = self.fields.get(short)
        if column is None:
            raise Invalid(
                f"this list has no such field; there are {', '.join(self.fields)}", field=short[:64]
            )
        kind = _kind(column)
        operator = operator or "eq"
        if operator not in operators(kind):
            raise Invalid(f"takes {', '.join(operators(kind))}, not {operator[:20]!r}", field=short)
        if operator == "null":
            return column.is_(None) if _read(bool, value, name) else column.is_not(None)
        if operator == "in":
            parts = value.split(",") if isinstance(value, str) else list(value)
            if len(parts) > MAX_IN:
                raise Invalid(f"takes at most {MAX_IN} values", field=name)
            return column.in_([_read(kind, part, name) for part in parts])
        wanted = _read(kind, value, name)
        return _OPERATORS[operator](column, wanted)

    def _sorts(self, text: str) -> list[tuple[str, Column, bool]]:
        out: list[tuple[str, Column, bool]] = []
        for part in text.split(","):
            name = part.strip().removeprefix("-")
            if name not in self.fields:
                raise Invalid(
                    f"cannot sort by {name[:64]!r}; there are {', '.join(self.fields)}", field="sort"
                )
            if name not in {other for other, _, _ in out}:
                out.append((name, self.fields[name], part.strip().startswith("-")))
        if len(out) > MAX_SORTS:
            raise Invalid(f"takes at most {MAX_SORTS} fields", field="sort")
        return out

    def _order(
        self, sorts: list[tuple[str, Column, bool]]
    ) -> list[ColumnElement[Any] | UnaryExpression[Any]]:
        order: list[ColumnElement[Any] | UnaryExpression[Any]] = []
        for name, column, down in sorts:
            if self.nullable[name]:
                order.append(column.is_(None))  # unknown last, whichever way
            order.append(column.desc() if down else column.asc())
        last_down = sorts[-1][2] if sorts else False
        return [*order, self.key.desc() if last_down else self.key.asc()]

    def _after(self, sorts: list[tuple[str, Column, bool]], values: list[Any]) -> ColumnElement[bool]:
        steps = [(column, down, self.nullable[name]) for name, column, down in sorts]
        steps.append((self.key, sorts[-1][2] if sorts else False, False))
        same: list[ColumnElement[bool]] = []
        ways: list[ColumnElement[bool]] = []
        for (column, down, nullable), value in zip(steps, values, strict=True):
            if value is None:
                beyond: ColumnElement[bool] = false()
            else:
                beyond = column < value if down else column > value
                if nullable:
                    beyond = or_(beyond, column.is_(None))
            ways.append(and_(*same, beyond))
            same.append(column.is_(None) if value is None else column == value)
        return or_(*ways)


_OPERATORS: Final[dict[str, Callable[[Column, Any], ColumnElement[bool]]]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: or_(column != value, column.is_(None)),
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
    "contains": lambda column, value: column.icontains(value, autoescape=True),
    "startswith": lambda column, value: column.istartswith(value, autoescape=True),
}


def operators(kind: type) -> tuple[str, ...]:
    """Operators that a field of this type takes."""
    if kind is str:
        return TEXTUAL
    return PLAIN if kind in {bool, UUID} else ORDERED


def _kind(column: Column) -> type:
    kind = column.expression.type.python_type
    return kind if isinstance(kind, type) else str


def _read(kind: type, value: Any, name: str) -> Any:
    """``value`` (text or typed) as the column's type."""
    text = value.strip() if isinstance(value, str) else value
    try:
        return _READERS[kind](text)
    except (ValueError, TypeError, OverflowError, KeyError):
        raise Invalid(f"{str(value)[:40]!r} is no {_WORDS.get(kind, 'value')}", field=name[:64]) from None


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[str(value).lower()]


def _int(value: Any) -> int:
    number = int(value)
    if not -(2**31) <= number < 2**31:
        raise OverflowError
    return number


def _float(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _text(value: Any) -> str:
    text = str(value)
    if len(text) > MAX_TEXT or "\x00" in text:
        raise ValueError
    return text


_READERS: Final[dict[type, Callable[[Any], Any]]] = {
    str: _text,
    bool: _bool,
    int: _int,
    float: _float,
    datetime: _moment,
    date: _day,
    UUID: lambda value: value if isinstance(value, UUID) else UUID(str(value)),
}
_WORDS: Final[dict[type, str]] = {
    str: "text of reasonable length",
    bool: "true or false",
    int: "whole number in range",
    float: "finite number",
    datetime: "moment (ISO 8601)",
    date: "day (ISO 8601)",
    UUID: "identifier",
}


def _encode(sort: str, values: Sequence[Any]) -> str:
    plain = [
        value if value is None or isinstance(value, bool | int | float) else str(value) for value in values
    ]
    return base64.urlsafe_b64encode(json.dumps([sort, plain]).encode()).decode().rstrip("=")


def _decode(cursor: str, sort: str, columns: Sequence[Column]) -> list[Any]:
    try:
        raw = base64.b64decode(
            cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        )
        made_for, values = json.loads(raw)
        if not isinstance(values, list) or len(values) != len(columns):
            raise ValueError
    except (ValueError, TypeError, UnicodeError, binascii.Error, RecursionError):
        raise Invalid("this is no cursor of this list", field="cursor") from None
    if made_for != sort:
        raise Invalid("the cursor belongs to another order; start again", field="cursor")
    if values[-1] is None:
        raise Invalid("this is no cursor of this list", field="cursor")
    return [
        None if value is None else _read(_kind(column), value, "cursor")
        for value, column in zip(values, columns, strict=True)
    ]
