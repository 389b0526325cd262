"""Candidate observations from a topic of a real broker: fitted and assessed, once in effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest_asyncio
from sqlalchemy import delete, func, select

from aneos_api.database import Database
from aneos_api.database.models import Assessment, Duty, ObservationSet, OutboxEvent, ReceivedMessage
from aneos_api.database.types import uuid7
from aneos_api.ending import end
from aneos_api.events.intake import Candidate, Intake
from aneos_api.jobs import Worker
from aneos_api.settings import EventSettings
from tests.api.endpoints.conftest import make_settings
from tests.api.events.broker import Broker

HEADER = "# version=2017\nprovID |mode|stn |obsTime |ra |dec |rmsRA|rmsDec|astCat|mag |band\n"
LINES = (
    # 2016 CQ18: the first two are the example of the IAU's ADES description, as in tests/astrometry/lines.py
    "2016 CQ18|CCD|568|2016-02-04T10:13:11.52Z|131.5467083|18.1953333|0.15|0.12|2MASS|21.34|R\n",
    "2016 CQ18|CCD|568|2016-02-04T10:24:17.63Z|131.5436250|18.1963889|0.15|0.12|2MASS|21.30|R\n",
)
WHOLE = HEADER + "".join(LINES)


@pytest_asyncio.fixture(loop_scope="session")
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with Broker(tmp_path) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def owner(database: Database) -> tuple[str, UUID]:
    """Short name and id of a new organisation."""
    slug = f"survey-{uuid7().hex[-10:]}"
    async with database.write() as work:
        await work.session.execute(delete(Duty))
        tenant = await work.tenants.create(slug=slug, name="Survey")
    return slug, tenant.id


def intake(database: Database, broker: str, topic: str, owner: str) -> Intake:
    settings = EventSettings(
        kafka_servers=(broker,), kafka_observations=topic, kafka_observations_tenant=owner
    )
    return Intake(database, settings, lease_s=2.0)


async def sets(database: Database, tenant: UUID) -> list[ObservationSet]:
    async with database.read(fresh=True) as work:
        found = select(ObservationSet).where(ObservationSet.tenant_id == tenant).order_by(ObservationSet.id)
        return list(await work.session.scalars(found))


async def test_each_message_has_its_effect_once_though_consumers_die_and_senders_repeat(
    database: Database, broker: Broker, owner: tuple[str, UUID]
) -> None:
    slug, tenant = owner
    topic = f"in-{slug}"
    first = [(f"c{n}", WHOLE.replace("2016 CQ18", f"2016 CQ{n}")) for n in range(12)]
    await broker.put(topic, *first[:7])
    task = asyncio.create_task(intake(database, broker.address, topic, slug).run())
    await until(database, tenant, 1)
    await end([task])  # wherever it is; its duty is not given up
    await broker.put(topic, *first[3:], (None, "this is no astrometry"), ("c1", WHOLE))
    task = asyncio.create_task(intake(database, broker.address, topic, slug).run())
    try:
        await until(database, tenant, 13)
        async with asyncio.timeout(40):
            while len(await refused(database, tenant)) < 1:
                await asyncio.sleep(0.05)
    finally:
        await end([task])
    assert sorted(row.name for row in await sets(database, tenant)) == sorted(
        [*(f"c{n}" for n in range(12)), "c1"]
    )
    (event,) = await refused(database, tenant)
    assert "observations were expected" in event.payload["reason"]
    async with database.read(fresh=True) as work:
        count = (
            select(func.count())
            .select_from(ReceivedMessage)
            .where(ReceivedMessage.source == f"kafka:{topic}")
        )
        assert await work.session.scalar(count) == 14


async def test_what_came_in_is_fitted_assessed_and_told(
    database: Database, owner: tuple[str, UUID], tmp_path: Path
) -> None:
    slug, tenant = owner
    taking = intake(database, "127.0.0.1:1", "topic", slug)
    message = Candidate("topic", 0, 41, "one", "2016 CQ18", "0" * 64, WHOLE, "ades-psv", None)
    made = await taking.take(message)
    assert made is not None
    assert await taking.take(message) is None, "the same message again"
    assert await Worker(database, make_settings(tmp_path)).run_until_idle() >= 1
    ((found,),) = [await sets(database, tenant)]
    assert (found.id, found.status, found.n_obs) == (made, "succeeded", 2), found.error
    async with database.read(fresh=True) as work:
        assert await work.streams.position("kafka in:topic:0") == 41
        rows = list(
            await work.session.scalars(select(Assessment).where(Assessment.observation_set_id == made))
        )
        told = list(
            await work.session.scalars(
                select(OutboxEvent).where(
                    OutboxEvent.tenant_id == tenant, OutboxEvent.kind == "observations.assessed"
                )
            )
        )
    assert found.result is not None
    assert [event.payload["designation"] for event in told] == [row.designation for row in rows]
    assert rows or found.result["failures"], "an orbit or the reason why there is none"


async def until(database: Database, tenant: UUID, count: int) -> None:
    async with asyncio.timeout(60):
        while len(await sets(database, tenant)) < count:
            await asyncio.sleep(0.02)


async def refused(database: Database, tenant: UUID) -> list[OutboxEvent]:
    async with database.read(fresh=True) as work:
        found = select(OutboxEvent).where(
            OutboxEvent.tenant_id == tenant, OutboxEvent.kind == "observations.refused"
        )
        return list(await work.session.scalars(found))
