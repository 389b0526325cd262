"""What learned models say, as rows to store and to send. Runs in threads; the learning libraries load on first use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from aneos.assessment import DEFAULT_PRIOR
from aneos.catalogue import Catalogue
from aneos.errors import AneosError
from aneos_api.errors import NotFound

OPEN_ORBIT: Final = "the orbit is not closed (e ≥ 1): the model judges closed orbits only"
FIGURES: Final = ("log10_bayes_factor", "conformal_p", "anomaly", "anomaly_p")


@dataclass(frozen=True, slots=True)
class Predicted:
    """The answer of one model for the object at a line of the table: a row, or the reason why there is none."""

    line: int
    designation: str
    row: dict[str, Any] | None
    reason: str | None = None


def predict(
    objects: Catalogue, version: str, *, prior: float | None = None, explain: bool = False
) -> list[Predicted]:
    """The answers of the model ``version`` for each object, in order, with features and, if asked, reasons."""
    from aneos import learning

    chosen = DEFAULT_PRIOR if prior is None else prior
    model = learning.load_model(version)
    closed = _closed(objects.table)
    table = objects.table.filter(closed)
    out = [
        Predicted(line, name, None, OPEN_ORBIT)
        for line, name in objects.table.filter(~closed).select("source_line", "designation").iter_rows()
    ]
    if table.height:
        answers = learning.predict(table, prior=chosen, model=model, contributions=False)
        features = learning.feature_table(table).drop("designation")
        told = (
            learning.explain(table, prior=chosen, model=model, top=len(model.info.features))
            if explain
            else ()
        )
        for row, (line, answer, values) in enumerate(
            zip(
                table["source_line"],
                answers.iter_rows(named=True),
                features.iter_rows(named=True),
                strict=True,
            )
        ):
            told_row = {
                "designation": answer["designation"],
                "probability_artificial": answer["probability"],
                **{figure: answer[figure] for figure in FIGURES},
                "features": values,
                "explanation": told[row].to_dict() if explain else None,
            }
            out.append(Predicted(line, answer["designation"], told_row))
    return sorted(out, key=lambda one: one.line)


def explained(objects: Catalogue, version: str) -> dict[str, Any]:
    """Why the model scores the one object as it does. Raises NotFound for an orbit that is not closed."""
    from aneos import learning

    model = learning.load_model(version)
    found = learning.explain(objects.table, model=model, top=len(model.info.features))
    if not found:
        raise NotFound(OPEN_ORBIT)
    return found[0].to_dict()


def features_of(objects: Catalogue) -> list[dict[str, Any]]:
    """The features of the one object: name, value (null where unknown), unit, group, why it may tell.

    Raises NotFound for an orbit that is not closed.
    """
    if not _closed(objects.table)[0]:
        raise NotFound(OPEN_ORBIT)
    from aneos import learning
    from aneos.learning.features import FEATURES

    values = learning.feature_table(objects.table).row(0, named=True)
    return [
        {
            "name": feature.name,
            "value": values[feature.name],
            "unit": feature.unit,
            "group": feature.group,
            "reason": feature.reason,
        }
        for feature in FEATURES
    ]


def drift(objects: Catalogue, version: str) -> list[dict[str, Any]]:
    """How far each feature of these objects is from the model's training catalogue."""
    from aneos import learning

    return learning.drift(objects.table, model=learning.load_model(version)).to_dicts()


def predict_items(
    positions: Sequence[int], objects: Catalogue, options: Mapping[str, Any]
) -> tuple[list[Predicted], dict[int, str]]:
    """For a batch: answers by position, and the reasons of positions that have none."""
    failed = {positions[row.line - 1]: row.reason for row in objects.rejected}
    try:
        answers = predict(
            objects,
            str(options["model"]),
            prior=options.get("prior"),
            explain=bool(options.get("explain", False)),
        )
    except AneosError as error:
        return [], dict.fromkeys(positions, str(error))
    placed = [Predicted(positions[one.line - 1], one.designation, one.row, one.reason) for one in answers]
    failed |= {one.line: str(one.reason) for one in placed if one.row is None}
    return [one for one in placed if one.row is not None], failed


def _closed(table: pl.DataFrame) -> pl.Series:
    return ((table["e"] < 1.0) & (table["a_au"] > 0.0)).fill_null(False)
