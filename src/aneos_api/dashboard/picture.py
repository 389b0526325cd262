"""The whole catalogue as a picture's data: speed past Earth and inclination of every object, in five bytes each.

Rank order, so that the place of an object in the columns says which one it is. Speed and inclination are kept as
16-bit logarithms, which is finer than any screen: steps of 0.018 % in speed and 0.023 % in inclination.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from aneos.assessment import CLASSES
from aneos_api.database.models import Screen
from aneos_api.database.unit import Work

UNKNOWN: Final = 65_535
STEPS: Final = 65_534
SPEED_DECADES: Final = (-3.0, 2.0)
"""log10 of km/s at the two ends of the scale."""
INCLINATION_DECADES: Final = (-4.0, 2.3)
"""log10 of degrees at the two ends of the scale."""

FLAGGED: Final = ("known_artificial", "probably_artificial", "unexplained")
FIRST_RANKS: Final = 15
MOST_FLAGGED: Final = 300
CHANGES: Final = 12


@dataclass(frozen=True, slots=True)
class Picture:
    """``packed`` is gzip of: low bytes of all speeds, high bytes, the same of inclinations, then classes."""

    etag: str
    packed: bytes
    objects: int
    not_shown: int
    changes: list[dict[str, Any]]
    """Objects whose class changed with this screen."""


class Pictures:
    """Keeps the picture of the current screen."""

    def __init__(self) -> None:
        self._kept: tuple[UUID, Picture] | None = None
        self._lock = asyncio.Lock()

    async def current(self, work: Work) -> Picture | None:
        """The picture of the current screen; None before the first."""
        screen = await work.analysis.current_screen()
        if screen is None:
            return None
        async with self._lock:
            if self._kept is None or self._kept[0] != screen.id:
                self._kept = (screen.id, await _make(work, screen))
            return self._kept[1]


async def flagged(work: Work) -> list[dict[str, Any]]:
    """Objects that the picture names, in rank order: alerts, classes that say something, and the first ranks."""
    screen = await work.analysis.current_screen()
    if screen is None:
        return []
    return await work.overview.named(screen.id, classes=FLAGGED, ranks=FIRST_RANKS, limit=MOST_FLAGGED)


async def designation_of_rank(work: Work, rank: int) -> str | None:
    """Which object stands at a place of the current screen."""
    screen = await work.analysis.current_screen()
    return None if screen is None else await work.overview.designation_of_rank(screen.id, rank)


async def _make(work: Work, screen: Screen) -> Picture:
    rows = await work.overview.columns(screen.id)
    changes = await work.overview.changes(screen.id, limit=CHANGES)
    return await asyncio.to_thread(_pack, rows, str(screen.id), changes)


def _pack(rows: Sequence[tuple[Any, ...]], name: str, changes: list[dict[str, Any]]) -> Picture:
    size = max((row[0] for row in rows), default=0)
    speed, inclination = np.full(size, np.nan), np.full(size, np.nan)
    classes = np.full(size, 255, dtype=np.uint8)
    for rank, v_kms, i_deg, object_class in rows:
        speed[rank - 1] = np.nan if v_kms is None else v_kms
        inclination[rank - 1] = i_deg
        classes[rank - 1] = CLASSES.index(object_class)
    columns = (encode(speed, SPEED_DECADES), encode(inclination, INCLINATION_DECADES))
    planes = [
        part
        for column in columns
        for part in ((column & 255).astype(np.uint8), (column >> 8).astype(np.uint8))
    ]
    packed = gzip.compress(b"".join(part.tobytes() for part in (*planes, classes)), 6, mtime=0)
    not_shown = int(np.sum((columns[0] == UNKNOWN) | (columns[1] == UNKNOWN)))
    return Picture(f'"{name}"', packed, size, not_shown, changes)


def encode(values: npt.NDArray[np.float64], decades: tuple[float, float]) -> npt.NDArray[np.uint16]:
    """log10 of each value on a scale of 65,535 steps, shape (n,); what is unknown or not positive is 65,535."""
    known = np.isfinite(values) & (values > 0.0)
    low, high = decades
    place = (np.log10(np.where(known, values, 1.0)) - low) / (high - low) * STEPS
    return np.where(known, np.clip(np.rint(place), 0, STEPS), UNKNOWN).astype(np.uint16)
