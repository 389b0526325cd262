"""Propagation by kete, behind the interface of :mod:`aneos.dynamics.engine`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from aneos.dynamics.engine import Propagated
from aneos.dynamics.forces import ALL_ASTEROIDS, LARGEST_ASTEROIDS, ForceModel
from aneos.dynamics.kernels import load_kete
from aneos.dynamics.states import States
from aneos.errors import InputError


def propagate_with_kete(states: States, target_tdb_jd: float, forces: ForceModel) -> Propagated:
    """Carry every row to one epoch with kete; see :func:`aneos.dynamics.engine.propagate`.

    kete always applies relativity and the oblateness of the Sun and the Earth; its asteroids are none, its own five
    largest, or all sixteen of our kernel. It does not tell why a row did not arrive (a collision, mostly): that is
    ``"failed"``. Raises InputError for other force models.
    """
    kete = load_kete()
    include = _select_asteroids(kete, forces)
    finite = (
        np.isfinite(states.position_au).all(axis=1)
        & np.isfinite(states.velocity_au_d).all(axis=1)
        & np.isfinite(states.epoch_tdb_jd)
        & np.isfinite(states.A1 + states.A2 + states.A3)
    )
    rows = np.flatnonzero(finite)
    position, velocity = np.full((len(states), 3), np.nan), np.full((len(states), 3), np.nan)
    if rows.size:
        moved = kete.propagate_n_body(
            [_to_kete(kete, states, row) for row in rows.tolist()],
            target_tdb_jd,
            include_asteroids=include,
            non_gravs=[_non_gravitational(kete, states, row, forces) for row in rows.tolist()],
            suppress_errors=True,
            suppress_impact_errors=True,
        )
        for row, state in zip(rows, moved, strict=True):
            position[row], velocity[row] = np.array(state.pos), np.array(state.vel)
    arrived = np.isfinite(position).all(axis=1)
    status = np.where(arrived, "done", "failed")
    n = len(states)
    there = States(position, velocity, np.full(n, target_tdb_jd), states.A1, states.A2, states.A3)
    return Propagated(there, status, np.full(n, ""), np.full(n, np.nan))


def _select_asteroids(kete: ModuleType, forces: ForceModel) -> bool:
    """Whether kete is to include asteroids; registers the further eleven where they are asked for.

    kete keeps registered masses for the life of the process, so that the five alone cannot be had after the sixteen.
    """
    global _registered
    if not (forces.relativity and forces.sun_j2 and forces.earth_harmonics):
        raise InputError("kete always applies relativity and oblateness", source="forces")
    if not forces.asteroids:
        return False
    wanted = tuple(sorted(forces.asteroids))
    if wanted == tuple(sorted(LARGEST_ASTEROIDS)) and not _registered:
        return True
    if wanted != ALL_ASTEROIDS:
        raise InputError(
            "kete takes no asteroids, its five largest, or (from then on) all sixteen", source="forces"
        )
    if not _registered:
        for number in sorted(set(ALL_ASTEROIDS) - set(LARGEST_ASTEROIDS)):
            kete.register_mass(20_000_000 + number)
        _registered = True
    return True


_registered = False


def _to_kete(kete: ModuleType, states: States, row: int) -> Any:
    return kete.State(
        str(row),
        float(states.epoch_tdb_jd[row]),
        kete.Vector(states.position_au[row].tolist(), kete.Frames.Ecliptic),
        kete.Vector(states.velocity_au_d[row].tolist(), kete.Frames.Ecliptic),
    )


def _non_gravitational(kete: ModuleType, states: States, row: int, forces: ForceModel) -> Any:
    A = [float(column[row]) for column in (states.A1, states.A2, states.A3)]
    if not forces.radiation_pressure or not any(A):
        return None
    return kete.NonGravModel.new_asteroid(*A)
