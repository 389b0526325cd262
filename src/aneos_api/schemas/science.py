"""Assessments, objects, catalogues: the shapes shared with library and command line."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from aneos.assessment import ObjectClass
from aneos.evidence.base import Status
from aneos_api.schemas.common import Designation, Line, Page, Record, Request, Signed

Lines = Literal["orbit", "area_to_mass", "identity", "physical"]
Bounded = Annotated[float, Field(ge=-1e12, le=1e12)]


class ElementsRow(Request):
    """One orbit: osculating, heliocentric, ecliptic J2000, epoch TDB; lengths in au, angles in degrees, A1–A3 in
    au/d². Columns that aNEOS does not know are refused here, unlike in files."""

    designation: Designation
    epoch_tdb_jd: Bounded = Field(examples=[2459000.5])
    a_au: Bounded = Field(examples=[1.0413])
    e: Bounded = Field(examples=[0.0418])
    i_deg: Bounded = Field(examples=[0.1388])
    node_deg: Bounded = Field(examples=[226.87])
    peri_deg: Bounded = Field(examples=[304.07])
    mean_anomaly_deg: Bounded = Field(examples=[291.32])
    H: Bounded | None = Field(None, examples=[28.2])
    amr_m2kg: Bounded | None = None
    amr_sigma_m2kg: Bounded | None = None
    A1: Bounded | None = None
    A1_sigma: Bounded | None = None
    A2: Bounded | None = None
    A2_sigma: Bounded | None = None
    A3: Bounded | None = None
    A3_sigma: Bounded | None = None
    arc_days: Bounded | None = None
    n_obs: Annotated[int, Field(ge=0, le=10**9)] | None = None
    U: Line | None = Field(None, max_length=8)
    diameter_km: Bounded | None = None
    albedo: Bounded | None = None
    rotation_h: Bounded | None = None


class Objects(Request):
    """Which objects: designations of the catalogue, or elements of one's own."""

    designations: list[Designation] = Field(default_factory=list, max_length=50_000)
    elements: list[ElementsRow] = Field(default_factory=list, max_length=50_000)

    @model_validator(mode="after")
    def _one_of_both(self) -> Objects:
        if bool(self.designations) == bool(self.elements):
            raise ValueError("give either designations or elements")
        return self


class AssessRequest(Objects):
    """What to assess, and how."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"designations": ["2006 RH120"]}]},
    )

    depth: Literal["quick", "full"] = Field(
        "quick",
        description="quick answers at once; full (with n-body) is a batch, answered with 202",
    )
    without: list[Lines] = Field(
        default_factory=list, max_length=4, description="lines of evidence to leave out"
    )
    prior: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None


class IdentifyRequest(Objects):
    """Orbits to hold against the known artificial objects."""

    model_config = ConfigDict(
        extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [{"designations": ["2020 SO"]}]}
    )


class DeparturesRequest(Objects):
    """Orbits to carry back to 1957, and how finely."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"designations": ["2020 SO"], "clones": 200}]},
    )

    clones: Annotated[int, Field(ge=20, le=5000)] = Field(500, description="clones of each orbit")
    look_alikes: Annotated[int, Field(ge=20, le=2000)] = Field(
        200, description="natural look-alikes, for the chance of as good an agreement"
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    prior: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    name: Line = ""


class EvidenceItem(Record):
    line: str
    status: Status
    log10_bayes_factor: float
    interval: tuple[float, float] = Field(description="90% credible")
    summary: str
    inputs: dict[str, Any] = Field(default_factory=dict)


class IdentityItem(Record):
    name: str
    cospar: str | None
    chance_probability: float


class DepartureItem(Record):
    launch: str
    date: str
    score: float
    chance_probability: float


class MissingItem(Record):
    line: str
    needs: str
    decisive_on: str | None


class FoundItem(Record):
    designation: str
    name: str | None
    number: int | None
    aliases: list[str]


class AssessmentItem(Record):
    """The answer for one object. Lines that were not run are absent from ``evidence``."""

    designation: str
    rank: int | None = None
    object_class: ObjectClass = Field(alias="class", serialization_alias="class")
    probability_artificial: float
    interval: tuple[float, float]
    prior: float
    log10_bayes_factor: float
    p_value: float | None = None
    q_value: float | None = None
    verdict: str = ""
    evidence: list[EvidenceItem]
    identity: IdentityItem | None = None
    departures: list[DepartureItem] | None = None
    missing: list[MissingItem] = Field(default_factory=list)
    orbit: dict[str, Any] = Field(default_factory=dict)

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)


class RejectedItem(Record):
    line: int
    reason: str
    designation: str | None = None
    source: str | None = None


