"""Registry objects carried to any times: the nominal path and clones, by n-body integration from published orbits.

An object counts as lost from the moment at which its clones spread over more than 0.1 au about the Sun, or over half
of the distance from the Earth of an object that is bound to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.known_tables import KnownObject
from aneos.artificial.registry_orbits import FORCES, Placed, choose, clones_of, usable_orbits, why_not_then
from aneos.dynamics import States, body_states, check_span, sample
from aneos.dynamics.bodies import EARTH
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]

LOST_AU: Final = 0.1
LOST_SHARE: Final = 0.5
NEAR_AU: Final = 0.02
"""Within this distance of the Earth and bound to it, an object is judged by LOST_SHARE."""
STRETCH_NEAR_DAYS: Final = 20.0
STRETCH_FAR_DAYS: Final = 200.0
LEAST_CLONES: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """One object at m times (TDB): heliocentric ecliptic ``position_au`` and ``velocity_au_d``, shape (n, m, 3), the
    first of the n rows being the nominal path. NaN where it cannot be placed; ``reason`` (m,) then says why. ``orbit``
    (m,) is the number of the published orbit behind each time (-1: none), ``fit_epoch_tdb_jd`` (m,) its epoch. Clones
    that struck a body are NaN from then on."""

    known: KnownObject
    epoch_tdb_jd: FloatArray
    position_au: FloatArray
    velocity_au_d: FloatArray
    orbit: npt.NDArray[np.intp]
    fit_epoch_tdb_jd: FloatArray
    reason: tuple[str, ...]

    @property
    def placed(self) -> npt.NDArray[np.bool_]:
        """At which times the nominal path is known."""
        return np.asarray(np.isfinite(self.position_au[0]).all(axis=1))


def follow(
    known: KnownObject,
    epochs_tdb_jd: npt.ArrayLike,
    *,
    clones: int = 32,
    seed: int = 0,
    threads: int | None = None,
) -> Followed:
    """Carry one object to n epochs (TDB JD, any order). Raises InputError for epochs outside the kernels, or fewer
    than eight clones."""
    if clones < LEAST_CLONES:
        raise InputError(f"at least {LEAST_CLONES} clones are needed, not {clones}", source="clones")
    epochs = np.atleast_1d(check_span(epochs_tdb_jd))
    which = choose(known, epochs)
    position = np.full((clones, epochs.size, 3), np.nan)
    velocity = np.full_like(position, np.nan)
    fits = np.full(epochs.size, np.nan)
    reason = [
        "" if number >= 0 else why_not_then(known, float(t)) for number, t in zip(which, epochs, strict=True)
    ]
    placed = usable_orbits(known)
    for number in np.unique(which[which >= 0]):
        mine = np.flatnonzero(which == number)
        item = placed[int(number)]
        fits[mine] = item.orbit.epoch_tdb_jd
        start = clones_of(item, clones, seed=seed)
        for side in (1.0, -1.0):
            there = mine[side * (epochs[mine] - start.epoch_tdb_jd[0]) >= 0.0]
            if side < 0.0:
                there = mine[epochs[mine] < start.epoch_tdb_jd[0]]
            if there.size:
                why = carry(item, start, epochs[there], position, velocity, there, threads)
                for index, text in zip(there, why, strict=True):
                    reason[int(index)] = text
    return Followed(known, epochs, position, velocity, which, fits, tuple(reason))


def carry(
    item: Placed,
    start: States,
    epochs: FloatArray,
    position: FloatArray,
    velocity: FloatArray,
    columns: npt.NDArray[np.intp],
    threads: int | None,
) -> list[str]:
    """Fill the columns of one direction in stretches, until the object is lost; why each time is empty, or ""."""
    days = np.abs(epochs - start.epoch_tdb_jd[0])
    sign = 1.0 if np.all(epochs >= start.epoch_tdb_jd[0]) else -1.0
    why, now, last = [""] * epochs.size, start, 0.0
    first = float(start.epoch_tdb_jd[0])
    end = float(days.max())
    while True:
        near = _near_and_bound(now)[0]
        stop = min(last + (STRETCH_NEAR_DAYS if near else STRETCH_FAR_DAYS), end)
        inside = np.flatnonzero((days > last) & (days <= stop)) if last else np.flatnonzero(days <= stop)
        target = first + sign * stop
        wanted = np.append(epochs[inside], target)
        moved = sample(now, wanted, forces=FORCES, threads=threads)
        position[:, columns[inside]] = moved.position_au[:, :-1]
        velocity[:, columns[inside]] = moved.velocity_au_d[:, :-1]
        now = States(
            moved.position_au[:, -1],
            moved.velocity_au_d[:, -1],
            np.full(len(now), target),
            now.A1,
            now.A2,
            now.A3,
        )
        text = ""
        if not np.isfinite(now.position_au[0]).all():
            text = f"the nominal path strikes a body before JD {target:.1f}"
        elif is_lost(now):
            text = f"lost: its clones spread too far by JD {target:.1f}"
        if text:
            for index in np.flatnonzero(~np.isfinite(position[0, columns]).all(axis=1)):
                why[int(index)] = text
            return why
        if stop >= end:
            return why
        last = stop


def is_lost(cloud: States) -> bool:
    """Whether clones at one epoch (the nominal first) no longer tell where the object is."""
    alive = np.isfinite(cloud.position_au).all(axis=1)
    if np.count_nonzero(alive) < max(0.5 * len(cloud), 2):
        return True
    near, distance = _near_and_bound(cloud)
    spread = float(np.sqrt(np.mean(np.sum((cloud.position_au[alive] - cloud.position_au[0]) ** 2, axis=1))))
    return spread > (LOST_SHARE * distance if near else LOST_AU)


def _near_and_bound(cloud: States) -> tuple[bool, float]:
    earth_r, earth_v = body_states("Earth", float(cloud.epoch_tdb_jd[0]))
    place, speed = cloud.position_au[0] - earth_r[0], cloud.velocity_au_d[0] - earth_v[0]
    distance = float(np.linalg.norm(place))
    energy = 0.5 * float(speed @ speed) - EARTH.gm_au3_d2 / distance
    if distance > NEAR_AU or energy >= 0.0:
        return False, distance
    return True, max(distance, EARTH.gm_au3_d2 / (-2.0 * energy))
