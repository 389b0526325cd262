"""Every object of the registry at any epoch within a fraction of a second: n-body from stored states nearby.

``known_states.parquet`` holds for each object that can be placed its integrated state at epochs a few days (about the
Earth) to a hundred days apart, and the covariance of its elements there (:mod:`aneos.artificial.build_nodes`). From
the nearest of these the state is carried by n-body integration; the covariance by the drift in longitude alone.

Elements are those without singularity at e = 0 and i = 0: a (au), e (cos ϖ, sin ϖ), 2 sin(i/2) (cos Ω, sin Ω), mean
longitude (radians), ecliptic of J2000, about the Earth for objects bound to it, else about the Sun.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.known import data_path, load_known
from aneos.artificial.known_tables import KnownObject
from aneos.artificial.registry_orbits import FORCES, choose
from aneos.constants import GM_SUN_AU3_D2
from aneos.dynamics import States, body_states, propagate
from aneos.dynamics.bodies import EARTH
from aneos.errors import MissingResourceError
from aneos.orbits import state_to_elements

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

FILE: Final = "known_states.parquet"
SPHERE_AU: Final = 0.02
"""Bound to the Earth: negative geocentric energy within this distance."""
TRIANGLE: Final = np.tril_indices(6)


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """k stored states, ordered by object and epoch: ``object`` (k,) is the place of the object in :attr:`known`;
    heliocentric ecliptic ``states``; ``geocentric`` (k,) says what ``covariance`` (k, 6, 6) of elements refers to;
    ``reach_days`` (k,) for how far around a node stands."""

    known: tuple[KnownObject, ...]
    object: npt.NDArray[np.intp]
    states: States
    fit_epoch_tdb_jd: FloatArray
    reach_days: FloatArray
    geocentric: BoolArray
    covariance: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """n objects at one epoch: ``object`` (n,) as in :class:`Nodes`; ``elements`` (n, 6) and ``covariance`` (n, 6, 6),
    about the Earth where ``geocentric``. ``states`` are heliocentric."""

    known: tuple[KnownObject, ...]
    object: npt.NDArray[np.intp]
    states: States
    fit_epoch_tdb_jd: FloatArray
    geocentric: BoolArray
    elements: FloatArray
    covariance: FloatArray

    def __len__(self) -> int:
        return int(self.object.size)


@lru_cache(maxsize=1)
def load_nodes() -> Nodes:
    """The stored states. Raises MissingResourceError where they are absent or damaged."""
    path = data_path(FILE)
    try:
        table = pl.read_parquet(path)
        position = table.select("x_au", "y_au", "z_au").to_numpy()
        velocity = table.select("vx_au_d", "vy_au_d", "vz_au_d").to_numpy()
        packed = np.stack(table["covariance"].to_list()).astype(np.float64)
    except (OSError, pl.exceptions.PolarsError, ValueError) as error:
        raise MissingResourceError(
            f"{path}: the stored states of the registry are absent or damaged; rebuild them: "
            "python -m aneos.artificial.build_nodes"
        ) from error
    known = load_known()
    place = {item.id: number for number, item in enumerate(known)}
    covariance = np.zeros((table.height, 6, 6))
    covariance[:, TRIANGLE[0], TRIANGLE[1]] = packed
    covariance[:, TRIANGLE[1], TRIANGLE[0]] = packed
    return Nodes(
        known,
        np.array([place[name] for name in table["object_id"]], dtype=np.intp),
        States(
            position,
            velocity,
            table["epoch_tdb_jd"].to_numpy(),
            table["A1"].to_numpy(),
            table["A2"].to_numpy(),
            table["A3"].to_numpy(),
        ),
        table["fit_epoch_tdb_jd"].to_numpy(),
        table["reach_days"].to_numpy(),
        table["geocentric"].to_numpy(),
        covariance,
    )


def nearest_nodes(nodes: Nodes, epoch_tdb_jd: float) -> npt.NDArray[np.intp]:
    """The number of the nearest node of each object that may be placed at an epoch and has one within its reach."""
    away = np.abs(nodes.states.epoch_tdb_jd - epoch_tdb_jd)
    rows = np.flatnonzero(away <= nodes.reach_days)
    order = rows[np.lexsort((away[rows], nodes.object[rows]))]
    _, first = np.unique(nodes.object[order], return_index=True)
    found = order[first]
    return np.asarray(found[[in_force(nodes, int(row), epoch_tdb_jd) for row in found]])


def in_force(nodes: Nodes, row: int, epoch_tdb_jd: float) -> bool:
    """Whether some published orbit of a node's object may place it at an epoch (flight, manoeuvres, validity)."""
    return bool(choose(nodes.known[int(nodes.object[row])], np.array([epoch_tdb_jd]))[0] >= 0)


