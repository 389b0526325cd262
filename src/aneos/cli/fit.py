"""``aneos fit``: observations in, orbits and area-to-mass ratios out; also what ``assess --observations`` does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from aneos.cli.emit import Result, check_output, emit
from aneos.cli.messages import say, tell_rejected
from aneos.cli.options import FormatOption, OutputOption
from aneos.errors import InputError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from aneos.astrometry import FitResult, Observations
    from aneos.observed import Observed

TELLING_CHANCE: Final = 0.05
"""Matches on the sky that chance gives more often are in the JSON only."""

PlotOption = Annotated[
    Path | None,
    typer.Option(
        "--plot", metavar="FILE", help="Draw residuals and the track on the sky (.png, .svg, .pdf)."
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="Processes for a file of many objects. [default: all cores]"
    ),
]


def fit(
    observations: Annotated[
        Path, typer.Argument(metavar="OBSERVATIONS", help="MPC 80-column, ADES or radar file.")
    ],
    separate: Annotated[
        bool, typer.Option("--separate", help="Never fit several temporary names as one object.")
    ] = False,
    plot: PlotOption = None,
    workers: WorkersOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Fit an orbit, with the push of sunlight, to the observations of each object in a file."""
    check_output(output, form)
    _check_plot(plot)
    from aneos.astrometry import FitFailure, FitResult, fit_observations, read_observations

    given = read_observations(observations)
    say(given.completeness())
    tell_rejected(given.rejected)
    results = fit_observations(given, workers=workers, link=not separate)
    fits = [item for item in results if isinstance(item, FitResult)]
    failures = [item for item in results if isinstance(item, FitFailure)]
    for failure in failures:
        say(f"{failure.designation}: no orbit from {failure.n_obs} observations: {failure.reason}")
    tell_rejected([row for item in results for row in item.rejected])
    if not fits:
        raise InputError("no object of this file could be fitted", source=observations)
    _draw(plot, fits, given)
    matches = sky_lines(fits, given)
    payload: dict[str, Any] = {
        "observations": given.to_dict(),
        "fits": [item.to_dict() for item in fits],
        "failures": [item.to_dict() for item in failures],
        "sky_matches": matches,
    }

    def render(console: Console) -> None:
        show_fits(console, fits)
        show_sky(console, matches)

    emit(
        Result(
            render=render,
            payload=lambda: {"signature": _signature(given)} | payload,
            table=lambda: fit_table(fits),
            signature=lambda: _signature(given),
        ),
        form,
        output,
    )


def assess_file(
    path: Path, without: tuple[str, ...], prior: float, plot: Path | None = None, *, deep: bool = False
) -> tuple[Observed, Result]:
    """What ``aneos assess --observations FILE`` gives: the assessments, and the result in every form."""
    from aneos.astrometry import read_observations
    from aneos.cli.reports import show_assessments
    from aneos.observed import assess_observations
    from aneos.output import report_table

    _check_plot(plot)
    given = read_observations(path)
    say(given.completeness())
    observed = assess_observations(given, without=without, prior=prior)
    if deep:
        from aneos.deep import Settings
        from aneos.full_depth import deepen_observed

        observed = deepen_observed(observed, Settings(), tell=say)
    for failure in observed.failures:
        say(f"{failure.designation}: no orbit from {failure.n_obs} observations: {failure.reason}")
    if not observed.fits:
        raise InputError("no object of this file could be fitted", source=path)
    _draw(plot, list(observed.fits), given)

    matches = observed.sky_matches

    def render(console: Console) -> None:
        show_fits(console, list(observed.fits))
        show_sky(console, matches)
        show_assessments(console, observed.report.assessments)

    result = Result(
        render=render,
        payload=observed.to_dict,
        table=lambda: report_table(observed.report),
        signature=lambda: observed.report.signature,
    )
    return observed, result


def show_fits(console: Console, fits: list[FitResult]) -> None:
    """A block an object: orbit, push, quality, stations."""
    for item in fits:
        elements = item.elements
        console.print(f"{item.designation}", style="bold", markup=False)
        names = [name for name in item.names if name != item.designation]
        if names:
            console.print(f"  also observed as {', '.join(names)}", markup=False)
        lines = [
            f"{item.n_used} of {item.n_obs} observations used, {item.nights} nights, {item.arc_days:.3f} days, "
            f"rms {item.rms_arcsec:.2f} arcsec, reduced χ² {item.reduced_chi2:.2f}, "
            + ("converged" if item.converged else "NOT CONVERGED"),
            f"about the Sun (JD {item.epoch_tdb_jd:.1f} TDB): a {elements['a_au']:.6f} au, e {elements['e']:.6f}, "
            f"i {elements['i_deg']:.4f}, node {elements['node_deg']:.4f}, peri {elements['peri_deg']:.4f}, "
            f"M {elements['mean_anomaly_deg']:.4f} deg",
            _about_the_earth(item.geocentric),
            _push(item),
        ]
        if item.H is not None:
            lines.append(f"H {item.H:.1f} (scatter {item.H_scatter or 0.0:.1f})")
        lines += [f"{word}: {text}" for word, text in zip(item.flags, item.remarks, strict=True)]
        for line in lines:
            console.print(f"  {line}", markup=False, highlight=False)


