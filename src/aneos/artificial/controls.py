"""Control registries: the known objects with their orbits turned to random places.

A scrambled registry keeps each object's a, e, i and widths at every epoch and turns node, perihelion and
phase by random amounts; a shifted one takes each object from where it is a whole number of years later or
earlier, which keeps its orientation to the Earth's orbit. What either names is named by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from aneos.artificial.trajectories import Stretch, Trajectory

FloatArray = npt.NDArray[np.float64]

SIDEREAL_YEAR_DAYS = 365.256_363


def scrambled(trajectories: Sequence[Trajectory], rng: np.random.Generator) -> tuple[Trajectory, ...]:
    """Each object with perihelion, node and mean longitude turned by three independent random angles."""
    return tuple(_turned(item, *rng.uniform(0.0, 2.0 * np.pi, size=3)) for item in trajectories)


def shifted(trajectories: Sequence[Trajectory], years: int) -> tuple[Trajectory, ...]:
    """Each object as it was or will be ``years`` earlier (positive) or later (negative)."""
    days = years * SIDEREAL_YEAR_DAYS
    return tuple(
        replace(
            item,
            stretches=tuple(replace(s, epoch_tdb_jd=s.epoch_tdb_jd + days) for s in item.stretches),
        )
        for item in trajectories
        if item.integrated
    )


def _turned(item: Trajectory, perihelion: float, node: float, longitude: float) -> Trajectory:
    return replace(
        item, stretches=tuple(_turn_stretch(s, perihelion, node, longitude) for s in item.stretches)
    )


def _turn_stretch(stretch: Stretch, perihelion: float, node: float, longitude: float) -> Stretch:
    columns = stretch.columns.copy()
    columns[:, 1:3] = columns[:, 1:3] @ _rotation(perihelion)
    columns[:, 3:5] = columns[:, 3:5] @ _rotation(node)
    columns[:, 5] += np.degrees(longitude)
    return replace(stretch, columns=columns)


def _rotation(angle: float) -> FloatArray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s], [-s, c]])
