"""``prediction/``: learned models, what they said, experiments between them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Response

from aneos_api.database.services.ml import EXPERIMENTS, MODELS, PREDICTIONS
from aneos_api.dependencies import Change, Changes, Operator, Paged, Reading, Viewer
from aneos_api.endpoints.lists import documented, page_of, reply
from aneos_api.endpoints.once import Idempotent
from aneos_api.errors import Invalid
from aneos_api.schemas.common import Designation
from aneos_api.schemas.models import (
    ArmRow,
    ExperimentCreate,
    ExperimentReply,
    ExperimentRow,
    ModelMetricsReply,
    ModelReply,
    ModelRow,
    PredictionRow,
)

router = APIRouter(prefix="/api/v1/prediction", tags=["prediction"])

Named = Annotated[Designation, Path()]


@router.get(
    "/predictions/{designation}",
    operation_id="prediction_predictions",
    response_model=page_of(PredictionRow),
    response_model_exclude_unset=True,
    openapi_extra=documented(PREDICTIONS),
)
async def predictions(designation: Named, who: Viewer, work: Reading, paging: Paged) -> Any:
    """What the models said about an object, the newest first: of the catalogue by any name, of your own elements by
    the designation that they were sent with."""
    known = await work.catalogue.find_many([designation], tenant_id=who.tenant_id)
    name = known[designation].designation if known else designation
    page = await work.ml.predictions(paging.request, tenant_id=who.tenant_id, designation=name)
    return reply(page, PredictionRow, paging)


@router.get(
    "/models",
    response_model=page_of(ModelRow),
    operation_id="prediction_models",
    response_model_exclude_unset=True,
    openapi_extra=documented(MODELS),
)
async def models(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Trained models, the newest first."""
    return reply(await work.ml.models(paging.request), ModelRow, paging)


@router.get("/models/{model_id}", operation_id="prediction_model")
async def model(model_id: UUID, who: Viewer, work: Reading) -> ModelReply:
    """One trained model: features, parameters, what it was trained on."""
    return ModelReply(model=ModelRow.model_validate(await work.ml.get_model(model_id)))


@router.get("/models/{model_id}/metrics", operation_id="prediction_model_metrics")
async def model_metrics(model_id: UUID, who: Viewer, work: Reading) -> ModelMetricsReply:
    """How good a model was in validation, and on which data."""
    row = await work.ml.get_model(model_id)
    return ModelMetricsReply(model_id=row.id, metrics=row.metrics, training_data=row.training_data)


@router.post("/models/{model_id}/activate", operation_id="prediction_model_activate")
async def activate(model_id: UUID, who: Operator, changes: Changes) -> ModelReply:
    """Let this version of a model answer; the one before is retired."""
    async with changes.begin() as change:
        row, before = await change.work.ml.activate(model_id)
        was = {"champion": None if before is None else str(before.id)}
        await change.note("model.activate", "model", row.id, before=was, after={"champion": str(row.id)})
        return ModelReply(model=ModelRow.model_validate(row))


@router.post(
    "/experiments", response_model=ExperimentReply, operation_id="experiment_create", status_code=201
)
async def create_experiment(
    body: ExperimentCreate, who: Operator, changes: Changes, once: Idempotent
) -> ExperimentReply | Response:
    """Lay out an experiment between models."""
    arms = {arm.name: (arm.model_id, arm.share) for arm in body.arms}
    if len(arms) != len(body.arms):
        raise Invalid("two arms have the same name", field="arms")

    async def make(change: Change) -> ExperimentReply:
        experiment = await change.work.ml.create_experiment(
            name=body.name,
            metric=body.metric,
            arms=arms,
            description=body.description,
            created_by_id=who.user_id,
        )
        await change.note("experiment.create", "experiment", experiment.id, after={"name": body.name})
        return _experiment(*await change.work.ml.get_experiment(experiment.id))

    return await once.make(changes, who, body, make)


@router.get(
    "/experiments",
    response_model=page_of(ExperimentRow),
    operation_id="experiment_list",
    response_model_exclude_unset=True,
    openapi_extra=documented(EXPERIMENTS),
)
async def experiments(who: Viewer, work: Reading, paging: Paged) -> Any:
    """Experiments, the newest first."""
    return reply(await work.ml.experiments(paging.request), ExperimentRow, paging)


@router.get("/experiments/{experiment_id}", operation_id="experiment_show")
async def experiment(experiment_id: UUID, who: Viewer, work: Reading) -> ExperimentReply:
    """One experiment with its arms."""
    return _experiment(*await work.ml.get_experiment(experiment_id))


@router.post("/experiments/{experiment_id}/start", operation_id="experiment_start")
async def start_experiment(experiment_id: UUID, who: Operator, changes: Changes) -> ExperimentReply:
    """Share out predictions between the arms: an object always goes to the same one. One experiment runs at a time."""
    async with changes.begin() as change:
        await change.work.ml.start_experiment(experiment_id)
        await change.note("experiment.start", "experiment", experiment_id)
        return _experiment(*await change.work.ml.get_experiment(experiment_id))


@router.post("/experiments/{experiment_id}/stop", operation_id="experiment_stop")
async def stop_experiment(experiment_id: UUID, who: Operator, changes: Changes) -> ExperimentReply:
    """End an experiment; count and mean score of each arm are kept as its results."""
    async with changes.begin() as change:
        scores = await change.work.ml.arm_scores(experiment_id)
        await change.work.ml.stop_experiment(experiment_id, scores)
        await change.note("experiment.stop", "experiment", experiment_id, after={"arms": scores})
        return _experiment(*await change.work.ml.get_experiment(experiment_id))


def _experiment(row: Any, arms: Any) -> ExperimentReply:
    return ExperimentReply(
        experiment=ExperimentRow.model_validate(row), arms=[ArmRow.model_validate(arm) for arm in arms]
    )
