"""Alert rules: a filter over the current screen, or a threshold on a measure of the service.

A *science* rule's condition holds filters of the watch list (``{"class": "artificial", "q_value__le": 0.05}``): any
saved filter is a rule. A *system* rule's condition names a ``metric`` and ``ge`` or ``le``. Both may have
``clear``: what must hold before an open alert is resolved (hysteresis; filters, or a number). Without it an alert is
resolved once its condition no longer holds.

Of one rule and one object at most one alert is open (de-duplication), and after one was resolved none opens again for
the rule's ``cooldown_s``. A science rule is judged when there is a new screen or when the rule has changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Select, func, select, text

from aneos_api.clock import after
from aneos_api.database.database import Database
from aneos_api.database.models import Alert, AlertRule, Assessment, CatalogueObject, Screen
from aneos_api.database.paging import PageRequest
from aneos_api.database.services.analysis import WATCHLIST
from aneos_api.database.unit import Work
from aneos_api.errors import Invalid, ServiceError

log = structlog.get_logger("aneos_api.events")

JUDGE_LOCK: Final = 0x616E656F72
MAX_MATCHES: Final = 500
"""Objects that one rule may open alerts for; a rule that fits more is told as one alert about the rule."""
SYSTEM_KEY: Final = "system"
CLEAR: Final = "clear"
QUEUE_METRICS: Final = (
    "jobs_queued",
    "jobs_running",
    "jobs_dead",
    "oldest_waiting_job_s",
    "events_unsent",
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule would tell now: how many fit, and the first of them (system: the value)."""

    total: int
    designations: tuple[str, ...] = ()
    value: float | None = None


class Judge:
    """Judges all rules in force again and again until it is cancelled. Any number of processes may run one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self, pause_s: float) -> None:
        """Judge for ever; a database that is away is asked again later."""
        while True:
            try:
                await self.step()
            except ServiceError as error:
                log.warning("alert rules wait", reason=str(error))
            await asyncio.sleep(pause_s)

    async def step(self) -> int:
        """Judge every rule once, each in a transaction of its own; how many alerts opened or were resolved."""
        async with self._database.read(fresh=True) as work:
            ids = [
                rule.id for kind in ("science", "system") for rule in await work.alerts.enabled_rules(kind)
            ]
        changed = 0
        for rule_id in ids:
            async with self._database.write() as work:
                if self._database.sqlite or await _locked(work):
                    rule = await work.session.get(AlertRule, rule_id)
                    if rule is not None and rule.enabled:
                        changed += await _judge(work, rule)
        return changed


async def try_out(work: Work, kind: str, condition: Mapping[str, Any], *, limit: int = 20) -> Found:
    """What a rule of this condition would tell now; nothing is stored. Raises Invalid for a faulty condition."""
    if kind == "system":
        name, least, most, _ = _threshold(condition)
        value = await _measure(work, name)
        return Found(int(value is not None and _beyond(value, least, most)), value=value)
    filters, clear = _filters(condition)
    WATCHLIST.conditions(clear or {})
    page = await work.analysis.watchlist(PageRequest(limit=limit, filters=filters))
    return Found(page.total, tuple(row.designation for row, _ in page.items))


async def _judge(work: Work, rule: AlertRule) -> int:
    try:
        if rule.kind == "system":
            return await _judge_system(work, rule)
        return await _judge_science(work, rule)
    except Invalid as fault:
        told = str(fault)
        if rule.state.get("fault") != told:
            log.warning("a rule cannot be judged", rule=rule.name, reason=told)
            rule.state = {**rule.state, "fault": told}
        return 0


async def _judge_system(work: Work, rule: AlertRule) -> int:
    name, least, most, clear = _threshold(rule.condition)
    value = await _measure(work, name)
    if value is None:
        return 0  # not measured is neither good nor bad: an open alert stays open
    open_alert = (await _open(work, rule)).get(None)
    if _beyond(value, least, most):
        if open_alert is not None or None in await _cooling(work, rule):
            return 0
        bound = f"at least {least:g}" if least is not None else f"at most {most:g}"
        await _raise(
            work, rule, None, None, f"{name} is {value:g}, {bound}", {"metric": name, "value": value}
        )
        return 1
    if open_alert is None or not _settled(value, least, clear):
        return 0
    await _resolve(work, rule, open_alert, f"{name} is {value:g}")
    return 1


async def _judge_science(work: Work, rule: AlertRule) -> int:
    filters, clear = _filters(rule.condition)
    screen = await work.analysis.current_screen()
    if screen is None:
        return 0
    condition = json.dumps([rule.condition, rule.severity], sort_keys=True)
    mark = f"{screen.id}:{hashlib.sha256(condition.encode()).hexdigest()[:16]}"
    cooling = await _cooling(work, rule)
    if rule.state.get("judged") == mark and not rule.state.get("cooling"):
        return 0
    fitting = _objects(screen).where(*WATCHLIST.conditions(filters))
    total = int(await work.session.scalar(select(func.count()).select_from(fitting.subquery())) or 0)
    is_open = await _open(work, rule)
    changed, held_back = 0, False
    if total > MAX_MATCHES:
        if None not in is_open:
            text_ = f"{total} objects fit, more than {MAX_MATCHES}: make the rule narrower"
            await _raise(work, rule, None, None, text_, {"total": total})
            changed = 1
    else:
        for row in await work.session.execute(fitting.order_by(Assessment.rank)):
            if row.designation in is_open:
                continue
            if row.designation in cooling:
                held_back = True
                continue
            detail = {
                "class": row.object_class,
                "probability_artificial": row.probability_artificial,
                "q_value": row.q_value,
                "screen_id": str(screen.id),
            }
            told = f"{row.object_class}, P(artificial) = {row.probability_artificial:.3g}"
            await _raise(work, rule, row.object_id, row.designation, told, detail)
            changed += 1
        if None in is_open:
            await _resolve(work, rule, is_open[None], f"{total} objects fit")
            changed += 1
    changed += await _clear(work, rule, screen, filters, clear, is_open)
    state = {name: value for name, value in rule.state.items() if name != "fault"}
    rule.state = {**state, "judged": mark, "cooling": held_back}
    return changed


async def _clear(
    work: Work,
    rule: AlertRule,
    screen: Screen,
    filters: Mapping[str, Any],
    clear: Mapping[str, Any] | None,
    is_open: Mapping[str | None, Alert],
) -> int:
    """Resolve alerts of objects that are over: those that fit ``clear``, or no longer fit the rule; how many. One that
    has left the catalogue stays open, for people to settle."""
    names = [name for name in is_open if name is not None]
    if not names:
        return 0
    known = _objects(screen).where(Assessment.designation.in_(names))
    wanted = WATCHLIST.conditions(filters if clear is None else clear)
    fitting = {row.designation for row in await work.session.execute(known.where(*wanted))}
    if clear is None:
        fitting = {row.designation for row in await work.session.execute(known)} - fitting
    for name in sorted(fitting):
        await _resolve(work, rule, is_open[name], "the rule no longer holds")
    return len(fitting)


def _objects(screen: Screen) -> Select[int | None, str, str, float, float | None]:
    return (
        select(
            Assessment.object_id,
            Assessment.designation,
            Assessment.object_class,
            Assessment.probability_artificial,
            Assessment.q_value,
        )
        .join(CatalogueObject, CatalogueObject.id == Assessment.object_id)
        .where(Assessment.screen_id == screen.id)
    )


async def _open(work: Work, rule: AlertRule) -> dict[str | None, Alert]:
    rows = await work.session.scalars(
        select(Alert).where(Alert.rule_id == rule.id, Alert.status != "resolved")
    )
    return {row.designation: row for row in rows}


async def _cooling(work: Work, rule: AlertRule) -> set[str | None]:
    """Of what an alert was resolved within the rule's cool-down."""
    rows = await work.session.scalars(
        select(Alert.designation).where(
            Alert.rule_id == rule.id, Alert.status == "resolved", Alert.resolved_at > after(-rule.cooldown_s)
        )
    )
    return set(rows)


