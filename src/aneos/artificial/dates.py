"""Julian dates as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2000, 1, 1, 12, tzinfo=UTC)
_EPOCH_JD = 2_451_545.0


def iso_date(jd: float) -> str:
    """The calendar day of a Julian date: ``1966-09-20``."""
    return _moment(jd).date().isoformat()


def iso_minute(jd: float) -> str:
    """Day and minute: ``1966-09-20 12:32``."""
    return (_moment(jd) + timedelta(seconds=30)).strftime("%Y-%m-%d %H:%M")


def julian_date(text: str) -> float:
    """The Julian date of an ISO day or moment (``2029-04-13``, ``2029-04-13T21:46``). ValueError if it is none."""
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return _EPOCH_JD + (moment - _EPOCH) / timedelta(days=1)


def _moment(jd: float) -> datetime:
    return _EPOCH + timedelta(days=float(jd) - _EPOCH_JD)
