"""When to try again, and when to leave an archive alone."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aneos.archives import fair_use


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how soon a request is tried again (see :mod:`aneos.archives.fair_use` for the reasons)."""

    attempts: int = fair_use.ATTEMPTS
    backoff_s: float = fair_use.BACKOFF_S
    backoff_cap_s: float = fair_use.BACKOFF_CAP_S
    retry_after_cap_s: float = fair_use.RETRY_AFTER_CAP_S
    connect_timeout_s: float = fair_use.CONNECT_TIMEOUT_S
    read_timeout_s: float = fair_use.READ_TIMEOUT_S

    def wait_s(self, failures: int, retry_after_s: float | None = None) -> float:
        """Seconds to wait after so many failures in a row: doubling, with jitter, and at least what was asked."""
        longest = min(self.backoff_s * 2.0 ** (failures - 1), self.backoff_cap_s)
        own = longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not cryptography
        return max(own, retry_after_s or 0.0)


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a ``Retry-After`` header asks to wait, given as a number or an HTTP date; None without one."""
    text = (header or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


@dataclass(slots=True)
class CircuitBreaker:
    """Leaves a provider alone after ``threshold`` failures in a row, for ``open_s`` seconds; then one try decides."""

    threshold: int = fair_use.BREAKER_FAILURES
    open_s: float = fair_use.BREAKER_OPEN_S
    clock: Callable[[], float] = time.monotonic
    failures: int = field(default=0, init=False)
    opened_at: float | None = field(default=None, init=False)

    def closed_in_s(self) -> float:
        """Seconds until a try is allowed; 0 when it is allowed now."""
        if self.opened_at is None:
            return 0.0
        return max(0.0, self.opened_at + self.open_s - self.clock())

    def succeeded(self) -> None:
        self.failures, self.opened_at = 0, None

    def failed(self) -> None:
        """Count a failure. After an open spell a single further one opens the breaker again."""
        self.failures += 1
        if self.failures >= self.threshold:
            self.opened_at = self.clock()

    def resume(self, failures: int, open_s: float) -> None:
        """Go on where another process stood: so many failures in a row, and left alone for ``open_s`` more seconds."""
        self.failures = failures
        self.opened_at = self.clock() + open_s - self.open_s if open_s > 0.0 else None
