"""Whole catalogues and whole screens into the database, in chunks, so that others can work meanwhile.

Both can be killed at any moment and begun again: an edition is compared with what is stored, and a screen is shown
only when it is complete.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeVar

from aneos.assessment import DEFAULT_PRIOR, Assessment
from aneos.catalogue import Catalogue
from aneos.catalogue.assembly import text_key
from aneos.screening import Progress, ScreenResult, make_signature, screen
from aneos_api.clock import utc_now
from aneos_api.database.database import Database
from aneos_api.database.elements import row_hash
from aneos_api.database.models import CatalogueVersion, Screen
from aneos_api.database.services.analysis import detail_columns
from aneos_api.database.unit import Work

Transaction = Callable[[], AbstractAsyncContextManager[Work]]
Item = TypeVar("Item")

CHUNK: Final = 2000
"""Rows of one transaction: about 0.2 s on SQLite, during which other writers wait."""

RANK_TOLD: Final = 1000
"""An object whose own answer changed and whose rank is, or was, among so many, is told of when the rank moves. Of the
others it is not: every new object moves the ranks of all below it."""

TOP: Final = 200
"""Objects of a screen whose full answer is stored at once; the others get theirs when somebody asks."""


async def store_catalogue(
    database: Database,
    catalogue: Catalogue,
    *,
    transaction: Transaction | None = None,
    progress: Progress | None = None,
) -> CatalogueVersion:
    """Take in an edition of the open catalogue: add what is new, change what differs, mark what is gone.

    The old elements of changed objects are kept. Taking in the same edition again changes nothing. ``progress`` is
    called with (step, rows done, rows in all).
    """
    write = transaction or database.write
    async with write() as work:
        version = await work.catalogue.begin_version(
            catalogue.provenance[0], [row.to_dict() for row in catalogue.rejected]
        )
    if version.current and version.objects == len(catalogue) and len(catalogue.provenance) == 1:
        return version
    async with database.read(fresh=True) as work:
        stored = await work.catalogue.hashes()
    new: list[dict[str, Any]] = []
    changed: list[tuple[int, dict[str, Any]]] = []
    seen: set[str] = set()
    for row in catalogue.table.iter_rows(named=True):
        key = text_key(row["designation"])
        seen.add(key)
        known = stored.get(key)
        if known is None:
            new.append(row)
        elif known[1] != row_hash(row) or not known[2]:
            changed.append((known[0], row))
    gone = [number for key, (number, _, listed) in stored.items() if listed and key not in seen]
    done, total = 0, len(new) + len(changed)
    for rows in _chunks(new):
        async with write() as work:
            await work.catalogue.add_objects(rows, version_id=version.id)
        done = _tell(progress, "catalogue", done + len(rows), total)
    for pairs in _chunks(changed):
        async with write() as work:
            await work.catalogue.change_objects(pairs, version_id=version.id)
        done = _tell(progress, "catalogue", done + len(pairs), total)
    async with write() as work:
        await work.catalogue.remove_objects(gone)
        counts = {"added": len(new), "changed": len(changed), "removed": len(gone)}
        if not any(counts.values()) and version.current:
            return version
        return await work.catalogue.finish_version(version.id, objects=len(catalogue), **counts)


async def screen_into_database(
    database: Database,
    catalogue: Catalogue,
    *,
    without: Collection[str] = (),
    fdr: float = 0.1,
    prior: float = DEFAULT_PRIOR,
    top: int = TOP,
    force: bool = False,
    transaction: Transaction | None = None,
    progress: Progress | None = None,
) -> Screen:
    """Store the catalogue, screen it, and store every assessment; the new screen replaces the current one at once.

    The same catalogue, model and options again give the current screen back without work, unless ``force``. Full
    answers with evidence are stored for the first ``top`` objects. An object that is new since the screen before, or
    whose class, or whose answer and rank (see :data:`RANK_TOLD`), changed is an event of topic ``assessments``, stored
    with the end of the screen: it is told once, however often the work was begun. The computation runs in a thread.
    """
    write = transaction or database.write
    version = await store_catalogue(database, catalogue, transaction=transaction, progress=progress)
    fingerprint = screen_fingerprint(catalogue, without=without, fdr=fdr, prior=prior)
    async with database.read(fresh=True) as work:
        current = await work.analysis.screen_with(fingerprint)
    if current is not None and not force:
        return current
    result = await asyncio.to_thread(
        screen, catalogue, without=without, fdr=fdr, prior=prior, progress=progress
    )
    answers = await asyncio.to_thread(lambda: result.report(top).assessments)
    async with write() as work:
        building = await work.analysis.begin_screen(
            fingerprint=fingerprint,
            signature=result.signature,
            summary=result.summary,
            version_id=version.id,
        )
    async with database.read(fresh=True) as work:
        numbers = {key: number for key, (number, _, _) in (await work.catalogue.hashes()).items()}
        before = await work.analysis.current_screen()
        beliefs = {} if before is None else await work.analysis.beliefs(before.id)
    now = utc_now()
    details = {answer.designation: answer for answer in answers}
    done, total = 0, result.table.height
    changes: list[tuple[str, dict[str, Any]]] = []
    for rows in _chunks(list(_rows(result, numbers, details))):
        for row in rows:
            row["screen_id"], row["created_at"], row["since"] = building.id, now, now
            believed = beliefs.get(row["object_id"])
            if believed is not None and believed[:2] == (row["object_class"], row["log10_bayes_factor"]):
                row["since"] = believed[2]
            elif before is not None and (told := _change(row, believed)) is not None:
                changes.append(told)
        async with write() as work:
            await work.analysis.add_assessments(rows)
        done = _tell(progress, "storing", done + len(rows), total)
    async with write() as work:
        await work.analysis.add_evidence(
            building.id, [(numbers[text_key(answer.designation)], answer) for answer in answers]
        )
        finished = await work.analysis.finish_screen(building.id)
        for kind, payload in changes:
            await work.events.emit("assessments", kind, payload, key=payload["designation"])
        await work.events.emit(
            "assessments", "screen.completed", {"screen_id": str(building.id), "summary": result.summary}
        )
    return finished


def _change(
    row: Mapping[str, Any], believed: tuple[str, float, Any, int | None] | None
) -> tuple[str, dict[str, Any]] | None:
    """Type and content of the event that a new answer is; None where it is none."""
    payload = {
        "designation": row["designation"],
        "class": row["object_class"],
        "probability_artificial": row["probability_artificial"],
        "log10_bayes_factor": row["log10_bayes_factor"],
        "rank": row["rank"],
        "screen_id": str(row["screen_id"]),
    }
    if believed is None:
        return "assessment.added", payload
    name, _, _, rank = believed
    payload |= {"class_before": name, "rank_before": rank}
    if name != row["object_class"]:
        return "assessment.class_changed", payload
    if rank != row["rank"] and min(row["rank"], row["rank"] if rank is None else rank) <= RANK_TOLD:
        return "assessment.rank_changed", payload
    return None


def screen_fingerprint(
    catalogue: Catalogue, *, without: Collection[str] = (), fdr: float = 0.1, prior: float = DEFAULT_PRIOR
) -> str:
    """Hash of everything that the answers of a screen depend on."""
    signature = make_signature(catalogue, without, prior)
    signature.pop("created")
    text = json.dumps([signature, fdr, catalogue.table.height], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(
    result: ScreenResult, numbers: Mapping[str, int], details: Mapping[str, Assessment]
) -> Iterator[dict[str, Any]]:
    """Rows of ``assessments`` in rank order, all with the same columns."""
    factors = [name for name in result.table.columns if name.startswith("bf_")]
    for row in result.table.iter_rows(named=True):
        answer = details.get(row["designation"])
        full = {"detail": None, "verdict": ""} if answer is None else detail_columns(answer)
        yield {
            "tenant_id": None,
            "created_by_id": None,
            "observation_set_id": None,
            "object_id": numbers[text_key(row["designation"])],
            "origin": "screen",
            "designation": row["designation"],
            "rank": row["rank"],
            "object_class": row["class"],
            "probability_artificial": row["probability_artificial"],
            "prob_lo": row["prob_lo"],
            "prob_hi": row["prob_hi"],
            "prior": result.scored.prior,
            "log10_bayes_factor": row["log10_bayes_factor"],
            "p_value": row["p_value"],
            "q_value": row["q_value"],
            "alert": bool(row["alert"]),
            "v_encounter_kms": row["v_encounter_kms"],
            "moid_au": row["moid_au"],
            "factors": {name.removeprefix("bf_"): row[name] for name in factors},
            "signature": None,
            **full,
        }


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _tell(progress: Progress | None, step: str, done: int, total: int) -> int:
    if progress is not None:
        progress(step, done, total)
    return done
