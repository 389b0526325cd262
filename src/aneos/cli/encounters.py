"""``aneos encounters``: one object's approaches to the Earth, and whether their pattern is out of the ordinary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from aneos.cli.emit import Result, answered, check_output, emit
from aneos.cli.inputs import named, one_of, usable
from aneos.cli.messages import say
from aneos.cli.options import DesignationArgument, ElementsOption, FormatOption, OutputOption
from aneos.cli.words import probability
from aneos.errors import InputError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from aneos.dynamics import EncounterPatterns

LEAST_LOOK_ALIKES: Final = 19


def encounters(
    designation: DesignationArgument = None,
    elements: ElementsOption = None,
    since: Annotated[int, typer.Option("--since", metavar="YEAR", help="First year.")] = 1900,
    until: Annotated[int, typer.Option("--until", metavar="YEAR", help="Last year.")] = 2100,
    look_alikes: Annotated[
        int, typer.Option("--look-alikes", metavar="N", help="Natural objects of like orbit to compare with.")
    ] = 199,
    seed: Annotated[
        int, typer.Option("--seed", metavar="K", help="The same seed gives the same answer.")
    ] = 0,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Periodicity, resonance, co-orbital state and captures of one object, each tested against natural look-alikes."""
    name = one_of(designation, elements=elements)
    check_output(output, form)
    if not 1900 <= since < until <= 2100:
        raise InputError("the years must lie in order between 1900 and 2100", source="--since")
    if look_alikes < LEAST_LOOK_ALIKES:
        raise InputError(
            f"{look_alikes} look-alikes cannot give a p-value of 0.05; {LEAST_LOOK_ALIKES} can",
            source="--look-alikes",
        )
    table = (named(name) if elements is None else usable(elements)).table
    if table.height != 1:
        raise InputError(f"one object is wanted, not {table.height}", source=elements)

    from aneos.dynamics import States, encounter_patterns, natural_look_alikes
    from aneos.orbits import KeplerianElements

    orbit = KeplerianElements.from_table(table)
    row = table.row(0, named=True)
    pushes = {key: float(row.get(key) or 0.0) for key in ("A1", "A2", "A3")}
    amr = row.get("amr_m2kg")
    state = States.from_elements(
        orbit,
        A1=0.0 if amr is not None and not pushes["A1"] else pushes["A1"],
        A2=pushes["A2"],
        A3=pushes["A3"],
        amr_m2kg=float(amr) if amr is not None and not pushes["A1"] else None,
    )
    say(f"integrating the object and {look_alikes} look-alikes from {since} to {until}")
    found = encounter_patterns(
        state,
        natural_look_alikes(orbit, look_alikes, seed=seed),
        first_tdb_jd=_year(since),
        last_tdb_jd=_year(until),
    )
    title = str(row["designation"])
    signature = answered() | {"seed": seed, **found.provenance}
    emit(
        Result(
            render=lambda console: _render(console, title, found),
            payload=lambda: {"signature": signature, "designation": title} | _payload(found),
            table=lambda: _table(title, found),
            signature=lambda: signature,
        ),
        form,
        output,
    )


def _year(year: int) -> float:
    from aneos.artificial.dates import julian_date

    return julian_date(f"{year}-01-01")


def _payload(found: EncounterPatterns) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "patterns": [asdict(item) for item in found.patterns],
        "state": None if found.state is None else asdict(found.state),
        "spells": [asdict(item) for item in found.spells],
        "approaches_tdb_jd": found.approaches_tdb_jd.tolist(),
    }


def _table(title: str, found: EncounterPatterns) -> pl.DataFrame:
    from dataclasses import asdict

    import polars as pl

    return pl.DataFrame([{"designation": title} | asdict(item) for item in found.patterns])


def _render(console: Console, title: str, found: EncounterPatterns) -> None:
    from aneos.artificial.dates import iso_date
    from aneos.cli.tables import plain_table, write

    console.print(title, style="bold", markup=False)
    dates = [iso_date(day) for day in found.approaches_tdb_jd]
    shown = ", ".join(dates[:12]) + (f" and {len(dates) - 12} more" if len(dates) > 12 else "")
    write(console, f"{len(dates)} approaches within 0.1 au" + (f": {shown}" if dates else ""))
    if found.state is not None:
        write(console, f"Co-orbital state at the epoch of the orbit: {found.state.kind}")
    heads = ("pattern", "value", "unit", "look-alikes", "p", "p, all tests", "signal", "in words")
    rows = [
        (
            item.name,
            f"{item.value:.4g}",
            item.unit,
            f"{item.null_median:.4g}",
            probability(item.p_value),
            probability(item.adjusted_p),
            "yes" if item.signal else "no",
            item.summary,
        )
        for item in found.patterns
    ]
    console.print(plain_table(heads, rows, right=(1, 3, 4, 5)))
