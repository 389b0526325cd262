"""``prediction/``: what learned models say of objects, from what, and whether the models still fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from aneos.catalogue import Catalogue
from aneos.errors import RejectedRow
from aneos.output import json_ready
from aneos_api import predicting
from aneos_api.database.elements import stored_catalogue
from aneos_api.database.models import CatalogueObject, Experiment, ExperimentArm, ModelVersion
from aneos_api.database.services.ml import NewPrediction, choose_arm
from aneos_api.database.unit import Work
from aneos_api.dependencies import Analyst, Change, Changes, Ctx, Reading, Viewer, cached
from aneos_api.endpoints.asked import asked_table, batch_items, start_batch
from aneos_api.endpoints.once import Idempotent
from aneos_api.endpoints.provenance import current_provenance
from aneos_api.schemas.common import Designation, Signature, service_signature
from aneos_api.schemas.models import (
    DriftItem,
    DriftReply,
    ExplanationReply,
    FeatureItem,
    FeaturesReply,
    PredictBatchRequest,
    PredictionItem,
    PredictReply,
    PredictRequest,
)
from aneos_api.schemas.science import RejectedItem
from aneos_api.schemas.work import BatchReply

router = APIRouter(prefix="/api/v1/prediction", tags=["prediction"])

Named = Annotated[Designation, Path()]


@router.post("/predict", response_model=PredictReply, operation_id="prediction_predict")
async def predict(
    body: PredictRequest, who: Analyst, ctx: Ctx, changes: Changes, once: Idempotent
) -> PredictReply | Response:
    """Let a learned model judge orbits at once. It sees the orbit alone; the answers are kept in your organisation."""
    table, unknown = await asked_table(ctx, who, body)
    async with ctx.quick.read() as work:
        shares = await _shares(work, table, body.model_id)
    items: list[PredictionItem] = []
    rejected = [*table.rejected, *unknown]
    for share in shares:
        found = await ctx.science.run(
            lambda part=share.objects, version=share.model.version: predicting.predict(  # type: ignore[misc]
                part, version, prior=body.prior, explain=body.explain
            )
        )
        items += [share.item(one.row) for one in found if one.row is not None]
        rejected += [
            RejectedRow(one.line, str(one.reason), one.designation, "request")
            for one in found
            if one.row is None
        ]
    place = {name: at for at, name in enumerate(table.table["designation"].to_list())}
    items.sort(key=lambda item: place[item.designation])

    async def keep(change: Change) -> PredictReply:
        for share in shares:
            mine = [item for item in items if share.owns(item)]
            await change.work.ml.store_predictions(
                share.model.id,
                [_stored(item) for item in mine],
                tenant_id=who.tenant_id,
                experiment_id=None if share.experiment is None else share.experiment.id,
            )
        await change.note("prediction.predict", "objects", len(items))
        lines = [RejectedItem.model_validate(row) for row in rejected]
        return PredictReply(predictions=items, rejected=lines, signature=_signature(table))

    return await once.make(changes, who, body, keep, status=200)


@router.post(
    "/predict/batch", response_model=BatchReply, operation_id="prediction_predict_batch", status_code=202
)
async def predict_batch(
    body: PredictBatchRequest, who: Analyst, ctx: Ctx, changes: Changes, once: Idempotent
) -> BatchReply | Response:
    """Have a model judge many objects in the background: a batch, whose results are at ``analysis/batch``."""
    items = batch_items(ctx, body)

    async def make(change: Change) -> BatchReply:
        model = await change.work.ml.answering(body.model_id)
        options: dict[str, Any] = {
            "kind": "predict",
            "model_id": str(model.id),
            "model": model.version,
            "explain": body.explain,
        }
        if body.prior is not None:
            options["prior"] = body.prior
        shard = ctx.settings.jobs.batch_shard
        return await start_batch(
            change, who, items, options, action="prediction.batch", shard=shard, name=body.name
        )

    return await once.make(changes, who, body, make, status=202)


@router.get("/features/{designation}", operation_id="prediction_features", dependencies=[cached("objects")])
async def features(designation: Named, who: Viewer, ctx: Ctx, work: Reading) -> FeaturesReply:
    """The numbers that the models see of an object, each with its unit and why it may tell; null where unknown."""
    found = await work.catalogue.find(designation, tenant_id=who.tenant_id)
    table = await _table(work, [found])
    values = await ctx.science.run(lambda: predicting.features_of(table))
    return FeaturesReply(
        designation=found.designation,
        features=[FeatureItem.model_validate(value) for value in values],
        signature=_signature(table),
    )


@router.get(
    "/explanations/{designation}",
    operation_id="prediction_explanation",
    dependencies=[cached("objects", "models")],
)
async def explanation(
    designation: Named, who: Viewer, ctx: Ctx, work: Reading, model_id: UUID | None = None
) -> ExplanationReply:
    """Why a model scores an object as it does: the share of every feature, and a sentence."""
    found = await work.catalogue.find(designation, tenant_id=who.tenant_id)
    model = await work.ml.answering(model_id)
    table = await _table(work, [found])
    told = await ctx.science.run(lambda: predicting.explained(table, model.version))
    return ExplanationReply.model_validate({"explanation": told, "signature": _signature(table)})


@router.get("/drift", operation_id="prediction_drift", dependencies=[cached("objects", "models")])
async def drift(
    who: Viewer,
    ctx: Ctx,
    work: Reading,
    model_id: UUID | None = None,
    objects: Annotated[int, Query(ge=30, le=20_000)] = 2000,
) -> DriftReply:
    """Whether the objects that changed last are still like those that a model was trained on."""
    model = await work.ml.answering(model_id)
    table = await _table(work, await work.catalogue.newest(objects))
    rows = await ctx.science.run(lambda: predicting.drift(table, model.version))
    for row in rows:
        row["psi"] = row["psi"] if math.isfinite(row["psi"]) else None
    return DriftReply(
        model_id=model.id,
        model=model.version,
        objects=table.table.height,
        features=[DriftItem.model_validate(row) for row in rows],
        signature=_signature(table),
    )


class _Share:
    """The objects that one model answers for."""

    def __init__(
        self,
        objects: Catalogue,
        model: ModelVersion,
        experiment: Experiment | None = None,
        arm: ExperimentArm | None = None,
    ) -> None:
        self.objects, self.model, self.experiment, self.arm = objects, model, experiment, arm

    def item(self, row: dict[str, Any]) -> PredictionItem:
        return PredictionItem(
            **row,
            model_id=self.model.id,
            model=self.model.version,
            experiment_id=None if self.experiment is None else self.experiment.id,
            arm=None if self.arm is None else self.arm.name,
        )

    def owns(self, item: PredictionItem) -> bool:
        return (item.model_id, item.arm) == (self.model.id, None if self.arm is None else self.arm.name)


async def _shares(work: Work, table: Catalogue, model_id: UUID | None) -> list[_Share]:
    """Which model answers for which objects: the one asked for, the arms of a running experiment, the champion."""
    running = None if model_id is not None else await work.ml.running_experiment()
    if running is None:
        return [_Share(table, await work.ml.answering(model_id))]
    experiment, arms = running
    chosen = [choose_arm(experiment, arms, name) for name in table.table["designation"].to_list()]
    shares = []
    for arm in arms:
        mine = [index for index, one in enumerate(chosen) if one.id == arm.id]
        if mine:
            part = Catalogue(table.table[mine], table.provenance)
            shares.append(_Share(part, await work.ml.get_model(arm.model_id), experiment, arm))
    return shares


async def _table(work: Work, objects: Sequence[CatalogueObject]) -> Catalogue:
    return stored_catalogue(objects, await current_provenance(work))


def _stored(item: PredictionItem) -> NewPrediction:
    return NewPrediction(
        designation=item.designation,
        score=item.log10_bayes_factor,
        probability=item.probability_artificial,
        features=json_ready(item.features),
        explanation=None if item.explanation is None else item.explanation.model_dump(mode="json"),
        arm=item.arm,
    )


def _signature(table: Catalogue) -> Signature:
    return service_signature().model_copy(update={"catalogue": table.signature() or None})
