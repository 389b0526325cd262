"""The institutions behind the archives: their addresses, and the turn that a request waits for.

Another address (a mirror, a proxy, a test server) can be set in the environment: ``ANEOS_JPL_URL``,
``ANEOS_HORIZONS_URL``, ``ANEOS_MPC_URL``, ``ANEOS_MPC_DATA_URL``, ``ANEOS_NEODYS_URL``.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from aneos.archives import fair_use
from aneos.archives.errors import NotAsked
from aneos.archives.fair_use import LOCK_TIMEOUT_S, FairUse
from aneos.archives.patience import CircuitBreaker

ProviderName = Literal["jpl", "mpc", "neodys"]

FAIR_USE: Final[dict[ProviderName, FairUse]] = {
    "jpl": fair_use.JPL_FAIR_USE,
    "mpc": fair_use.MPC_FAIR_USE,
    "neodys": fair_use.NEODYS_FAIR_USE,
}
LOCK_POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the archives are. Each ends without a slash."""

    jpl: str = "https://ssd-api.jpl.nasa.gov"
    horizons: str = "https://ssd.jpl.nasa.gov/api"
    mpc: str = "https://www.minorplanetcenter.net"
    mpc_data: str = "https://data.minorplanetcenter.net/api"
    neodys: str = "https://newton.spacedys.com/~neodys2"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Addresses:
        """The public addresses, save those that the environment replaces."""
        given = {name: environment.get(f"ANEOS_{name.upper()}_URL", "").rstrip("/") for name in cls.__slots__}
        return cls(**{name: url for name, url in given.items() if url})


@dataclass(slots=True)
class Provider:
    """Takes turns: requests to one institution wait for each other, in this process and among processes."""

    name: ProviderName
    lock_folder: Path
    fair_use: FairUse
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    lock_timeout_s: float = LOCK_TIMEOUT_S
    _started_at: float = field(default=float("-inf"), init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @asynccontextmanager
    async def turn(self, service: str) -> AsyncIterator[None]:
        """Hold the one place at this provider. Raises NotAsked when it is not had in time."""
        async with self._turn:
            descriptor = await self._lock_among_processes(service)
            try:
                pause = self._started_at + self.fair_use.interval_s - time.monotonic()
                if pause > 0.0:
                    await asyncio.sleep(pause)
                self._started_at = time.monotonic()
                yield
            finally:
                os.close(descriptor)

    async def _lock_among_processes(self, service: str) -> int:
        self.lock_folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.lock_folder / f"{self.name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + self.lock_timeout_s
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        reason = f"not asked: another process has been talking to it for {self.lock_timeout_s:.0f} s"
                        raise NotAsked(service, reason) from None
                    await asyncio.sleep(LOCK_POLL_S)
                else:
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
