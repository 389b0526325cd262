"""The covariance that an orbit would have, from its arc: for orbits that are published without one.

A catalogue tells the length of the arc, the number of observations and their scatter. From these the information
that such an arc holds is computed: astrometric positions at supposed times, seen from the turning Earth, and their
derivatives by the orbit (finite differences of n-body trajectories). What comes out has the right directions of
certainty and uncertainty and a size within a factor of a few; it is marked as assumed wherever it is shown.
Where the Minor Planet Center's parameter U is known, it sets the size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.constants import GM_SUN_AU3_D2
from aneos.dynamics import ForceModel, States, body_states, concatenate, sample
from aneos.dynamics.bodies import EARTH
from aneos.dynamics.ephemeris import TO_ECLIPTIC
from aneos.dynamics.uncertainty import KEPLERIAN, Centre, Frame
from aneos.errors import InputError
from aneos.orbits import state_to_elements

FloatArray = npt.NDArray[np.float64]

SCATTER_ARCSEC: Final = 0.5
"""Scatter of one position where the catalogue gives none; smaller published ones are not believed below 0.2."""
SMALLEST_SCATTER_ARCSEC: Final = 0.2
CAUTION: Final = 2.0
"""The scatter is multiplied by this: errors of one night and one station go together."""
MOST_POSITIONS: Final = 48
NIGHT_DAYS: Final = 0.1
PER_NIGHT: Final = 4
LONG_ARC_DAYS: Final = 200.0
APPARITION_DAYS: Final = 60.0
"""Arcs longer than LONG_ARC_DAYS are supposed to be observed in the first and the last 60 days."""

U_SCALE: Final = (1.0 / 30.0, 100.0)
"""Limits of the factor by which U may change the size."""

STEP_AU: Final = 1e-6
STEP_AU_D: Final = 1e-8
STEP_A1: Final = 1e-10
_SHORTEST_ARC_DAYS: Final = 1.0 / 24.0
_PRIOR_DISTANCE: Final = 0.3
_PRIOR_SPEED_AU_D: Final = 1e-3
_OBSERVER_LATITUDE: Final = np.radians(33.0)
_EARTH_RADIUS_AU: Final = 4.2635e-5


@dataclass(frozen=True, slots=True)
class Arc:
    """What is known of the observations: first and last time (TDB JD), their number and scatter."""

    first_tdb_jd: float
    last_tdb_jd: float
    n_obs: int
    scatter_arcsec: float

    @property
    def middle_tdb_jd(self) -> float:
        return 0.5 * (self.first_tdb_jd + self.last_tdb_jd)

    @property
    def days(self) -> float:
        return max(self.last_tdb_jd - self.first_tdb_jd, _SHORTEST_ARC_DAYS)


@dataclass(frozen=True, slots=True, eq=False)
class ArcUncertainty:
    """Covariance (6, 6) of position and velocity (au, au/d, heliocentric ecliptic) at ``epoch_tdb_jd`` for a given A1.

    ``state`` is the nominal orbit there. ``response`` (6,) is how far the fitted state moves for a unit of A1, and
    ``A1_sigma`` (au/d²) how well the arc itself would tell A1.
    """

    epoch_tdb_jd: float
    state: States
    covariance: FloatArray
    response: FloatArray
    A1_sigma: float


def uncertainty_from_arc(nominal: States, arc: Arc, *, U: float | None, forces: ForceModel) -> ArcUncertainty:
    """The covariance at the middle of an arc, of the one orbit ``nominal`` (one row, any epoch).

    ``U`` is the MPC's uncertainty parameter (0 to 9) or None. Times at which the orbit lies inside the Earth
    (dates of launch are whole days) count for nothing. Raises InputError for epochs outside the kernels and for an
    orbit that is not in flight during its arc.
    """
    middle = arc.middle_tdb_jd
    start = _at(nominal, middle, forces)
    times = observation_times(arc)
    moved = sample(_varied(start), times, forces=forces).position_au
    seen = np.isfinite(moved).all(axis=(0, 2))
    if np.count_nonzero(seen) < 3:
        raise InputError("the orbit strikes a body within its own arc of observations", source="arc")
    times = times[seen]
    place = moved[:, seen] - _observer(times)[None]
    unit = place / np.linalg.norm(place, axis=2, keepdims=True)
    steps = np.array([STEP_AU] * 3 + [STEP_AU_D] * 3 + [STEP_A1])
    design = (unit[1::2] - unit[2::2]) / (2.0 * steps[:, None, None])
    weight = _weight(arc, times.size)
    rows = design.reshape(7, -1)
    information = weight * rows @ rows.T
    distance = float(np.linalg.norm(place[0], axis=1).min())
    prior = np.array([1.0 / (_PRIOR_DISTANCE * distance) ** 2] * 3 + [1.0 / _PRIOR_SPEED_AU_D**2] * 3)
    orbit = information[:6, :6] + np.diag(prior)
    covariance = _inverse(orbit)
    response = -covariance @ information[:6, 6]
    left = information[6, 6] + information[6, :6] @ response
    a1_sigma = float(1.0 / np.sqrt(left)) if left > 0.0 else np.inf
    covariance *= _scale_of_u(start, covariance, U) ** 2
    return ArcUncertainty(middle, start, covariance, response, a1_sigma)


def observation_times(arc: Arc) -> FloatArray:
    """Supposed times of observation: nights of four positions, spread over the arc or over its two ends."""
    count = int(np.clip(arc.n_obs, 3, MOST_POSITIONS))
    if arc.days <= 1.0:
        return np.linspace(arc.first_tdb_jd, arc.first_tdb_jd + arc.days, count)
    nights = int(np.clip(-(-count // PER_NIGHT), 2, np.ceil(arc.days) + 1))
    if arc.days > LONG_ARC_DAYS:
        early = np.linspace(0.0, APPARITION_DAYS, max(nights // 2, 1))
        late = np.linspace(arc.days - APPARITION_DAYS, arc.days, max(nights - nights // 2, 1))
        starts = np.concatenate([early, late])
    else:
        starts = np.linspace(0.0, arc.days, nights)
    per_night = -(-count // starts.size)
    within = np.linspace(0.0, NIGHT_DAYS, per_night)
    return arc.first_tdb_jd + np.unique(np.add.outer(starts, within).ravel())


def element_correlations(
    found: ArcUncertainty,
    epoch_tdb_jd: float,
    forces: ForceModel,
    centre: Centre = "Sun",
    frame: Frame = "ecliptic",
    labels: tuple[str, ...] = KEPLERIAN,
) -> FloatArray:
    """Correlations (6, 6) of Keplerian or cometary elements at another epoch, about Sun or Earth.

    Sigmas published without correlations get these, so that their clones lie where the arc allows.
    """
    values, vectors = np.linalg.eigh(found.covariance)
    axes = vectors * np.sqrt(np.maximum(values, 0.0))
    position, velocity = found.state.position_au[0], found.state.velocity_au_d[0]
    small = 1e-2
    shifted = np.concatenate([small * axes.T, -small * axes.T])
    ends = _at(
        States(
            position + shifted[:, :3],
            velocity + shifted[:, 3:],
            np.full(12, found.epoch_tdb_jd),
            np.repeat(found.state.A1, 12),
            np.repeat(found.state.A2, 12),
            np.repeat(found.state.A3, 12),
        ),
        epoch_tdb_jd,
        forces,
    )
    place, speed = ends.position_au, ends.velocity_au_d
    gm = GM_SUN_AU3_D2
    if centre == "Earth":
        earth_r, earth_v = body_states("Earth", epoch_tdb_jd)
        place, speed, gm = place - earth_r, speed - earth_v, EARTH.gm_au3_d2
    if frame == "equatorial":
        place, speed = place @ TO_ECLIPTIC, speed @ TO_ECLIPTIC
    about = state_to_elements(place, speed, ends.epoch_tdb_jd, gm)
    motion = np.degrees(np.sqrt(gm / np.abs(about.a_au) ** 3))
    since = np.where(
        about.e < 1.0, np.remainder(about.mean_anomaly_deg + 180.0, 360.0) - 180.0, about.mean_anomaly_deg
    )
    values_of = {"q_au": about.a_au * (1.0 - about.e), "tp_tdb_jd": -since / motion}
    columns = np.stack(
        [values_of[label] if label in values_of else getattr(about, label) for label in labels], axis=1
    )
    difference = columns[:6] - columns[6:]
    turning = np.array([label in ("node_deg", "peri_deg", "mean_anomaly_deg") for label in labels])
    difference[:, turning] = np.remainder(difference[:, turning] + 180.0, 360.0) - 180.0
    slope = difference / (2.0 * small)
    covariance = slope.T @ slope
    sigma = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(sigma, sigma))


# -- below: steps ----------------------------------------------------------------------------------


def _at(states: States, epoch_tdb_jd: float, forces: ForceModel) -> States:
    from aneos.dynamics import propagate

    if np.all(states.epoch_tdb_jd == epoch_tdb_jd):
        return states
    return propagate(states, epoch_tdb_jd, forces=forces).states


def _varied(start: States) -> States:
    """The nominal state, then each of position, velocity and A1 stepped up and down: 15 rows."""
    parts = [start]
    for axis in range(7):
        for sign in (1.0, -1.0):
            position, velocity = start.position_au.copy(), start.velocity_au_d.copy()
            a1 = start.A1.copy()
            if axis < 3:
                position[0, axis] += sign * STEP_AU
            elif axis < 6:
                velocity[0, axis - 3] += sign * STEP_AU_D
            else:
                a1 = a1 + sign * STEP_A1
            parts.append(States(position, velocity, start.epoch_tdb_jd, a1, start.A2, start.A3))
    return concatenate(parts)


def _observer(times: FloatArray) -> FloatArray:
    """Heliocentric ecliptic places (m, 3) of one observer at a middle latitude of the turning Earth."""
    earth, _ = body_states("Earth", times)
    angle = 2.0 * np.pi * (0.7790572732640 + 1.00273781191135448 * (times - 2_451_545.0))
    across = _EARTH_RADIUS_AU * np.cos(_OBSERVER_LATITUDE)
    height = np.full(times.size, _EARTH_RADIUS_AU * np.sin(_OBSERVER_LATITUDE))
    local = np.stack([across * np.cos(angle), across * np.sin(angle), height], axis=1)
    return np.asarray(earth + local @ TO_ECLIPTIC.T)


def _weight(arc: Arc, used: int) -> float:
    """Information of one position, per squared radian; many observations count as at most four times those used."""
    scatter = CAUTION * max(arc.scatter_arcsec, SMALLEST_SCATTER_ARCSEC)
    counted = min(max(arc.n_obs, 3), 4 * used) / used
    return float(counted / np.radians(scatter / 3600.0) ** 2)


def _inverse(information: FloatArray) -> FloatArray:
    """Inverse of a positive matrix whose rows differ in scale by many orders."""
    scale = 1.0 / np.sqrt(np.diag(information))
    values, vectors = np.linalg.eigh(information * np.outer(scale, scale))
    values = np.maximum(values, values[-1] * 1e-15)
    inverse = (vectors / values) @ vectors.T
    return np.asarray(inverse * np.outer(scale, scale))


def _scale_of_u(start: States, covariance: FloatArray, U: float | None) -> float:
    """By how much U makes the widths larger or smaller: from the runoff in longitude in ten years."""
    if U is None or not 0.0 <= U <= 9.0:
        return 1.0
    position, velocity = start.position_au[0], start.velocity_au_d[0]
    r = float(np.linalg.norm(position))
    a = 1.0 / (2.0 / r - float(velocity @ velocity) / GM_SUN_AU3_D2)
    if a <= 0.0:
        return 1.0
    slope = 2.0 * a**2 * np.concatenate([position / r**3, velocity / GM_SUN_AU3_D2])
    sigma_a = float(np.sqrt(slope @ covariance @ slope))
    motion = np.degrees(np.sqrt(GM_SUN_AU3_D2 / a**3))
    runoff = 1.5 * sigma_a / a * motion * 3652.5 * 3600.0
    target = float(np.exp(1.49 * (min(U, 8.5) + 0.5)))
    return float(np.clip(target / max(runoff, 1e-12), *U_SCALE))
