"""Which published orbit places a registry object at a given time, and clones of it with what pushes the object.

An orbit serves the times nearest to its arc of observations, within its bounds of validity and the object's flight.
Craft with engines are followed for 45 days beyond an arc only. About the Earth, objects with a semi-major axis below
60,000 km are followed for 15 days (neither the shadow of the Earth nor air is in the force model), below 250,000 km
for 1,000 days.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.departure_arc import SCATTER_ARCSEC, Arc, element_correlations, uncertainty_from_arc
from aneos.artificial.known_tables import KnownObject, KnownOrbit
from aneos.constants import A1_PER_AMR_AU_D2, AU_KM, AU_PER_DAY_KMS
from aneos.dynamics import ForceModel, OrbitUncertainty, States
from aneos.dynamics.uncertainty import KEPLERIAN, Frame
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]

CRUISING: Final = ("bepicolombo", "dart", "emm-hope", "juice", "tianwen-1")
"""Craft between planets: small course corrections count as noise up to the next large manoeuvre."""
MANOEUVRING_DAYS: Final = 45.0
NEAR_ORBITS: Final = ((60_000.0, 15.0), (250_000.0, 1_000.0))
"""Semi-major axes about the Earth (km) below which an orbit is followed so many days beyond its arc."""
LONGEST_LOW_ARC_DAYS: Final = 20.0

HARDWARE_AMR: Final = (0.0136, 0.30)
DEBRIS_AMR: Final = (1.0, 1.0)
"""Median area-to-mass ratio (m²/kg) and scatter (dex) where none was fitted: compact objects; pieces of debris."""
DRIFT_RADIAL: Final = 0.05
DRIFT_SIDEWAYS: Final = 0.02
"""Scatter of A1 after the arc, and of A2 and A3, as shares of A1: fits of one object at different times differ so."""
CRAFT_PUSH: Final = 3e-10
"""Further scatter (au/d²) of spacecraft, which vent and turn."""
JETS_PUSH: Final = 2e-9
CRUISE_PUSH: Final = 1e-7
"""The Lucy Centaur's leaks; course corrections (20 m/s in 100 days)."""

TRAJECTORY_WIDTH: Final = (20.0, 0.02)
STATE_VECTOR_WIDTH: Final = (2_500.0, 6.0)
"""1 sigma of position (km) and velocity (m/s) of an orbit taken from JPL's trajectories, and of one published as a
state vector without arc."""

FORCES: Final = ForceModel()


@dataclass(frozen=True, slots=True)
class Placed:
    """One published orbit that can be integrated, with its object."""

    known: KnownObject
    orbit: KnownOrbit

    @property
    def reach_days(self) -> float:
        """How far beyond its arc the orbit is followed."""
        limit = np.inf
        if self.known.manoeuvring and self.known.id not in CRUISING:
            limit = MANOEUVRING_DAYS
        a_au = self.orbit.a_au
        if self.orbit.centre == "earth" and a_au is not None:
            limit = min([limit, *(days for below, days in NEAR_ORBITS if a_au * AU_KM < below)])
        return limit


def unusable(orbit: KnownOrbit) -> str | None:
    """Why an orbit cannot be integrated; None where it can."""
    if orbit.centre == "moon":
        return "an orbit about the Moon is not followed"
    if orbit.e >= 1.0 or orbit.a_au is None or orbit.mean_anomaly_deg is None:
        return "a hyperbola about the Earth whose time of perigee was not published"
    if not orbit.frame:
        return "the source does not say the frame of the elements"
    return None


def usable_orbits(known: KnownObject) -> tuple[Placed, ...]:
    """The orbits of an object that can be integrated, in order of epoch."""
    return tuple(Placed(known, orbit) for orbit in known.orbits if unusable(orbit) is None)


def why_none(known: KnownObject) -> str | None:
    """Why an object cannot be placed at any time; None where it can."""
    if not known.orbits:
        return "no elements of it are held"
    if usable_orbits(known):
        return None
    return "; ".join(sorted({str(unusable(orbit)) for orbit in known.orbits}))


