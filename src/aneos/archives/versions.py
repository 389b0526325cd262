"""Editions of a catalogue, kept: what did we believe on that day?

Every edition is one Parquet file under ``<data>/catalogue/<source>/`` with its provenance in the file's metadata. An
edition is written once, whole, and never changed; the bundled snapshot is the first edition of the MPC's list.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

import polars as pl

from aneos.archives.archives import CatalogueSource
from aneos.archives.cache import write_file
from aneos.archives.difference import content_hash
from aneos.archives.paths import data_dir
from aneos.catalogue import COLUMNS, Catalogue, Provenance, load_bundled
from aneos.errors import InputError, RejectedRow

SUFFIX: Final = ".parquet"
METADATA_KEY: Final = "aneos.edition"
BUNDLED: Final = "bundled"
LATEST: Final = "latest"
STAMP: Final = "%Y-%m-%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition: ``id`` names it (moment and hash), ``taken_at`` (UTC) is when it became what we believe,
    ``content_sha256`` the hash of its data, ``path`` its file, None for the bundled one."""

    source: CatalogueSource
    id: str
    taken_at: datetime
    objects: int
    rejected: int
    content_sha256: str
    provenance: tuple[Provenance, ...]
    path: Path | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "id": self.id,
            "taken_at": self.taken_at.isoformat(timespec="seconds"),
            "objects": self.objects,
            "rejected": self.rejected,
            "content_sha256": self.content_sha256,
            "provenance": [item.to_dict() for item in self.provenance],
        }


class VersionStore:
    """The editions of one source's list of near-Earth asteroids."""

    def __init__(self, source: CatalogueSource, data: Path | None = None) -> None:
        self.source = source
        self.data = data_dir() if data is None else data
        self.folder = self.data / "catalogue" / source

    def editions(self) -> list[Edition]:
        """All editions, the oldest first."""
        kept = [self._describe(path) for path in self.folder.glob(f"*{SUFFIX}")]
        first = [_bundled_edition()] if self.source == "mpc" else []
        return sorted([*first, *kept], key=lambda edition: (edition.taken_at, edition.id))

    def latest(self) -> Edition | None:
        editions = self.editions()
        return editions[-1] if editions else None

    def find(self, name: str) -> Edition:
        """The edition called ``name``: an id or the start of one, ``bundled``, ``latest``, or a day (YYYY-MM-DD), which
        stands for what was believed at its end (UTC). Raises InputError, naming what there is."""
        editions = self.editions()
        if not editions:
            raise InputError(f"no edition of {self.source} is kept yet", source=name)
        if name == LATEST:
            return editions[-1]
        if re.fullmatch(r"\d{4}-\d\d-\d\d", name):
            return self._as_of(name, editions)
        found = [
            edition for edition in editions if edition.id == name or (name and edition.id.startswith(name))
        ]
        if len(found) != 1:
            known = ", ".join(edition.id for edition in editions[-5:])
            what = "fits several editions" if found else f"is no edition of {self.source}"
            raise InputError(f"{what}; the newest are {known}", source=name)
        return found[0]

    def load(self, edition: Edition) -> Catalogue:
        """The catalogue of an edition, with its provenance and the rows that were refused at the time."""
        if edition.path is None:
            return load_bundled()
        try:
            table = pl.read_parquet(edition.path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise InputError("damaged edition of the catalogue", source=edition.path) from error
        rejected = [RejectedRow(**row) for row in _metadata(edition.path)["rejected"]]
        return Catalogue(table, edition.provenance, tuple(rejected))

    def add(self, catalogue: Catalogue, taken_at: datetime) -> Edition:
        """Keep a catalogue as an edition; the same data at the same moment are the same edition."""
        digest = content_hash(catalogue.table)
        name = f"{taken_at.astimezone(UTC).strftime(STAMP)}-{digest[:8]}"
        edition = Edition(
            source=self.source,
            id=name,
            taken_at=taken_at.astimezone(UTC).replace(microsecond=0),
            objects=len(catalogue),
            rejected=len(catalogue.rejected),
            content_sha256=digest,
            provenance=catalogue.provenance,
            path=self.folder / f"{name}{SUFFIX}",
        )
        described = edition.to_dict() | {"rejected": [row.to_dict() for row in catalogue.rejected]}
        buffer = io.BytesIO()
        known = [name for name in catalogue.table.columns if name in COLUMNS]
        more = [name for name in catalogue.table.columns if name not in COLUMNS]
        catalogue.table.select(*known, *more).write_parquet(
            buffer, compression="zstd", metadata={METADATA_KEY: json.dumps(described)}
        )
        assert edition.path is not None
        write_file(edition.path, buffer.getvalue())
        return edition

    def _as_of(self, day: str, editions: list[Edition]) -> Edition:
        try:
            end = datetime.combine(date.fromisoformat(day), time.max, UTC)
        except ValueError as error:
            raise InputError(f"is no day ({error})", source=day) from error
        before = [edition for edition in editions if edition.taken_at <= end]
        if not before:
            raise InputError(f"the first edition is of {editions[0].taken_at:%Y-%m-%d}", source=day)
        return before[-1]

    def _describe(self, path: Path) -> Edition:
        described = _metadata(path)
        return Edition(
            source=self.source,
            id=described["id"],
            taken_at=datetime.fromisoformat(described["taken_at"]),
            objects=described["objects"],
            rejected=len(described["rejected"]),
            content_sha256=described["content_sha256"],
            provenance=tuple(Provenance(**item) for item in described["provenance"]),
            path=path,
        )


def _metadata(path: Path) -> dict[str, Any]:
    try:
        described = json.loads(pl.read_parquet_metadata(path)[METADATA_KEY])
    except (OSError, KeyError, ValueError, pl.exceptions.PolarsError) as error:
        raise InputError("is no edition of a catalogue", source=path) from error
    if not isinstance(described, dict):
        raise InputError("is no edition of a catalogue", source=path)
    return described


def _bundled_edition() -> Edition:
    catalogue = load_bundled()
    origin = catalogue.provenance[0]
    return Edition(
        source="mpc",
        id=BUNDLED,
        taken_at=datetime.combine(date.fromisoformat(origin.version), time.min, UTC),
        objects=len(catalogue),
        rejected=0,
        content_sha256="",
        provenance=catalogue.provenance,
        path=None,
    )
