"""Approaches, launches: how things move and where they came from."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from aneos_api.schemas.common import Record, Signed


class ApproachItem(Record):
    """The nearest point of one passage. Times are TDB; distances from the centre of the body."""

    body: Literal["Earth", "Moon"]
    kind: Literal["minimum", "end", "collision"] = Field(
        description="minimum of the distance; end: nearest where the span ends; collision: the surface was reached"
    )
    date_tdb: str = Field(examples=["2029-04-13T21:46:00.000"])
    epoch_tdb_jd: float
    distance_km: float
    distance_au: float
    speed_kms: float = Field(description="relative to the body at that moment")
    bound: bool = Field(description="whether the two-body energy relative to the body is negative")


class ApproachesReply(Signed):
    """From the nominal orbit; a poor orbit (large ``U``) makes far dates uncertain."""

    designation: str
    from_year: int
    until_year: int
    within_au: float
    U: str | None = Field(description="the MPC's uncertainty parameter of the orbit; null where not given")
    approaches: list[ApproachItem]
    ended: list[str] = Field(description="why the list ends before the span does, where it does")
    engine: str | None
    forces: dict[str, Any] | None


class LaunchRow(Record):
    """One launch beyond the Earth (GCAT, J. McDowell, CC BY 4.0)."""

    launch: str
    date: str
    jd_utc: float
    vehicle: str
    stages: str | None
    payload: str | None
    mission: str | None
    site: str | None
    regime: Literal["escape", "distant"]
    c3_km2s2: float | None = Field(
        description="twice the specific energy of the first published conic; null where none is published"
    )
    inclination_deg: float | None
    source: str
