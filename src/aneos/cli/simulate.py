"""``aneos simulate``: hardware that left the Earth, from real launches to the present."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aneos.cli.messages import say
from aneos.cli.progress import progress_bar
from aneos.errors import InputError


def simulate(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of finished chunks; a run that stopped goes on.")
    ],
    draws: Annotated[int, typer.Option("--draws", metavar="N", help="Objects to draw.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of everything random.")] = 20260212,
    kind: Annotated[
        str,
        typer.Option(
            "--kind", metavar="KIND", help="departures (from launch on) or leaks (from a Lagrange region on)."
        ),
    ] = "departures",
    executor: Annotated[
        str, typer.Option("--executor", metavar="NAME", help="local, or dask for more than one machine.")
    ] = "local",
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Scheduler of dask, such as tcp://head:8786."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", help="Processes on this machine; 0 takes all cores.")
    ] = 0,
    pack: Annotated[
        Path | None,
        typer.Option("--pack", metavar="FILE", help="Also pack the population into a file to train on."),
    ] = None,
) -> None:
    """Draw departures of real launches and carry them to the present."""
    import os

    from aneos.artificial import escapes

    if kind not in ("departures", "leaks"):
        raise InputError(f"no kind {kind!r}; there are departures and leaks", source="--kind")
    if executor not in ("local", "dask"):
        raise InputError(f"no executor {executor!r}; there are local and dask", source="--executor")
    if scheduler is not None and executor != "dask":
        raise InputError("belongs to --executor dask", source="--scheduler")
    if seed < 0 or workers < 0:
        raise InputError("must not be negative", source="--seed" if seed < 0 else "--workers")
    recipe = escapes.Recipe(draws, seed, kind="leaks" if kind == "leaks" else "departures")
    with progress_bar() as progress:
        table = escapes.simulate(
            recipe,
            folder,
            workers=workers or os.cpu_count() or 1,
            executor="dask" if executor == "dask" else "local",
            scheduler=scheduler,
            progress=None if progress is None else partial(progress, "chunks"),
        )
    for row in table.group_by("regime", "fate").len().sort("regime", "fate").iter_rows(named=True):
        typer.echo(f"{row['regime']}: {row['fate']}: {row['len']}")
    if pack is not None:
        from aneos.learning.population import pack as packed

        say(f"wrote {pack}: {len(packed(folder, pack))} objects on closed orbits with q < 1.3 au")