def choose(known: KnownObject, epochs_tdb_jd: FloatArray) -> npt.NDArray[np.intp]:
    """For each epoch the number of the orbit (of :func:`usable_orbits`) that serves it; -1 where none may."""
    placed = usable_orbits(known)
    if not placed:
        return np.full(epochs_tdb_jd.shape, -1, dtype=np.intp)
    cost = np.array([_days_away(item, epochs_tdb_jd) for item in placed])
    rank = np.argsort([-(item.orbit.n_obs or 0) for item in placed], kind="stable")
    best = rank[np.argmin(cost[rank], axis=0)]
    return np.where(np.isfinite(cost.min(axis=0)), best, -1)


def why_not_then(known: KnownObject, epoch_tdb_jd: float) -> str:
    """Why an object that can be placed at some time cannot at this one."""
    if known.launch_date is not None and epoch_tdb_jd < julian(known.launch_date):
        return f"before its launch on {known.launch_date}"
    if known.ends is not None and epoch_tdb_jd > julian(known.ends) + 1.0:
        return f"after its end on {known.ends}"
    if known.manoeuvring:
        return (
            f"it could manoeuvre, and the time is more than {MANOEUVRING_DAYS:.0f} days from any fitted arc"
        )
    reach = max((item.reach_days for item in usable_orbits(known)), default=np.inf)
    if np.isfinite(reach):
        return f"too near the Earth to be followed more than {reach:,.0f} days beyond its arc"
    return "outside the validity of its published orbits"


def arc_of(orbit: KnownOrbit) -> tuple[float, float]:
    """First and last moment of observation (TDB JD); the epoch twice where the source gives none."""
    start = julian(orbit.arc_start) if orbit.arc_start else orbit.epoch_tdb_jd
    end = julian(orbit.arc_end) + 1.0 if orbit.arc_end else orbit.epoch_tdb_jd
    return min(start, end), max(start, end)


def julian(day: date) -> float:
    return day.toordinal() + 1_721_424.5


def clones_of(placed: Placed, n: int, *, seed: int = 0) -> States:
    """The nominal orbit and, after it, n - 1 clones of it, at one epoch (heliocentric ecliptic, TDB).

    Widths are the published ones, else what the arc implies (:mod:`aneos.artificial.departure_arc`). The push is the
    fitted one with its width, else that of hardware as far as the arc leaves room. The same seed gives the same
    clones. Raises InputError for an orbit that strikes the Earth within its own arc.
    """
    root, response, start, room = _widths(placed)
    key = zlib.crc32(f"{placed.known.id} {placed.orbit.epoch_tdb_jd:.1f}".encode())
    random = np.random.default_rng([seed, key])
    a1, deviation, sideways = _pushes(placed, n, room, random)
    normal = random.standard_normal((n, 6))
    normal[0], deviation[0] = 0.0, 0.0
    moved = normal @ root.T + deviation[:, None] * response
    return States(
        start.position_au + moved[:, :3],
        start.velocity_au_d + moved[:, 3:],
        np.full(n, start.epoch_tdb_jd[0]),
        a1,
        sideways[0],
        sideways[1],
    )


def axes_of(placed: Placed) -> States:
    """The nominal orbit and ten neighbours (11 rows), each one standard deviation away along one axis of what is
    uncertain: six of the orbit, A1 as it was fitted, the drift of A1, A2, A3. Without random numbers."""
    root, response, start, room = _widths(placed)
    fitted, width, drift, sideways = _push_widths(placed, room)
    moved = np.zeros((11, 6))
    moved[1:7] = root.T
    moved[7] = width * response
    a1 = np.full(11, fitted)
    a1[7] += width
    a1[8] += drift
    a2, a3 = np.full(11, placed.orbit.A2 or 0.0), np.full(11, placed.orbit.A3 or 0.0)
    a2[9] += sideways[0]
    a3[10] += sideways[1]
    return States(
        start.position_au + moved[:, :3],
        start.velocity_au_d + moved[:, 3:],
        np.full(11, start.epoch_tdb_jd[0]),
        a1,
        a2,
        a3,
    )


# -- below: steps ----------------------------------------------------------------------------------


