"""The tree of commands. Each command lives in a module of its own and imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from aneos import __version__
from aneos.cli import (
    about,
    assess,
    catalogue,
    departures,
    encounters,
    ephemeris,
    evaluate,
    fit,
    identify,
    models,
    returns,
    screen,
    simulate,
    train,
    update,
)

app = typer.Typer(
    help="Find artificial objects among near-Earth asteroids.",
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def aneos(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Find artificial objects among near-Earth asteroids."""
    if version:
        typer.echo(f"aneos {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command("screen", short_help="Rank a whole catalogue.")(screen.screen)
app.command("assess", short_help="Weigh the evidence on one object.")(assess.assess)
app.command("fit", short_help="Orbit and area-to-mass ratio from observations.")(fit.fit)
app.command("identify", short_help="Match an orbit with known artificial objects.")(identify.identify)
app.command("departures", short_help="Trace an orbit back to its launch.")(departures.departures)
app.command("ephemeris", short_help="Where a known object stands on the sky.")(ephemeris.ephemeris)
app.command("encounters", short_help="Patterns of an object's approaches to the Earth.")(
    encounters.encounters
)
app.command("returns", short_help="When known objects come back to the Earth.")(returns.returns)
catalogue.commands.command("update")(update.update)
catalogue.commands.command("versions")(update.versions)
catalogue.commands.command("diff")(update.diff)
app.add_typer(
    catalogue.commands,
    name="catalogue",
    short_help="What it holds, and following the archives.",
)
app.command("simulate", short_help="Simulate hardware that left the Earth.")(simulate.simulate)
app.command("train", short_help="Train a model on simulated escapes.")(train.train)
app.add_typer(models.commands, name="models", short_help="Trained models and which one answers.")
app.command("evaluate", short_help="Write the validation report.")(evaluate.evaluate)
app.command("cite", short_help="What to cite.")(about.cite)
app.command("version", short_help="Versions of aNEOS and what it runs on.")(about.version)
