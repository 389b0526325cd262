"""Replies that the readers of :mod:`aneos.catalogue` understand, as catalogues with the archive's provenance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from aneos.archives.contents import provenance_of
from aneos.archives.errors import ArchiveChanged
from aneos.archives.reply import Reply
from aneos.catalogue import Catalogue
from aneos.catalogue.assembly import Assembly
from aneos.errors import InputError

MAX_REJECTED_SHARE: Final = 0.01
"""Share of records that a reader may refuse before the format is said to have changed. On 2026-02-12 it refused
none of the MPC's 40,874."""


def read_catalogue(reply: Reply, reader: Callable[[Path], Catalogue], name: str) -> Catalogue:
    """The reply through a reader of :mod:`aneos.catalogue`; the archive's address and hash become its provenance.

    Raises ArchiveChanged where the reader refuses the file, or more than :data:`MAX_REJECTED_SHARE` of its records;
    fewer refused records are in ``rejected`` with their reasons.
    """
    try:
        catalogue = reader(reply.path)
    except InputError as error:
        raise ArchiveChanged(
            reply.service, "its content", seen=f"not readable ({error.reason})", expected=name
        ) from error
    rejected = tuple(replace(row, source=reply.url) for row in catalogue.rejected)
    records = len(catalogue) + len(rejected)
    if len(rejected) > MAX_REJECTED_SHARE * records:
        first = rejected[0]
        seen = f"not usable in {len(rejected):,} of {records:,} (record {first.line}: {first.reason})"
        raise ArchiveChanged(reply.service, "its records", seen=seen, expected="usable records")
    moment = reply.fetched_at.isoformat(timespec="seconds")
    provenance = tuple(
        replace(item, version=moment, source=reply.url, sha256=reply.sha256) for item in catalogue.provenance
    )
    table = catalogue.table.with_columns(source=pl.lit(f"{provenance[0].name} {moment[:10]}"))
    return Catalogue(table, provenance, rejected)


def one_orbit(reply: Reply, cells: dict[str, str | None], name: str, acknowledgement: str) -> Catalogue:
    """A catalogue of one object from cells as text under the catalogue's column names.

    Raises ArchiveChanged where the values are no orbit that the catalogue admits.
    """
    assembly = Assembly(reply.url)
    assembly.add_text([1], {column: [value] for column, value in cells.items()})
    provenance = provenance_of(reply, name, acknowledgement)
    catalogue = assembly.finish(provenance)
    if catalogue.rejected:
        seen = f"not usable ({catalogue.rejected[0].reason})"
        raise ArchiveChanged(reply.service, "its orbit", seen=seen, expected="a usable orbit")
    return Catalogue(
        catalogue.table.with_columns(source=pl.lit(f"{name} {provenance.version[:10]}")), (provenance,)
    )
