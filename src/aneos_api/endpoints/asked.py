"""The objects that a request asks about: by name from the database, or with elements of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aneos.catalogue import Catalogue, concat
from aneos.catalogue.schema import in_columns
from aneos.errors import InputError, RejectedRow
from aneos_api.context import Context
from aneos_api.database.elements import given_catalogue, stored_catalogue
from aneos_api.database.services.batches import NewItem
from aneos_api.dependencies import Change
from aneos_api.endpoints.provenance import current_provenance
from aneos_api.errors import Invalid, NotFound
from aneos_api.schemas.science import Objects
from aneos_api.schemas.work import BatchReply, BatchRow
from aneos_api.security.permissions import Principal


async def asked_table(ctx: Context, who: Principal, asked: Objects) -> tuple[Catalogue, list[RejectedRow]]:
    """The table of what was asked for, and what could not be used or found.

    Raises NotFound where no designation is known, Invalid for more objects than are answered at once.
    """
    most = ctx.settings.limits.assess_objects
    if len(asked.designations) + len(asked.elements) > most:
        raise Invalid(f"at most {most} objects are answered at once; send more as a batch")
    if asked.elements:
        given = given_catalogue([row.model_dump(exclude_none=True) for row in asked.elements])
        return given, []
    return await _stored(ctx, who, asked.designations)


def batch_items(ctx: Context, asked: Objects) -> list[NewItem]:
    """The items of a batch. Raises Invalid for too many."""
    items = [NewItem(name) for name in asked.designations]
    items += [NewItem(row.designation, row.model_dump(exclude_none=True)) for row in asked.elements]
    most = ctx.settings.limits.batch_objects
    if len(items) > most:
        raise Invalid(f"a batch has at most {most} objects")
    return items


def batch_options(depth: str, without: Sequence[str], prior: float | None) -> dict[str, Any]:
    """What the jobs of a batch of assessments are told."""
    options: dict[str, Any] = {"without": list(without)}
    if depth == "full":
        options["kind"] = "full"
    if prior is not None:
        options["prior"] = prior
    return options


async def start_batch(
    change: Change,
    who: Principal,
    items: Sequence[NewItem],
    options: Mapping[str, Any],
    *,
    action: str,
    shard: int,
    name: str = "",
) -> BatchReply:
    """Queue a batch of ``shard`` items to a job; ``action`` is what the audit calls it."""
    batch = await change.work.batches.create(
        tenant_id=who.tenant_id,
        items=items,
        created_by_id=who.user_id,
        name=name,
        options=options,
        shard=shard,
    )
    change.queued = True
    told = {"name": name, "total": len(items), "kind": options.get("kind", "assess")}
    await change.note(action, "batch", batch.id, after=told)
    return BatchReply(batch=BatchRow.model_validate(batch))


async def _stored(
    ctx: Context, who: Principal, designations: Sequence[str]
) -> tuple[Catalogue, list[RejectedRow]]:
    """Objects of the database by name, else of the registry of artificial objects, and the names that none bears."""
    async with ctx.quick.read() as work:
        found = await work.catalogue.find_many(list(dict.fromkeys(designations)), tenant_id=who.tenant_id)
        provenance = await current_provenance(work)
    others = [name for name in dict.fromkeys(designations) if name not in found]
    known, refused = await ctx.science.run(lambda: _of_the_registry(others)) if others else ({}, {})
    if not (found or known or refused):
        async with ctx.quick.read() as work:
            await work.catalogue.find(designations[0], tenant_id=who.tenant_id)  # says which names come close
        raise NotFound("no object of the catalogue bears any of these names")
    objects = {row.id: row for row in found.values()}
    absent = "no object of the catalogue is called so"
    unknown = [
        RejectedRow(number, refused.get(name, absent), name, "request")
        for number, name in enumerate(designations, 1)
        if name not in found and name not in known
    ]
    table = stored_catalogue(list(objects.values()), provenance)
    for item in known.values():
        table = concat(table, item) if len(table) else item
    return table, unknown


def _of_the_registry(names: Sequence[str]) -> tuple[dict[str, Catalogue], dict[str, str]]:
    """Artificial objects by name, and of those that are on no known orbit about the Sun the reason."""
    from aneos.artificial.by_name import known_catalogue  # in a thread: the first time it loads the paths

    known: dict[str, Catalogue] = {}
    refused: dict[str, str] = {}
    for name in names:
        try:
            item = known_catalogue(name)
        except InputError as error:
            refused[name] = error.reason
        else:
            if item is not None:
                known[name] = replace(item, table=in_columns(item.table))
    return known, refused
