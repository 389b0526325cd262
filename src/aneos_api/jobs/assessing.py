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


@dataclass(frozen=True, slots=True)
class Assessed:
    """Answers with the signature that they share; None when nothing could be assessed."""

    results: tuple[ItemResult, ...]
    signature: dict[str, Any] | None


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
