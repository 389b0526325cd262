"""Tables for people: plain text, no boxes, colour only on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from aneos.cli.messages import printable
from aneos.cli.words import fixed, interval, probability, signed

if TYPE_CHECKING:
    from rich.console import Console

UNBOUNDED: Final = 10_000
PROSE: Final = 110
"""Characters of a line of prose."""

CLASS_STYLES: Final = {
    "known_artificial": "bold magenta",
    "probably_artificial": "bold red",
    "unexplained": "bold yellow",
    "insufficient_data": "",
    "natural": "dim",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, its text for a row, and how soon it gives way in a narrow window (0 never)."""

    head: str
    text: Callable[[Mapping[str, Any]], str]
    gives_way: int = 0
    justify: Literal["left", "right"] = "right"


SCREEN_COLUMNS: Final = (
    Column("rank", lambda row: str(row["rank"])),
    Column("designation", lambda row: str(row["designation"]), justify="left"),
    Column("alert", lambda row: "yes" if row["alert"] else "", 7, "left"),
    Column("class", lambda row: str(row["class"]), justify="left"),
    Column("P(artificial)", lambda row: probability(row["probability_artificial"])),
    Column("90% interval", lambda row: interval(row["prob_lo"], row["prob_hi"]), 3, "left"),
    Column("log10 BF", lambda row: signed(row["log10_bayes_factor"]), 6),
    Column("q", lambda row: probability(row["q_value"]), 4),
    Column("v (km/s)", lambda row: fixed(row["v_encounter_kms"], 2), 5),
    Column("i (°)", lambda row: fixed(row["i_deg"], 2), 5),
    Column("MOID (au)", lambda row: fixed(row["moid_au"], 4), 2),
    Column("H", lambda row: fixed(row["H"], 1), 2),
)


def show_ranking(console: Console, rows: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> None:
    """Print one row per object in rank order; ``lines`` are those whose ``bf_<line>`` to show."""
    columns = [*SCREEN_COLUMNS, *(_line_column(line) for line in lines)]
    shown = list(columns)
    table = _ranking(rows, shown)
    while _width(console, table) > console.width and any(column.gives_way for column in shown):
        soonest = min(column.gives_way for column in shown if column.gives_way)
        shown = [column for column in shown if column.gives_way != soonest]
        table = _ranking(rows, shown)
    console.print(table)
    if len(shown) < len(columns):
        left_out = ", ".join(column.head for column in columns if column not in shown)
        write(console, f"Left out for want of room: {left_out}.", "dim")


def write(console: Console, text: str, style: str = "") -> None:
    """Print a paragraph, wrapped at words, no wider than is good to read."""
    console.print(Text(printable(text), style=style), width=min(console.width, PROSE))


def plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> Table:
    """A table without lines; ``right`` are the columns to align right, the last column folds."""
    table = _empty()
    for number, head in enumerate(heads):
        justify: Literal["left", "right"] = "right" if number in right else "left"
        table.add_column(head, justify=justify, no_wrap=number < len(heads) - 1, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def styled_class(name: str) -> Text:
    """The class in its colour."""
    return Text(name, style=CLASS_STYLES.get(name, ""))


def _width(console: Console, table: Table) -> int:
    """Characters that the table needs when nothing is cut."""
    return Measurement.get(console, console.options.update(max_width=UNBOUNDED), table).maximum


def _line_column(line: str) -> Column:
    return Column(line, lambda row: signed(row.get(f"bf_{line}") or None), 1)  # exactly 0: no data


def _ranking(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> Table:
    table = _empty()
    for column in columns:
        table.add_column(column.head, justify=column.justify, no_wrap=True)
    for row in rows:
        style = CLASS_STYLES.get(str(row["class"]), "")
        cells = (Text(printable(column.text(row))) for column in columns)
        table.add_row(*cells, style=style)
    return table


def _empty() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
