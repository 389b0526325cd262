"""What orbit fitting needs of the dynamics: trajectories with partial derivatives, and where the observer was.

The engine is kete: n-body with the planets, the Moon, relativity of the Sun, the oblateness of Sun and Earth, and
A1, A2, A3 falling off as 1/r² (Marsden et al. 1973, AJ 78, 211). Everything here is barycentric, ICRF equatorial, au
and au/d, epochs in TDB.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aneos.constants import AU_KM
from aneos.dynamics.kernels import load_kete
from aneos.errors import AneosError

FloatArray = npt.NDArray[np.float64]

SUN_ID: Final = 10
EARTH_ID: Final = 399
MOON_ID: Final = 301
ITRF93_ID: Final = 3000
BARYCENTRE: Final = 0
EARTH_TURNS_A_DAY: Final = 1.002_737_811_911_354_48

SPAN_TDB_JD: Final = (2_287_184.5, 2_688_976.5)
"""Epochs that the planetary ephemeris covers: 1550 to 2650."""


SMOOTH: Final = 0.02
"""Longest step that is interpolated, in units of 1/√(n·max(n, v/r)) with n² = GM/r³ of Sun, Earth or Moon: a cubic
through both ends is then off by h⁴x⁗/384, below 4e-10 of the distance from that body (0.0001 arcsec)."""

LONGEST_DAYS: Final = 3.0

PULLS: Final = ((SUN_ID, 2.959_122_083e-4), (EARTH_ID, 8.887_692_4e-10), (MOON_ID, 1.093_189_5e-11))
"""Bodies and their GM in au³/d²."""


class PropagationError(AneosError):
    """A trajectory could not be integrated: it hits a body, or leaves the span of the ephemeris."""


def propagate_with_partials(
    epoch_tdb_jd: float,
    state: FloatArray,
    times_tdb_jd: FloatArray,
    nongravitational: FloatArray,
    asteroids: bool = False,
    exact: npt.NDArray[np.bool_] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """The states (m, 6) at m times, and their derivatives (m, 6, 9) by the initial state and A1, A2, A3.

    ``state`` is barycentric equatorial (au, au/d), ``nongravitational`` holds A1, A2, A3 in au/d². Times in any
    order. The trajectory is carried from time to time outward from the epoch, so that an arc is integrated once;
    times that lie close together against the pull (:data:`SMOOTH`) are interpolated between two that are integrated,
    but for those marked in ``exact`` (m,). Raises PropagationError.
    """
    engine, model_of = _engine()
    model = model_of(*(float(value) for value in nongravitational))
    states = np.empty((times_tdb_jd.size, 6))
    partials = np.empty((times_tdb_jd.size, 6, 9))
    order = np.argsort(times_tdb_jd, kind="stable")
    later = order[times_tdb_jd[order] >= epoch_tdb_jd]
    earlier = order[times_tdb_jd[order] < epoch_tdb_jd][::-1]
    start = _state(epoch_tdb_jd, state)
    for indices in (later, earlier):
        here, now = start, epoch_tdb_jd
        vector, total = np.asarray(state, dtype=np.float64), np.eye(6, 9)
        done = 0
        while done < indices.size:
            last = _stop(now, vector, times_tdb_jd[indices], done, None if exact is None else exact[indices])
            then = float(times_tdb_jd[indices[last]])
            before = (now, vector, total)
            if then != now:
                try:
                    here, leg = engine(here, then, asteroids, model)
                except ValueError as error:
                    raise PropagationError(
                        f"the trajectory cannot be carried to JD {then:.5f}: {error}"
                    ) from error
                matrix = np.asarray(leg)
                total = matrix[:, :6] @ total
                total[:, 6:] += matrix[:, 6:]
                vector = np.array([*here.pos, *here.vel])
                now = then
            inside = indices[done:last]
            if inside.size:
                states[inside], partials[inside] = _between(
                    times_tdb_jd[inside], before, (now, vector, total)
                )
            states[indices[last]], partials[indices[last]] = vector, total
            done = last + 1
    if not np.all(np.isfinite(states)):
        raise PropagationError("the trajectory is not finite")
    return states, partials


Node = tuple[float, FloatArray, FloatArray]
"""Time, state (6,), partials (6, 9) of a point of the trajectory that was integrated."""


def _stop(
    now: float, vector: FloatArray, times: FloatArray, first: int, exact: npt.NDArray[np.bool_] | None
) -> int:
    """Index of the farthest time, from ``first`` on, up to which the trajectory from here is smooth."""
    if first + 1 == times.size or (exact is not None and exact[first]):
        return first
    reach = abs(float(times[first]) - now)
    if reach > LONGEST_DAYS:
        return first
    longest = LONGEST_DAYS
    for body, gm in PULLS:
        x, y, z, *velocity = (vector - body_state(body, now)).tolist()
        distance = math.sqrt(x * x + y * y + z * z)
        rate = math.sqrt(gm / distance**3)
        longest = min(longest, SMOOTH / math.sqrt(rate * max(rate, math.hypot(*velocity) / distance)))
    if reach > longest:
        return first
    last = first
    while last + 1 < times.size and abs(float(times[last + 1]) - now) <= longest:
        last += 1
        if exact is not None and exact[last]:
            break
    return last


def _between(times: FloatArray, begin: Node, end: Node) -> tuple[FloatArray, FloatArray]:
    """States (k, 6) and partials (k, 6, 9) at times between two nodes: the cubics through positions and velocities."""
    step = end[0] - begin[0]
    part = (times - begin[0]) / step if step else np.zeros(times.size)
    both = [np.concatenate([vector[:, None], total], axis=1) for _, vector, total in (begin, end)]
    out = np.empty((times.size, 6, 10))
    x0, v0, x1, v1 = both[0][:3], both[0][3:] * step, both[1][:3], both[1][3:] * step
    s = part[:, None, None]
    square, cube = s**2, s**3
    rise = 3.0 * square - 2.0 * cube
    out[:, :3] = (1.0 - rise) * x0 + rise * x1 + (s - 2.0 * square + cube) * v0 + (cube - square) * v1
    if step:
        slope = 6.0 * (s - square) * (x1 - x0) + (1.0 - 4.0 * s + 3.0 * square) * v0
        out[:, 3:] = (slope + (3.0 * square - 2.0 * s) * v1) / step
    else:
        out[:, 3:] = both[0][3:]
    return out[:, :, 0], out[:, :, 1:]


def body_state(naif_id: int, time_tdb_jd: float) -> FloatArray:
    """Barycentric equatorial state (6,) of a body of the ephemeris."""
    state = load_kete().spice.get_state(naif_id, time_tdb_jd, center=BARYCENTRE).as_equatorial
    return np.array([*state.pos, *state.vel])


def body_states(naif_id: int, times_tdb_jd: FloatArray) -> FloatArray:
    """Barycentric equatorial states (m, 6) of a body of the ephemeris."""
    return np.array([body_state(naif_id, float(time)) for time in times_tdb_jd]).reshape(-1, 6)


def earth_fixed_states(positions_km: FloatArray, times_tdb_jd: FloatArray) -> FloatArray:
    """Geocentric equatorial states (m, 6), au and au/d, of points fixed to the Earth (ITRF, km, (m, 3)).

    Before 1962 the orientation is that of a uniformly turning Earth (kete's approximation).
    """
    kete = load_kete()
    states = np.empty((times_tdb_jd.size, 6))
    for index, (position, time) in enumerate(zip(positions_km, times_tdb_jd, strict=True)):
        try:
            state = kete._core.pck_earth_frame_to_ecliptic(
                list(position / AU_KM), float(time), EARTH_ID, None
            )
        except ValueError:
            state = _uniform_rotation(kete, position, float(time))
        state = state.as_equatorial
        states[index, :3], states[index, 3:] = state.pos, state.vel
    return states


def utc_to_tdb(jd_utc: FloatArray) -> FloatArray:
    """TDB Julian dates of UTC ones (before 1972: of UT with the TAI offset of its time)."""
    time = load_kete().Time
    return np.array([time(float(jd), scaling="utc").jd for jd in jd_utc])


def tdb_to_utc(jd_tdb: float) -> float:
    """UTC Julian date of a TDB one."""
    return float(load_kete().Time(float(jd_tdb)).utc_jd)


def _uniform_rotation(kete: Any, position_km: FloatArray, time: float) -> Any:
    longitude = np.arctan2(position_km[1], position_km[0])
    distance = float(np.hypot(position_km[0], position_km[1]))
    angle = np.radians(_sidereal_angle_deg(time)) + longitude
    rate = 2.0 * np.pi * EARTH_TURNS_A_DAY
    place = [distance * np.cos(angle), distance * np.sin(angle), position_km[2]]
    motion = [-rate * place[1], rate * place[0], 0.0]
    return kete.State(
        None,
        time,
        [float(value) / AU_KM for value in place],
        [float(value) / AU_KM for value in motion],
        kete.Frames.Equatorial,
        EARTH_ID,
    )


def _sidereal_angle_deg(time: float) -> float:
    """Earth rotation angle (IAU 2000) with UT1 taken as TDB less 30 s and the pole left at that of 2000: places the
    observer to 50 km in the 20th century, which is enough for photographic plates."""
    days = time - 30.0 / 86400.0 - 2_451_545.0
    return 360.0 * ((0.7790572732640 + EARTH_TURNS_A_DAY * days) % 1.0)


def _state(time: float, vector: FloatArray) -> Any:
    kete = load_kete()
    position, velocity = [float(value) for value in vector[:3]], [float(value) for value in vector[3:]]
    return kete.State("fit", time, position, velocity, kete.Frames.Equatorial, BARYCENTRE)


@lru_cache(maxsize=1)
def _engine() -> tuple[Any, Any]:
    kete = load_kete()
    inverse_square = kete.propagation.NonGravModel.new_asteroid

    def model(a1: float, a2: float, a3: float) -> Any:
        return inverse_square(a1=a1, a2=a2, a3=a3)

    return kete._core.compute_stm, model
