"""Shapes that all areas share: signature, page, error, and text that a database can keep."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
    create_model,
)

from aneos import __version__

MAX_JSON_DEPTH: Final = 12
MAX_JSON_ITEMS: Final = 10_000
MAX_INT: Final = 2**63 - 1

PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
WITHOUT_NUL: Final = r"^[^\x00]*$"

Line = Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE, strip_whitespace=True)]
"""One line of text without control characters."""

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE, strip_whitespace=True)
]
"""A line that is not empty."""

Prose = Annotated[str, StringConstraints(max_length=10_000, pattern=WITHOUT_NUL)]
"""Several lines of text."""

Designation = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=PRINTABLE),
    Field(description="Designation, number, name or alias, matched whole", examples=["2020 SO", "99942"]),
]

Identifier = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
]
"""A word that names something in the service."""

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Request(BaseModel):
    """Base of what clients send."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Record(BaseModel):
    """Base of what is read from a row or a result."""

    model_config = ConfigDict(from_attributes=True, defer_build=True)


class Signature(Record):
    """Who answered, with what: the same in library, command line and service."""

    source: str = Field(examples=["aNEOS"])
    version: str = Field(examples=["0.1.0"])
    model: dict[str, Any] | None = Field(None, description="lines of evidence, prior, null population, depth")
    catalogue: list[dict[str, Any]] | None = Field(None, description="provenance of the catalogues used")
    created: str = Field(description="when the answer was made, ISO 8601, UTC")


class Signed(Record):
    """A reply with its signature, which comes last."""

    signature: Signature = Field(default_factory=lambda: service_signature())


T = TypeVar("T")


class Page(Signed, Generic[T]):
    """One page of a list. Ask for the following one with ``next``; it never skips or repeats a row."""

    items: list[T]
    next: str | None = Field(None, description="token of the following page; null on the last one")
    total: int | None = Field(None, description="rows of the whole list")
    truncated: bool = Field(False, description="whether rows are left out that the next pages bring")


class ErrorReply(BaseModel):
    """Every error has this shape."""

    error: str = Field(description="a stable word", examples=["not_found"])
    detail: str = Field(
        description="one clear sentence", examples=["no object of the catalogue is called '1999 ZZ'"]
    )
    request_id: str = Field(
        description="name it when you report a fault", examples=["5d0c1b6a4f6e4c2f8a7d9e1b3c5a7f90"]
    )


class Done(Signed):
    """A change that has nothing to show."""

    done: bool = True


def service_signature() -> Signature:
    """The signature of a reply that rests on no catalogue."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Signature(source="aNEOS", version=__version__, model=None, catalogue=None, created=now)


def _storable(value: JsonValue) -> JsonValue:
    left = [MAX_JSON_ITEMS]
    _walk(value, MAX_JSON_DEPTH, left)
    return value


def _walk(value: JsonValue, depth: int, left: list[int]) -> None:
    left[0] -= 1
    if depth < 0 or left[0] < 0:
        raise ValueError(
            f"is nested deeper than {MAX_JSON_DEPTH} levels or has more than {MAX_JSON_ITEMS} parts"
        )
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise ValueError("holds a character that cannot be stored")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("holds a number that is not finite")
    elif isinstance(value, int):
        if abs(value) > MAX_INT:
            raise ValueError("holds a whole number of more than 64 bits")
    elif isinstance(value, list):
        for item in value:
            _walk(item, depth - 1, left)
    elif isinstance(value, dict):
        for key, item in value.items():
            _walk(key, depth - 1, left)
            _walk(item, depth - 1, left)


JsonMap = Annotated[
    dict[str, JsonValue],
    AfterValidator(_storable),
    WithJsonSchema({"type": "object", "additionalProperties": True}),
]
"""A JSON object that both databases can keep."""


@cache
def partial(model: type[BaseModel]) -> type[BaseModel]:
    """``model`` with every field optional: the shape of rows of which the client chose some fields."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        optional = Field(None, description=field.description, serialization_alias=field.serialization_alias)
        fields[name] = (kind | None, optional)
    return create_model(f"{model.__name__}Fields", __base__=Record, __doc__=model.__doc__, **fields)
