"""``aneos departures``: carry an orbit back to 1957 and rank the launches that it may have left with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aneos.cli.emit import Result, check_output, emit
from aneos.cli.inputs import one_of
from aneos.cli.messages import say, tell_rejected
from aneos.cli.options import DesignationArgument, FormatOption, OutputOption, PriorOption, check_fraction
from aneos.cli.words import fixed, probability, signed
from aneos.errors import InputError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from aneos.deep import Traced


def departures(
    designation: DesignationArgument = None,
    elements: Annotated[
        Path | None,
        typer.Option(
            "--elements",
            metavar="FILE",
            help="Elements, a state vector or an orbit with its covariance: CSV, JSON, Parquet, Find_Orb, JPL.",
        ),
    ] = None,
    amr: Annotated[
        float | None,
        typer.Option(
            "--amr", metavar="X", help="Area-to-mass ratio in m²/kg. [default: the orbit's, else drawn]"
        ),
    ] = None,
    amr_sigma: Annotated[
        float | None,
        typer.Option("--amr-sigma", metavar="S", help="Its standard deviation. [default: 30% of it]"),
    ] = None,
    clones: Annotated[int, typer.Option("--clones", metavar="N", help="Clones of the orbit.")] = 1000,
    look_alikes: Annotated[
        int,
        typer.Option("--look-alikes", metavar="N", help="Natural look-alikes traced for the chance rate."),
    ] = 200,
    seed: Annotated[
        int, typer.Option("--seed", metavar="K", help="The same seed gives the same answer.")
    ] = 0,
    launches: Annotated[
        Path | None,
        typer.Option("--launches", metavar="FILE", help="CSV of further launches beyond the Earth."),
    ] = None,
    until: Annotated[
        str, typer.Option("--until", metavar="DAY", help="How far back to go, YYYY-MM-DD.")
    ] = "1957-10-04",
    prior: PriorOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Trace an orbit back to 1957-10-04 and rank the launches that it may have left the Earth with."""
    check_fraction(prior, "--prior")
    name = one_of(designation, elements=elements)
    push = _push(amr, amr_sigma)
    end = _julian(until)
    check_output(output, form)

    from aneos.assessment import DEFAULT_PRIOR
    from aneos.deep import Settings, trace_file, trace_named

    settings = Settings(
        clones=clones, look_alikes=look_alikes, seed=seed, amr=push, launches=launches, until_tdb_jd=end
    )
    chosen = DEFAULT_PRIOR if prior is None else prior
    say("integrating clones and look-alikes back to " + until)
    if elements is not None:
        traced = trace_file(elements, settings, prior=chosen)
    else:
        traced = trace_named(name, settings, prior=chosen)
    tell_rejected(traced.report.rejected)
    if not traced.results:
        first = traced.report.rejected[0]
        raise InputError(first.reason, source=first.source or elements, line=first.line or None)
    emit(
        Result(
            render=lambda console: _render(console, traced),
            payload=traced.report.to_dict,
            table=lambda: _table(traced),
            signature=lambda: traced.report.signature,
        ),
        form,
        output,
    )


# -- below: arguments and forms --------------------------------------------------------------------


def _push(amr: float | None, sigma: float | None) -> tuple[float, float] | None:
    if amr is None:
        if sigma is not None:
            raise InputError("needs --amr", source="--amr-sigma")
        return None
    width = 0.3 * abs(amr) if sigma is None else sigma
    if not (amr == amr and width >= 0.0 and abs(amr) < 1e3):
        raise InputError(
            f"must be a number in m²/kg with a width that is not negative, not {amr}", source="--amr"
        )
    return amr, width


def _julian(text: str) -> float:
    from aneos.artificial.dates import julian_date

    try:
        return julian_date(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a day (YYYY-MM-DD)", source="--until") from error


def _render(console: Console, traced: Traced) -> None:
    from aneos.cli.tables import plain_table, write

    for number, (item, result) in enumerate(zip(traced.report.assessments, traced.results, strict=True)):
        if number:
            console.print()
        (line,) = item.evidence
        write(console, f"{item.designation}: {line.summary}")
        write(
            console,
            f"{result.n_clones} clones ({result.orbit.basis}; push: {result.orbit.details.get('push')}), "
            f"{result.n_grounded} from the Earth's surface, {result.n_failed} failed, "
            f"{result.n_lookalikes} look-alikes, seed {result.seed}; log10 Bayes factor "
            f"{signed(line.log10_bayes_factor)} [{signed(line.interval[0])}, {signed(line.interval[1])}]",
        )
        if not result.candidates:
            continue
        console.print()
        heads = ("launch", "date", "score", "chance p", "clones", "km", "C3 found", "C3 launch", "date found")
        console.print(
            plain_table(heads, [_row(c.to_dict()) for c in result.candidates], right=(2, 3, 4, 5, 6, 7))
        )


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    from aneos.artificial.dates import iso_date

    return (
        item["name"],
        item["date"],
        signed(item["score"]),
        probability(item["chance_probability"]),
        f"{100.0 * item['fraction']:.1f}%",
        f"{item['distance_km']:,.0f}",
        signed(item["c3_km2s2"]),
        "–" if item["launch_c3_km2s2"] is None else signed(item["launch_c3_km2s2"]),
        f"{iso_date(item['epoch_tdb_jd'])} ± {fixed(item['spread_days'], 1)} d",
    )


def _table(traced: Traced) -> pl.DataFrame:
    """One row a launch, or one row with empty launch columns for an object without any."""
    import polars as pl

    rows: list[dict[str, Any]] = []
    for item, result in zip(traced.report.assessments, traced.results, strict=True):
        common = {
            "designation": item.designation,
            "log10_bayes_factor": item.log10_bayes_factor,
            "history_lost_before": result.lost_before,
        }
        found: Sequence[dict[str, Any]] = [candidate.to_dict() for candidate in result.candidates] or [{}]
        rows += [
            common | {"rank": k if candidate else None} | candidate for k, candidate in enumerate(found, 1)
        ]
    return pl.DataFrame(rows, infer_schema_length=None)
