"""Assessments of what changed between two editions, in parts that survive an interruption.

For each object: class and probability with the data before (where there were any) and after, by the same model, so that
a difference comes from the data alone. Each part of :data:`PART_OBJECTS` objects is a file; a run that was broken off
goes on with the first part that is absent.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from aneos.archives.cache import write_file
from aneos.archives.difference import Difference
from aneos.catalogue import Catalogue, Provenance
from aneos.catalogue.assembly import text_key
from aneos.screening import assess

PART_OBJECTS: Final = 200
"""Objects of one part: a few seconds of work, which is what an interruption can cost."""

RESULT: Final = {
    "designation": pl.String(),
    "reason": pl.String(),
    "class": pl.String(),
    "probability_artificial": pl.Float64(),
    "log10_bayes_factor": pl.Float64(),
    "p_value": pl.Float64(),
    "identity": pl.String(),
    "class_before": pl.String(),
    "probability_before": pl.Float64(),
    "not_assessed": pl.String(),
}
"""``reason``: added, renamed or changed. ``not_assessed``: why an object has no assessment (an open orbit, say)."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be assessed: designations in the newer catalogue, with the reason, and the name before."""

    designation: str
    reason: str
    before: str | None


def work_of(difference: Difference) -> list[Work]:
    """The objects that an update makes necessary to assess, in a fixed order."""
    return [
        *(Work(name, "added", None) for name in difference.added),
        *(Work(new, "renamed", old) for old, new in difference.renamed),
        *(Work(name, "changed", name) for name, _ in difference.changed),
    ]


def assess_changes(
    work: Sequence[Work],
    older: Catalogue | None,
    newer: Catalogue,
    folder: Path,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """Assess the objects of ``work``, one row each (:data:`RESULT`), in parts kept in ``folder``.

    Parts that are there already are taken as they are: ``folder`` belongs to one pair of editions.
    """
    parts = []
    for number, start in enumerate(range(0, len(work), PART_OBJECTS)):
        if progress is not None:
            progress("assessing", start, len(work))
        path = folder / f"part-{number:05d}.parquet"
        if not path.exists():
            buffer = io.BytesIO()
            _part(work[start : start + PART_OBJECTS], older, newer).write_parquet(buffer)
            write_file(path, buffer.getvalue())
        parts.append(pl.read_parquet(path))
    if progress is not None:
        progress("assessing", len(work), len(work))
    return pl.concat(parts) if parts else pl.DataFrame(schema=RESULT)


def class_changes(results: pl.DataFrame) -> pl.DataFrame:
    """The rows of :func:`assess_changes` whose class is another than before, and new objects that are not natural."""
    other = pl.col("class_before").is_not_null() & (pl.col("class") != pl.col("class_before"))
    notable = pl.col("class_before").is_null() & pl.col("class").is_in(
        ["known_artificial", "probably_artificial", "unexplained"]
    )
    return results.filter(other | notable)


def _part(work: Sequence[Work], older: Catalogue | None, newer: Catalogue) -> pl.DataFrame:
    after = _assessed(newer, [item.designation for item in work])
    known = [item.before for item in work if item.before is not None]
    before = _assessed(older, known) if older is not None and known else {}
    rows = []
    for item in work:
        row = after[text_key(item.designation)]
        past = before.get(text_key(item.before or ""), {})
        rows.append(
            row
            | {
                "designation": item.designation,
                "reason": item.reason,
                "class_before": past.get("class"),
                "probability_before": past.get("probability_artificial"),
            }
        )
    return pl.DataFrame(rows, schema=RESULT)


def _assessed(catalogue: Catalogue, names: Sequence[str]) -> dict[str, dict[str, object]]:
    """Result by designation key; objects outside the screen with the reason."""
    keys = {text_key(name) for name in names}
    wanted = [text_key(name) in keys for name in catalogue.table["designation"]]
    chosen = Catalogue(catalogue.table.filter(pl.Series(wanted)), _origin(catalogue))
    report = assess(catalogue, chosen)
    out: dict[str, dict[str, object]] = {
        text_key(row.designation or ""): {"not_assessed": row.reason} for row in report.rejected
    }
    for item in report.assessments:
        out[text_key(item.designation)] = {
            "class": item.object_class,
            "probability_artificial": item.probability_artificial,
            "log10_bayes_factor": item.log10_bayes_factor,
            "p_value": item.p_value,
            "identity": None if item.identity is None else item.identity.name,
        }
    return out


def _origin(catalogue: Catalogue) -> tuple[Provenance, ...]:
    return catalogue.provenance