def _days_away(item: Placed, days: FloatArray) -> FloatArray:
    known, orbit = item.known, item.orbit
    start, end = arc_of(orbit)
    away = np.maximum(np.maximum(start - days, days - end), 0.0)
    away = np.where(away > item.reach_days, np.inf, away)
    first = max(julian(day) for day in (orbit.valid_from, known.launch_date, date(1957, 10, 4)) if day)
    last = min(julian(day) + 1.0 for day in (orbit.valid_until, known.ends, date(2100, 1, 1)) if day)
    return np.where((days < first) | (days > last), np.inf, away)


@lru_cache(maxsize=1024)
def _widths(placed: Placed) -> tuple[FloatArray, FloatArray, States, float]:
    """A root (6, 6) of the covariance, how the fit moves with A1 (6,), the nominal state, room for A1 (au/d²)."""
    orbit = placed.orbit
    nominal = _nominal(orbit, fitted_push(orbit))
    sigmas = [getattr(orbit, f"sigma_{name}") for name in KEPLERIAN]
    published = all(value is not None for value in sigmas)
    has_arc = orbit.arc_start is not None and orbit.arc_end is not None
    if not has_arc and not published:
        jpl = "JPL trajectory" in orbit.source or "KEPLER_FINAL" in orbit.source
        if jpl or "state vector" in orbit.source:
            km, metres = TRAJECTORY_WIDTH if jpl else STATE_VECTOR_WIDTH
            widths = [km / AU_KM] * 3 + [metres * 1e-3 / AU_PER_DAY_KMS] * 3
            return np.diag(widths), np.zeros(6), nominal, np.inf
    if published and not has_arc:
        return _keplerian_root(orbit, np.eye(6), sigmas), np.zeros(6), nominal, np.inf
    start, end = arc_of(orbit) if has_arc else (orbit.epoch_tdb_jd - 15.0, orbit.epoch_tdb_jd + 15.0)
    if placed.reach_days <= NEAR_ORBITS[0][1]:
        start = max(start, end - LONGEST_LOW_ARC_DAYS)
    arc = Arc(start, end, orbit.n_obs or 30, orbit.rms_arcsec or SCATTER_ARCSEC)
    found = uncertainty_from_arc(nominal, arc, U=None, forces=FORCES)
    if published:
        centre: tuple[str, Frame] = (orbit.centre.title(), _frame(orbit))
        correlation = element_correlations(found, orbit.epoch_tdb_jd, FORCES, centre[0], centre[1])  # type: ignore[arg-type]
        return _keplerian_root(orbit, correlation, sigmas), np.zeros(6), nominal, np.inf
    return _root(found.covariance), found.response, found.state, 3.0 * found.A1_sigma


def fitted_push(orbit: KnownOrbit) -> float:
    """A1 (au/d²) with which the orbit was fitted; 0 where none was published."""
    if orbit.A1 is not None:
        return orbit.A1
    return A1_PER_AMR_AU_D2 * (orbit.amr_m2kg or 0.0)


