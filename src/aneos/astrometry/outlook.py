"""How well the area-to-mass ratio will be known after more nights, and from which date it is decisive.

The normal equations of the fit are carried on with observations that have not been made: positions from the Earth's
centre on the predicted path, as exact as the present ones, in nights that come while the object can be seen. Nothing
is fitted, so the forecast takes a second. It assumes that the orbit is nearly right: none is made where it is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from aneos.astrometry.arc import Arc, BoolArray
from aneos.astrometry.calendar import iso_time
from aneos.astrometry.geocentric import HILL_RADIUS_AU, geocentric_state
from aneos.astrometry.least_squares import Solution, whitening_matrices
from aneos.astrometry.magnitude import apparent_magnitude
from aneos.astrometry.prediction import GM_EARTH_AU3_D2
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.dynamics.fitting import (
    EARTH_ID,
    SUN_ID,
    FloatArray,
    PropagationError,
    body_states,
    propagate_with_partials,
    tdb_to_utc,
)

DECISIVE_SIGMA_M2KG: Final = 0.0136 / 5.0
"""A fifth of the median AMR of distant hardware (aneos.populations.area_to_mass)."""

NIGHTS_AFTER_DAYS: Final = (
    1,
    2,
    3,
    4,
    5,
    7,
    9,
    12,
    15,
    20,
    25,
    30,
    40,
    50,
    60,
    80,
    100,
    130,
    160,
    200,
    250,
    300,
    365,
)
BOUND_HORIZON_DAYS: Final = 40.0
"""An orbit about the Earth is not carried on for longer: errors grow too fast for a forecast."""

POSITIONS_A_NIGHT: Final = 4
FAINTEST: Final = 22.0
NEAREST_TO_SUN_DEG: Final = 45.0


@dataclass(frozen=True, slots=True)
class Night:
    """A night to come: date and time (UTC, ISO), days after the last observation, and σ of AMR (m²/kg) once it and
    the nights before it are in."""

    when: str
    days: float
    sigma_amr_m2kg: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """σ of AMR now (infinite where there is none), after the nights to come, and the first decisive one of those."""

    now: float
    nights: tuple[Night, ...]
    decisive: Night | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; ``decisive_from`` is null where no night to come is needed, and where none suffices."""
        decided = self.now < DECISIVE_SIGMA_M2KG
        return {
            "amr_sigma_now_m2kg": self.now if np.isfinite(self.now) else None,
            "nights": [
                {"when": night.when, "days": night.days, "amr_sigma_m2kg": night.sigma_amr_m2kg}
                for night in self.nights
            ],
            "decisive_now": decided,
            "decisive_from": None if decided or self.decisive is None else self.decisive.when,
            "positions_a_night": POSITIONS_A_NIGHT,
            "goal_sigma_m2kg": DECISIVE_SIGMA_M2KG,
        }


def outlook(
    arc: Arc, solution: Solution, free: BoolArray, absolute_magnitude: float | None = None
) -> Outlook | None:
    """The forecast for a solution with the terms ``free`` (9,) fitted; None where the path cannot be carried on, or
    leads into the Earth. Nights are passed over while the object is fainter than :data:`FAINTEST` (where H is known)
    or nearer to the Sun than :data:`NEAREST_TO_SUN_DEG`."""
    last = float(arc.time[-1])
    lags = np.array(NIGHTS_AFTER_DAYS, dtype=np.float64)
    if is_bound(solution):
        lags = lags[lags <= BOUND_HORIZON_DAYS]
    while True:
        try:
            states, transition = propagate_with_partials(
                solution.epoch, solution.state, last + lags, solution.nongravitational, solution.asteroids
            )
            break
        except PropagationError:
            lags = lags[:-1]
            if not lags.size:
                return None
    seen = visible(states[:, :3], last + lags, absolute_magnitude)
    future = seen_from_earth(states, transition, last + lags)[seen] * POSITIONS_A_NIGHT**0.5
    sigmas = sigma_amr(arc, solution, free, future)
    nights = tuple(
        Night(iso_time(tdb_to_utc(last + lag)), float(lag), float(sigma))
        for lag, sigma in zip(lags[seen], sigmas[1:], strict=True)
    )
    decisive = next((night for night in nights if night.sigma_amr_m2kg < DECISIVE_SIGMA_M2KG), None)
    return Outlook(float(sigmas[0]), nights, decisive)


