"""Calendar dates of the observation formats as Julian dates, and back."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from typing import Final

JD_OF_ORDINAL_ZERO: Final = 1_721_424.5
ISO_TIME: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d(?:\.\d*)?))?Z?)?", re.ASCII)


def julian_date(year: int, month: int, day: float) -> float:
    """Julian date of a Gregorian date with a fractional day. Raises ValueError for a date that does not exist."""
    whole = math.floor(day)
    return date(year, month, whole).toordinal() + JD_OF_ORDINAL_ZERO + (day - whole)


def julian_date_of_iso(text: str) -> float:
    """Julian date of "YYYY-MM-DDThh:mm:ss.sssZ" (the time may end anywhere after the date). Raises ValueError."""
    match = ISO_TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time of the form YYYY-MM-DDThh:mm:ss.sssZ")
    year, month, day, hour, minute = (int(part or 0) for part in match.groups()[:5])
    second = float(match.group(6) or 0.0)
    if hour > 23 or minute > 59 or second >= 61.0:
        raise ValueError(f"the clock reading in {text!r} does not exist")
    return julian_date(year, month, day) + (hour * 3600.0 + minute * 60.0 + second) / 86400.0


def iso_time(jd: float) -> str:
    """ISO 8601 text (UTC, milliseconds) of a Julian date of the years 1 to 9999."""
    ordinal = math.floor(jd - JD_OF_ORDINAL_ZERO)
    milliseconds = round((jd - JD_OF_ORDINAL_ZERO - ordinal) * 86_400_000)
    day = date.fromordinal(ordinal) + timedelta(days=milliseconds // 86_400_000)
    seconds, milli = divmod(milliseconds % 86_400_000, 1000)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milli:03d}"
    return f"{day.isoformat()}T{clock}Z"
