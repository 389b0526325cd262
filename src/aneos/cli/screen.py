"""``aneos screen``: the whole catalogue, ranked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aneos.cli.emit import Result, check_output, emit
from aneos.cli.inputs import screened_catalogue
from aneos.cli.messages import say, tell_rejected
from aneos.cli.options import (
    FormatOption,
    OutputOption,
    PriorOption,
    WithoutOption,
    check_fraction,
    lines_left_out,
    not_in_this_version,
)
from aneos.cli.progress import progress_bar
from aneos.cli.ranking import LOOK, notes, show_screen

if TYPE_CHECKING:
    from aneos.screening import ScreenResult


def screen(
    catalogue: Annotated[
        str,
        typer.Option(
            "--catalogue",
            metavar="bundled|FILE|mpc|sbdb",
            help="What to screen: the bundled snapshot of the MPC's list, a file, an archive's list as it is now, or "
            "as it was kept by 'aneos catalogue update' (mpc@DAY).",
        ),
    ] = "bundled",
    extra: Annotated[
        list[Path] | None,
        typer.Option(
            "--extra", metavar="FILE", help="Mix the objects of an elements file in; may be repeated."
        ),
    ] = None,
    without: WithoutOption = None,
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=0, help="How many objects to give; 0 for all.")
    ] = 30,
    fdr: Annotated[
        float, typer.Option("--fdr", metavar="Q", help="False discovery rate of the alerts, 0 < Q < 1.")
    ] = 0.1,
    prior: PriorOption = None,
    executor: Annotated[
        Literal["local", "dask"],
        typer.Option(
            "--executor", help="Where to compute: this machine. (dask is not available in this version.)"
        ),
    ] = "local",
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            help="Draw encounter speed against inclination (.png, .svg or .pdf), flagged objects named.",
        ),
    ] = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Rank a whole catalogue: which objects are probably artificial, why, and what is missing."""
    left_out = lines_left_out(without)
    check_fraction(fdr, "--fdr")
    check_fraction(prior, "--prior")
    if executor == "dask":
        raise not_in_this_version("--executor dask", "use local")
    check_output(output, form)
    if plot is not None:
        from aneos.plots import check_plot

        check_plot(plot)
    objects = screened_catalogue(catalogue, extra)

    from aneos.assessment import DEFAULT_PRIOR
    from aneos.screening import screen as run

    with progress_bar() as progress:
        result = run(
            objects,
            without=left_out,
            fdr=fdr,
            prior=DEFAULT_PRIOR if prior is None else prior,
            progress=progress,
        )
    tell_rejected(result.rejected)
    if plot is not None:
        from aneos.plots import plot_screen

        plot_screen(result, plot)
        say(f"wrote {plot}")
    emit(_as_result(result, top or None, in_file=output is not None), form, output)


def _as_result(result: ScreenResult, top: int | None, *, in_file: bool) -> Result:
    def payload() -> dict[str, Any]:
        report = result.report(top).to_dict()
        return {
            "signature": report["signature"],
            "summary": {**result.summary, "notes": notes(result.summary)},
            "assessments": report["assessments"],
            "rejected": report["rejected"],
        }

    # Beside a file, the table is for a look at it.
    shown = result.table.height if top is None else top
    return Result(
        render=lambda console: show_screen(console, result, min(shown, LOOK) if in_file else shown),
        payload=payload,
        table=lambda: result.table if top is None else result.table.head(top),
        signature=lambda: result.signature,
    )
