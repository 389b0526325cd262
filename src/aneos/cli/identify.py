"""``aneos identify``: is this orbit that of a known artificial object?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aneos.cli.assess import as_result
from aneos.cli.emit import check_output, emit
from aneos.cli.inputs import named, one_of, usable
from aneos.cli.messages import tell_rejected
from aneos.cli.options import LINES, DesignationArgument, ElementsOption, FormatOption, OutputOption
from aneos.cli.words import probability

if TYPE_CHECKING:
    from rich.console import Console

    from aneos.assessment import Assessment, Report


def identify(
    designation: DesignationArgument = None,
    elements: ElementsOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Compare an orbit with the known artificial objects, each moved to the same date."""
    name = one_of(designation, elements=elements)
    check_output(output, form)

    from dataclasses import replace

    from aneos import screening
    from aneos.catalogue import load_bundled

    objects = named(name) if elements is None else usable(elements)
    others = [line for line in LINES if line != "identity"]
    assessed = screening.assess(load_bundled(), objects, without=others)
    report = replace(assessed, assessments=tuple(_undecided(item) for item in assessed.assessments))
    tell_rejected(report.rejected)
    emit(replace(as_result(report), render=lambda console: _render(console, report)), form, output)


def _undecided(item: Assessment) -> Assessment:
    """An object that matches nothing is not natural for that: no other line was asked."""
    from dataclasses import replace

    if item.identity is not None:
        return item
    (line,) = item.evidence
    return replace(item, object_class="insufficient_data", verdict=f"Not identified. {line.summary}")


def _render(console: Console, report: Report) -> None:
    from aneos.cli.tables import plain_table

    heads = ("designation", "identity", "COSPAR", "chance", "distance (σ)", "in words")
    console.print(plain_table(heads, [_row(item) for item in report.assessments], right=(3, 4)))


def _row(item: Assessment) -> tuple[str, ...]:
    (line,) = item.evidence
    known = item.identity
    inputs: Mapping[str, Any] = line.inputs
    return (
        item.designation,
        known.name if known else "–",
        (known.cospar or "–") if known else "–",
        probability(inputs.get("chance_probability")),
        f"{inputs['distance_sigma']:.2f}" if inputs.get("distance_sigma") is not None else "–",
        line.summary,
    )
