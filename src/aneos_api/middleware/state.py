"""What is known of one request while it is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import Scope

from aneos_api.security.permissions import Permission, Principal

STATE: Final = "aneos"
UNMATCHED: Final = "unmatched"


@dataclass(slots=True)
class CachePlan:
    """That a read may be kept: for how long, under which tags a write forgets it, and who may see it.

    ``generation`` is that of the tags when the route began to read: a write since then makes the reply
    not worth keeping.
    """

    tags: tuple[str, ...]
    ttl_s: float
    permission: Permission | None
    generation: int = 0


@dataclass(slots=True)
class RequestState:
    """Kept in the scope of a request.

    ``changes`` is what an endpoint tells the audit: the kind and id of what changed, before and after.
    """

    request_id: str
    method: str
    path: str
    address: str = "unknown"
    agent: str = ""
    principal: Principal | None = None
    route: str | None = None
    cache_plan: CachePlan | None = None
    refusal: str | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)
    audited: bool = False


def state_of(scope: Scope) -> RequestState:
    """The state of the request with this scope."""
    state = scope[STATE]
    assert isinstance(state, RequestState)
    return state


def route_of(scope: Scope, state: RequestState) -> str:
    """Template of the route that answers, ``unmatched`` where none does: a path itself is not to be a label."""
    if state.route is None:
        state.route = getattr(scope.get("route"), "path", None)
    return state.route or UNMATCHED


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of this (lower-case) name."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None
