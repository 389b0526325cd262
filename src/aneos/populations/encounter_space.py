"""The space in which orbits are compared: velocity relative to Earth where the two orbits are closest.

A body's orbit about the Sun enters through three numbers: the planar and the vertical component of its
velocity relative to Earth at the minimum orbit intersection distance (MOID), and that distance itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EncounterSpace:
    """Arrays of shape (n,).

    ``planar_kms`` speed relative to Earth at the MOID within the ecliptic, ``vertical_kms`` absolute vertical
    speed at the node, 29.785·sqrt(a(1−e²))·sin i, ``moid_au`` distance between the orbits.
    """

    planar_kms: FloatArray
    vertical_kms: FloatArray
    moid_au: FloatArray

    @property
    def speed_kms(self) -> FloatArray:
        """Encounter speed of the object: length of (planar, vertical), in km/s."""
        return np.hypot(self.planar_kms, self.vertical_kms)

    def __len__(self) -> int:
        return int(self.moid_au.size)

    def __getitem__(self, index: npt.NDArray[np.bool_] | npt.NDArray[np.intp] | slice) -> EncounterSpace:
        return EncounterSpace(self.planar_kms[index], self.vertical_kms[index], self.moid_au[index])
