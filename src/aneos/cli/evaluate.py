"""``aneos evaluate``: the validation report, by one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aneos.cli.messages import say
from aneos.cli.progress import progress_bar
from aneos.errors import InputError


def evaluate(
    quick: Annotated[
        bool,
        typer.Option("--quick", help="A tenth of the work: fewer injections, years and null catalogues."),
    ] = False,
    report: Annotated[
        Path, typer.Option("--report", metavar="FILE", help="The Markdown report to write the sections into.")
    ] = Path("docs/validation.md"),
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of everything random.")] = 20260212,
) -> None:
    """Measure what the screen and the models achieve, and write the report, its figures and its pictures."""
    from aneos.validation import evaluate as evaluation

    if seed < 0:
        raise InputError("must not be negative", source="--seed")
    if report.suffix != ".md":
        raise InputError("the report is Markdown: give a file that ends in .md", source="--report")
    try:  # before the work, not after it
        report.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", source=report) from error
    with progress_bar() as progress:
        found = evaluation.evaluate(quick=quick, seed=seed, progress=progress)
    for path in evaluation.write(found, report, quick=quick, seed=seed):
        say(f"wrote {path}")
    typer.echo("\n\n".join(found.sections.values()))
