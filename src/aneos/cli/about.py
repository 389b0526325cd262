"""``aneos cite`` and ``aneos version``: what to name in a paper or in a report of a fault."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aneos.cli.emit import Result, check_output, emit
from aneos.cli.options import OutputOption

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from aneos.citations import Reference


def cite(
    form: Annotated[
        Literal["table", "json", "csv", "parquet"] | None,
        typer.Option("--format", help="Form of the list. [default: table, or what --output's suffix says]"),
    ] = None,
    bibtex: Annotated[bool, typer.Option("--bibtex", help="Print BibTeX entries instead.")] = False,
    output: OutputOption = None,
) -> None:
    """Print the references for what aNEOS used: data, papers, software."""
    from aneos.citations import references

    if bibtex:
        _bibtex(references(), output)
        return
    check_output(output, form)
    emit(_as_result(references()), form, output)


def version() -> None:
    """Print the versions of aNEOS, its catalogue, Python and the numerical libraries."""
    from importlib.metadata import version as installed

    from aneos import __version__
    from aneos.catalogue.bundled import BUNDLED_VERSION

    libraries = ", ".join(f"{name} {installed(name)}" for name in ("numpy", "scipy", "polars"))
    typer.echo(f"aneos {__version__}")
    typer.echo(f"bundled catalogue {BUNDLED_VERSION}")
    typer.echo(f"Python {'.'.join(map(str, sys.version_info[:3]))}, {libraries}")


def _bibtex(sources: tuple[Reference, ...], output: Path | None) -> None:
    text = "\n\n".join(source.bibtex() for source in sources) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    from aneos.output import write_whole

    write_whole(output, text.encode())


def _as_result(sources: tuple[Reference, ...]) -> Result:
    def table() -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame([source.to_dict() for source in sources], infer_schema_length=None)

    def render(console: Console) -> None:
        from aneos.cli.tables import write

        for number, source in enumerate(sources):
            if number:
                console.print()
            write(console, source.use, "bold")
            write(console, f"  {source.text()}")
            if source.acknowledgement:
                write(console, f"  “{source.acknowledgement}”")

    return Result(
        render=render,
        payload=lambda: {"references": [source.to_dict() for source in sources]},
        table=table,
        signature=dict,
    )
