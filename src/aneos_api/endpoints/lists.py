"""Lists: the page as it goes out, with chosen fields, and what the document says about filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from aneos_api.database.paging import Listing
from aneos_api.database.paging import Page as Found
from aneos_api.dependencies import Paging
from aneos_api.errors import Invalid
from aneos_api.schemas.common import Page, partial, service_signature

Row = TypeVar("Row", bound=BaseModel)


def page_of(model: type[Row]) -> Any:
    """The reply's type for a list of ``model`` whose fields the client may choose."""
    return Page[partial(model)]  # type: ignore[misc]


def reply(
    found: Found[Any], model: type[Row], paging: Paging, shape: Callable[[Any], Any] | None = None
) -> Any:
    """A page for :func:`page_of`. ``shape`` turns a stored row into what the model reads. Raises Invalid for
    an unknown field."""
    outside = partial(model)
    names = _outside_names(model)
    wanted = set(names) if paging.fields is None else paging.fields
    unknown = sorted(wanted - set(names))
    if unknown:
        raise Invalid(f"there is no field {unknown[0][:64]!r}; there are {', '.join(names)}", field="fields")
    chosen = {names[name] for name in wanted}
    items = []
    for row in found.items:
        full = model.model_validate(row if shape is None else shape(row))
        items.append(outside.model_construct(chosen, **{name: getattr(full, name) for name in chosen}))
    return Page[outside](  # type: ignore[valid-type]
        items=items,
        next=found.next,
        total=found.total,
        truncated=found.truncated,
        signature=service_signature(),
    )


def documented(listing: Listing, extra: str = "") -> dict[str, Any]:
    """OpenAPI of the filters that a list takes: every field, alone or with ``__`` and an operator."""
    filters = "; ".join(f"`{name}` ({', '.join(operators)})" for name, operators in listing.filters.items())
    description = (
        "Filters: a field, or a field with `__` and an operator, as in `created_at__ge=2026-01-01`. "
        f"Fields and operators: {filters}. {extra}"
    ).strip()
    return filters_parameter(description)


def filters_parameter(description: str) -> dict[str, Any]:
    """OpenAPI of a query whose names are fields of the list."""
    parameter = {
        "name": "filters",
        "in": "query",
        "required": False,
        "style": "form",
        "explode": True,
        "description": description,
        "schema": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 200}},
    }
    return {"parameters": [parameter]}


def _outside_names(model: type[BaseModel]) -> dict[str, str]:
    """Field names as clients see them → attribute names."""
    return {field.serialization_alias or name: name for name, field in model.model_fields.items()}
