"""The job that follows an archive: fetch its list, take in what is new or changed, judge, tell.

It may be killed anywhere. The list that was fetched is kept; an edition is compared with what is stored, in chunks;
the events of an edition are stored with the end of its screen, all at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aneos.archives import Addresses, Archives, ArchiveUnreachable
from aneos.archives.archives import SOURCES, CatalogueSource
from aneos.archives.errors import ArchiveIncomplete, ArchiveRefused
from aneos.archives.health import Tried
from aneos.archives.patience import Patience
from aneos.archives.sync import MAX_SHRINKAGE
from aneos.catalogue import Catalogue
from aneos.catalogue.assembly import text_key
from aneos_api.database import Database, Work
from aneos_api.database.loading import TOP, screen_into_database, store_catalogue
from aneos_api.database.models import Job
from aneos_api.errors import Invalid, Unavailable
from aneos_api.jobs.context import JobContext
from aneos_api.jobs.names import SYNC_CATALOGUE
from aneos_api.settings import Settings


async def sync_catalogue(context: JobContext) -> Mapping[str, Any]:
    """The task: payload ``source`` (``mpc`` or ``sbdb``; that of the settings by default), ``accept_smaller``, ``top``.

    Raises Invalid where remote archives are not to be asked, Unavailable (the job is tried again) where the archive
    gives no list that can be trusted now; a format that has changed ends the job.
    """
    settings = context.settings
    source = context.payload.get("source", settings.archives.source)
    if source not in SOURCES:
        raise Invalid(f"there are {', '.join(SOURCES)}", field="source")
    if not settings.archives.enabled:
        raise Invalid("remote archives are not asked here: ANEOS_ARCHIVES__ENABLED is false")
    context.report("asking", 0, None)
    catalogue = await fetched(context.database, settings, source)
    await _refuse_shorter(context.database, catalogue, accept=bool(context.payload.get("accept_smaller")))
    version = await store_catalogue(
        context.database, catalogue, transaction=context.transaction, progress=context.report
    )
    async with context.database.read(fresh=True) as work:
        screen = await work.analysis.current_screen()
        unseen = await work.catalogue.changes_since(None if screen is None else screen.version_id)
    if screen is None or unseen:
        screen = await screen_into_database(
            context.database,
            catalogue,
            top=int(context.payload.get("top", TOP)),
            transaction=context.transaction,
            progress=context.report,
        )
    async with context.transaction() as work:
        await work.alerts.settle(_alert_key(source), note="the catalogue was renewed")
    return {
        "source": source,
        "version": version.version,
        "objects": len(catalogue),
        "rejected": len(catalogue.rejected),
        "added": version.added,
        "changed": version.changed,
        "removed": version.removed,
        "screened": bool(unseen),
        "screen_id": str(screen.id),
    }


async def sync_dead(work: Work, job: Job) -> None:
    """The catalogue stays as old as it is: people are told."""
    source = str(job.payload.get("source", ""))
    await work.alerts.raise_alert(
        dedupe_key=_alert_key(source),
        title="The catalogue was not renewed",
        severity="warning",
        message=job.error or "",
        detail={"job_id": str(job.id), "source": source},
    )


async def fetched(database: Database, settings: Settings, source: CatalogueSource) -> Catalogue:
    """The list as the archive gives it now, or as it gave it within ``archives.list_max_age_s``.

    What became of every try is stored, for all processes; circuit breakers go on where the last process left them.

    Raises Unavailable where asking again may help; other failures (another format) as they are.
    """
    patience = Patience(read_timeout_s=max(settings.archives.timeout_s, 1.0))
    folder = settings.data_dir / "archives"
    tries: list[Tried] = []
    async with database.read(fresh=True) as work:
        circuits = await work.archives.circuits()
    try:
        async with Archives(
            folder, addresses=Addresses.from_environment(), patience=patience, told=tries.append
        ) as archives:
            for name, provider in archives.fetcher.providers.items():
                provider.breaker.resume(*circuits.get(name, (0, 0.0)))
            return await archives.catalogue(source, max_age_s=settings.archives.list_max_age_s)
    except (ArchiveUnreachable, ArchiveIncomplete) as error:
        raise Unavailable(str(error)) from error
    except ArchiveRefused as error:
        if error.status != 429:
            raise
        raise Unavailable(str(error)) from error
    finally:
        async with database.write() as work:
            for one in tries:
                await work.archives.note(one)


async def _refuse_shorter(database: Database, catalogue: Catalogue, *, accept: bool) -> None:
    """Raise Unavailable for a list that lacks many of the objects that the edition in force has."""
    if accept:
        return
    async with database.read(fresh=True) as work:
        stored = await work.catalogue.hashes()
    listed = {key for key, (_, _, still) in stored.items() if still}
    lost = listed - {text_key(name) for name in catalogue.table["designation"]}
    if len(lost) > MAX_SHRINKAGE * len(listed):
        raise Unavailable(
            f"the list lacks {len(lost):,} of {len(listed):,} objects of the edition in force: taken for cut short"
        )


def _alert_key(source: str) -> str:
    return f"{SYNC_CATALOGUE}:{source}"
