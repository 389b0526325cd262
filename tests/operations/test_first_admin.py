"""Several processes that meet an empty database at once: one makes the first administrator, the others go on."""

from __future__ import annotations

import asyncio

from aneos_api.database import Database
from aneos_api.first_admin import make_first_admin
from aneos_api.security.passwords import Passwords
from aneos_api.settings import SecuritySettings


async def test_one_of_many_makes_it_and_nobody_fails(migrated_url: str) -> None:
    passwords = Passwords(memory_kib=8192, time_cost=1)
    databases = [Database(migrated_url) for _ in range(6)]
    told: list[str] = []
    try:
        made = await asyncio.gather(
            *(make_first_admin(item, passwords, SecuritySettings(), told.append) for item in databases)
        )
    finally:
        for item in databases:
            await item.close()
    assert sorted(made) == [False] * 5 + [True]
    assert len(told) == 1
