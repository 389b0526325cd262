"""Learned models, predictions, experiments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from aneos_api.schemas.common import Line, Name, Prose, Record, Request, Signed
from aneos_api.schemas.science import Objects, RejectedItem


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
    score: float = Field(description="log10 Bayes factor; the higher, the more artificial")
    probability: float | None = Field(description="P(artificial) by the orbit alone")
    created_at: datetime


class PredictRequest(Objects):
    """What to predict: the model that answers is the champion (or the arm of a running experiment) unless named."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"designations": ["2006 RH120"], "explain": True}]},
    )

    model_id: UUID | None = None
    prior: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    explain: bool = Field(False, description="with the contribution of every feature")


class PredictBatchRequest(PredictRequest):
    """Many objects in the background."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"designations": ["99942", "2006 RH120"], "name": "two to look at"}]},
    )

    name: Line = ""


class Contribution(Record):
    feature: str
    value: float | None
    unit: str
    contribution: float = Field(description="Shapley value in dex of the score")
    reason: str


class ExplanationItem(Record):
    """``expected`` and the contributions of all features add up to ``score``, the log10 ratio before calibration."""

    designation: str
    model: str
    probability: float
    score: float
    expected: float
    contributions: list[Contribution]
    summary: str


class PredictionItem(Record):
    """What a model says of one object, from its orbit alone."""

    designation: str
    model_id: UUID
    model: str = Field(description="version of the model")
    experiment_id: UUID | None
    arm: str | None
    probability_artificial: float
    log10_bayes_factor: float
    conformal_p: float = Field(description="chance that a catalogued object scores as artificial as this")
    anomaly: float = Field(description="the higher, the less like the catalogue")
    anomaly_p: float
    features: dict[str, float | None] = Field(description="the numbers that went in; null where unknown")
    explanation: ExplanationItem | None


class PredictReply(Signed):
    predictions: list[PredictionItem]
    rejected: list[RejectedItem]


class FeatureItem(Record):
    name: str
    value: float | None
    unit: str
    group: str
    reason: str = Field(description="why it may tell hardware from rock")


class FeaturesReply(Signed):
    designation: str
    features: list[FeatureItem]


class ExplanationReply(Signed):
    explanation: ExplanationItem


class DriftItem(Record):
    """One feature: today's objects against those the model was trained on."""

    feature: str
    psi: float | None = Field(description="population stability index; null where no value is known")
    ks: float = Field(description="largest distance of the distribution functions")
    ks_p: float
    missing: float
    missing_reference: float
    verdict: Literal["stable", "slight", "large"]


class DriftReply(Signed):
    model_id: UUID
    model: str
    objects: int = Field(
        description="how many objects were compared: those of the catalogue that changed last"
    )
    features: list[DriftItem]


class TrainingCreate(Request):
    """Train a model on simulated escapes against the bundled catalogue. The same seed gives the same model."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"search": 4, "activate": False}]}
    )

    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 20260212
    search: Annotated[int, Field(ge=1, le=100)] = Field(8, description="sets of hyper-parameters to try")
    activate: bool = Field(False, description="let the new model answer when it is there")


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
