"""``aneos-backup``: copies of the database from a shell or a scheduler, and databases made from them."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aneos.errors import AneosError, InputError
from aneos_api.database import Database
from aneos_api.database.backup import SUFFIXES, file_sha256, make_copy, restore_copy
from aneos_api.database.engine import database_url
from aneos_api.settings import Settings, load_settings

NOTE: Final = ".json"
"""Ending of the file beside each copy with its checksum, revision and rows."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0; 1 with one clear line for whatever went wrong."""
    parser = argparse.ArgumentParser(prog="aneos-backup", description=(__doc__ or "").split(": ", 1)[1])
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("create", help="copy the database now; remove copies beyond ANEOS_BACKUP__KEEP")
    actions.add_parser("list", help="copies in the folder, the newest first, as JSON lines")
    verify = actions.add_parser("verify", help="compare a copy with its checksum")
    verify.add_argument("name", help="name in the folder, or 'latest'")
    restore = actions.add_parser("restore", help="make an empty database from a copy")
    restore.add_argument("name", help="name in the folder, or 'latest'")
    restore.add_argument("--into", required=True, metavar="URL", help="database that is new and empty")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings()
        if options.action == "create":
            asyncio.run(_create(settings))
        elif options.action == "list":
            _list(settings)
        elif options.action == "verify":
            _verify(settings, options.name)
        else:
            asyncio.run(_restore(settings, options.name, options.into))
    except AneosError as error:
        print(f"aneos-backup: {error}", file=sys.stderr)
        return 1
    return 0


async def _create(settings: Settings) -> None:
    database = Database(settings.database_url, settings.database)
    try:
        copy = await make_copy(database, settings.backups_dir, settings.backup)
    finally:
        await database.close()
    note = {
        "name": copy.path.name,
        "size_bytes": copy.size_bytes,
        "sha256": copy.sha256,
        "encrypted": copy.encrypted,
        "revision": copy.revision,
        "row_counts": copy.row_counts,
    }
    _note(copy.path).write_text(json.dumps(note), encoding="utf-8")
    # Copies without a note are the service's own: its backup job records and removes those.
    for old in [path for path in _copies(settings) if _note(path).is_file()][settings.backup.keep :]:
        old.unlink()
        _note(old).unlink()
    print(json.dumps(note))


def _list(settings: Settings) -> None:
    for path in _copies(settings):
        print(json.dumps({"name": path.name, "size_bytes": path.stat().st_size, **_noted(path)}))


def _verify(settings: Settings, name: str) -> None:
    path = _find(settings, name)
    wanted = _noted(path).get("sha256")
    if wanted is None:
        raise InputError("has no checksum beside it", source=path)
    if file_sha256(path) != wanted:
        raise InputError("the backup's checksum is not what it was", source=path)
    print(f"{path.name}: as it was written")


async def _restore(settings: Settings, name: str, target: str) -> None:
    path = _find(settings, name)
    noted = _noted(path)
    checksum = noted.get("sha256")
    counts = await restore_copy(
        path, database_url(target), settings.backup, sha256=checksum if isinstance(checksum, str) else None
    )
    wanted = noted.get("row_counts")
    if wanted is not None and wanted != counts:
        raise InputError("the restored database has not the rows that were copied", source=path)
    print(json.dumps({"name": path.name, "rows": sum(counts.values()), "compared": wanted is not None}))


def _copies(settings: Settings) -> list[Path]:
    """Copies of either engine, the newest first: their names begin with the moment."""
    endings = tuple(SUFFIXES.values()) + tuple(f"{ending}.sealed" for ending in SUFFIXES.values())
    folder = settings.backups_dir
    found = folder.glob("aneos-*") if folder.is_dir() else ()
    return sorted((path for path in found if path.name.endswith(endings)), reverse=True)


def _find(settings: Settings, name: str) -> Path:
    copies = _copies(settings)
    if name == "latest" and copies:
        return copies[0]
    for path in copies:
        if path.name == name:
            return path
    raise InputError(f"no backup is called {name!r}", source=settings.backups_dir)


def _note(path: Path) -> Path:
    return path.with_name(path.name + NOTE)


def _noted(path: Path) -> dict[str, object]:
    note = _note(path)
    if not note.is_file():
        return {}
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"is no note of a backup: {error}", source=note) from None
    if not isinstance(found, dict):
        raise InputError("is no note of a backup", source=note)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
