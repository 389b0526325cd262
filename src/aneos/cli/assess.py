"""``aneos assess``: one object, or the objects of a file, with every line of evidence in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aneos.cli.emit import Result, check_output, emit
from aneos.cli.inputs import named, one_of, usable
from aneos.cli.messages import tell_rejected
from aneos.cli.options import (
    DesignationArgument,
    ElementsOption,
    FormatOption,
    OutputOption,
    PriorOption,
    WithoutOption,
    check_fraction,
    lines_left_out,
)

if TYPE_CHECKING:
    from aneos.assessment import Report


def assess(
    designation: DesignationArgument = None,
    elements: ElementsOption = None,
    observations: Annotated[
        Path | None,
        typer.Option(
            "--observations",
            metavar="FILE",
            help="Astrometry to fit an orbit to: MPC 80-column, ADES or radar.",
        ),
    ] = None,
    depth: Annotated[
        Literal["quick", "full"],
        typer.Option("--depth", help="How far to go: full also traces the undecided back to the launches."),
    ] = "quick",
    without: WithoutOption = None,
    prior: PriorOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Say for one object (or each of a file) what every line of evidence says, and what is missing."""
    left_out = lines_left_out(without)
    check_fraction(prior, "--prior")
    name = one_of(designation, elements=elements, observations=observations)
    check_output(output, form)
    if observations is not None:
        from aneos.assessment import DEFAULT_PRIOR
        from aneos.cli.fit import assess_file

        observed, result = assess_file(
            observations, left_out, DEFAULT_PRIOR if prior is None else prior, deep=depth == "full"
        )
        tell_rejected(observed.report.rejected)
        emit(result, form, output)
        return

    from aneos import screening
    from aneos.assessment import DEFAULT_PRIOR
    from aneos.catalogue import load_bundled

    objects = named(name) if elements is None else usable(elements)
    chosen = DEFAULT_PRIOR if prior is None else prior
    if depth == "full":
        from aneos import full_depth
        from aneos.cli.messages import say

        report = full_depth.assess(load_bundled(), objects, without=left_out, prior=chosen, tell=say)
    else:
        report = screening.assess(load_bundled(), objects, without=left_out, prior=chosen)
    tell_rejected(report.rejected)
    emit(as_result(report), form, output)


def as_result(report: Report) -> Result:
    """A report in every form."""
    from aneos.cli.reports import show_assessments
    from aneos.output import report_table

    return Result(
        render=lambda console: show_assessments(console, report.assessments),
        payload=report.to_dict,
        table=lambda: report_table(report),
        signature=lambda: report.signature,
    )
