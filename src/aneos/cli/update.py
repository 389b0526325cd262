"""``aneos catalogue update``, ``versions`` and ``diff``: following the archives, and what was believed when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from aneos.cli.emit import Result, check_output, emit
from aneos.cli.messages import say, tell_rejected
from aneos.cli.options import FormatOption, OutputOption
from aneos.cli.progress import progress_bar
from aneos.errors import InputError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from aneos.archives.difference import Difference
    from aneos.archives.sync import SyncResult
    from aneos.archives.versions import Edition
    from aneos.catalogue import Catalogue

Source = Literal["mpc", "sbdb"]

NAMES_SHOWN: Final = 20
"""Designations of each kind that a table lists; JSON has all."""

SourceOption = Annotated[
    Source, typer.Option("--source", help="Which archive's list: the MPC's, or JPL's Small-Body Database.")
]


def update(
    source: SourceOption = "mpc",
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Take the list from this file instead of the archive."),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option("--date", metavar="DAY", help="Day (YYYY-MM-DD) of the list in --from. [default: now]"),
    ] = None,
    assess: Annotated[
        bool, typer.Option("--assess/--no-assess", help="Assess the objects that are new or changed.")
    ] = True,
    accept_smaller: Annotated[
        bool, typer.Option("--accept-smaller", help="Take a list that lacks many objects of the one before.")
    ] = False,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Bring the list of near-Earth asteroids up to date, say what changed, and assess that."""
    check_output(output, form)
    taken_at = _moment(date, file)
    catalogue = from_archive(source) if file is None else _from_file(file)
    tell_rejected(catalogue.rejected)

    from aneos.archives.sync import Sync

    with progress_bar() as progress:
        result = Sync(source, progress=progress).update(
            catalogue, taken_at=taken_at, assess=assess, accept_smaller=accept_smaller
        )
    emit(
        Result(
            render=lambda console: _show_update(console, result),
            payload=lambda: {"signature": _signature(result.edition), **result.to_dict()},
            table=lambda: result.assessed,
            signature=lambda: _signature(result.edition),
        ),
        form,
        output,
    )


