"""The computation behind batches of departures and of assessments in full depth: orbits carried back to 1957."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from aneos.assessment import DEFAULT_PRIOR
from aneos.catalogue import Catalogue
from aneos.catalogue.schema import COLUMNS
from aneos.errors import InputError
from aneos.output import json_ready
from aneos_api.database import ItemResult
from aneos_api.database.elements import given_catalogue
from aneos_api.jobs.assessing import Assessed

OWN_COLUMNS: Final = tuple(
    name for name in COLUMNS if name not in {"aliases", "name", "number", "source", "source_line"}
)
"""Columns that go into the file that is traced."""


def trace_given(
    positions: Sequence[int], records: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> Assessed:
    """Trace elements that came with the batch. A record that cannot be used gets its reason as answer."""
    return trace_table(positions, given_catalogue(records, "batch"), options)


def trace_table(positions: Sequence[int], catalogue: Catalogue, options: Mapping[str, Any]) -> Assessed:
    """Trace a table whose ``source_line`` k belongs to ``positions[k - 1]``; every position gets one answer."""
    failed = {row.line: row.reason for row in catalogue.rejected}
    answers: dict[int, dict[str, Any]] = {}
    signature = None
    for row in catalogue.table.iter_slices(1):
        line = int(row["source_line"][0])
        try:
            report = _trace(row.select(OWN_COLUMNS), options)
        except InputError as error:
            failed[line] = error.reason
            continue
        if report.assessments:
            answers[line] = json_ready(report.assessments[0].to_dict())
            signature = json_ready(report.signature)
        else:
            failed[line] = report.rejected[0].reason if report.rejected else "the orbit cannot be traced"
    if signature is not None:
        signature["catalogue"] = catalogue.signature()
    results = tuple(
        ItemResult(position, assessment=answers.get(line), error=failed.get(line))
        for line, position in enumerate(positions, 1)
    )
    return Assessed(results, signature)


def deepen_given(
    positions: Sequence[int], records: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> Assessed:
    """Assess in full depth elements that came with the batch."""
    return deepen_table(positions, given_catalogue(records, "batch"), options)


def deepen_table(positions: Sequence[int], catalogue: Catalogue, options: Mapping[str, Any]) -> Assessed:
    """As :func:`trace_table`: every line of evidence, and departures of what the quick ones leave undecided."""
    from aneos import full_depth
    from aneos.deep import Settings

    failed = {row.line: row.reason for row in catalogue.rejected}
    answers: dict[int, dict[str, Any]] = {}
    signature = None
    for row in catalogue.table.iter_slices(1):
        line = int(row["source_line"][0])
        one = Catalogue(row, catalogue.provenance)
        try:
            report = full_depth.assess(
                one,
                one,
                without=tuple(options.get("without", ())),
                prior=float(options.get("prior", DEFAULT_PRIOR)),
                settings=Settings(threads=1),
            )
        except InputError as error:
            failed[line] = error.reason
            continue
        if not report.assessments:
            failed[line] = report.rejected[0].reason if report.rejected else "it cannot be judged"
            continue
        answers[line] = json_ready(report.assessments[0].to_dict())
        answers[line]["rejected"] = [json_ready(item.to_dict()) for item in report.rejected]
        signature = json_ready(report.signature)
    results = tuple(
        ItemResult(position, assessment=answers.get(line), error=failed.get(line))
        for line, position in enumerate(positions, 1)
    )
    return Assessed(results, signature)


def _trace(row: Any, options: Mapping[str, Any]) -> Any:
    """The report on one row, through the file format that everybody's orbits come in."""
    from aneos.deep import Settings, trace_file

    settings = Settings(
        clones=int(options["clones"]),
        look_alikes=int(options["look_alikes"]),
        seed=int(options["seed"]),
        threads=1,
    )
    with tempfile.TemporaryDirectory(prefix="aneos-trace-") as folder:
        path = Path(folder) / "orbit.csv"
        row.write_csv(path)
        return trace_file(path, settings, prior=float(options.get("prior", DEFAULT_PRIOR))).report
