"""Where known artificial objects stand on the sky, and when they come back."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from aneos_api.schemas.common import Record, Signed


class SkyPoint(Record):
    """A place on the sky at one time: astrometric (ICRF, corrected for light time); null where it is not known."""

    time_utc: str = Field(examples=["2026-04-13T21:46:00Z"])
    jd_utc: float
    ra_deg: float | None
    dec_deg: float | None
    range_au: float | None
    range_rate_kms: float | None
    ra_rate_arcsec_min: float | None = Field(description="times the cosine of the declination")
    dec_rate_arcsec_min: float | None
    sun_distance_au: float | None
    elongation_deg: float | None
    phase_deg: float | None
    V: float | None
    sigma_major_arcsec: float | None = Field(description="1σ along the longer axis of the ellipse on the sky")
    sigma_minor_arcsec: float | None
    sigma_angle_deg: float | None = Field(description="of the longer axis, from north through east")
    sigma_range_km: float | None
    fit_epoch_tdb_jd: float | None = Field(description="epoch of the published orbit behind this place")
    reason: str = Field(description="why there is no place at this time; empty where there is one")


class EphemerisReply(Signed):
    """The places of one object; ``missing`` says what is not known of it at all."""

    object_id: str
    name: str
    cospar: str | None
    observer: dict[str, str | None] = Field(description="code and name of the observatory")
    frame: str
    H: float | None
    missing: list[str]
    orbits: list[str] = Field(description="published orbits that were used")
    provenance: dict[str, Any]
    points: list[SkyPoint]


class ReturnItem(Record):
    """One approach of one object. Low and high are the 5th and 95th percentile of the clones that make it."""

    object_id: str
    name: str
    cospar: str | None
    time_utc: str
    epoch_tdb_jd: float
    sigma_days: float
    distance_au: float
    distance_low_au: float
    distance_high_au: float
    speed_kms: float
    v_inf_kms: float | None
    captured: bool
    V: float | None
    elongation_deg: float | None
    fraction: float = Field(description="share of the clones that make this approach")


class NotFollowed(Record):
    """An object whose returns are not known to the end of the calendar, and why."""

    object_id: str
    name: str
    status: str
    reason: str
    followed_until_tdb_jd: float | None


class ReturnsReply(Signed):
    """Returns to the Earth between two years, in order of time, with what is not followed."""

    from_year: int
    until_year: int
    provenance: dict[str, Any]
    approaches: list[ReturnItem]
    not_followed: list[NotFollowed]
