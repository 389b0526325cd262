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

    from aneos.artificial.nbody_identify import Coverage
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
    matches, covered = integrated(objects.table)
    result = as_result(report)

    more = {"integrated": matches, "coverage": {name: item.to_dict() for name, item in covered.items()}}

    def render(console: Console) -> None:
        _render(console, report)
        _show_integrated(console, matches, covered)

    emit(
        replace(result, render=render, payload=lambda: dict(result.payload()) | more),
        form,
        output,
    )


MOST_INTEGRATED: Final = 50
"""Objects of a file that are also compared with the integrated registry; the rest have the stored paths alone."""


def integrated(table: pl.DataFrame) -> tuple[dict[str, dict[str, Any] | None], dict[str, Coverage]]:
    """Each object's best match with the registry integrated to its epoch, JSON-ready (None where nothing is near), and
    how much of the registry that was. Epochs that the kernels do not have are left out."""
    import polars as pl

    from aneos.artificial.nbody_identify import coverage, identify_state
    from aneos.dynamics import States
    from aneos.dynamics.ephemeris import FIRST_JD, LAST_JD
    from aneos.orbits import KeplerianElements

    reached = pl.col("epoch_tdb_jd").is_between(FIRST_JD, LAST_JD)
    rows = table.filter((pl.col("e") < 1.0) & reached).head(MOST_INTEGRATED)
    states = States.from_elements(KeplerianElements.from_table(rows))
    found: dict[str, dict[str, Any] | None] = {}
    covered: dict[str, Coverage] = {}
    for row, designation in enumerate(rows["designation"]):
        match = identify_state(states.take([row]))
        found[str(designation)] = None if match is None else match.to_dict()
        covered[str(designation)] = coverage(float(states.epoch_tdb_jd[row]))
    return found, covered


def _show_integrated(
    console: Console, matches: Mapping[str, Mapping[str, Any] | None], covered: Mapping[str, Coverage]
) -> None:
    from aneos.cli.tables import write

    for designation, match in matches.items():
        held = covered[designation]
        if match is None:
            near = f"none of {held.compared} known objects lies within 18 widths"
            told = near if held.compared else "no known object can be placed"
            write(console, f"{designation}: integrated to its epoch, {told}.")
        else:
            verdict = "the same object" if match["identified"] else "not identified"
            write(
                console,
                f"{designation}: integrated to its epoch, nearest of {match['compared']} is {match['name']} at "
                f"{match['distance_sigma']:.2f} widths, chance {probability(match['chance_probability'])}: {verdict}.",
            )
        absent = "; ".join(f"{count} {why}" for why, count in held.not_compared.items())
        write(
            console,
            f"Of {held.known} known objects {held.known - held.compared} were not compared: {absent}.",
            "dim",
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
