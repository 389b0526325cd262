"""Jobs, batches, observation sets, exports, backups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from aneos_api.schemas.common import JsonMap, Line, Record, Request, Signed
from aneos_api.schemas.science import Lines, Objects

WorkState = Literal["queued", "running", "succeeded", "failed", "cancelled", "expired"]


class JobRow(Record):
    id: UUID
    task: str
    status: Literal["queued", "running", "succeeded", "dead", "cancelled"]
    priority: int
    attempts: int
    max_attempts: int
    progress_done: int
    progress_total: int | None
    progress_text: str
    result: dict[str, Any] | None
    error: str | None
    cancel_requested: bool
    available_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    worker: str | None
    batch_id: UUID | None
    created_at: datetime


class JobReply(Signed):
    job: JobRow


class BatchCreate(Objects):
    """Many objects to assess in the background."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"designations": ["99942", "2006 RH120"], "name": "two to look at"}]},
    )

    name: Line = ""
    depth: Literal["quick", "full"] = Field(
        "quick", description="full also traces back to the launches what stays undecided: a minute for each"
    )
    without: list[Lines] = Field(default_factory=list, max_length=4)
    prior: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None


class BatchRow(Record):
    id: UUID
    name: str
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    options: dict[str, Any]
    total: int
    succeeded: int
    failed: int
    cancelled: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class BatchReply(Signed):
    batch: BatchRow


class BatchItemRow(Record):
    position: int
    designation: str
    status: Literal["pending", "succeeded", "failed", "cancelled"]
    object_class: str | None = Field(serialization_alias="class")
    probability_artificial: float | None
    result: dict[str, Any] | None
    error: str | None
    finished_at: datetime | None


class ObservationSetShort(Record):
    id: UUID
    name: str
    designation: str | None
    format: Literal["mpc80", "ades-psv", "ades-xml"]
    sha256: str
    n_obs: int | None
    status: WorkState
    error: str | None
    job_id: UUID | None
    created_at: datetime


class ObservationSetRow(ObservationSetShort):
    result: dict[str, Any] | None = Field(description="fits and assessments, as `aneos fit` gives them")


class ObservationSetReply(Signed):
    observation_set: ObservationSetRow


class ExportCreate(Request):
    """A file of a list: the filters and the order are those of the list itself."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "watchlist", "format": "votable"}]},
    )

    kind: Line = Field(examples=["watchlist"])
    format: Literal["csv", "json", "parquet", "votable"] = "csv"
    query: JsonMap = Field(default_factory=dict, description="filters of the list, and sort")


class ExportRow(Record):
    id: UUID
    kind: str
    format: Literal["csv", "json", "parquet", "votable"]
    query: dict[str, Any]
    status: WorkState
    rows: int | None
    size_bytes: int | None
    sha256: str | None
    error: str | None
    expires_at: datetime | None
    job_id: UUID | None
    created_at: datetime


class ExportReply(Signed):
    export: ExportRow


class BackupRow(Record):
    id: UUID
    engine: str
    status: WorkState
    size_bytes: int | None
    sha256: str | None
    encrypted: bool
    revision: str | None
    row_counts: dict[str, Any] | None
    error: str | None
    job_id: UUID | None
    created_at: datetime
    finished_at: datetime | None


class RestoreRequest(Request):
    """Where to: a name for the new database, which the backup is restored into. The running one is not touched."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "restored"}]})

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


class BackupReply(Signed):
    backup: BackupRow


class SyncRequest(Request):
    """Where to renew the catalogue from: ``bundled`` takes in and screens the list that ships with aNEOS; ``mpc`` and
    ``sbdb`` ask the archive for its list of today, take in what is new or changed, and screen."""

    source: Literal["bundled", "mpc", "sbdb"] = "bundled"
