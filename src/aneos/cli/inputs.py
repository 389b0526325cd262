"""From arguments to objects: the base catalogue, elements files, one designation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from aneos.errors import InputError, UnknownDesignationError

if TYPE_CHECKING:
    from aneos.catalogue import Catalogue

ARCHIVES: Final[dict[str, Literal["mpc", "sbdb"]]] = {"mpc": "mpc", "sbdb": "sbdb"}


def base_catalogue(choice: str) -> Catalogue:
    """The catalogue to screen: ``bundled``, a file, an archive (``mpc``) or an edition of it (``mpc@DAY``)."""
    from aneos.catalogue import load_bundled

    name, at, edition = choice.partition("@")
    archive = ARCHIVES.get(name)
    if archive is not None and at:
        from aneos.archives.versions import VersionStore

        store = VersionStore(archive)
        return store.load(store.find(edition))
    if archive is not None:
        from aneos.cli.update import from_archive

        return from_archive(archive)
    return load_bundled() if choice == "bundled" else usable(Path(choice))


def usable(path: Path) -> Catalogue:
    """Read a file of objects of any form (:func:`aneos.artificial.orbit_tables.read_objects`).

    :class:`InputError` when no row of it can be assessed.
    """
    from aneos.artificial.orbit_tables import read_objects

    found = read_objects(path)
    if len(found) == 0:
        if not found.rejected:
            raise InputError("holds no object", source=path)
        first, *others = found.rejected
        tail = f" (none of its {len(others) + 1:,} rows can be used)" if others else ""
        raise InputError(f"{first.reason}{tail}", source=first.source or path, line=first.line)
    if not (found.table["e"] < 1.0).any():
        line = found.table["source_line"][0]
        reason = "the orbit is not closed (e ≥ 1), and no other row has a closed one: outside the screen"
        raise InputError(reason, source=path, line=line)
    return found


def screened_catalogue(choice: str, extra: list[Path] | None) -> Catalogue:
    """The catalogue to screen with the objects of the extra files mixed in.

    Raises :class:`InputError` when a file adds no object, because the catalogue already has all of them.
    """
    from aneos.catalogue import concat

    # Read the extra files first: a slip in a small file is told before a large one is read.
    added = [usable(path) for path in extra or ()]
    whole = base_catalogue(choice)
    for more in added:
        before, whole = whole, concat(whole, more)
        if len(whole) == len(before):
            first = whole.rejected[-len(more)]
            raise InputError(f"{first.reason} (no row of it is new)", source=first.source, line=first.line)
    return whole


def named(designation: str) -> Catalogue:
    """The one object of this name: of the bundled catalogue, else of the registry of artificial objects.

    Of a registry object it is the last published heliocentric orbit, else its path followed from the published
    geocentric one to the catalogue's epoch. Raises :class:`~aneos.errors.UnknownDesignationError` for a name that
    neither knows, :class:`InputError` for an artificial object that cannot be placed on a heliocentric orbit.
    """
    from aneos.artificial.by_name import known_catalogue
    from aneos.catalogue import load_bundled, select

    try:
        return select(load_bundled(), designation)
    except UnknownDesignationError:
        known = known_catalogue(designation)
        if known is None:
            raise
    return known


def one_of(designation: list[str] | None, **files: Path | None) -> str:
    """The designation, empty if a file was given; :class:`InputError` unless exactly one thing was.

    The words of an unquoted designation (``2006 RH120``) are joined.
    """
    name = " ".join(designation or ())
    given = [option for option, path in files.items() if path is not None]
    choices = ["DESIGNATION", *(f"--{option} FILE" for option in files)]
    if bool(name.strip()) + len(given) != 1:
        raise InputError(f"give exactly one of {', '.join(choices)}")
    return name.strip()
