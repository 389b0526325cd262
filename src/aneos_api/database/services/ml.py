"""Learned models in the database: versions, predictions, experiments, drift. The learning is in ``aneos.learning``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, insert, or_, select

from aneos_api.clock import utc_now
from aneos_api.database.models import Experiment, ExperimentArm, ModelVersion, Prediction
from aneos_api.database.paging import Listing, Page, PageRequest
from aneos_api.database.services.base import Service
from aneos_api.errors import Conflict, Invalid, NotFound

MODELS: Final = Listing(
    ModelVersion.id,
    {
        "name": ModelVersion.name,
        "version": ModelVersion.version,
        "algorithm": ModelVersion.algorithm,
        "stage": ModelVersion.stage,
        "created_at": ModelVersion.created_at,
        "activated_at": ModelVersion.activated_at,
    },
    default="-created_at",
)
PREDICTIONS: Final = Listing(
    Prediction.id,
    {
        "designation": Prediction.designation,
        "model_id": Prediction.model_id,
        "score": Prediction.score,
        "probability": Prediction.probability,
        "label": Prediction.label,
        "created_at": Prediction.created_at,
    },
    default="-created_at",
)
EXPERIMENTS: Final = Listing(
    Experiment.id,
    {"name": Experiment.name, "status": Experiment.status, "created_at": Experiment.created_at},
    default="-created_at",
)


@dataclass(frozen=True, slots=True)
class NewPrediction:
    """What a model said about an object; the higher ``score``, the more artificial."""

    designation: str
    score: float
    probability: float | None = None
    interval: tuple[float, float] | None = None
    label: str | None = None
    features: Mapping[str, Any] = field(default_factory=dict)
    explanation: Mapping[str, Any] | None = None
    object_id: int | None = None
    arm: str | None = None


class MLService(Service):
    """Models of the installation; predictions of everybody or of one tenant."""

    async def register(
        self,
        *,
        name: str,
        version: str,
        algorithm: str,
        features: Sequence[str],
        parameters: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        training_data: Mapping[str, Any] | None = None,
        reference: Mapping[str, Any] | None = None,
        artefact_path: str | None = None,
        artefact_sha256: str | None = None,
        artefact_bytes: int | None = None,
        job_id: UUID | None = None,
        created_by_id: UUID | None = None,
    ) -> ModelVersion:
        """Take in a trained model as a candidate. Raises Conflict when the version exists."""
        there = select(ModelVersion.id).where(ModelVersion.name == name, ModelVersion.version == version)
        if await self.session.scalar(there) is not None:
            raise Conflict(f"there is a version {version!r} of model {name!r} already")
        self._touch("models")
        return await self._add(
            ModelVersion(
                name=name,
                version=version,
                algorithm=algorithm,
                features=list(features),
                parameters=dict(parameters or {}),
                metrics=dict(metrics or {}),
                training_data=dict(training_data or {}),
                reference=dict(reference or {}),
                artefact_path=artefact_path,
                artefact_sha256=artefact_sha256,
                artefact_bytes=artefact_bytes,
                job_id=job_id,
                created_by_id=created_by_id,
            )
        )

    async def get_model(self, model_id: UUID) -> ModelVersion:
        return await self._get(ModelVersion, model_id, "model")

    async def models(self, request: PageRequest) -> Page[ModelVersion]:
        return await MODELS.page(self.session, select(ModelVersion), request)

    async def versions(self) -> set[tuple[str, str]]:
        """(name, version) of every model."""
        rows = await self.session.execute(select(ModelVersion.name, ModelVersion.version))
        return {(name, version) for name, version in rows}

    async def answering(self, model_id: UUID | None = None) -> ModelVersion:
        """The model asked for, or the one that answers. Raises NotFound where there is none."""
        if model_id is not None:
            return await self.get_model(model_id)
        newest = select(ModelVersion).where(ModelVersion.stage == "champion")
        found = await self.session.scalar(newest.order_by(ModelVersion.activated_at.desc()).limit(1))
        if found is None:
            raise NotFound("no model is active: train one, or activate one")
        return found

    async def champion(self, name: str) -> ModelVersion | None:
        """The version of model ``name`` that answers."""
        return await self.session.scalar(
            select(ModelVersion).where(ModelVersion.name == name, ModelVersion.stage == "champion")
        )

    async def activate(self, model_id: UUID) -> tuple[ModelVersion, ModelVersion | None]:
        """Let this version answer; gives it and the one that answered before. Raises Conflict without a file."""
        model = await self.get_model(model_id)
        if model.artefact_path is None:
            raise Conflict("the model has no stored file")
        before = await self.champion(model.name)
        if before is not None and before.id == model_id:
            return model, None
        if before is not None:
            before.stage = "retired"
            await self.session.flush()  # two champions never meet, not even between two statements
        model.stage = "champion"
        model.activated_at = utc_now()
        await self.session.flush()
        self._touch("models")
        return model, before

    async def store_predictions(
        self,
        model_id: UUID,
        predictions: Sequence[NewPrediction],
        *,
        tenant_id: UUID | None = None,
        experiment_id: UUID | None = None,
    ) -> int:
        """Keep what a model said; how many."""
        now = utc_now()
        rows = [
            {
                "model_id": model_id,
                "tenant_id": tenant_id,
                "experiment_id": experiment_id,
                "arm": item.arm,
                "object_id": item.object_id,
                "designation": item.designation,
                "score": item.score,
                "probability": item.probability,
                "prob_lo": None if item.interval is None else item.interval[0],
                "prob_hi": None if item.interval is None else item.interval[1],
                "label": item.label,
                "features": dict(item.features),
                "explanation": None if item.explanation is None else dict(item.explanation),
                "created_at": now,
            }
            for item in predictions
        ]
        if rows:
            await self.session.execute(insert(Prediction), rows)
            self._touch("predictions", tenant_id)
        return len(rows)

    async def predictions(
        self, request: PageRequest, *, tenant_id: UUID, designation: str | None = None
    ) -> Page[Prediction]:
        """Predictions of everybody's objects and the tenant's own, of one object if asked."""
        statement = select(Prediction).where(
            or_(Prediction.tenant_id.is_(None), Prediction.tenant_id == tenant_id)
        )
        if designation is not None:
            statement = statement.where(Prediction.designation == designation)
        return await PREDICTIONS.page(self.session, statement, request)

    async def latest(self, designation: str, *, tenant_id: UUID, model_id: UUID | None = None) -> Prediction:
        """The newest prediction for an object. Raises NotFound."""
        statement = select(Prediction).where(
            Prediction.designation == designation,
            or_(Prediction.tenant_id.is_(None), Prediction.tenant_id == tenant_id),
        )
        if model_id is not None:
            statement = statement.where(Prediction.model_id == model_id)
        found = await self.session.scalar(statement.order_by(Prediction.id.desc()).limit(1))
        if found is None:
            raise NotFound(f"no model has judged {designation} yet")
        return found

    async def create_experiment(
        self,
        *,
        name: str,
        metric: str,
        arms: Mapping[str, tuple[UUID, float]],
        description: str = "",
        created_by_id: UUID | None = None,
    ) -> Experiment:
        """A new experiment. ``arms`` gives each arm its model and share; the shares must sum to 1."""
        if len(arms) < 2 or abs(sum(share for _, share in arms.values()) - 1.0) > 1e-9:
            raise Invalid("two arms or more are needed, with shares that sum to 1", field="arms")
        if await self.session.scalar(select(Experiment.id).where(Experiment.name == name)) is not None:
            raise Conflict(f"there is an experiment {name!r} already")
        for model_id, _ in arms.values():
            await self.get_model(model_id)
        experiment = await self._add(
            Experiment(name=name, metric=metric, description=description, created_by_id=created_by_id)
        )
        for arm, (model_id, share) in arms.items():
            self.session.add(
                ExperimentArm(experiment_id=experiment.id, model_id=model_id, name=arm, share=share)
            )
        await self.session.flush()
        return experiment

    async def get_experiment(self, experiment_id: UUID) -> tuple[Experiment, list[ExperimentArm]]:
        """The experiment and its arms by name."""
        experiment = await self._get(Experiment, experiment_id, "experiment")
        arms = await self.session.scalars(
            select(ExperimentArm)
            .where(ExperimentArm.experiment_id == experiment_id)
            .order_by(ExperimentArm.name)
        )
        return experiment, list(arms)

    async def experiments(self, request: PageRequest) -> Page[Experiment]:
        return await EXPERIMENTS.page(self.session, select(Experiment), request)

    async def start_experiment(self, experiment_id: UUID) -> Experiment:
        """Begin to share out requests. One experiment runs at a time: raises Conflict otherwise."""
        experiment, _ = await self.get_experiment(experiment_id)
        running = select(Experiment.name).where(Experiment.status == "running")
        other = await self.session.scalar(running)
        if other is not None:
            raise Conflict(f"experiment {other!r} is running")
        if experiment.status != "draft":
            raise Conflict("the experiment was started before")
        experiment.status, experiment.started_at = "running", utc_now()
        await self.session.flush()
        self._touch("models")
        return experiment

    async def stop_experiment(
        self, experiment_id: UUID, results: Mapping[str, Any] | None = None
    ) -> Experiment:
        """End an experiment; with ``results`` it is concluded."""
        experiment, _ = await self.get_experiment(experiment_id)
        if experiment.status != "running":
            raise Conflict("the experiment does not run")
        experiment.status = "stopped" if results is None else "concluded"
        experiment.ended_at = utc_now()
        experiment.results = None if results is None else dict(results)
        await self.session.flush()
        self._touch("models")
        return experiment

    async def running_experiment(self) -> tuple[Experiment, list[ExperimentArm]] | None:
        found = await self.session.scalar(select(Experiment.id).where(Experiment.status == "running"))
        return None if found is None else await self.get_experiment(found)

    async def arm_scores(self, experiment_id: UUID) -> dict[str, dict[str, float]]:
        """Count and mean score of each arm."""
        rows = await self.session.execute(
            select(Prediction.arm, func.count(), func.avg(Prediction.score))
            .where(Prediction.experiment_id == experiment_id, Prediction.arm.is_not(None))
            .group_by(Prediction.arm)
        )
        return {str(arm): {"count": float(count), "mean_score": float(mean)} for arm, count, mean in rows}


def choose_arm(experiment: Experiment, arms: Sequence[ExperimentArm], designation: str) -> ExperimentArm:
    """The arm that answers for an object: always the same, shares as set (hash of experiment and designation)."""
    digest = hashlib.sha256(f"{experiment.id}:{designation}".encode()).digest()
    point = int.from_bytes(digest[:8]) / 2**64
    for arm in arms:
        if point < arm.share:
            return arm
        point -= arm.share
    return arms[-1]
