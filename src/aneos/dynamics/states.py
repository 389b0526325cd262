"""Objects to be carried through time: states with non-gravitational parameters, as typed columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from aneos.constants import A1_PER_AMR_AU_D2
from aneos.errors import InputError
from aneos.orbits import CometaryElements, KeplerianElements, elements_to_state, state_to_elements

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """n objects (or clones) at their epochs: heliocentric, mean ecliptic of J2000, au and au/d, TDB.

    ``position_au`` and ``velocity_au_d`` have shape (n, 3), the others (n,). ``A1``, ``A2``, ``A3`` are the radial,
    transverse and normal non-gravitational accelerations at 1 au (au/d^2), falling off as 1/r^2.
    """

    position_au: FloatArray
    velocity_au_d: FloatArray
    epoch_tdb_jd: FloatArray
    A1: FloatArray
    A2: FloatArray
    A3: FloatArray

    def __post_init__(self) -> None:
        position = np.atleast_2d(np.asarray(self.position_au, dtype=np.float64))
        velocity = np.atleast_2d(np.asarray(self.velocity_au_d, dtype=np.float64))
        if position.ndim != 2 or position.shape[1] != 3 or velocity.shape != position.shape:
            raise InputError(
                f"states need positions and velocities of shape (n, 3), not {position.shape} and {velocity.shape}"
            )
        object.__setattr__(self, "position_au", position)
        object.__setattr__(self, "velocity_au_d", velocity)
        for name in ("epoch_tdb_jd", "A1", "A2", "A3"):
            value = np.asarray(getattr(self, name), dtype=np.float64)
            try:
                object.__setattr__(self, name, np.broadcast_to(value, position.shape[:1]))
            except ValueError as error:
                raise InputError(f"{name} has shape {value.shape}, not ({position.shape[0]},)") from error

    @classmethod
    def from_elements(
        cls,
        elements: KeplerianElements | CometaryElements,
        *,
        A1: npt.ArrayLike = 0.0,
        A2: npt.ArrayLike = 0.0,
        A3: npt.ArrayLike = 0.0,
        amr_m2kg: npt.ArrayLike | None = None,
    ) -> Self:
        """States of osculating elements at their own epochs.

        ``amr_m2kg`` is another way to give A1 (radiation pressure, all light absorbed); giving both raises
        InputError. Rows that describe no orbit come out as NaN.
        """
        position, velocity = elements_to_state(elements, elements.epoch_tdb_jd)
        if amr_m2kg is not None:
            if np.any(np.asarray(A1) != 0.0):
                raise InputError("give A1 or the area-to-mass ratio, not both")
            A1 = A1_PER_AMR_AU_D2 * np.asarray(amr_m2kg, dtype=np.float64)
        return cls(position, velocity, elements.epoch_tdb_jd, np.asarray(A1), np.asarray(A2), np.asarray(A3))

    def __len__(self) -> int:
        return int(self.position_au.shape[0])

    def take(self, rows: npt.ArrayLike | slice) -> Self:
        """The rows given by indices, a boolean mask or a slice."""
        index = rows if isinstance(rows, slice) else np.asarray(rows)
        return type(self)(*(getattr(self, f.name)[index] for f in fields(self)))

    def elements(self) -> KeplerianElements:
        """Osculating heliocentric elements; NaN where a state is not finite.

        Raises InputError for a state that moves along a line through the Sun.
        """
        good = np.isfinite(self.position_au).all(axis=1) & np.isfinite(self.velocity_au_d).all(axis=1)
        columns = np.full((7, len(self)), np.nan)
        if good.any():
            found = state_to_elements(
                self.position_au[good], self.velocity_au_d[good], self.epoch_tdb_jd[good]
            )
            columns[:, good] = [getattr(found, f.name) for f in fields(found)]
        return KeplerianElements(*columns)

    @property
    def amr_m2kg(self) -> FloatArray:
        """Area-to-mass ratio that the radial parameter A1 stands for."""
        return np.asarray(self.A1 / A1_PER_AMR_AU_D2)


def concatenate(parts: list[States]) -> States:
    """One table of all rows, in order."""
    return States(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(States)))