def versions(source: SourceOption = "mpc", form: FormatOption = None, output: OutputOption = None) -> None:
    """List the editions of the catalogue that are kept."""
    check_output(output, form)
    from aneos.archives.versions import VersionStore

    editions = VersionStore(source).editions()
    if not editions:
        raise InputError(f"no edition is kept yet: aneos catalogue update --source {source}", source=source)
    emit(
        Result(
            render=lambda console: _show_editions(console, editions),
            payload=lambda: {"editions": [edition.to_dict() for edition in editions]},
            table=lambda: _editions_table(editions),
            signature=lambda: {"catalogue": source},
        ),
        form,
        output,
    )


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="An edition: id, day, bundled or latest.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another edition.")],
    source: SourceOption = "mpc",
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Say what edition B has that edition A has not: objects added, removed, renamed, changed."""
    check_output(output, form)
    from aneos.archives.difference import difference
    from aneos.archives.versions import VersionStore

    store = VersionStore(source)
    older, newer = store.find(first), store.find(second)
    found = difference(store.load(older).table, store.load(newer).table)
    signature = {"from": older.to_dict(), "to": newer.to_dict()}
    emit(
        Result(
            render=lambda console: _show_difference(console, older, newer, found),
            payload=lambda: signature | {"difference": found.to_dict()},
            table=lambda: _difference_table(found),
            signature=lambda: signature,
        ),
        form,
        output,
    )


def from_archive(source: Source) -> Catalogue:
    """The whole list of near-Earth asteroids from an archive now. Raises ArchiveError, never an empty catalogue."""
    import asyncio

    from aneos.archives import Archives

    async def fetch() -> Catalogue:
        async with Archives() as archives:
            return await archives.catalogue(source)

    return asyncio.run(fetch())


def _from_file(path: Path) -> Catalogue:
    from aneos.cli.inputs import usable

    return usable(path)


def _moment(day: str | None, file: Path | None) -> datetime | None:
    if day is None:
        return None
    if file is None:
        raise InputError("needs --from: what an archive gives is of now", source="--date")
    try:
        moment = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise InputError(f"must be a day such as 2026-03-01, not {day!r}", source="--date") from error
    if moment > datetime.now(UTC):
        raise InputError(f"{day} has not come yet", source="--date")
    return moment


def _signature(edition: Edition) -> dict[str, Any]:
    from aneos import __version__

    catalogue = [item.to_dict() for item in edition.provenance]
    return {"source": "aNEOS", "version": __version__, "edition": edition.id, "catalogue": catalogue}


def _show_update(console: Console, result: SyncResult) -> None:
    from aneos.cli.tables import write

    edition = result.edition
    if not result.changed and not result.resumed:
        write(console, f"no change since edition {edition.id}: {edition.objects:,} objects", "bold")
        return
    write(console, f"edition {edition.id}: {edition.objects:,} objects", "bold")
    _show_counts(console, result.difference)
    if result.assessed.is_empty():
        write(console, "nothing was assessed")
        return
    changes = result.class_changes()
    write(console, f"{result.assessed.height:,} objects assessed, {changes.height:,} of note")
    for row in changes.head(NAMES_SHOWN).iter_rows(named=True):
        before = row["class_before"] or row["reason"]
        probability = row["probability_artificial"]
        chance = "" if probability is None else f", P(artificial) {probability:.2g}"
        write(console, f"  {row['designation']}: {before} → {row['class'] or row['not_assessed']}{chance}")
    if changes.height > NAMES_SHOWN:
        say(f"… and {changes.height - NAMES_SHOWN:,} more; the JSON has all of them under 'class_changes'")


def _show_counts(console: Console, found: Difference) -> None:
    from aneos.cli.tables import write

    counts = found.counts()
    write(
        console,
        f"{counts['added']:,} added, {counts['removed']:,} removed, {counts['renamed']:,} renamed, "
        f"{counts['changed']:,} changed ({counts['changed_elements']:,} in their elements)",
    )


def _show_difference(console: Console, older: Edition, newer: Edition, found: Difference) -> None:
    from aneos.cli.tables import plain_table, write

    write(console, f"{older.id} → {newer.id}", "bold")
    _show_counts(console, found)
    table = _difference_table(found)
    rows = [
        (row["change"], row["designation"], row["detail"] or "")
        for kind in ("added", "removed", "renamed", "changed")
        for row in table.filter(change=kind).head(NAMES_SHOWN).iter_rows(named=True)
    ]
    if rows:
        console.print(plain_table(("", "object", ""), rows))
    if table.height > len(rows):
        write(console, f"{table.height - len(rows):,} more; --format json, csv or parquet has all")


def _difference_table(found: Difference) -> pl.DataFrame:
    import polars as pl

    rows = [
        *(("added", name, None) for name in found.added),
        *(("removed", name, None) for name in found.removed),
        *(("renamed", new, f"was {old}") for old, new in found.renamed),
        *(("changed", name, ", ".join(columns)) for name, columns in found.changed),
    ]
    names = ("change", "designation", "detail")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()), orient="row")


def _show_editions(console: Console, editions: list[Edition]) -> None:
    from aneos.cli.tables import plain_table

    rows = [
        (
            edition.id,
            f"{edition.taken_at:%Y-%m-%d %H:%M}",
            f"{edition.objects:,}",
            edition.provenance[0].source,
        )
        for edition in editions
    ]
    console.print(plain_table(("edition", "believed from (UTC)", "objects", "source"), rows))


def _editions_table(editions: list[Edition]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(
        [
            {
                "id": edition.id,
                "taken_at": edition.taken_at,
                "objects": edition.objects,
                "rejected": edition.rejected,
                "source": edition.provenance[0].source,
                "sha256": edition.provenance[0].sha256,
            }
            for edition in editions
        ]
    )
