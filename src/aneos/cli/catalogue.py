"""``aneos catalogue``: what is in the catalogue that travels with aNEOS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from aneos.cli.emit import Result, check_output, emit
from aneos.cli.options import FormatOption, OutputOption

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

commands = typer.Typer(rich_markup_mode=None, add_completion=False)


@commands.callback()
def catalogue() -> None:
    """Say what the catalogue holds, and follow the archives that it comes from."""


@commands.command("info")
def info(form: FormatOption = None, output: OutputOption = None) -> None:
    """Say where the bundled catalogue comes from, how many objects it has, and which data are known."""
    check_output(output, form)
    from aneos.catalogue import load_bundled, summary
    from aneos.catalogue.measurements import with_measurements

    facts = summary(with_measurements(load_bundled()))
    result = Result(
        render=lambda console: _render(console, facts),
        payload=lambda: facts,
        table=lambda: _flat(facts),
        signature=lambda: {"catalogue": facts["provenance"]},
    )
    emit(result, form, output)


def _render(console: Console, facts: Mapping[str, Any]) -> None:
    from aneos.cli.tables import plain_table, write

    classes = ", ".join(f"{number:,} {name}" for name, number in facts["orbit_classes"].items())
    write(console, f"{facts['objects']:,} near-Earth asteroids, {facts['rejected']:,} rows rejected", "bold")
    epoch = facts["epoch_tdb_jd"]
    rows = [
        ("orbits", classes),
        ("elements", f"osculating, {facts['origin']}-centred, {facts['frame']}, {facts['time_scale']}"),
        ("epoch", f"JD {epoch['commonest']} for {_per_cent(epoch['share_at_commonest'])}"),
        ("H", _magnitudes(facts["H"])),
        ("oppositions", f"more than one for {_per_cent(facts['multi_opposition_share'])}"),
        ("last observation", str(facts["last_observation"])),
        *((f"known: {name}", f"{number:,}") for name, number in facts["known"].items()),
    ]
    for item in facts["provenance"]:
        rows.append(
            ("source", f"{item['name']} {item['version']}, {item['source']}, SHA-256 {item['sha256']}")
        )
        rows.append(("", item["acknowledgement"]))
    console.print(plain_table(("", ""), rows))


def _magnitudes(H: Mapping[str, Any]) -> str:
    return f"{H['min']} to {H['max']}, median {H['median']}; {H['unknown']:,} unknown"


def _per_cent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}%"


def _flat(facts: Mapping[str, Any]) -> pl.DataFrame:
    # One row: nested names joined with "_".
    import polars as pl

    row: dict[str, Any] = {}
    for name, value in facts.items():
        if isinstance(value, Mapping):
            row.update({f"{name}_{inner}": figure for inner, figure in value.items()})
        elif name == "provenance":
            row["provenance"] = [f"{item['name']} {item['version']}" for item in value]
        else:
            row[name] = value
    return pl.DataFrame([row])