def sigma_amr(
    arc: Arc, solution: Solution, free: BoolArray, future: FloatArray, sigma_rad: float | None = None
) -> FloatArray:
    """σ of AMR in m²/kg, (k + 1,): now, and after each of k further positions, given by :func:`seen_from_earth`.

    The further positions have the median σ of the arc (``sigma_rad`` where given), scaled as the fit's residuals are.
    """
    columns = np.flatnonzero(free)
    place = int(np.flatnonzero(columns == 6)[0])
    whitening = whitening_matrices(arc, solution.prediction)
    past = np.einsum("mij,mjk->mik", whitening, solution.prediction.partials)[solution.used]
    width = sigma_rad or float(np.sqrt(np.median(arc.covariance[arc.optical, 0, 0])))
    scatter = max(1.0, solution.reduced_chi2) ** 0.5 / A1_PER_AMR_AU_D2
    rows = np.concatenate([past, future / width])[:, :, columns]
    scale = np.linalg.norm(rows.reshape(-1, columns.size), axis=0)
    triangle = _triangle((rows[: len(past)] / scale).reshape(-1, columns.size))
    out = [_sigma(triangle, place) / scale[place] * scatter]
    for position in rows[len(past) :] / scale:
        triangle = _triangle(np.concatenate([triangle, position]))
        out.append(_sigma(triangle, place) / scale[place] * scatter)
    return np.array(out)


def is_bound(solution: Solution) -> bool:
    """Whether an orbit is one about the Earth."""
    relative = geocentric_state(solution.epoch, solution.state)
    distance = float(np.linalg.norm(relative[:3]))
    return distance < HILL_RADIUS_AU and 0.5 * float(relative[3:] @ relative[3:]) < GM_EARTH_AU3_D2 / distance


def seen_from_earth(states: FloatArray, transition: FloatArray, times_tdb_jd: FloatArray) -> FloatArray:
    """Derivatives (k, 2, 9) of the direction from the Earth's centre, in radians on the sky, by the parameters, from
    states (k, 6) and their partials (k, 6, 9)."""
    away = states[:, :3] - body_states(EARTH_ID, times_tdb_jd)[:, :3]
    distance = np.linalg.norm(away, axis=1)
    toward = away / distance[:, None]
    one = np.cross(toward, np.where(np.abs(toward[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]]))
    one /= np.linalg.norm(one, axis=1)[:, None]
    across = np.stack([one, np.cross(toward, one)], axis=1) / distance[:, None, None]
    return np.asarray(np.einsum("mij,mjk->mik", across, transition[:, :3]))


def visible(positions: FloatArray, times_tdb_jd: FloatArray, absolute_magnitude: float | None) -> BoolArray:
    """Whether a body at barycentric positions (k, 3) is bright enough and far enough from the Sun."""
    earth, sun = (body_states(body, times_tdb_jd)[:, :3] for body in (EARTH_ID, SUN_ID))
    away, to_sun = positions - earth, sun - earth
    cosine = np.sum(away * to_sun, axis=1) / np.linalg.norm(away, axis=1) / np.linalg.norm(to_sun, axis=1)
    far = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))) > NEAREST_TO_SUN_DEG
    if absolute_magnitude is None:
        return np.asarray(far)
    bright = apparent_magnitude(absolute_magnitude, positions - sun, away) < FAINTEST
    return np.asarray(far & bright)


def _triangle(rows: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.qr(rows, mode="r"), dtype=np.float64)


def _sigma(triangle: FloatArray, place: int) -> float:
    """σ of one parameter from the triangle of a QR decomposition; infinite where the data leave it open."""
    if triangle.shape[0] < triangle.shape[1]:
        return float("inf")
    size = np.abs(np.linalg.svd(triangle, compute_uv=False))
    if size[-1] < 1e-13 * size[0]:
        return float("inf")
    return float(np.linalg.norm(np.linalg.inv(triangle)[place]))
