"""What the archives ask of their users, and how patient aNEOS is: every limit has a name and a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FairUse:
    """``concurrent`` requests at most at a time, their starts at least ``interval_s`` seconds apart."""

    concurrent: int
    interval_s: float
    reason: str


JPL_FAIR_USE: Final = FairUse(
    1,
    0.0,
    "JPL's SSD/CNEOS services allow one request at a time from one address, over all services together",
)
MPC_FAIR_USE: Final = FairUse(
    1, 1.0, "the MPC publishes no number; one request at a time, a second apart, is far below any harm"
)
NEODYS_FAIR_USE: Final = FairUse(
    1, 1.0, "NEODyS publishes no number; it is one university server: one request at a time, a second apart"
)

CONNECT_TIMEOUT_S: Final = 10.0
"""Longest wait for a connection. A reachable archive answers in under a second."""

READ_TIMEOUT_S: Final = 120.0
"""Longest silence within a reply. JPL's query of all near-Earth asteroids computes for tens of seconds first."""

ATTEMPTS: Final = 4
"""Tries of one request, the first included: with the waits below they bridge a restart, not an outage."""

BACKOFF_S: Final = 1.0
"""Wait before the second try; it doubles with each further one. The wait taken is random, between half of it and
all of it, so that many clients do not come back at the same instant."""

BACKOFF_CAP_S: Final = 30.0
"""Longest wait of our own choosing between two tries."""

RETRY_AFTER_CAP_S: Final = 120.0
"""Longest ``Retry-After`` that is waited for; for a longer one the request ends at once and says so."""

BREAKER_FAILURES: Final = 5
"""Failed tries in a row after which a provider is left alone."""

BREAKER_OPEN_S: Final = 60.0
"""How long it is left alone; then a single try decides."""

LOCK_TIMEOUT_S: Final = 600.0
"""Longest wait for another aNEOS process on this machine that talks to the same provider."""

MAX_REPLY_BYTES: Final = 1 << 28
"""Largest reply taken, unpacked by HTTP. The MPC's extended list has 5 MiB packed, JPL's table of NEAs some 20."""

HOUR_S: Final = 3600.0
DAY_S: Final = 24 * HOUR_S

LIST_MAX_AGE_S: Final = 6 * HOUR_S
"""How long a whole catalogue from the cache counts as new: both archives renew theirs about once a day."""

OBJECT_MAX_AGE_S: Final = 12 * HOUR_S
"""How long the record of one object counts as new."""

EPHEMERIS_MAX_AGE_S: Final = 7 * DAY_S
"""How long a trajectory counts as new: JPL's solutions change when new observations come in."""

NIGHT_MAX_AGE_S: Final = 300.0
"""How long the confirmation page and Scout count as new: they change within minutes."""
