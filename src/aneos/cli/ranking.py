"""A screened catalogue for people: the ranked table, the first objects in words, and what was not seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aneos.cli.words import percent, probability

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from aneos.assessment import Assessment
    from aneos.screening import ScreenResult

LOOK: Final = 30
"""Rows printed beside a file."""

FLAGGED_EXPLAINED: Final = 10
FIRST_EXPLAINED: Final = 3


def show_screen(console: Console, result: ScreenResult, rows: int) -> None:
    """Print the first ``rows`` ranks, some of them in words, and the counts."""
    from aneos.cli.tables import show_ranking, write

    table = result.table.head(rows)
    show_ranking(console, table.to_dicts(), result.summary["lines"])
    console.print()
    for item in _explained(result, table):
        write(console, f"{item.rank}  {item.designation}: {item.verdict}")
    console.print()
    for sentence in (counts(result.summary), *notes(result.summary)):
        write(console, sentence)


def _explained(result: ScreenResult, table: pl.DataFrame) -> Iterable[Assessment]:
    """The objects to put in words: the flagged ones among the rows shown, else the first of them."""
    from aneos.plots import is_flagged

    flagged = table.filter(is_flagged())["rank"].to_list()[:FLAGGED_EXPLAINED]
    ranks = flagged or table["rank"].to_list()[:FIRST_EXPLAINED]
    assessments = result.report(max(ranks, default=0)).assessments
    return (assessments[rank - 1] for rank in ranks)


def counts(summary: Mapping[str, Any]) -> str:
    """How many objects there are of each class, and how many alerts."""
    classes = ", ".join(f"{number:,} {name}" for name, number in summary["classes"].items())
    rate = percent(summary["fdr"])
    return (
        f"{summary['objects']:,} objects: {classes}. {summary['alerts']:,} alerts at a false discovery rate "
        f"of {rate}. Prior {probability(summary['prior'])}. {summary['seconds']:.1f} s."
    )


def notes(summary: Mapping[str, Any]) -> list[str]:
    """What the screen could not see, given the lines of evidence that it ran."""
    lines = summary["lines"]
    said = []
    if "identity" not in lines:
        said.append(
            "Without the identity line no known object is named, and hardware that left Earth fast (the "
            "Roadster, the Lucy Centaur) does not stand out: its orbit is not distinguishable from asteroids'."
        )
    elif "orbit" in lines:
        said.append(
            "By orbit alone, hardware that left Earth fast is not distinguishable from asteroids: it stands "
            "out only by its identity or its area-to-mass ratio."
        )
    if "orbit" not in lines:
        said.append("Without the orbit line, slow leakers from the Earth-Moon system do not stand out.")
    return said
