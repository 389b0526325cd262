"""``aneos train``: train a model and store it in the registry of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aneos.cli.emit import Result, check_output, emit
from aneos.cli.options import FormatOption, OutputOption
from aneos.cli.progress import progress_bar
from aneos.errors import InputError

if TYPE_CHECKING:
    from aneos.learning import ModelInfo


def train(
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of everything random.")] = 20260212,
    search: Annotated[
        int, typer.Option("--search", metavar="N", help="How many sets of hyper-parameters to try.")
    ] = 8,
    activate: Annotated[
        bool, typer.Option("--activate", help="Let the new model answer from now on.")
    ] = False,
    escapes: Annotated[
        Path | None,
        typer.Option(
            "--escapes", metavar="FILE", help="Another simulated population, as packed from a simulation."
        ),
    ] = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Train on simulated escapes against the bundled catalogue, and store the model."""
    check_output(output, form)
    if seed < 0:
        raise InputError("must not be negative", source="--seed")
    if search < 1:
        raise InputError("at least one set must be tried", source="--search")
    from aneos import learning
    from aneos.learning.population import load_escapes

    population = None if escapes is None else load_escapes(escapes)
    with progress_bar() as progress:
        model = learning.train(None, population, seed=seed, search=search, progress=progress)
        info = learning.save_model(model, stage="champion" if activate else "candidate")
    emit(one_model(info), form, output)


def one_model(info: ModelInfo) -> Result:
    """The papers of one model in every form."""
    from aneos.cli.models import as_result

    return as_result((info,), single=True)
