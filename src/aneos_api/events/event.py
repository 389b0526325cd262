"""An event as it travels, and which events a client wants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from aneos_api.database.models import OutboxEvent
from aneos_api.errors import Invalid
from aneos_api.security.permissions import Permission, Principal

TOPICS: Final[dict[str, Permission]] = {
    "alerts": Permission.READ,
    "assessments": Permission.READ,
    "batches": Permission.READ,
    "jobs": Permission.MANAGE,
    "notices": Permission.READ,
}
"""Topic → the permission that hearing of it needs, the same as for reading the things themselves."""

MAX_CONDITIONS: Final = 20
OPERATORS: Final = ("eq", "ne", "in", "lt", "le", "gt", "ge")


@dataclass(frozen=True)
class Event:
    """Something that happened. ``position`` counts all events of the installation, without gaps; ``key`` names the
    object whose events keep their order; ``tenant_id`` is null where everybody may know."""

    position: int
    event_id: UUID
    topic: str
    kind: str
    key: str
    timestamp: str
    data: Mapping[str, Any]
    tenant_id: UUID | None = None

    @classmethod
    def of(cls, row: OutboxEvent) -> Event:
        """The event that a sent row of the outbox holds."""
        if row.position is None:
            raise ValueError("an event that was not sent has no position")
        stamp = row.created_at.isoformat()
        return cls(
            row.position, row.event_id, row.topic, row.kind, row.key, stamp, row.payload, row.tenant_id
        )

    @cached_property
    def text(self) -> str:
        """JSON for clients; made once however many clients there are."""
        return json.dumps(
            {
                "type": self.kind,
                "topic": self.topic,
                "id": str(self.event_id),
                "position": self.position,
                "key": self.key,
                "timestamp": self.timestamp,
                "data": self.data,
            },
            separators=(",", ":"),
        )

    @cached_property
    def sse(self) -> bytes:
        """The event as a server-sent event whose id is its position."""
        return f"id: {self.position}\ndata: {self.text}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asked for: ``topics`` (None: all it may hear of), and conditions on ``type``, ``key`` or a field of
    ``data``, as ``name`` or ``name__op`` with an operator of :data:`OPERATORS`."""

    topics: frozenset[str] | None = None
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def checked(cls, topics: list[str] | None, conditions: Mapping[str, Any], who: Principal) -> Wanted:
        """Raises Invalid for what does not exist, and for a topic that ``who`` may not hear of."""
        for topic in topics or ():
            if topic not in TOPICS:
                raise Invalid(f"there is no topic {topic[:64]!r}; there are {', '.join(TOPICS)}")
            if not who.may(TOPICS[topic]):
                raise Invalid(f"the topic {topic!r} needs the permission '{TOPICS[topic]}'")
        if len(conditions) > MAX_CONDITIONS:
            raise Invalid(f"a filter has at most {MAX_CONDITIONS} conditions")
        for name, value in conditions.items():
            operator = name.partition("__")[2] or "eq"
            if operator not in OPERATORS:
                raise Invalid(f"takes {', '.join(OPERATORS)}, not {operator[:20]!r}", field=name[:64])
            if operator == "in" and not isinstance(value, list):
                raise Invalid("takes a list", field=name[:64])
        return cls(None if topics is None else frozenset(topics), dict(conditions))

    def fits(self, event: Event, who: Principal) -> bool:
        """Whether the client is to have ``event``: its tenant, its permission, its topics, its conditions."""
        if event.tenant_id is not None and event.tenant_id != who.tenant_id:
            return False
        if not who.may(TOPICS.get(event.topic, Permission.OPERATE)):
            return False
        if self.topics is not None and event.topic not in self.topics:
            return False
        return all(_holds(event, name, value) for name, value in self.conditions.items())


def _holds(event: Event, name: str, wanted: Any) -> bool:
    short, _, operator = name.partition("__")
    found: Any = {"type": event.kind, "key": event.key}.get(short, event.data.get(short))
    if operator in ("", "eq"):
        return bool(found == wanted)
    if operator == "ne":
        return bool(found != wanted)
    if operator == "in":
        return found in wanted
    comparable = (isinstance(found, str) and isinstance(wanted, str)) or (_number(found) and _number(wanted))
    if not comparable:
        return False
    low, high = (found, wanted) if operator in ("lt", "le") else (wanted, found)
    return bool(low < high or (operator in ("le", "ge") and low == high))


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
