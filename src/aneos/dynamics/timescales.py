"""UTC and TDB Julian dates, by the table of leap seconds (IERS Bulletin C), without any kernel.

TDB minus TT is kept below 2 ms by its largest term, 1.66 ms sin g (Fairhead & Bretagnon 1990, A&A 229, 240); the rest
is 50 microseconds. Before 1972 UTC had no leap seconds but drifted; it is taken as 10 s behind TAI there, which is
wrong by up to 10 s in the 1960s. After the last announced leap second none is supposed.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_DAY_S: Final = 86_400.0
TT_MINUS_TAI_S: Final = 32.184
LEAPS: Final = (
    (2_441_317.5, 10), (2_441_499.5, 11), (2_441_683.5, 12), (2_442_048.5, 13), (2_442_413.5, 14),
    (2_442_778.5, 15), (2_443_144.5, 16), (2_443_509.5, 17), (2_443_874.5, 18), (2_444_239.5, 19),
    (2_444_786.5, 20), (2_445_151.5, 21), (2_445_516.5, 22), (2_446_247.5, 23), (2_447_161.5, 24),
    (2_447_892.5, 25), (2_448_257.5, 26), (2_448_804.5, 27), (2_449_169.5, 28), (2_449_534.5, 29),
    (2_450_083.5, 30), (2_450_630.5, 31), (2_451_179.5, 32), (2_453_736.5, 33), (2_454_832.5, 34),
    (2_456_109.5, 35), (2_457_204.5, 36), (2_457_754.5, 37),
)  # fmt: skip
"""UTC Julian date from which TAI - UTC has this many seconds."""

_FROM: Final = np.array([day for day, _ in LEAPS])
_SECONDS: Final = np.array([LEAPS[0][1], *(seconds for _, seconds in LEAPS)], dtype=np.float64)


def utc_to_tdb_jd(utc_jd: npt.ArrayLike) -> FloatArray:
    """TDB Julian dates of UTC ones; double precision leaves 40 microseconds."""
    utc = np.asarray(utc_jd, dtype=np.float64)
    tt = utc + (_leap_seconds(utc) + TT_MINUS_TAI_S) / _DAY_S
    return np.asarray(tt + _tdb_minus_tt_s(tt) / _DAY_S)


def tdb_to_utc_jd(tdb_jd: npt.ArrayLike) -> FloatArray:
    """UTC Julian dates of TDB ones; within a leap second that of the second after it."""
    tdb = np.asarray(tdb_jd, dtype=np.float64)
    tai = tdb - (_tdb_minus_tt_s(tdb) + TT_MINUS_TAI_S) / _DAY_S
    first = tai - _leap_seconds(tai) / _DAY_S
    return np.asarray(tai - _leap_seconds(first + 1e-9) / _DAY_S)


def _leap_seconds(utc_jd: FloatArray) -> FloatArray:
    return np.asarray(_SECONDS[np.searchsorted(_FROM, utc_jd, side="right")])


def _tdb_minus_tt_s(tt_jd: FloatArray) -> FloatArray:
    anomaly = np.radians(357.53 + 0.985_600_28 * (tt_jd - 2_451_545.0))
    return np.asarray(0.001_657 * np.sin(anomaly) + 0.000_014 * np.sin(2.0 * anomaly))
