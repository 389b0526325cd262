"""``aneos returns``: when the known artificial objects come back to the Earth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aneos.cli.emit import Result, answered, check_output, emit
from aneos.cli.messages import say
from aneos.cli.options import FormatOption, OutputOption
from aneos.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from aneos.artificial.returns import Calendar


def returns(
    name: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Any name of one object. [default: the whole registry]"),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="First day, UTC. [default: today]")
    ] = None,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Last day, or a year.")] = "2060",
    within: Annotated[
        float, typer.Option("--within", metavar="AU", help="Distance that counts as an approach, au.")
    ] = 0.1,
    compute: Annotated[
        bool, typer.Option("--compute", help="Integrate now instead of reading the shipped calendar.")
    ] = False,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Calendar of the returns of known artificial objects to the Earth, with their uncertainty."""
    check_output(output, form)
    first, last = _day(since, "--since"), _day(until, "--until")
    if last <= first:
        raise InputError("lies before --since", source="--until")
    if not 0.0 < within <= 0.5:
        raise InputError(f"must lie between 0 and 0.5, not {within:g}", source="--within")
    calendar, how = _calendar(" ".join(name or ()).strip(), first, last, within, compute)
    signature = answered() | {"calendar": how, **calendar.provenance}
    emit(
        Result(
            render=lambda console: _render(console, calendar),
            payload=lambda: {"signature": signature} | calendar.to_dict(),
            table=calendar.to_table,
            signature=lambda: signature,
        ),
        form,
        output,
    )


def _calendar(name: str, first: float, last: float, within: float, compute: bool) -> tuple[Calendar, str]:
    from aneos.artificial import known
    from aneos.artificial.build_returns import bundled_returns
    from aneos.artificial.returns import WITHIN_AU
    from aneos.artificial.returns import returns as integrate

    shipped = None if compute or within != WITHIN_AU else bundled_returns()
    if shipped is not None and shipped.since_tdb_jd <= first and last <= shipped.until_tdb_jd:
        part = shipped.between(first, last)
        return (part if not name else part.only(known.resolve(name).id)), "shipped"
    say("integrating the registry's orbits; the shipped calendar does not hold what is asked")
    chosen = [name] if name else None
    return integrate(chosen, since_tdb_jd=first, until_tdb_jd=last, within_au=within), "integrated now"


def _day(text: str | None, option: str) -> float:
    from datetime import UTC, datetime

    from aneos.artificial.dates import julian_date
    from aneos.dynamics.timescales import utc_to_tdb_jd

    if text is None:
        return float(utc_to_tdb_jd(julian_date(datetime.now(UTC).date().isoformat())))
    whole = f"{text.strip()}-01-01" if len(text.strip()) == 4 else text.strip()
    try:
        day = julian_date(whole)
    except ValueError:
        raise InputError(f"{text!r} is no date such as 2035-08-01 or 2035", source=option) from None
    return day if len(text.strip()) == 4 else float(utc_to_tdb_jd(day))


def _render(console: Console, calendar: Calendar) -> None:
    from aneos.cli.tables import plain_table, write

    heads = (
        "UTC", "± days", "object", "distance (au)", "90% of clones", "v (km/s)", "v_inf", "V", "elong. (°)",
        "brightest", "clones",
    )  # fmt: skip
    rows = [_row(row) for row in calendar.to_table().to_dicts()]
    if rows:
        console.print(plain_table(heads, rows, right=(1, 3, 5, 6, 7, 8, 10)))
    else:
        write(console, "No approach in this time.")
    for status, what in (
        ("lost", "Lost on the way"),
        ("ends", "Strike a body"),
        ("not followed", "Not followed"),
        ("no orbit", "Without a usable orbit"),
    ):
        items = [item for item in calendar.objects if item.status == status]
        if items:
            console.print()
            write(console, f"{what} ({len(items)}): {_listed(items, status)}", "dim")


def _listed(items: list[Any], status: str) -> str:
    from aneos.artificial.dates import iso_date

    shown = [
        f"{item.name} ({iso_date(item.followed_until_tdb_jd)})"
        if item.followed_until_tdb_jd and status in ("lost", "ends")
        else item.name
        for item in items
    ]
    if len(shown) > 40:
        return "; ".join(shown[:40]) + f"; and {len(shown) - 40} more (--format json has all, with reasons)"
    return "; ".join(shown)


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    def number(value: float | None, places: int) -> str:
        return "–" if value is None else f"{value:.{places}f}"

    bright = "–" if row["brightest_mag"] is None else f"{row['brightest_mag']:.1f} on {row['brightest_utc']}"
    return (
        row["time_utc"][:16].replace("T", " "),
        number(row["sigma_days"], 2),
        row["name"],
        number(row["distance_au"], 5),
        f"{row['distance_low_au']:.5f} to {row['distance_high_au']:.5f}",
        number(row["speed_kms"], 2),
        number(row["v_inf_kms"], 2),
        number(row["V"], 1),
        number(row["elongation_deg"], 0),
        bright,
        f"{100 * row['fraction']:.0f}%",
    )
