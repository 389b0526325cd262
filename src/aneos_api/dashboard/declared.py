"""How a page of tables is declared: lists of the API, what may be done with a row, what may be made.

Only what the API offers is declared; the visitor's permissions decide what of it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from aneos_api.security.permissions import Permission

V1: Final = "/api/v1"


ARCHIVE_STATES: Final = {
    "never_asked": "no contact yet",
    "answering": "answers",
    "failing": "fails",
    "left_alone": "left alone after failures",
}


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a row. ``url`` may name fields of the row in braces; ``when``: field → values that allow it."""

    text: str
    method: str
    url: str
    needs: Permission
    body: dict[str, Any] | None = None
    when: dict[str, list[Any]] | None = None
    sure: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a form; a dot in its name leads into an object.

    ``kind``: text, email, password, number, select, checkbox, list; ``terms`` (rows of field, comparison and value:
    the options are the fields), ``arms`` (two models and how requests are shared out between them). ``words`` are
    shown in place of options.
    """

    name: str
    text: str
    kind: str = "text"
    options: tuple[str, ...] = ()
    required: bool = True
    value: str = ""
    hint: str = ""
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """What can be made: sent as JSON to ``url``, with ``fixed`` beside the fields. ``trial``: where the same can be
    tried first."""

    text: str
    url: str
    needs: Permission
    fields: tuple[Field, ...] = ()
    trial: str = ""
    fixed: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A list of the API. ``columns`` are (field, heading, kind).

    Kinds: text, wide, time, number, code, bytes, object, person (a user's id), or the address of a page with fields in
    braces. ``live`` is the topic of events after which the list is asked for anew, ``poll_s`` how often it is without
    any. ``words`` says what is shown in place of a value of the API, ``names`` what is shown in place of the name of a
    setting or measure.
    """

    title: str
    url: str
    columns: tuple[tuple[str, str, str], ...]
    empty: str
    about: str = ""
    needs: Permission = Permission.READ
    actions: tuple[Action, ...] = ()
    forms: tuple[Form, ...] = ()
    filters: tuple[Field, ...] = ()
    live: str = ""
    poll_s: float = 0.0
    words: dict[str, str] = field(default_factory=dict)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chart:
    """A stored metric over the last hour, drawn in ``unit``: stored values times ``scale``."""

    metric: str
    title: str
    unit: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class ThinPage:
    title: str
    about: str
    tables: tuple[Table, ...]
    needs: Permission = Permission.READ
    charts: tuple[Chart, ...] = ()


ANALYSE, MANAGE, OPERATE = (
    Permission.ANALYSE,
    Permission.MANAGE,
    Permission.OPERATE,
)

CREATED: Final = ("created_at", "Made", "time")


def switch(url: str, field: str = "enabled", sure: str = "") -> tuple[Action, Action]:
    """Buttons that switch off what is on and on what is off, for those who manage; ``sure`` is asked before off."""
    off = Action("Switch off", "PATCH", url, MANAGE, {field: False}, {field: [True]}, sure)
    return off, Action("Switch on", "PATCH", url, MANAGE, {field: True}, {field: [False]})


def cancel(url: str, needs: Permission, sure: str) -> Action:
    """A button that ends what waits or is at work."""
    return Action("Cancel", "POST", url, needs, None, {"status": ["queued", "running"]}, sure)


def states(*names: str) -> tuple[Field]:
    """A filter by state."""
    return (Field("status", "State", "select", names, required=False),)
