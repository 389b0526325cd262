"""Lock-out of names that nobody bears, so that it tells nothing about which names exist.

Accounts keep their failed log-ins in the database. A name without an account is locked in the same way, but in memory.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from aneos_api.security.keys import digest

MAX_NAMES: Final = 10_000


class PhantomLocks:
    """Failed log-ins of unknown names: ``attempts`` of them lock the name for ``lock_s`` seconds."""

    def __init__(self, *, attempts: int, lock_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._attempts = attempts
        self._lock_s = lock_s
        self._clock = clock
        self._names: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def locked_for(self, name: str) -> float:
        """Seconds for which the name is locked; 0 where it is not."""
        return max(0.0, self._names.get(digest(name), (0, 0.0))[1] - self._clock())

    def failed(self, name: str) -> None:
        """Count a failed log-in."""
        key = digest(name)
        count = self._names.pop(key, (0, 0.0))[0] + 1
        locked = count >= self._attempts
        self._names[key] = (0, self._clock() + self._lock_s) if locked else (count, 0.0)
        if len(self._names) > MAX_NAMES:
            self._names.popitem(last=False)
