"""What a rule's condition may say, and how it is read.

A science rule's condition holds filters over the current screen: those of the watch list and :data:`MORE`; ``clear``
(hysteresis); ``saved_filter`` (a saved filter's id, whose query is added); ``approach_within_au`` and ``approach_days``
(the rule is then about close approaches of the objects that fit). A system rule's: ``metric``, ``ge`` or ``le``,
``clear``.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func

from aneos.assessment import LINES
from aneos_api.database.models import AlertRule, Assessment, CatalogueObject, SavedFilter
from aneos_api.database.services.analysis import WATCHLIST
from aneos_api.database.unit import Work
from aneos_api.errors import Invalid

CLEAR: Final = "clear"
SAVED: Final = "saved_filter"
WITHIN: Final = "approach_within_au"
DAYS: Final = "approach_days"
WIDEST_AU: Final = 0.2
LONGEST_DAYS: Final = 366
USUAL_DAYS: Final = 60

_AMR_SIGNIFICANCE: Any = CatalogueObject.amr_m2kg / func.nullif(CatalogueObject.amr_sigma_m2kg, 0.0)
MORE: Final[dict[str, Any]] = {
    "amr_significance": _AMR_SIGNIFICANCE,
    **{f"{line}_log10_bayes_factor": Assessment.factors[line].as_float() for line in LINES},
}
"""Fields besides those of the watch list: the measured area-to-mass ratio over its σ, and the log10 Bayes factor of
each line (``identity_log10_bayes_factor``: how well it fits a known artificial object)."""

OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Filters:
    """A science rule's condition, read."""

    filters: dict[str, Any]
    clear: dict[str, Any] | None = None
    within_au: float | None = None
    days: int = USUAL_DAYS

    def wanted(self) -> list[Any]:
        return wanted(self.filters)

    def over(self) -> list[Any]:
        """What ends an open alert; without ``clear`` that is the filters' own end."""
        return wanted(self.filters if self.clear is None else self.clear)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A system rule's condition, read."""

    metric: str
    least: float | None
    most: float | None
    clear: float | None

    def beyond(self, value: float) -> bool:
        return (self.least is not None and value >= self.least) or (
            self.most is not None and value <= self.most
        )

    def settled(self, value: float) -> bool:
        """Whether a value that is not beyond the threshold is quiet enough."""
        if self.clear is None:
            return True
        return value <= self.clear if self.least is not None else value >= self.clear


def wanted(filters: Mapping[str, Any]) -> list[Any]:
    """What ``filters`` ask of a row of assessments joined with its object. Raises Invalid for a faulty one."""
    usual = {name: value for name, value in filters.items() if name.partition("__")[0] not in MORE}
    out: list[Any] = list(WATCHLIST.conditions(usual))
    for name in filters.keys() - usual.keys():
        short, _, word = name.partition("__")
        if word not in OPERATORS:
            raise Invalid(f"takes {', '.join(OPERATORS)}, not {word[:20]!r}", field=short)
        value = filters[name]
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(value, bool) or not math.isfinite(number):
            raise Invalid("is a number", field=name[:64])
        out.append(OPERATORS[word](MORE[short], number))
    return out


async def read_filters(work: Work, condition: Mapping[str, Any], *, tenant_id: UUID | None) -> Filters:
    """Raises Invalid for a condition that says what is not there; saved filters are those of the organisation."""
    own = {name: value for name, value in condition.items() if name not in (CLEAR, SAVED, WITHIN, DAYS)}
    filters = {**await _saved(work, condition.get(SAVED), tenant_id), **own}
    clear = condition.get(CLEAR)
    if not filters:
        raise Invalid("names no filter of the watch list", field="condition")
    if clear is not None and (not isinstance(clear, dict) or not clear):
        raise Invalid("is an object of filters", field=f"condition.{CLEAR}")
    within = _number(condition, WITHIN)
    days = _number(condition, DAYS)
    if within is None and days is not None:
        raise Invalid(f"goes with {WITHIN}", field=f"condition.{DAYS}")
    if within is not None and not 0 < within <= WIDEST_AU:
        raise Invalid(f"is above 0 and at most {WIDEST_AU:g}", field=f"condition.{WITHIN}")
    if within is not None and clear is not None:
        raise Invalid("an approach is over when it has passed", field=f"condition.{CLEAR}")
    if days is not None and not (days == int(days) and 1 <= days <= LONGEST_DAYS):
        raise Invalid(f"is a number of days up to {LONGEST_DAYS}", field=f"condition.{DAYS}")
    read = Filters(filters, clear, within, USUAL_DAYS if days is None else int(days))
    read.wanted()
    read.over()
    return read


async def filters_of(work: Work, rule: AlertRule) -> Filters:
    """The condition of a stored science rule."""
    return await read_filters(work, rule.condition, tenant_id=rule.tenant_id)


def read_threshold(condition: Mapping[str, Any]) -> Threshold:
    """Raises Invalid for what is no threshold."""
    name = condition.get("metric")
    if not isinstance(name, str) or set(condition) - {"metric", "ge", "le", CLEAR}:
        raise Invalid("has a metric, ge or le, and clear", field="condition")
    found = Threshold(name, _number(condition, "ge"), _number(condition, "le"), _number(condition, CLEAR))
    if (found.least is None) == (found.most is None):
        raise Invalid("has either ge or le", field="condition")
    if found.clear is not None and found.beyond(found.clear):
        raise Invalid("must lie on the quiet side of the threshold", field=f"condition.{CLEAR}")
    return found


async def check(work: Work, kind: str, condition: Mapping[str, Any], *, tenant_id: UUID | None) -> None:
    """Raises Invalid where a rule of this condition could not be judged."""
    if kind == "system":
        read_threshold(condition)
    else:
        await read_filters(work, condition, tenant_id=tenant_id)


async def _saved(work: Work, name: object, tenant_id: UUID | None) -> dict[str, Any]:
    if name is None:
        return {}
    try:
        key = UUID(str(name))
    except ValueError:
        raise Invalid("is the id of a saved filter", field=f"condition.{SAVED}") from None
    row = await work.session.get(SavedFilter, key)
    if row is None or tenant_id is None or row.tenant_id != tenant_id:
        raise Invalid("there is no such saved filter", field=f"condition.{SAVED}")
    return {name: value for name, value in row.query.items() if name != "sort"}


def _number(condition: Mapping[str, Any], name: str) -> float | None:
    value = condition.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid("is a number", field=f"condition.{name}")
    return float(value)
