"""The tasks of the service. Each may be killed anywhere and begun again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from aneos.catalogue import Catalogue, Provenance, load_bundled
from aneos_api.database import ItemResult, Work
from aneos_api.database.backup import make_copy
from aneos_api.database.elements import stored_catalogue
from aneos_api.database.loading import TOP, screen_into_database
from aneos_api.database.models import BatchItem, Job
from aneos_api.database.services.backups import BACKUP, RESTORE
from aneos_api.database.services.batches import ASSESS_BATCH
from aneos_api.database.services.exports import EXPORT
from aneos_api.database.services.observations import ASSESS_OBSERVATIONS
from aneos_api.errors import Invalid
from aneos_api.exporting import export_dead, make_export
from aneos_api.jobs.assessing import Assessed, assess_given, assess_table, predict_given, predict_table
from aneos_api.jobs.context import JobContext
from aneos_api.jobs.drifting import measure_drift
from aneos_api.jobs.learning import train
from aneos_api.jobs.names import MEASURE_DRIFT, MEASURE_DRIFT_S, SCREEN_CATALOGUE, SYNC_CATALOGUE, TRAIN
from aneos_api.jobs.observing import assess_uploaded, observations_dead
from aneos_api.jobs.registry import Registry
from aneos_api.jobs.restoring import restore
from aneos_api.jobs.synchronising import sync_catalogue, sync_dead
from aneos_api.jobs.tracing import deepen_given, deepen_table, trace_given, trace_table
from aneos_api.settings import Settings

TASKS: Final = Registry()
"""All tasks by name."""

HOUSEKEEPING: Final = "housekeeping"
HOUSEKEEPING_S: Final = 6 * 3600.0
KEEP_MESSAGES_DAYS: Final = 90
"""How long a message that came in is known, so that its repetition is recognised."""


def _assess_given(*asked: Any) -> Assessed:
    return assess_given(*asked)  # looked up when it is called: the kill test replaces it


KINDS: Final = {
    "assess": (_assess_given, assess_table),
    "predict": (predict_given, predict_table),
    "departures": (trace_given, trace_table),
    "full": (deepen_given, deepen_table),
}
"""Of each kind of batch, what answers for given elements and for stored objects."""


SLOW: Final = frozenset({"departures", "full"})
"""Kinds of which every answer is stored by itself, since each takes minutes."""


async def _batch_dead(work: Work, job: Job) -> None:
    reason = f"the job failed: {job.error or 'unknown'}"
    await work.batches.give_up(
        UUID(job.payload["batch_id"]), start=job.payload["start"], stop=job.payload["stop"], reason=reason
    )


@TASKS.task(ASSESS_BATCH, on_dead=_batch_dead)
async def assess_batch(context: JobContext) -> Mapping[str, Any]:
    """Assess the items of a batch from ``start`` to before ``stop``, a chunk at a time.

    The answers of a chunk are stored in the transaction that stores the progress, and only while the lease holds.
    """
    batch_id = UUID(context.payload["batch_id"])
    start, stop = int(context.payload["start"]), int(context.payload["stop"])
    stored = 0
    chunk_size = context.settings.jobs.batch_chunk
    while True:
        async with context.database.read(fresh=True) as work:
            batch = await work.batches.get(batch_id)
            slow = batch.options.get("kind") in SLOW
            items = await work.batches.pending(
                batch_id, start=start, stop=stop, limit=1 if slow else chunk_size
            )
            if not items:
                return {"stored": stored}
            done = await work.batches.answered(batch_id, start=start, stop=stop)
            known, provenance = await _look_up(work, items, batch.tenant_id)
        chunk = await _assess(context, items, known, provenance, batch.options)
        context.report("assessing", done + len(items), stop - start)
        async with context.transaction() as work:
            for part in chunk:
                stored += await work.batches.store(batch_id, part.results, signature=part.signature)
            predictions = [new for part in chunk for new in part.predictions]
            if predictions:
                await work.ml.store_predictions(
                    UUID(batch.options["model_id"]), predictions, tenant_id=batch.tenant_id
                )


async def _look_up(
    work: Work, items: Sequence[BatchItem], tenant_id: UUID
) -> tuple[dict[str, Catalogue], list[Provenance]]:
    """Elements of the items that have none of their own, by designation as asked."""
    names = [item.designation for item in items if item.elements is None]
    version = await work.catalogue.current_version()
    provenance = (
        [Provenance("stored", "", "database", "")]
        if version is None
        else [
            Provenance(version.name, version.version, version.source, version.sha256, version.acknowledgement)
        ]
    )
    found = await work.catalogue.find_many(names, tenant_id=tenant_id) if names else {}
    return {name: stored_catalogue([row], provenance) for name, row in found.items()}, provenance


async def _assess(
    context: JobContext,
    items: Sequence[BatchItem],
    known: Mapping[str, Catalogue],
    provenance: Sequence[Provenance],
    options: Mapping[str, Any],
) -> list[Assessed]:
    import polars as pl

    out: list[Assessed] = []
    given = [item for item in items if item.elements is not None]
    named = [item for item in items if item.elements is None and item.designation in known]
    unknown = [item for item in items if item.elements is None and item.designation not in known]
    by_elements, by_table = KINDS[options.get("kind", "assess")]
    if given:
        records = [{"designation": item.designation, **(item.elements or {})} for item in given]
        positions = [item.position for item in given]
        out.append(await context.compute(by_elements, positions, records, options))
    if named:
        table = pl.concat([known[item.designation].table for item in named]).with_columns(
            source_line=pl.int_range(1, len(named) + 1, dtype=pl.Int64)
        )
        catalogue = Catalogue(table, tuple(provenance))
        positions = [item.position for item in named]
        out.append(await context.compute(by_table, positions, catalogue, options))
    if unknown:
        reasons = tuple(
            ItemResult(item.position, error=f"no object of the catalogue is called {item.designation!r}")
            for item in unknown
        )
        out.append(Assessed(reasons, None))
    return out


@TASKS.task(SCREEN_CATALOGUE)
async def screen_catalogue(context: JobContext) -> Mapping[str, Any]:
    """Screen a catalogue (``bundled``) into the database: options ``without``, ``fdr``, ``top``, ``force``."""
    name = context.payload.get("catalogue", "bundled")
    if name != "bundled":
        raise Invalid(f"no catalogue is called {name!r}", field="catalogue")
    catalogue = await context.compute(load_bundled)
    screen = await screen_into_database(
        context.database,
        catalogue,
        without=tuple(context.payload.get("without", ())),
        fdr=float(context.payload.get("fdr", 0.1)),
        top=int(context.payload.get("top", TOP)),
        force=bool(context.payload.get("force", False)),
        transaction=context.transaction,
        progress=context.report,
    )
    return {"screen_id": str(screen.id), "summary": screen.summary}


async def _backup_dead(work: Work, job: Job) -> None:
    await work.backups.fail_job(job.id, f"the job failed: {job.error or 'unknown'}")


@TASKS.task(BACKUP, on_dead=_backup_dead)
async def backup(context: JobContext) -> Mapping[str, Any]:
    """Copy the database, and remove the files of copies beyond the number that is kept."""
    settings = context.settings
    async with context.transaction() as work:
        await work.backups.fail_job(context.id, "the worker was lost")
        record = await work.backups.begin(
            engine=context.database.name, job_id=context.id, created_by_id=context.job.created_by_id
        )
    context.report("copying", 0, 1)
    copy = await make_copy(context.database, settings.backups_dir, settings.backup)
    async with context.transaction() as work:
        await work.backups.finish(
            record.id,
            path=copy.path.name,
            size_bytes=copy.size_bytes,
            sha256=copy.sha256,
            encrypted=copy.encrypted,
            revision=copy.revision,
            row_counts=copy.row_counts,
        )
        for old in await work.backups.surplus(keep=settings.backup.keep):
            (settings.backups_dir / str(old.path)).unlink(missing_ok=True)
            await work.backups.removed(old.id)
    return {"backup_id": str(record.id), "size_bytes": copy.size_bytes, "sha256": copy.sha256}


async def put_schedules(work: Work, settings: Settings) -> None:
    """Make the schedules what the settings say; every worker does this when it starts."""
    await work.schedules.put(HOUSEKEEPING, HOUSEKEEPING, interval_s=HOUSEKEEPING_S)
    await work.schedules.put(MEASURE_DRIFT, MEASURE_DRIFT, interval_s=MEASURE_DRIFT_S)
    if settings.backup.cron is None:
        await work.schedules.remove(BACKUP)
    else:
        await work.schedules.put(BACKUP, BACKUP, cron=settings.backup.cron)
    if settings.archives.enabled and settings.archives.sync_cron is not None:
        await work.schedules.put(SYNC_CATALOGUE, SYNC_CATALOGUE, cron=settings.archives.sync_cron)
    else:
        await work.schedules.remove(SYNC_CATALOGUE)


@TASKS.task(HOUSEKEEPING)
async def housekeeping(context: JobContext) -> Mapping[str, Any]:
    """Remove what has outlived its time."""
    keep = context.settings.observability
    async with context.transaction() as work:
        return {
            "sessions": await work.sessions.purge(),
            "idempotency_keys": await work.idempotency.purge(),
            "metrics": await work.metrics.purge(keep_days=keep.keep_metrics_days),
            "audit_events": await work.audit.purge(keep_days=keep.keep_audit_days),
            "usage": await work.usage.purge(keep_days=keep.keep_usage_days),
            "events": await work.events.purge(keep_days=context.settings.events.keep_days),
            "jobs": await work.jobs.purge(keep_days=context.settings.jobs.keep_finished_days),
            "messages": await work.streams.purge_messages(keep_days=KEEP_MESSAGES_DAYS),
            "exports": await _remove_exports(work, context.settings),
        }


async def _remove_exports(work: Work, settings: Settings) -> int:
    """Remove the files of exports that have expired; how many."""
    expired = await work.exports.expired()
    for item in expired:
        (settings.exports_dir / str(item.path)).unlink(missing_ok=True)
        await work.exports.removed(item.id)
    return len(expired)


TASKS.task(EXPORT, on_dead=export_dead)(make_export)
TASKS.task(ASSESS_OBSERVATIONS, on_dead=observations_dead)(assess_uploaded)
TASKS.task(TRAIN)(train)
TASKS.task(RESTORE)(restore)
TASKS.task(SYNC_CATALOGUE, on_dead=sync_dead)(sync_catalogue)
TASKS.task(MEASURE_DRIFT)(measure_drift)
