"""Clients that talk to a server on this machine, with waits of milliseconds."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from aneos.archives import Addresses, Archives
from aneos.archives.fair_use import FairUse
from aneos.archives.patience import Patience
from tests.archives.server import ArchiveServer, running_server

QUICK = Patience(
    attempts=2, backoff_s=0.002, read_timeout_s=10.0, connect_timeout_s=10.0, retry_after_cap_s=0.01
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked ``live``, saying why, unless they are asked for."""
    if os.environ.get("ANEOS_LIVE") == "1":
        return
    for item in items:
        if item.get_closest_marker("live") is not None:
            item.add_marker(pytest.mark.skip(reason="asks the real archives: set ANEOS_LIVE=1"))


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def addresses(server: ArchiveServer) -> Addresses:
    url = server.url
    return Addresses(f"{url}/jpl", f"{url}/ssd", f"{url}/mpc", f"{url}/data", f"{url}/neodys")


@pytest.fixture
async def archives(tmp_path: Path, addresses: Addresses) -> AsyncIterator[Archives]:
    async with Archives(tmp_path / "cache", addresses=addresses, patience=QUICK) as clients:
        for provider in clients.fetcher.providers.values():
            provider.fair_use = FairUse(1, 0.0, "a server of our own")
        yield clients
