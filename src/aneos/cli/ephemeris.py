"""``aneos ephemeris``: where a known artificial object stands on the sky, and how surely."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from aneos.cli.emit import Result, answered, check_output, emit
from aneos.cli.messages import say
from aneos.cli.options import FormatOption, OutputOption
from aneos.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from aneos.artificial.ephemerides import Ephemeris

MOST_ROWS: Final = 20_000
_UNITS: Final = {"d": 1.0, "h": 1.0 / 24.0, "m": 1.0 / 1440.0, "s": 1.0 / 86_400.0}


def ephemeris(
    name: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Any name of the object, such as 2018-017A or 2020 SO."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="DATE", help="First time, UTC. [default: now]")
    ] = None,
    stop: Annotated[
        str | None, typer.Option("--stop", metavar="DATE", help="Last time, UTC. [default: 30 steps later]")
    ] = None,
    step: Annotated[str, typer.Option("--step", metavar="STEP", help="Such as 1d, 6h, 30m, 10s.")] = "1d",
    observer: Annotated[
        str, typer.Option("--observer", metavar="CODE", help="MPC observatory code; 500 is the geocentre.")
    ] = "500",
    missing: Annotated[
        bool, typer.Option("--missing", help="List the known objects of which no ephemeris can be made.")
    ] = False,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Ephemeris of a known artificial object with its uncertainty, integrated from its published orbits."""
    check_output(output, form)
    if missing:
        if name:
            raise InputError("give a NAME or --missing, not both")
        _list_missing(form, output)
        return
    if not name:
        raise InputError("give the NAME of a known artificial object, or --missing")
    times = time_grid(start, stop, step)
    from aneos.artificial.ephemerides import ephemeris as compute

    found = compute(" ".join(name), times, observer=observer)
    for text in found.missing:
        say(f"{found.name}: missing {text}")
    unplaced = [text for text in found.reason if text]
    if len(unplaced) == len(found.reason):
        raise InputError(f"{found.name} cannot be placed at any of these times: {unplaced[0]}")
    for text in dict.fromkeys(unplaced):
        say(f"{found.name}: {unplaced.count(text)} times without a place: {text}")
    signature = answered() | {"observer": found.observer, **found.provenance}
    emit(
        Result(
            render=lambda console: _render(console, found),
            payload=lambda: {"signature": signature} | found.to_dict(),
            table=found.to_table,
            signature=lambda: signature,
        ),
        form,
        output,
    )


def time_grid(start: str | None, stop: str | None, step: str) -> list[float]:
    """UTC Julian dates from ``start`` to ``stop``. Raises InputError for dates and steps that are none."""
    from datetime import UTC, datetime

    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([dhms])\s*", step)
    if not found or float(found[1]) <= 0.0:
        raise InputError(f"{step!r} is no step such as 1d, 6h, 30m or 10s", source="--step")
    days = float(found[1]) * _UNITS[found[2]]
    first = _date(start or datetime.now(UTC).isoformat(timespec="minutes"), "--start")
    last = first + 30.0 * days if stop is None else _date(stop, "--stop")
    if last < first:
        raise InputError("lies before --start", source="--stop")
    count = int((last - first) / days + 1e-9) + 1
    if count > MOST_ROWS:
        raise InputError(f"gives {count:,} times; at most {MOST_ROWS:,} at once", source="--step")
    return [first + k * days for k in range(count)]


def _date(text: str, option: str) -> float:
    from aneos.artificial.dates import julian_date

    try:
        return julian_date(text.strip())
    except ValueError:
        raise InputError(
            f"{text!r} is no date such as 2029-04-13 or 2029-04-13T21:46", source=option
        ) from None


def _render(console: Console, found: Ephemeris) -> None:
    from aneos.cli.tables import plain_table, write

    cospar = f" ({found.cospar})" if found.cospar else ""
    place = f", {found.observer_name}" if found.observer_name else ""
    console.print(f"{found.name}{cospar} from {found.observer}{place}", style="bold", markup=False)
    write(console, "Astrometric places (ICRF), UTC; widths are 1 sigma of the clones.")
    heads = (
        "UTC", "RA (°)", "Dec (°)", "range (au)", "rate (km/s)", "RA rate", "Dec rate (″/min)", "V",
        "elong. (°)", "phase (°)", "σ major × minor (″), angle (°)",
    )  # fmt: skip
    rows = [_row(row) for row in found.to_table().to_dicts()]
    console.print(plain_table(heads, rows, right=tuple(range(1, len(heads) - 1))))
    for source in found.orbits:
        write(console, f"Orbit of {source}", "dim")


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    if row["ra_deg"] is None:
        return (row["time_utc"], *["–"] * 9, row["reason"])
    ellipse = "–"
    if row["sigma_major_arcsec"] is not None:
        ellipse = f"{row['sigma_major_arcsec']:,.3g} × {row['sigma_minor_arcsec']:,.3g}, {row['sigma_angle_deg']:.0f}"
    return (
        row["time_utc"],
        f"{row['ra_deg']:.5f}",
        f"{row['dec_deg']:+.5f}",
        f"{row['range_au']:.6f}",
        f"{row['range_rate_kms']:+.3f}",
        f"{row['ra_rate_arcsec_min']:+.2f}",
        f"{row['dec_rate_arcsec_min']:+.2f}",
        "–" if row["V"] is None else f"{row['V']:.1f}",
        f"{row['elongation_deg']:.1f}",
        f"{row['phase_deg']:.1f}",
        ellipse,
    )


def _list_missing(form: Any, output: Any) -> None:
    import polars as pl

    from aneos.artificial.ephemerides import not_placed
    from aneos.cli.tables import plain_table

    items = [item.to_dict() for item in not_placed()]

    def render(console: Console) -> None:
        heads = ("object", "COSPAR", "why it cannot be placed")
        rows = [(item["name"], item["cospar"] or "–", item["reason"]) for item in items]
        console.print(plain_table(heads, rows))

    signature = answered()
    emit(
        Result(
            render,
            lambda: {"signature": signature, "not_placed": items},
            lambda: pl.DataFrame(items),
            lambda: signature,
        ),
        form,
        output,
    )
