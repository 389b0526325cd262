"""Following an archive: a new edition when its list has changed, and assessments of what changed only.

A run that is broken off loses nothing: an edition appears whole or not at all, and assessments that an earlier run left
undone are finished first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from aneos.archives.archives import CatalogueSource
from aneos.archives.assessments import RESULT, Progress, assess_changes, class_changes, work_of
from aneos.archives.cache import write_file
from aneos.archives.difference import Difference, difference
from aneos.archives.errors import ArchiveIncomplete
from aneos.archives.versions import Edition, VersionStore
from aneos.catalogue import Catalogue
from aneos.errors import InputError

MAX_SHRINKAGE: Final = 0.005
"""Share of its objects that a list may lose at once. A few near-Earth asteroids a month are linked with others; a list
that is shorter by more is taken for cut short, and refused."""

DONE: Final = "done.json"
"""Beside the parts of an edition's assessments once nothing is left to assess."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What an update did. ``edition`` is what is believed now; ``previous`` what was before, None at the first; they
    are the same where the list has not changed. ``assessed`` has one row per object assessed."""

    edition: Edition
    previous: Edition | None
    difference: Difference
    assessed: pl.DataFrame
    resumed: bool = False

    @property
    def changed(self) -> bool:
        """Whether the list was another than the newest edition."""
        return self.previous is None or self.previous.id != self.edition.id

    def class_changes(self) -> pl.DataFrame:
        return class_changes(self.assessed)

    def to_dict(self) -> dict[str, Any]:
        return {
            "changed": self.changed,
            "edition": self.edition.to_dict(),
            "previous": None if self.previous is None else self.previous.to_dict(),
            "difference": self.difference.to_dict(),
            "assessed": self.assessed.height,
            "resumed": self.resumed,
            "class_changes": self.class_changes().to_dicts(),
        }


@dataclass(slots=True)
class Sync:
    """Keeps the editions of one source up to date, under ``data`` (see :mod:`aneos.archives.paths`)."""

    source: CatalogueSource
    data: Path | None = None
    progress: Progress | None = None
    store: VersionStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = VersionStore(self.source, self.data)

    def update(
        self,
        catalogue: Catalogue,
        *,
        taken_at: datetime | None = None,
        assess: bool = True,
        accept_smaller: bool = False,
    ) -> SyncResult:
        """Take a catalogue in as the newest edition, if it differs from it, and assess what changed.

        ``taken_at`` is the moment from which it is what we believe (UTC, now by default). Raises InputError where that
        is before the newest edition, ArchiveIncomplete where more than :data:`MAX_SHRINKAGE` of the objects are gone,
        unless ``accept_smaller``.
        """
        moment = (datetime.now(UTC) if taken_at is None else taken_at).replace(microsecond=0)
        earlier = self.resume() if assess else None
        previous = self.store.latest()
        if previous is None:
            older, found = None, difference(catalogue.table.clear(), catalogue.table)
        else:
            older = self.store.load(previous)
            found = difference(older.table, catalogue.table)
            if not found:
                return earlier or SyncResult(previous, previous, found, pl.DataFrame(schema=RESULT))
            self._check(found, previous, older, moment, accept_smaller)
        edition = self.store.add(catalogue, moment)
        if not assess:
            self._finish(edition, 0)
            return SyncResult(edition, previous, found, pl.DataFrame(schema=RESULT))
        return SyncResult(edition, previous, found, self._assess(edition, found, older, catalogue))

    def resume(self) -> SyncResult | None:
        """Finish the assessments of the newest edition that an earlier run left undone; None where none are."""
        *before, edition = [None, *self.store.editions()]
        if edition is None or edition.path is None or (self._folder(edition) / DONE).exists():
            return None
        previous = before[-1]
        newer = self.store.load(edition)
        older = None if previous is None else self.store.load(previous)
        found = difference(newer.table.clear() if older is None else older.table, newer.table)
        return SyncResult(edition, previous, found, self._assess(edition, found, older, newer), resumed=True)

    def assessments(self, edition: Edition) -> pl.DataFrame | None:
        """What the update to an edition assessed; None where that is not finished."""
        folder = self._folder(edition)
        if not (folder / DONE).exists():
            return None
        parts = [pl.read_parquet(path) for path in sorted(folder.glob("part-*.parquet"))]
        return pl.concat([pl.DataFrame(schema=RESULT), *parts])

    def _assess(
        self, edition: Edition, found: Difference, older: Catalogue | None, newer: Catalogue
    ) -> pl.DataFrame:
        assessed = assess_changes(work_of(found), older, newer, self._folder(edition), self.progress)
        self._finish(edition, assessed.height)
        return assessed

    def _finish(self, edition: Edition, objects: int) -> None:
        record = {"objects": objects, "finished_at": datetime.now(UTC).isoformat(timespec="seconds")}
        write_file(self._folder(edition) / DONE, json.dumps(record).encode())

    def _folder(self, edition: Edition) -> Path:
        return self.store.data / "assessments" / self.source / edition.id

    def _check(
        self, found: Difference, previous: Edition, older: Catalogue, moment: datetime, accept_smaller: bool
    ) -> None:
        if moment <= previous.taken_at:
            reason = f"is not newer than the newest edition, {previous.id} of {previous.taken_at:%Y-%m-%d}"
            raise InputError(f"the list ({moment:%Y-%m-%d}) {reason}", source=self.source)
        lost = len(found.removed)
        if lost > MAX_SHRINKAGE * len(older) and not accept_smaller:
            reason = (
                f"lacks {lost:,} of the {len(older):,} objects of edition {previous.id}: taken for cut short"
            )
            raise ArchiveIncomplete(self.source, reason)