async def _raise(
    work: Work,
    rule: AlertRule,
    object_id: int | None,
    designation: str | None,
    message: str,
    detail: Mapping[str, Any],
) -> None:
    await work.alerts.raise_alert(
        dedupe_key=f"rule:{rule.id}:{designation or SYSTEM_KEY}",
        title=f"{rule.name}: {designation}" if designation else rule.name,
        severity=rule.severity,
        message=message,
        tenant_id=rule.tenant_id,
        rule_id=rule.id,
        object_id=object_id,
        designation=designation,
        detail=detail,
    )


async def _resolve(work: Work, rule: AlertRule, alert: Alert, note: str) -> None:
    owner = alert.tenant_id or rule.tenant_id or UUID(int=0)
    await work.alerts.resolve(alert.id, tenant_id=owner, user_id=None, note=note)


async def _measure(work: Work, name: str) -> float | None:
    """The value now: of the queue from the tables; of a stored metric the largest of all processes; None where there is
    none from the last ten minutes."""
    if name in QUEUE_METRICS:
        if name == "oldest_waiting_job_s":
            return await work.jobs.oldest_waiting_s()
        if name == "events_unsent":
            return float(await work.events.unsent())
        return float((await work.jobs.counts())[name.removeprefix("jobs_")])
    rows = [row for row in await work.metrics.latest([name]) if row.recorded_at > after(-600)]
    return max((row.value for row in rows), default=None)


def _filters(condition: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    filters = {name: value for name, value in condition.items() if name != CLEAR}
    clear = condition.get(CLEAR)
    if not filters:
        raise Invalid("names no filter of the watch list", field="condition")
    if clear is not None and (not isinstance(clear, dict) or not clear):
        raise Invalid("is an object of filters", field="condition.clear")
    WATCHLIST.conditions(filters)
    return filters, clear


def _threshold(condition: Mapping[str, Any]) -> tuple[str, float | None, float | None, float | None]:
    name = condition.get("metric")
    if not isinstance(name, str) or set(condition) - {"metric", "ge", "le", CLEAR}:
        raise Invalid("has a metric, ge or le, and clear", field="condition")
    numbers = []
    for part in ("ge", "le", CLEAR):
        value = condition.get(part)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise Invalid("is a number", field=f"condition.{part}")
        numbers.append(None if value is None else float(value))
    least, most, clear = numbers
    if (least is None) == (most is None):
        raise Invalid("has either ge or le", field="condition")
    if clear is not None and _beyond(clear, least, most):
        raise Invalid("must lie on the quiet side of the threshold", field="condition.clear")
    return name, least, most, clear


def _beyond(value: float, least: float | None, most: float | None) -> bool:
    return (least is not None and value >= least) or (most is not None and value <= most)


def _settled(value: float, least: float | None, clear: float | None) -> bool:
    """Whether a value that is not beyond the threshold is quiet enough."""
    if clear is None:
        return True
    return value <= clear if least is not None else value >= clear


async def _locked(work: Work) -> bool:
    return bool(
        await work.session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": JUDGE_LOCK})
    )
