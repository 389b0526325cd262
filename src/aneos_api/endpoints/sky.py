"""``catalogue/artificial/…/ephemeris`` and ``…/returns``: where the registry's objects are, and when they come back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Path, Query

from aneos.artificial.known import KnownObject
from aneos_api.clock import utc_now
from aneos_api.dependencies import Ctx, Reader, cached
from aneos_api.errors import Invalid, Unavailable
from aneos_api.schemas.common import Identifier
from aneos_api.schemas.sky import EphemerisReply, NotFollowed, ReturnItem, ReturnsReply, SkyPoint
from aneos_api.science import known_object

router = APIRouter(prefix="/api/v1/catalogue/artificial", tags=["catalogue"])

FIRST_YEAR: Final = 2026
LAST_YEAR: Final = 2059
"""Years of the shipped calendar of returns."""
EARLIEST: Final = 1957
LATEST: Final = 2099
UNIX_EPOCH_JD: Final = 2_440_587.5
DAY_S: Final = 86_400.0

Year = Annotated[int, Query(ge=FIRST_YEAR, le=LAST_YEAR)]


@router.get(
    "/returns",
    operation_id="catalogue_artificial_returns",
    dependencies=[cached(permission=None, ttl_s=300.0)],
)
async def artificial_returns(
    who: Reader,
    ctx: Ctx,
    from_year: Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="now by default")] = None,
    until_year: Year = LAST_YEAR,
    within_au: Annotated[float, Query(gt=0.0, le=0.1, description="from the Earth")] = 0.1,
) -> ReturnsReply:
    """Returns of known artificial objects to the Earth, from the calendar that ships with aNEOS, with the spread of
    its clones. Without ``from_year`` it begins now."""
    now = utc_now()
    begin = now.year if from_year is None else from_year
    if until_year < begin:
        raise Invalid("lies before from_year", field="until_year")
    since = _jd(now) if from_year is None else _new_year(from_year)
    calendar = await ctx.science.run(_calendar)
    if calendar is None:
        raise Unavailable("The calendar of returns belongs to other tables of the registry", retry_after=3600)
    found = calendar.between(since, _new_year(until_year + 1))
    items = [
        ReturnItem(object_id=item.object_id, name=item.name, cospar=item.cospar, **_own(approach))
        for item in found.objects
        for approach in item.approaches
        if approach.distance_au <= within_au
    ]
    return ReturnsReply(
        from_year=begin,
        until_year=until_year,
        provenance=found.provenance,
        approaches=sorted(items, key=lambda item: item.epoch_tdb_jd),
        not_followed=[
            NotFollowed.model_validate(item) for item in found.objects if item.status != "followed"
        ],
    )


@router.get(
    "/{id}/ephemeris",
    operation_id="catalogue_artificial_ephemeris",
    dependencies=[cached(permission=None, ttl_s=60.0)],
)
async def artificial_ephemeris(
    id: Annotated[Identifier, Path()],
    who: Reader,
    ctx: Ctx,
    start: Annotated[datetime | None, Query(description="with time zone; now by default")] = None,
    days: Annotated[float, Query(ge=0.0, le=3660.0, description="from first to last place")] = 0.0,
    rows: Annotated[int, Query(ge=1, le=1000)] = 1,
    observer: Annotated[
        str, Query(pattern=r"^[0-9A-Za-z]{3}$", description="observatory code of the MPC; 500: geocentre")
    ] = "500",
) -> EphemerisReply:
    """Where an object stands on the sky, how bright, and how surely: clones of its published orbit carried by n-body
    integration."""
    known = known_object(id)
    first = utc_now() if start is None else start
    if first.tzinfo is None:
        raise Invalid("needs a time zone, as in 2026-01-01T00:00:00Z", field="start")
    if not EARLIEST <= first.year < LATEST:
        raise Invalid(f"must lie between {EARLIEST} and {LATEST}", field="start")
    times = _jd(first) + np.linspace(0.0, days, rows)
    if times[-1] > _new_year(LATEST):
        raise Invalid(f"reaches beyond {LATEST}", field="days")
    told = await ctx.science.run(lambda: _places(known, times, observer))
    points = [SkyPoint.model_validate(point) for point in told.pop("points")]
    return EphemerisReply.model_validate({**told, "points": points})


def _places(known: KnownObject, times: np.ndarray[Any, Any], observer: str) -> dict[str, Any]:
    from aneos.artificial.ephemerides import ephemeris

    return ephemeris(known, times, observer=observer, threads=1).to_dict()


def _calendar() -> Any:
    from aneos.artificial.build_returns import bundled_returns

    return bundled_returns()


def _own(approach: Any) -> dict[str, Any]:
    return {name: value for name, value in approach.to_dict().items() if name in ReturnItem.model_fields}


def _jd(moment: datetime) -> float:
    return moment.timestamp() / DAY_S + UNIX_EPOCH_JD


def _new_year(year: int) -> float:
    return _jd(datetime.fromisoformat(f"{year}-01-01T00:00:00+00:00"))
