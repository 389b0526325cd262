"""Options that several commands share, with the one wording of their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from aneos.errors import InputError

Format = Literal["table", "json", "csv", "parquet"]

LINES: Final = ("orbit", "area_to_mass", "identity", "physical")
"""Lines of evidence that this version can run, as ``--without`` names them."""

FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="Form of the result. [default: table, or what --output's suffix says]"),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Write the result here; the table is printed as well."),
]
WithoutOption = Annotated[
    list[str] | None,
    typer.Option(
        "--without",
        metavar="LINE",
        help=f"Leave a line of evidence out ({', '.join(LINES)}); may be repeated.",
    ),
]
ElementsOption = Annotated[
    Path | None,
    typer.Option("--elements", metavar="FILE", help="Orbital elements, CSV or Parquet."),
]
DesignationArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="DESIGNATION", help="Number, name or designation of one object, such as 99942 or 2006 RH120."
    ),
]
PriorOption = Annotated[
    float | None,
    typer.Option("--prior", metavar="P", help="Prior probability that an object is artificial, 0 < P < 1."),
]


def check_fraction(value: float | None, option: str) -> None:
    """Raise :class:`InputError` unless ``value`` lies strictly between 0 and 1 (NaN does not)."""
    if value is not None and not 0.0 < value < 1.0:
        raise InputError(f"must lie between 0 and 1, not {value:g}", source=option)


def lines_left_out(without: list[str] | None) -> tuple[str, ...]:
    """Names of the lines to leave out, ``-`` read as ``_``; :class:`InputError` for any other name."""
    names = tuple(dict.fromkeys(name.strip().lower().replace("-", "_") for name in without or ()))
    for name in names:
        if name not in LINES:
            reason = f"no line of evidence is called {name!r}; there are {', '.join(LINES)}"
            raise InputError(reason, source="--without")
    if set(names) == set(LINES):
        raise InputError("every line of evidence is left out: nothing would be assessed", source="--without")
    return names


def not_in_this_version(option: str, because: str) -> InputError:
    """The one wording for what is announced in the documentation but does not work yet."""
    return InputError(f"is not available in this version: {because}", source=option)
