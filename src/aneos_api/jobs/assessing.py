"""The computation behind a batch: from stored or given elements to answers, position by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aneos.assessment import DEFAULT_PRIOR
from aneos.catalogue import Catalogue
from aneos.output import json_ready
from aneos.screening import assess
from aneos_api.database import ItemResult
from aneos_api.database.elements import given_catalogue
from aneos_api.database.services.ml import NewPrediction
from aneos_api.predicting import predict_items


@dataclass(frozen=True, slots=True)
class Assessed:
    """Answers with the signature that they share; None when nothing could be assessed."""

    results: tuple[ItemResult, ...]
    signature: dict[str, Any] | None
    predictions: tuple[NewPrediction, ...] = ()


def assess_given(
    positions: Sequence[int], records: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> Assessed:
    """Assess elements that came with the batch. A record that cannot be used gets its reason as answer."""
    return assess_table(positions, given_catalogue(records, "batch"), options)


def assess_table(positions: Sequence[int], catalogue: Catalogue, options: Mapping[str, Any]) -> Assessed:
    """Assess a table whose ``source_line`` k belongs to ``positions[k - 1]``; every position gets one answer."""
    reasons = {row.line: row.reason for row in catalogue.rejected}
    answers: dict[int, dict[str, Any]] = {}
    signature = None
    if catalogue.table.height:
        report = assess(
            Catalogue(catalogue.table, catalogue.provenance),
            Catalogue(catalogue.table, catalogue.provenance),
            without=tuple(options.get("without", ())),
            prior=float(options.get("prior", DEFAULT_PRIOR)),
        )
        signature = json_ready(report.signature)
        reasons |= {row.line: row.reason for row in report.rejected}
        lines = [line for line in catalogue.table["source_line"].to_list() if line not in reasons]
        for line, item in zip(lines, report.assessments, strict=True):
            answers[line] = json_ready(item.to_dict())
    results = tuple(
        ItemResult(position, assessment=answers.get(line), error=reasons.get(line))
        for line, position in enumerate(positions, 1)
    )
    return Assessed(results, signature)


def predict_given(
    positions: Sequence[int], records: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> Assessed:
    """As :func:`assess_given`, by the learned model that ``options`` name."""
    return predict_table(positions, given_catalogue(records, "batch"), options)


def predict_table(positions: Sequence[int], catalogue: Catalogue, options: Mapping[str, Any]) -> Assessed:
    """As :func:`assess_table`, by the learned model that ``options`` name."""
    found, failed = predict_items(positions, catalogue, options)
    about = {"model_id": options["model_id"], "model": options["model"]}
    results = [
        ItemResult(one.line, assessment=json_ready({**one.row, **about}))
        for one in found
        if one.row is not None
    ]
    results += [ItemResult(position, error=reason) for position, reason in failed.items()]
    stored = tuple(
        NewPrediction(
            designation=one.designation,
            score=one.row["log10_bayes_factor"],
            probability=one.row["probability_artificial"],
            features=json_ready(one.row["features"]),
            explanation=json_ready(one.row["explanation"]),
        )
        for one in found
        if one.row is not None
    )
    signature = {"source": "aNEOS", "model": dict(about), "catalogue": catalogue.signature()}
    return Assessed(tuple(results), signature, stored)