def carry_nodes(nodes: Nodes, rows: npt.NDArray[np.intp], epoch_tdb_jd: float) -> Carried:
    """The objects of some nodes at one epoch; those that strike a body on the way are left out."""
    moved = propagate(nodes.states.take(rows), epoch_tdb_jd, forces=FORCES)
    rows, states = rows[moved.done], moved.states.take(moved.done)
    geocentric = bound_to_earth(states)
    elements = elements_of(states, geocentric)
    covariance = nodes.covariance[rows].copy()
    days = epoch_tdb_jd - nodes.states.epoch_tdb_jd[rows]
    before = elements_of(nodes.states.take(rows), nodes.geocentric[rows])
    gm = np.where(nodes.geocentric[rows], EARTH.gm_au3_d2, GM_SUN_AU3_D2)
    drift = np.tile(np.eye(6), (rows.size, 1, 1))
    drift[:, 5, 0] = -1.5 * np.sqrt(gm / before[:, 0] ** 5) * days
    covariance = drift @ covariance @ np.swapaxes(drift, 1, 2)
    changed = np.flatnonzero(geocentric != nodes.geocentric[rows])
    for row in changed:
        covariance[row] = recentred(
            covariance[row], before[row], nodes.states.take([rows[row]]), bool(geocentric[row])
        )
    usable = np.isfinite(elements).all(axis=1) & np.isfinite(covariance).all(axis=(1, 2))
    return Carried(
        nodes.known,
        nodes.object[rows][usable],
        states.take(usable),
        nodes.fit_epoch_tdb_jd[rows][usable],
        geocentric[usable],
        elements[usable],
        covariance[usable],
    )


def bound_to_earth(states: States) -> BoolArray:
    """Which states are bound to the Earth, within SPHERE_AU of it."""
    earth_r, earth_v = body_states("Earth", states.epoch_tdb_jd)
    place, speed = states.position_au - earth_r, states.velocity_au_d - earth_v
    distance = np.linalg.norm(place, axis=1)
    energy = 0.5 * np.sum(speed**2, axis=1) - EARTH.gm_au3_d2 / distance
    return np.asarray((distance < SPHERE_AU) & (energy < 0.0))


def elements_of(states: States, geocentric: BoolArray) -> FloatArray:
    """Elements (n, 6), about the Earth where ``geocentric``, else about the Sun; NaN where the orbit is open."""
    place, speed = states.position_au.copy(), states.velocity_au_d.copy()
    out = np.full((len(states), 6), np.nan)
    for flag, gm in ((True, EARTH.gm_au3_d2), (False, GM_SUN_AU3_D2)):
        rows = np.flatnonzero((geocentric == flag) & np.isfinite(place).all(axis=1))
        if not rows.size:
            continue
        epochs = states.epoch_tdb_jd[rows]
        if flag:
            earth_r, earth_v = body_states("Earth", epochs)
            place[rows] -= earth_r
            speed[rows] -= earth_v
        orbit = state_to_elements(place[rows], speed[rows], epochs, gm)
        pericentre, node = np.radians(orbit.node_deg + orbit.peri_deg), np.radians(orbit.node_deg)
        bend = 2.0 * np.sin(np.radians(orbit.i_deg) / 2.0)
        mean = np.radians(orbit.mean_anomaly_deg) + pericentre
        found = np.stack(
            [
                orbit.a_au,
                orbit.e * np.cos(pericentre),
                orbit.e * np.sin(pericentre),
                bend * np.cos(node),
                bend * np.sin(node),
                np.remainder(mean, 2.0 * np.pi),
            ],
            axis=1,
        )
        found[~((orbit.e < 1.0) & (orbit.a_au > 0.0))] = np.nan
        out[rows] = found
    return out


def recentred(covariance: FloatArray, elements: FloatArray, state: States, geocentric: bool) -> FloatArray:
    """A covariance of elements about one body as that of elements about the other, at one state (one row)."""
    other = not geocentric
    slope_from = cartesian_slope(state, np.array([other]))
    slope_to = cartesian_slope(state, np.array([geocentric]))
    across = slope_to @ np.linalg.pinv(slope_from, rcond=1e-14)
    return np.asarray(across @ covariance @ across.T)


def cartesian_slope(state: States, geocentric: BoolArray) -> FloatArray:
    """Derivatives (6, 6) of the elements of one state by position (au) and velocity (au/d)."""
    steps = np.array([1e-8] * 3 + [1e-9] * 3)
    shifts = np.concatenate([np.diag(steps), -np.diag(steps)])
    varied = States(
        state.position_au + shifts[:, :3],
        state.velocity_au_d + shifts[:, 3:],
        np.full(12, state.epoch_tdb_jd[0]),
        np.zeros(12),
        np.zeros(12),
        np.zeros(12),
    )
    found = elements_of(varied, np.full(12, bool(geocentric[0])))
    difference = found[:6] - found[6:]
    difference[:, 5] = np.remainder(difference[:, 5] + np.pi, 2.0 * np.pi) - np.pi
    return np.asarray((difference / (2.0 * steps[:, None])).T)
