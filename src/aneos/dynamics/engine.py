"""Propagation: states in, states at other epochs out, by either of two engines behind one interface.

``"aneos"`` is this project's own compiled integrator (:mod:`aneos.dynamics.native`): many epochs cost no more than
one, and the encounter search works on it. ``"kete"`` is the package kete (BSD-3-Clause), an independent
implementation of the same physics, against which the first is tested; it starts anew at each epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from aneos.constants import J2000_TDB_JD
from aneos.dynamics import native
from aneos.dynamics.ephemeris import check_span, load_field
from aneos.dynamics.forces import ForceModel
from aneos.dynamics.states import States
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]
Engine = Literal["aneos", "kete"]

DEFAULT_FORCES = ForceModel()


@dataclass(frozen=True, slots=True, eq=False)
class Propagated:
    """States at one epoch, and what became of each row.

    ``status`` (n,) is ``"done"``, ``"collision"`` (the row ends at ``stopped_tdb_jd`` on the surface of
    ``struck``), or ``"failed"`` (its input was not finite, or the integration did not converge). Rows that are not
    done have NaN states.
    """

    states: States
    status: npt.NDArray[np.str_]
    struck: npt.NDArray[np.str_]
    stopped_tdb_jd: FloatArray

    @property
    def done(self) -> npt.NDArray[np.bool_]:
        """Which rows arrived."""
        return np.asarray(self.status == "done")


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Heliocentric ecliptic states of n objects at m epochs: ``position_au`` and ``velocity_au_d`` (n, m, 3).

    NaN after a collision and where the input was not finite.
    """

    epoch_tdb_jd: FloatArray
    position_au: FloatArray
    velocity_au_d: FloatArray


def propagate(
    states: States,
    to_tdb_jd: float,
    *,
    forces: ForceModel = DEFAULT_FORCES,
    engine: Engine = "aneos",
    threads: int | None = None,
) -> Propagated:
    """Carry every row from its own epoch to one epoch, forward or backward.

    Rows of one call may start on both sides of ``to_tdb_jd``. Raises InputError for epochs outside the kernels
    (1900 to 2100) and for a force model that the engine does not have.
    """
    target = float(check_span(to_tdb_jd, "to_tdb_jd"))
    if engine == "kete":
        from aneos.dynamics.kete_engine import propagate_with_kete

        return propagate_with_kete(states, target, forces)
    if engine != "aneos":
        raise InputError(f"no engine {engine!r}; there are aneos and kete", source="engine")
    n = len(states)
    rows = np.full((n, 14), np.nan)
    for index in _sides(states, target):
        part = states.take(index)
        for chunk in native.integrate(part, target, forces, threads=threads):
            rows[index[chunk.offset : chunk.offset + len(chunk.rows)]] = chunk.rows
    return propagated(states, target, rows, forces)


def sample(
    states: States,
    epochs_tdb_jd: npt.ArrayLike,
    *,
    forces: ForceModel = DEFAULT_FORCES,
    threads: int | None = None,
) -> Trajectories:
    """Trajectories of all rows at many epochs, in any order, in one integration each way.

    Raises InputError for epochs outside the kernels.
    """
    epochs = np.atleast_1d(check_span(epochs_tdb_jd, "epochs"))
    if epochs.ndim != 1:
        raise InputError(f"epochs need one dimension, not {epochs.ndim}")
    n, m = len(states), epochs.size
    states_at = np.full((n, m, 6), np.nan)
    starts = states.epoch_tdb_jd
    for start in np.unique(starts[np.isfinite(starts)]):
        index = np.flatnonzero(starts == start)
        part = states.take(index)
        for columns in (np.flatnonzero(epochs > start), np.flatnonzero(epochs < start)):
            if not columns.size:
                continue
            order = columns[np.argsort(np.abs(epochs[columns] - start), kind="stable")]
            end = float(epochs[order[-1]])
            for chunk in native.integrate(part, end, forces, samples_tdb_jd=epochs[order], threads=threads):
                where = index[chunk.offset : chunk.offset + len(chunk.rows)]
                states_at[where[:, None], order[None, :]] = chunk.sampled
    flat, times = states_at.reshape(-1, 6), np.tile(epochs, n)
    position, velocity = (value.reshape(n, m, 3) for value in native.to_heliocentric_ecliptic(flat, times))
    rows, columns = np.nonzero(starts[:, None] == epochs[None, :])
    position[rows, columns] = states.position_au[rows]
    velocity[rows, columns] = states.velocity_au_d[rows]
    return Trajectories(epochs, position, velocity)


def _sides(states: States, target: float) -> list[npt.NDArray[np.intp]]:
    """Rows before and rows at or after the target; rows without a finite epoch go with the first."""
    after = states.epoch_tdb_jd > target
    return [index for index in (np.flatnonzero(~after), np.flatnonzero(after)) if index.size]


def propagated(states: States, target: float, rows: FloatArray, forces: ForceModel) -> Propagated:
    """The kernel's rows (n, 14), see :class:`aneos.dynamics.native.Chunk`, as states and what became of them."""
    done = rows[:, 11] == native.DONE
    position, velocity = native.to_heliocentric_ecliptic(
        np.where(done[:, None], rows[:, :6], np.nan), np.full(len(states), target)
    )
    names = np.array([body.name for body in load_field(forces.asteroids).bodies])
    hit = rows[:, 11] == native.STRUCK
    struck = np.where(hit, names[np.where(hit, rows[:, 12], 0).astype(np.intp)], "")
    status = np.where(done, "done", np.where(hit, "collision", "failed"))
    stopped = np.where(hit, rows[:, 10] + J2000_TDB_JD, np.nan)
    moved = States(position, velocity, np.full(len(states), target), states.A1, states.A2, states.A3)
    return Propagated(moved, status, struck, stopped)
