"""Close approaches of the objects that a rule watches: computed once for a day and a screen, told once each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from aneos_api.approaches import LAST_YEAR, Asked, approaches
from aneos_api.clock import utc_now
from aneos_api.database.database import Database
from aneos_api.database.elements import stored_catalogue
from aneos_api.database.models import Alert, AlertRule, Assessment, CatalogueObject, Screen
from aneos_api.database.unit import Work
from aneos_api.errors import Invalid
from aneos_api.events.conditions import Filters, filters_of

MAX_WATCHED: Final = 100
"""Objects of one rule whose motion is computed: about 0.1 s each."""
JD_UNIX: Final = 2_440_587.5


@dataclass(frozen=True, slots=True)
class Approach:
    """An approach to come. The day is of TDB."""

    object_id: int
    designation: str
    body: str
    day: str
    epoch_tdb_jd: float
    distance_au: float
    speed_kms: float


async def coming(database: Database, rule: AlertRule) -> tuple[str, list[Approach]] | None:
    """A mark of what was computed, and the approaches; None where they were computed before, or there is no screen.

    Raises Invalid where the rule fits more than :data:`MAX_WATCHED` objects.
    """
    async with database.read(fresh=True) as work:
        screen = await work.analysis.current_screen()
        if screen is None:
            return None
        read = await filters_of(work, rule)
        mark = f"approach:{screen.id}:{utc_now():%Y-%m-%d}:{sorted(rule.condition.items())}"
        if rule.state.get("approaches") == mark:
            return None
        objects = await _watched(work, screen, read)
    found: list[Approach] = []
    for row in objects:
        found += await asyncio.to_thread(_of, row, read)
    return mark, found


async def tell(work: Work, rule: AlertRule, found: list[Approach]) -> int:
    """Open an alert for each approach that has none, and resolve those that have passed; how many."""
    changed = 0
    for item in found:
        _, new = await work.alerts.raise_alert(
            dedupe_key=f"rule:{rule.id}:{item.designation}:{item.body}:{item.day}",
            title=f"{rule.name}: {item.designation}",
            severity=rule.severity,
            message=f"{item.distance_au:.5f} au from the {item.body} on {item.day} at {item.speed_kms:.1f} km/s",
            tenant_id=rule.tenant_id,
            rule_id=rule.id,
            object_id=item.object_id,
            designation=item.designation,
            detail={
                "body": item.body,
                "epoch_tdb_jd": item.epoch_tdb_jd,
                "distance_au": item.distance_au,
                "speed_kms": item.speed_kms,
            },
        )
        changed += new
    rows = await work.session.scalars(
        select(Alert).where(Alert.rule_id == rule.id, Alert.status != "resolved")
    )
    now_jd = utc_now().timestamp() / 86_400 + JD_UNIX
    for alert in list(rows):
        if float(alert.detail.get("epoch_tdb_jd", now_jd)) < now_jd - 1:
            await work.alerts.resolve_found_over(alert, "the approach has passed")
            changed += 1
    return changed


async def _watched(work: Work, screen: Screen, read: Filters) -> list[CatalogueObject]:
    rows = list(
        await work.session.scalars(
            select(CatalogueObject)
            .join(Assessment, CatalogueObject.id == Assessment.object_id)
            .where(Assessment.screen_id == screen.id, *read.wanted())
            .order_by(Assessment.rank)
            .limit(MAX_WATCHED + 1)
        )
    )
    if len(rows) > MAX_WATCHED:
        raise Invalid(f"more than {MAX_WATCHED} objects fit: make the rule narrower", field="condition")
    return rows


def _of(row: CatalogueObject, read: Filters) -> list[Approach]:
    assert read.within_au is not None
    now_jd = utc_now().timestamp() / 86_400 + JD_UNIX
    this = utc_now().date()
    last = date.fromordinal(this.toordinal() + read.days)
    if last.year > LAST_YEAR:
        raise Invalid(f"approaches are computed up to {LAST_YEAR}", field="condition")
    table = stored_catalogue([row], ()).table
    items: list[dict[str, Any]] = approaches(table, Asked(this.year, last.year, read.within_au))["items"]
    return [
        Approach(
            row.id,
            row.designation,
            item["body"],
            item["date_tdb"][:10],
            item["epoch_tdb_jd"],
            item["distance_au"],
            item["speed_kms"],
        )
        for item in items
        if now_jd <= item["epoch_tdb_jd"] <= now_jd + read.days and item["distance_au"] <= read.within_au
    ]
