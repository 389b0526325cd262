"""Learned models, predictions, experiments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from aneos_api.schemas.common import Name, Prose, Record, Request, Signed


class ModelRow(Record):
    id: UUID
    name: str
    version: str
    algorithm: str
    stage: Literal["candidate", "challenger", "champion", "retired"]
    features: list[str]
    parameters: dict[str, Any]
    metrics: dict[str, Any]
    training_data: dict[str, Any]
    artefact_sha256: str | None
    activated_at: datetime | None
    created_at: datetime


class ModelReply(Signed):
    model: ModelRow


class ModelMetricsReply(Signed):
    model_id: UUID
    metrics: dict[str, Any]
    training_data: dict[str, Any]


class PredictionRow(Record):
    id: int
    model_id: UUID
    experiment_id: UUID | None
    arm: str | None
    designation: str
    score: float = Field(description="the higher, the more artificial")
    probability: float | None
    prob_lo: float | None
    prob_hi: float | None
    label: str | None
    created_at: datetime


class ArmItem(Request):
    name: Name
    model_id: UUID
    share: Annotated[float, Field(gt=0.0, le=1.0)]


class ExperimentCreate(Request):
    """Models side by side, each for its share of requests; the shares add up to 1."""

    name: Name
    description: Prose = ""
    metric: Name = "log_score"
    arms: list[ArmItem] = Field(min_length=1, max_length=10)


class ArmRow(Record):
    name: str
    model_id: UUID
    share: float


class ExperimentRow(Record):
    id: UUID
    name: str
    description: str
    status: Literal["draft", "running", "stopped", "concluded"]
    metric: str
    results: dict[str, Any] | None
    started_at: datetime | None
    ended_at: datetime | None
    created_at: datetime


class ExperimentReply(Signed):
    experiment: ExperimentRow
    arms: list[ArmRow]