def sky_lines(fits: list[FitResult], given: Observations) -> dict[str, list[dict[str, Any]]]:
    """Known artificial objects at the observed places and times, by designation, JSON-ready."""
    import polars as pl

    from aneos.artificial.sky_tracks import sky_matches

    optical = pl.col("kind") == "optical"
    rows = {
        item.designation: given.table.filter(pl.col("object").is_in(list(item.names)) & optical)
        for item in fits
    }
    return {
        name: [match.to_dict() for match in sky_matches(table)] if table.height else []
        for name, table in rows.items()
    }


def show_sky(console: Console, matches: dict[str, list[dict[str, Any]]]) -> None:
    """One line a match, or one that says that there is none."""
    from aneos.cli.words import probability

    for designation, found in matches.items():
        telling = [match for match in found if match["chance_probability"] <= TELLING_CHANCE]
        for match in telling:
            cospar = f" ({match['cospar']})" if match["cospar"] else ""
            text = (
                f"{designation} on the sky: {match['name']}{cospar}, {match['offset_arcsec']:.0f} arcsec away "
                f"(σ {match['sigma_arcsec']:.0f}), motion {match['motion_offset_arcsec_min']:.2f} arcsec/min apart, "
                f"chance {probability(match['chance_probability'])}"
            )
            console.print(text, markup=False, highlight=False)
        if not telling:
            console.print(
                f"{designation} on the sky: no known artificial object that chance would not put there as well",
                markup=False,
                highlight=False,
            )


def fit_table(fits: list[FitResult]) -> pl.DataFrame:
    """The rows of the catalogue table that the fits give; with ``assess --elements`` they can be read back."""
    import polars as pl

    return pl.concat([item.to_table().drop("aliases") for item in fits])


def _about_the_earth(found: dict[str, Any]) -> str:
    text = f"about the Earth: {found['distance_km']:,.0f} km away, "
    text += f"bound with probability {found['probability_bound']:.3f}"
    if "a_km" in found and found["probability_bound"] > 0.5:
        text += (
            f"; a {found['a_km']:,.0f} km, e {found['e']:.4f}, i {found['i_deg']:.2f} deg (equator), "
            f"perigee {found['perigee_km']:,.0f} km, period {found['period_days']:.2f} days"
        )
    return text


def _push(item: FitResult) -> str:
    push = item.push
    if push.get("amr_m2kg") is None:
        return "area-to-mass ratio: not determined by these observations"
    text = (
        f"AMR {push['amr_m2kg']:.4g} ± {push['amr_sigma_m2kg']:.2g} m²/kg ({push['against_zero_sigma']:.1f}σ, "
        f"{push['sign']}), A1 {push['A1']:.3g} ± {push['A1_sigma']:.1g} au/d² from the model {push['model']}; "
        f"the data ask for: {item.model}"
    )
    if item.transverse is not None:
        text += f"; A2 alone {item.transverse[0]:.3g} ± {item.transverse[1]:.1g} au/d²"
    return text


def _check_plot(plot: Path | None) -> None:
    if plot is not None:
        from aneos.plots import check_plot

        check_plot(plot)


def _draw(plot: Path | None, fits: list[FitResult], given: Observations) -> None:
    """The picture of the first object, and of the others beside it (name with a number)."""
    if plot is None:
        return
    import polars as pl

    from aneos.fit_plots import write_fit_plot

    for number, item in enumerate(fits, start=1):
        target = plot if number == 1 else plot.with_stem(f"{plot.stem}-{number}")
        write_fit_plot(item, given.table.filter(pl.col("object").is_in(list(item.names))), target)
        say(f"wrote {target}")


def _signature(given: Observations) -> dict[str, Any]:
    from datetime import UTC, datetime

    from aneos import __version__

    return {
        "source": "aNEOS",
        "version": __version__,
        "observations": [item.to_dict() for item in given.provenance],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
