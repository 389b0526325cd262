"""aNEOS finds artificial objects among near-Earth asteroids.

``aneos.screen()`` ranks a whole catalogue, ``aneos.assess("2006 RH120")`` judges single objects; the rooms of the
library are described in ``docs/architecture.md``.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from aneos.assessment import Report
    from aneos.catalogue import Catalogue
    from aneos.deep import Settings
    from aneos.screening import Progress, ScreenResult

__version__ = version("aneos")
__all__ = ["__version__", "assess", "screen"]


def screen(
    catalogue: Catalogue | None = None,
    *,
    without: Collection[str] = (),
    fdr: float = 0.1,
    prior: float | None = None,
    progress: Progress | None = None,
) -> ScreenResult:
    """Screen a catalogue (the bundled one by default); see :func:`aneos.screening.screen`."""
    from aneos import assessment, screening
    from aneos import catalogue as room

    return screening.screen(
        room.load_bundled() if catalogue is None else catalogue,
        without=without,
        fdr=fdr,
        prior=assessment.DEFAULT_PRIOR if prior is None else prior,
        progress=progress,
    )


def assess(
    *designations: str,
    objects: Catalogue | None = None,
    without: Collection[str] = (),
    prior: float | None = None,
    depth: Literal["quick", "full"] = "quick",
    settings: Settings | None = None,
) -> Report:
    """Assess objects of the bundled catalogue by designation, or ``objects`` of one's own.

    See :func:`aneos.screening.assess`; ``depth="full"`` also traces what it leaves undecided back to the launches
    (:func:`aneos.full_depth.assess`, with its ``settings``). Raises UnknownDesignationError for a designation that
    the catalogue lacks.
    """
    from aneos import assessment, screening
    from aneos import catalogue as room

    catalogue = room.load_bundled()
    chosen = assessment.DEFAULT_PRIOR if prior is None else prior
    if depth == "full":
        from aneos import full_depth

        given = _named(catalogue, designations) if objects is None else objects
        return full_depth.assess(catalogue, given, without=without, prior=chosen, settings=settings)
    return screening.assess(
        catalogue,
        list(designations) if objects is None else objects,
        without=without,
        prior=chosen,
    )


def _named(catalogue: Catalogue, designations: Collection[str]) -> Catalogue:
    """The rows of a catalogue that bear these designations."""
    from dataclasses import replace

    from aneos.catalogue.designations import find_index

    rows = [find_index(catalogue, name) for name in designations]
    return replace(catalogue, table=catalogue.table[rows], rejected=())