def _pushes(
    placed: Placed, n: int, room: float, random: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A1 of each clone, by how much it deviates from the fitted one, and A2 and A3 (2, n)."""
    known, orbit = placed.known, placed.orbit
    fitted, normal, drift = fitted_push(orbit), random.standard_normal(n), random.standard_normal((3, n))
    drift[:, 0] = 0.0
    if orbit.A1 is not None:
        deviation = normal * (orbit.A1_sigma if orbit.A1_sigma is not None else 0.1 * abs(orbit.A1))
    elif orbit.amr_m2kg is not None:
        width = orbit.amr_sigma_m2kg if orbit.amr_sigma_m2kg is not None else 0.3 * orbit.amr_m2kg
        deviation = normal * A1_PER_AMR_AU_D2 * width
    else:
        median, dex = DEBRIS_AMR if known.kind == "debris" else HARDWARE_AMR
        drawn = A1_PER_AMR_AU_D2 * median * 10.0 ** (dex * normal)
        deviation = drawn * room / np.hypot(room, drawn) if np.isfinite(room) else drawn
    deviation[0] = 0.0
    a1 = fitted + deviation
    scale = np.abs(a1)
    extra = CRAFT_PUSH if known.kind == "spacecraft" else 0.0
    extra = JETS_PUSH if known.id == "lucy-centaur" else CRUISE_PUSH if known.id in CRUISING else extra
    a1 = a1 + drift[0] * np.hypot(DRIFT_RADIAL * scale, extra)
    sideways = np.empty((2, n))
    for row, (value, sigma) in enumerate(((orbit.A2, orbit.A2_sigma), (orbit.A3, orbit.A3_sigma))):
        share = DRIFT_SIDEWAYS * scale if sigma is None else np.full(n, sigma)
        sideways[row] = (value or 0.0) + drift[row + 1] * np.hypot(share, extra)
    return a1, deviation, sideways


def _push_widths(placed: Placed, room: float) -> tuple[float, float, float, tuple[float, float]]:
    """A1 as fitted, its standard deviation, that of its drift, and those of A2 and A3 (au/d²)."""
    known, orbit = placed.known, placed.orbit
    fitted = fitted_push(orbit)
    if orbit.A1 is not None:
        width = orbit.A1_sigma if orbit.A1_sigma is not None else 0.1 * abs(orbit.A1)
    elif orbit.amr_m2kg is not None:
        sigma = orbit.amr_sigma_m2kg if orbit.amr_sigma_m2kg is not None else 0.3 * orbit.amr_m2kg
        width = A1_PER_AMR_AU_D2 * sigma
    else:
        median, _ = DEBRIS_AMR if known.kind == "debris" else HARDWARE_AMR
        drawn = A1_PER_AMR_AU_D2 * median
        width = drawn * room / float(np.hypot(room, drawn)) if np.isfinite(room) else drawn
    scale = max(abs(fitted), width)
    extra = CRAFT_PUSH if known.kind == "spacecraft" else 0.0
    extra = JETS_PUSH if known.id == "lucy-centaur" else CRUISE_PUSH if known.id in CRUISING else extra
    shares = [
        DRIFT_SIDEWAYS * scale if sigma is None else sigma for sigma in (orbit.A2_sigma, orbit.A3_sigma)
    ]
    sideways = (float(np.hypot(shares[0], extra)), float(np.hypot(shares[1], extra)))
    return fitted, width, float(np.hypot(DRIFT_RADIAL * scale, extra)), sideways


def _nominal(orbit: KnownOrbit, a1: float) -> States:
    given = _exact(orbit, {"A1": a1, "A2": orbit.A2 or 0.0, "A3": orbit.A3 or 0.0})
    states = given.nominal()
    if not np.isfinite(states.position_au).all():
        raise InputError("the published elements describe no orbit", source=orbit.object_id)
    return states


def _exact(orbit: KnownOrbit, forces: Mapping[str, float]) -> OrbitUncertainty:
    """The published elements without widths."""
    values = np.array([float(getattr(orbit, name)) for name in KEPLERIAN])
    return OrbitUncertainty(
        orbit.epoch_tdb_jd,
        KEPLERIAN,
        values,
        np.zeros((6, 6)),
        centre="Earth" if orbit.centre == "earth" else "Sun",
        frame=_frame(orbit),
        fixed=forces,
    )


def _frame(orbit: KnownOrbit) -> Frame:
    return "equatorial" if orbit.frame.startswith("equator") else "ecliptic"


def _keplerian_root(orbit: KnownOrbit, correlation: FloatArray, sigmas: list[float | None]) -> FloatArray:
    """Root of the Cartesian covariance of published sigmas, by differences along the principal axes."""
    widths = np.array([float(value or 0.0) for value in sigmas])
    axes = widths[:, None] * _root(correlation)
    small = 1e-2
    given = _exact(orbit, {})
    nominal = given.values
    ends = given.states(np.concatenate([nominal + small * axes.T, nominal - small * axes.T]))
    place = np.hstack([ends.position_au, ends.velocity_au_d])
    return np.asarray((place[:6] - place[6:]).T / (2.0 * small))


def _root(matrix: FloatArray) -> FloatArray:
    scale = np.sqrt(np.diag(matrix))
    safe = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(matrix / np.outer(safe, safe))
    return np.asarray(scale[:, None] * vectors * np.sqrt(np.maximum(values, 0.0)))
