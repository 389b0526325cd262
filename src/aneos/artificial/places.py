"""The places of many known objects at many epochs, as arrays, for comparison with candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.trajectories import Equinoctial, Trajectory, Widths, load_trajectories

FloatArray = npt.NDArray[np.float64]

KEPT_EPOCHS: Final = 8
"""Places are kept where so many epochs at most are asked for (one object: one). The objects of a catalogue share
most of theirs."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """m objects at d epochs: elements and widths of shape (m, d), vectors (m, d, 2), and the epoch of the published
    orbit that each comes from, (m, d); NaN where unknown."""

    orbit: Equinoctial
    widths: Widths
    fit_epoch_tdb_jd: FloatArray

    def take(self, index: npt.ArrayLike, day: npt.ArrayLike) -> tuple[Equinoctial, Widths, FloatArray]:
        """The objects ``index`` (k,) on the days ``day``, (k,) or (), as k orbits."""
        at = (np.asarray(index), np.asarray(day))
        orbit, widths = self.orbit, self.widths
        return (
            Equinoctial(orbit.a_au[at], orbit.e_vector[at], orbit.i_vector[at], orbit.longitude_deg[at]),
            Widths(widths.a_au[at], widths.e[at], widths.i[at], widths.longitude_deg[at]),
            self.fit_epoch_tdb_jd[at],
        )


def places_of(trajectories: Sequence[Trajectory], epoch_tdb_jd: FloatArray) -> Places:
    """Where all m objects are at d epochs (TDB JD)."""
    m, d = len(trajectories), len(epoch_tdb_jd)
    orbit = Equinoctial(np.empty((m, d)), np.empty((m, d, 2)), np.empty((m, d, 2)), np.empty((m, d)))
    widths = Widths(*(np.empty((m, d)) for _ in range(4)))
    fits = np.empty((m, d))
    for index, trajectory in enumerate(trajectories):
        place, sigma, fits[index] = trajectory.predict(epoch_tdb_jd)
        for name in ("a_au", "e_vector", "i_vector", "longitude_deg"):
            getattr(orbit, name)[index] = getattr(place, name)
        for name in ("a_au", "e", "i", "longitude_deg"):
            getattr(widths, name)[index] = getattr(sigma, name)
    return Places(orbit, widths, fits)


def registry_places(epoch_tdb_jd: FloatArray) -> Places:
    """The same for the bundled registry; few epochs are remembered."""
    if epoch_tdb_jd.size > KEPT_EPOCHS:
        return places_of(load_trajectories(), epoch_tdb_jd)
    return _kept(tuple(epoch_tdb_jd.tolist()))


@lru_cache(maxsize=256)
def _kept(epoch_tdb_jd: tuple[float, ...]) -> Places:
    return places_of(load_trajectories(), np.array(epoch_tdb_jd, dtype=np.float64))
