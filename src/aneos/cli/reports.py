"""An assessment in words: verdict, numbers, the lines of evidence, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aneos.cli.tables import plain_table, styled_class, write
from aneos.cli.words import interval, probability, signed

if TYPE_CHECKING:
    from rich.console import Console

    from aneos.assessment import Assessment
    from aneos.evidence.base import Evidence


def show_assessments(console: Console, assessments: Iterable[Assessment]) -> None:
    """Print each assessment, parted by an empty line."""
    for number, item in enumerate(assessments):
        if number:
            console.print()
        show_assessment(console, item)


def show_assessment(console: Console, item: Assessment) -> None:
    """Print one assessment."""
    from rich.text import Text

    console.print(Text(item.designation, style="bold") + Text(" · ") + styled_class(item.object_class))
    if item.verdict:
        write(console, item.verdict)
    write(
        console,
        f"P(artificial) {probability(item.probability_artificial)} {interval(*item.interval)}, "
        f"prior {probability(item.prior)}, log10 Bayes factor {signed(item.log10_bayes_factor)}, "
        f"p {probability(item.p_value)}, q {probability(item.q_value)}",
    )
    if item.identity is not None:
        cospar = f" ({item.identity.cospar})" if item.identity.cospar else ""
        chance = probability(item.identity.chance_probability)
        write(console, f"Identity: {item.identity.name}{cospar}, chance coincidence {chance}")
    console.print()
    heads = ("evidence", "log10 BF", "90% interval", "status", "in words")
    console.print(plain_table(heads, [_evidence_row(line) for line in item.evidence], right=(1,)))
    if item.missing:
        console.print()
        rows = [(entry.line, entry.needs, entry.decisive_on or "–") for entry in item.missing]
        heads_missing = ("missing", "decisive on", "needs")
        console.print(plain_table(heads_missing, [(line, when, needs) for line, needs, when in rows]))


def _evidence_row(line: Evidence) -> tuple[str, ...]:
    if line.status != "measured":
        return (line.line, "0", "", line.status, line.summary)
    low, high = line.interval
    limits = f"[{signed(low)}, {signed(high)}]"
    return (line.line, signed(line.log10_bayes_factor), limits, line.status, line.summary)