class ReportReply(Signed):
    """Assessments, and the rows that could not be used."""

    assessments: list[AssessmentItem]
    rejected: list[RejectedItem] = Field(default_factory=list)


class AssessmentRow(Record):
    """One line of a list of assessments."""

    id: int
    designation: str
    rank: int | None
    object_class: ObjectClass = Field(serialization_alias="class")
    probability_artificial: float
    prob_lo: float
    prob_hi: float
    log10_bayes_factor: float
    p_value: float | None
    q_value: float | None
    alert: bool
    v_encounter_kms: float | None
    moid_au: float | None
    factors: dict[str, Any] = Field(description="log10 Bayes factor of each line")
    verdict: str
    origin: str
    since: datetime = Field(description="since when class and Bayes factor are as they are")
    created_at: datetime


class CatalogueVersionRow(Record):
    id: UUID
    name: str
    version: str
    source: str
    sha256: str
    acknowledgement: str
    objects: int
    added: int
    changed: int
    removed: int
    current: bool
    created_at: datetime


class AsOfReply(Signed):
    """What was believed of an object at a moment. Null: nothing had been taken in, or judged, by then."""

    designation: str = Field(description="as the object is called today")
    moment: datetime
    listed: bool = Field(description="whether the catalogue listed it then")
    edition: CatalogueVersionRow | None = Field(description="of the catalogue, in force then")
    elements: dict[str, Any] = Field(description="columns of the object as they stood then")
    elements_since: datetime
    elements_until: datetime | None = Field(description="null: they hold still")
    assessment: AssessmentRow | None = Field(
        description="the catalogue's answer in force then; rank, p_value and q_value are those of the last screen that "
        "came to this answer"
    )


class EvidenceRow(Record):
    line: str
    status: Status
    log10_bayes_factor: float
    lo: float
    hi: float
    summary: str
    inputs: dict[str, Any]


class ObjectAssessment(Signed):
    """What is believed of one object."""

    assessment: AssessmentItem


class EvidenceReply(Signed):
    designation: str
    evidence: list[EvidenceRow]


class WatchRow(AssessmentRow):
    """One line of the ranked list, with the object's orbit."""

    a_au: float
    e: float
    i_deg: float
    H: float | None
    arc_days: float | None
    n_obs: int | None
    amr_m2kg: float | None
    last_observation: date | None


class StatisticsReply(Signed):
    """Of the current screen: classes, alerts, and objects by decade of P(artificial)."""

    screen: dict[str, Any] | None
    objects: int
    classes: dict[str, int]
    alerts: int
    probability: dict[str, int]


class SearchReply(Signed):
    """Objects whose designation, number, name or alias begins like the text."""

    items: list[FoundItem]


class ObjectRow(Record):
    """An object of the catalogue: osculating heliocentric elements, ecliptic J2000, epoch TDB."""

    id: int
    designation: str
    name: str | None
    number: int | None
    aliases: list[str]
    epoch_tdb_jd: float
    a_au: float
    e: float
    i_deg: float
    node_deg: float
    peri_deg: float
    mean_anomaly_deg: float
    H: float | None
    G: float | None
    U: str | None
    arc_days: float | None
    arc_is_lower_bound: bool | None
    n_obs: int | None
    n_oppositions: int | None
    last_observation: date | None
    rms_arcsec: float | None
    amr_m2kg: float | None
    amr_sigma_m2kg: float | None
    A1: float | None
    A1_sigma: float | None
    A2: float | None
    A2_sigma: float | None
    A3: float | None
    A3_sigma: float | None
    diameter_km: float | None
    albedo: float | None
    rotation_h: float | None
    source: str | None
    updated_at: datetime
    removed_at: datetime | None


class ObjectReply(Signed):
    object: ObjectRow


class KnownOrbitRow(Record):
    """One published orbit of a known artificial object, as published."""

    epoch_tdb_jd: float
    centre: str
    frame: str
    a_au: float | None
    e: float
    i_deg: float
    node_deg: float
    peri_deg: float
    mean_anomaly_deg: float | None
    q_au: float | None
    n_obs: int | None
    arc_start: date | None
    arc_end: date | None
    rms_arcsec: float | None
    H: float | None
    amr_m2kg: float | None
    amr_sigma_m2kg: float | None
    A1: float | None
    A1_sigma: float | None
    source: str


class KnownRow(Record):
    """An artificial object of the registry."""

    id: str
    name: str
    cospar: str | None
    norad: int | None
    launch_date: date | None
    kind: str
    status: str
    regime: str
    manoeuvring: bool
    ends: date | None
    aliases: list[str]
    withdrawn_designations: list[str]
    note: str
    source: str


class KnownObjectReply(Signed):
    object: KnownRow
    orbits: list[KnownOrbitRow]


AssessmentPage = Page[AssessmentRow]
