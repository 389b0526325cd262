"""Clones for a back-propagation: draws from the orbit's errors and from what may push the object.

A push that was fitted over months need not have held for decades: tumbling bodies show another face. So every
clone's forces drift from the fitted ones by a scatter that was measured between fits of one object (see the
constants). A push that was never fitted is drawn from what hardware has (:mod:`aneos.populations.area_to_mass`),
as far as the arc leaves room for it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.departure_orbit import TracedOrbit
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.dynamics import States
from aneos.dynamics.clones import draw_clones, generator
from aneos.populations.area_to_mass import LOG10_AMR, artificial_density, natural_density

FloatArray = npt.NDArray[np.float64]

DRIFT_RADIAL: Final = 0.05
"""Relative scatter of A1 between the fitted arc and the decades before: fits of one object at different times differ
by 7% in the median (21 pairs in the registry), which is sqrt(2) times the scatter of one."""
DRIFT_SIDEWAYS: Final = 0.02
"""Scatter of A2 and A3 as a share of A1: their median size in published fits of artificial objects."""

ROOM_SIGMAS: Final = 3.0
"""A push that nobody fitted may be as large as this many times what the arc would have shown."""


STRAYING_LOG10: Final = (-7.0, -2.3)
"""Errors of an orbit of which nothing is known, as shares of 1 au and of the Earth's speed (log10)."""
YEAR_RATE: Final = 0.017202
"""The Earth's speed in au/d."""


def draw(orbit: TracedOrbit, n: int, *, seed: int) -> States:
    """n clones of an object that is taken for hardware; the same seed gives the same clones.

    The first clone is the nominal orbit with the nominal push (for an unknown push the median one that the arc
    leaves room for).
    """
    random = generator(seed, __name__)
    a1, deviation = _pushes(orbit, n, random)
    drawn = _orbits(orbit, n, seed, deviation, random)
    if orbit.uncertainty is not None and orbit.push_known and not np.any(orbit.force_sigma):
        a1, sideways = drawn.A1.copy(), np.stack([drawn.A2, drawn.A3])
    else:
        sideways = _sideways(orbit, n, random)
    scale = np.abs(a1)
    drifting = random.standard_normal((3, n))
    drifting[:, 0] = 0.0
    return States(
        drawn.position_au,
        drawn.velocity_au_d,
        drawn.epoch_tdb_jd,
        a1 + DRIFT_RADIAL * scale * drifting[0],
        sideways[0] + DRIFT_SIDEWAYS * scale * drifting[1],
        sideways[1] + DRIFT_SIDEWAYS * scale * drifting[2],
    )


def _pushes(orbit: TracedOrbit, n: int, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """A1 of each clone, and by how much it deviates from the A1 with which the orbit was fitted."""
    fitted = float(orbit.states.A1[0])
    normal = random.standard_normal(n)
    if orbit.push_known:
        normal[0] = 0.0
        deviation = float(orbit.force_sigma[0]) * normal
        return fitted + deviation, deviation
    room = ROOM_SIGMAS * float(orbit.details.get("A1_sigma_of_arc", np.inf))
    a1 = _hardware(n, room, random)
    a1[0] = float(np.median(a1))
    return a1, a1 - fitted


def _hardware(n: int, room_au_d2: float, random: np.random.Generator) -> FloatArray:
    """A1 of n pieces of hardware that an arc would not have shown: the mixture times exp(-(A1/room)^2/2).

    Where the arc leaves no room for hardware, what remains is as large as it allows.
    """
    a1 = A1_PER_AMR_AU_D2 * 10.0**LOG10_AMR
    density = artificial_density() * np.exp(-0.5 * (a1 / room_au_d2) ** 2)
    if density.sum() < 1e-6 * artificial_density().sum():
        return np.abs(random.standard_normal(n)) * room_au_d2
    return _from_grid(A1_PER_AMR_AU_D2, density, n, random)


def natural_pushes(H: float, n: int, random: np.random.Generator) -> FloatArray:
    """A1 (au/d^2) of n natural bodies of absolute magnitude ``H`` (NaN: unknown)."""
    return _from_grid(A1_PER_AMR_AU_D2, natural_density(np.array([H]))[0], n, random)


def _from_grid(unit: float, density: FloatArray, n: int, random: np.random.Generator) -> FloatArray:
    """n draws from a density per dex of area-to-mass ratio on LOG10_AMR, times ``unit``."""
    cumulative = np.cumsum(density)
    log10 = np.interp(random.random(n) * cumulative[-1], cumulative, LOG10_AMR)
    return np.asarray(unit * 10.0**log10)


def _sideways(orbit: TracedOrbit, n: int, random: np.random.Generator) -> FloatArray:
    """A2 and A3 (2, n) as fitted."""
    normal = random.standard_normal((2, n))
    normal[:, 0] = 0.0
    sigma = np.nan_to_num(orbit.force_sigma[1:])
    nominal = np.array([float(orbit.states.A2[0]), float(orbit.states.A3[0])])
    return np.asarray(nominal[:, None] + sigma[:, None] * normal)


def _orbits(
    orbit: TracedOrbit, n: int, seed: int, deviation: FloatArray, random: np.random.Generator
) -> States:
    """Places and velocities of n clones, the first being the nominal orbit."""
    if orbit.uncertainty is not None:
        drawn = draw_clones(orbit.uncertainty, n, seed=seed).states
        first = orbit.uncertainty.nominal()
        position, velocity = drawn.position_au.copy(), drawn.velocity_au_d.copy()
        position[0], velocity[0] = first.position_au[0], first.velocity_au_d[0]
        forces = [
            np.concatenate([getattr(first, name), getattr(drawn, name)[1:]]) for name in ("A1", "A2", "A3")
        ]
        return States(position, velocity, drawn.epoch_tdb_jd, *forces)
    arc = orbit.arc
    if arc is None:
        raise ValueError("an orbit needs an uncertainty or an arc")
    scale = np.sqrt(np.diag(arc.covariance))
    values, vectors = np.linalg.eigh(arc.covariance / np.outer(scale, scale))
    root = scale[:, None] * vectors * np.sqrt(np.maximum(values, 0.0))
    low, high = orbit.scale_log10
    normal = random.standard_normal((n, 6)) * 10.0 ** random.uniform(low, high, size=(n, 1))
    normal[0] = 0.0
    moved = normal @ root.T
    if orbit.details.get("arc_days") is None:
        # Half of the clones stray alike in all directions: an orbit of which nothing is said may come from any arc.
        wide = 10.0 ** random.uniform(*STRAYING_LOG10, size=(n, 1)) * random.standard_normal((n, 6))
        moved[1::2] = (wide * np.array([1.0, 1.0, 1.0, YEAR_RATE, YEAR_RATE, YEAR_RATE]))[1::2]
    moved += deviation[:, None] * arc.response
    return States(
        arc.state.position_au + moved[:, :3],
        arc.state.velocity_au_d + moved[:, 3:],
        np.full(n, arc.epoch_tdb_jd),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
    )
