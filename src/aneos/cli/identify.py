"""``aneos identify``: is this orbit that of a known artificial object?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from aneos.cli.assess import as_result
from aneos.cli.emit import check_output, emit
from aneos.cli.inputs import named, one_of, usable
from aneos.cli.messages import tell_rejected
from aneos.cli.options import LINES, DesignationArgument, ElementsOption, FormatOption, OutputOption
from aneos.cli.words import probability

if TYPE_CHECKING:
    import polars as pl
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
    matches = integrated(objects.table)
    result = as_result(report)

    def render(console: Console) -> None:
        _render(console, report)
        _show_integrated(console, matches)

    emit(
        replace(result, render=render, payload=lambda: dict(result.payload()) | {"integrated": matches}),
        form,
        output,
    )


MOST_INTEGRATED: Final = 50
"""Objects of a file that are also compared with the integrated registry; the rest have the stored paths alone."""


def integrated(table: pl.DataFrame) -> dict[str, dict[str, Any] | None]:
    """Each object's best match with the registry integrated to its epoch, JSON-ready; None where nothing is near."""
    from aneos.artificial.nbody_identify import identify_state
    from aneos.dynamics import States
    from aneos.orbits import KeplerianElements

    rows = table.filter(table["e"] < 1.0).head(MOST_INTEGRATED)
    states = States.from_elements(KeplerianElements.from_table(rows))
    found: dict[str, dict[str, Any] | None] = {}
    for row, designation in enumerate(rows["designation"]):
        match = identify_state(states.take([row]))
        found[str(designation)] = None if match is None else match.to_dict()
    return found


def _show_integrated(console: Console, matches: Mapping[str, Mapping[str, Any] | None]) -> None:
    from aneos.cli.tables import write

    for designation, match in matches.items():
        if match is None:
            write(console, f"{designation}: integrated to its epoch, no known object lies within 18 widths.")
            continue
        verdict = "the same object" if match["identified"] else "not identified"
        write(
            console,
            f"{designation}: integrated to its epoch, nearest of {match['compared']} is {match['name']} at "
            f"{match['distance_sigma']:.2f} widths, chance {probability(match['chance_probability'])}: {verdict}.",
        )


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
