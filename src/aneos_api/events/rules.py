"""Alert rules: a filter over the current screen, or a threshold on a measure of the service.

A *science* rule's condition holds filters (``{"class": "artificial", "q_value__le": 0.05}``): any saved filter is a
rule; with ``approach_within_au`` it tells of close approaches of the objects that fit. A *system* rule's condition
names a ``metric`` and ``ge`` or ``le`` (see :mod:`aneos_api.events.conditions`). Both may have ``clear``: what must
hold before an open alert is resolved (hysteresis; filters, or a number). Without it an alert is resolved once its
condition no longer holds.

Of one rule and one object at most one alert is open (de-duplication), and after one was resolved none opens again for
the rule's ``cooldown_s``. An alert that nobody acknowledges within ``escalate_s`` becomes critical and is told again. A
science rule is judged when there is a new screen or when the rule has changed.
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
from aneos_api.database.unit import Work
from aneos_api.errors import Invalid, ServiceError
from aneos_api.events.coming import Approach, coming, tell
from aneos_api.events.conditions import WITHIN, Filters, filters_of, read_filters, read_threshold
from aneos_api.jobs.names import DRIFT_METRIC, MEASURE_DRIFT_S

log = structlog.get_logger("aneos_api.events")

JUDGE_LOCK: Final = 0x616E656F72
MAX_MATCHES: Final = 500
"""Objects that one rule may open alerts for; a rule that fits more is told as one alert about the rule."""
FRESH_S: Final = 600.0
SLOW_METRICS: Final = {DRIFT_METRIC: 3 * MEASURE_DRIFT_S}
"""Measures that are taken seldom, and the age up to which they hold, s."""
SYSTEM_KEY: Final = "system"
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
        changed = await self._escalate()
        for rule_id in ids:
            found = await self._coming(rule_id)
            async with self._database.write() as work:
                if self._database.sqlite or await _locked(work):
                    rule = await work.session.get(AlertRule, rule_id)
                    if rule is not None and rule.enabled:
                        changed += await _judge(work, rule, found)
        return changed

    async def _coming(self, rule_id: UUID) -> tuple[str, list[Approach]] | Invalid | None:
        """The approaches that a rule on approaches is about, where they are due; or what is wrong with the rule."""
        async with self._database.read(fresh=True) as work:
            rule = await work.session.get(AlertRule, rule_id)
        if rule is None or rule.kind != "science" or WITHIN not in rule.condition:
            return None
        try:
            return await coming(self._database, rule)
        except Invalid as fault:
            return fault

    async def _escalate(self) -> int:
        """Tell again of what nobody has acknowledged in time; how many."""
        late = (
            select(Alert.id)
            .join(AlertRule, AlertRule.id == Alert.rule_id)
            .where(Alert.status == "open", Alert.escalated_at.is_(None), AlertRule.escalate_s.is_not(None))
        )
        async with self._database.read(fresh=True) as work:
            ids = list(await work.session.scalars(late))
        count = 0
        for alert_id in ids:
            async with self._database.write() as work:
                alert = await work.session.get(Alert, alert_id, with_for_update=True)
                if alert is None or alert.status != "open" or alert.escalated_at is not None:
                    continue
                rule = None if alert.rule_id is None else await work.session.get(AlertRule, alert.rule_id)
                if rule is None or rule.escalate_s is None or alert.created_at > after(-rule.escalate_s):
                    continue
                await work.alerts.escalate(alert)
                count += 1
        return count


async def try_out(
    work: Work, kind: str, condition: Mapping[str, Any], *, limit: int = 20, tenant_id: UUID | None = None
) -> Found:
    """What a rule of this condition would tell now; nothing is stored. Raises Invalid for a faulty condition.

    Of a rule on approaches it is the objects that would be watched.
    """
    if kind == "system":
        bound = read_threshold(condition)
        value = await _measure(work, bound.metric)
        return Found(int(value is not None and bound.beyond(value)), value=value)
    read = await read_filters(work, condition, tenant_id=tenant_id)
    screen = await work.analysis.current_screen()
    if screen is None:
        return Found(0)
    fitting = _objects(screen).where(*read.wanted())
    total = int(await work.session.scalar(select(func.count()).select_from(fitting.subquery())) or 0)
    rows = await work.session.execute(fitting.order_by(Assessment.rank).limit(limit))
    return Found(total, tuple(row.designation for row in rows))


async def _judge(
    work: Work, rule: AlertRule, found: tuple[str, list[Approach]] | Invalid | None = None
) -> int:
    try:
        if rule.kind == "system":
            return await _judge_system(work, rule)
        if WITHIN not in rule.condition:
            return await _judge_science(work, rule)
        if isinstance(found, Invalid):
            raise found
        if found is None:
            return 0
        state = {name: value for name, value in rule.state.items() if name != "fault"}
        rule.state = {**state, "approaches": found[0]}
        return await tell(work, rule, found[1])
    except Invalid as fault:
        told = str(fault)
        if rule.state.get("fault") != told:
            log.warning("a rule cannot be judged", rule=rule.name, reason=told)
            rule.state = {**rule.state, "fault": told}
        return 0


async def _judge_system(work: Work, rule: AlertRule) -> int:
    bound = read_threshold(rule.condition)
    value = await _measure(work, bound.metric)
    if value is None:
        return 0  # not measured is neither good nor bad: an open alert stays open
    open_alert = (await _open(work, rule)).get(None)
    if bound.beyond(value):
        if open_alert is not None or None in await _cooling(work, rule):
            return 0
        limit = f"at most {bound.most:g}" if bound.least is None else f"at least {bound.least:g}"
        told = f"{bound.metric} is {value:g}, {limit}"
        await _raise(work, rule, None, None, told, {"metric": bound.metric, "value": value})
        return 1
    if open_alert is None or not bound.settled(value):
        return 0
    await _resolve(work, rule, open_alert, f"{bound.metric} is {value:g}")
    return 1


async def _judge_science(work: Work, rule: AlertRule) -> int:
    read = await filters_of(work, rule)
    screen = await work.analysis.current_screen()
    if screen is None:
        return 0
    condition = json.dumps([rule.condition, rule.severity, read.filters], sort_keys=True)
    mark = f"{screen.id}:{hashlib.sha256(condition.encode()).hexdigest()[:16]}"
    cooling = await _cooling(work, rule)
    if rule.state.get("judged") == mark and not rule.state.get("cooling"):
        return 0
    fitting = _objects(screen).where(*read.wanted())
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
    changed += await _clear(work, rule, screen, read, is_open)
    state = {name: value for name, value in rule.state.items() if name != "fault"}
    rule.state = {**state, "judged": mark, "cooling": held_back}
    return changed


async def _clear(
    work: Work,
    rule: AlertRule,
    screen: Screen,
    read: Filters,
    is_open: Mapping[str | None, Alert],
) -> int:
    """Resolve alerts of objects that are over: those that fit ``clear``, or no longer fit the rule; how many. One that
    has left the catalogue stays open, for people to settle."""
    names = [name for name in is_open if name is not None]
    if not names:
        return 0
    known = _objects(screen).where(Assessment.designation.in_(names))
    fitting = {row.designation for row in await work.session.execute(known.where(*read.over()))}
    if read.clear is None:
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
    none that is new enough."""
    if name in QUEUE_METRICS:
        if name == "oldest_waiting_job_s":
            return await work.jobs.oldest_waiting_s()
        if name == "events_unsent":
            return float(await work.events.unsent())
        return float((await work.jobs.counts())[name.removeprefix("jobs_")])
    fresh = after(-SLOW_METRICS.get(name, FRESH_S))
    rows = [row for row in await work.metrics.latest([name]) if row.recorded_at > fresh]
    return max((row.value for row in rows), default=None)


async def _locked(work: Work) -> bool:
    return bool(
        await work.session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": JUDGE_LOCK})
    )
