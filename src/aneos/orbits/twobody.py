"""States (position and velocity) from elements, elements from states, and two-body propagation.

All conics, prograde and retrograde, circular and in the ecliptic. Positions in au, velocities in au/d, in
the frame of the elements (ecliptic J2000), shape (n, 3).

Where an angle has no meaning it is set so that the orbit stays the same: the node is 0 where the orbit lies
in the ecliptic, the perihelion lies at the node where the orbit is a circle.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aneos.constants import GM_SUN_AU3_D2
from aneos.errors import InputError
from aneos.orbits.elements import (
    CometaryElements,
    KeplerianElements,
    days_since_perihelion,
)
from aneos.orbits.kepler import FloatArray, stumpff, universal_anomaly

FLAT = 1e-15
"""sin(i) or e below this is rounding, not geometry."""


@np.errstate(all="ignore")
def elements_to_state(
    elements: KeplerianElements | CometaryElements,
    at_tdb_jd: npt.ArrayLike | None = None,
    gm: float = GM_SUN_AU3_D2,
) -> tuple[FloatArray, FloatArray]:
    """Position (au) and velocity (au/d), shape (n, 3), at a TDB epoch or else at that of the elements.

    ``at_tdb_jd`` is a scalar or has shape (n,); the motion is that of two bodies with ``gm`` in au^3/d^2.
    Rows that are no orbit give NaN (see ``check_elements``).
    """
    epoch = elements.epoch_tdb_jd if at_tdb_jd is None else np.asarray(at_tdb_jd, dtype=np.float64)
    if isinstance(elements, KeplerianElements):  # not by way of a perihelion date: that rounds to 5e-10 d
        days = days_since_perihelion(elements, gm) + (epoch - elements.epoch_tdb_jd)
    else:
        days = epoch - elements.tp_tdb_jd
    q, e = elements.q_au, elements.e
    s = universal_anomaly(q, e, days, gm)
    c0, c1, c2, _ = stumpff((1.0 - e) / q * s * s)
    width = np.sqrt(q * (1.0 + e))
    rate = np.sqrt(gm) / (q + e * s * s * c2)
    toward, ahead = perifocal_axes(elements)
    position = (q - s * s * c2)[:, None] * toward + (width * s * c1)[:, None] * ahead
    velocity = (-s * c1 * rate)[:, None] * toward + (width * c0 * rate)[:, None] * ahead
    return position, velocity


@np.errstate(all="ignore")
def state_to_elements(
    position_au: npt.ArrayLike,
    velocity_au_d: npt.ArrayLike,
    epoch_tdb_jd: npt.ArrayLike,
    gm: float = GM_SUN_AU3_D2,
) -> KeplerianElements:
    """Osculating Keplerian elements of states of shape (n, 3) or (3,).

    Raises InputError for states that are not finite, for motion along a line and for exact parabolas.
    """
    q, e, i, node, peri, alpha, days = _osculating(position_au, velocity_au_d, gm)
    parabola = np.flatnonzero((alpha == 0.0) | (e == 1.0))
    if parabola.size:
        raise InputError(f"state {parabola[0]} moves on a parabola: it has no semi-major axis")
    mean = np.degrees(np.sqrt(gm * np.abs(alpha) ** 3) * days)
    mean = np.where(alpha > 0.0, np.remainder(mean, 360.0), mean)
    epoch = np.broadcast_to(np.asarray(epoch_tdb_jd, dtype=np.float64), q.shape)
    return KeplerianElements(1.0 / alpha, e, i, node, peri, mean, epoch)


@np.errstate(all="ignore")
def state_to_cometary(
    position_au: npt.ArrayLike,
    velocity_au_d: npt.ArrayLike,
    epoch_tdb_jd: npt.ArrayLike,
    gm: float = GM_SUN_AU3_D2,
) -> CometaryElements:
    """Osculating perihelion elements of states of shape (n, 3) or (3,), any conic.

    The date of perihelion passage rounds to 5e-10 d, as any Julian date does. Raises InputError for states
    that are not finite and for motion along a line through the Sun.
    """
    q, e, i, node, peri, _, days = _osculating(position_au, velocity_au_d, gm)
    epoch = np.broadcast_to(np.asarray(epoch_tdb_jd, dtype=np.float64), q.shape)
    return CometaryElements(q, e, i, node, peri, epoch - days, epoch)


def propagate_state(
    position_au: npt.ArrayLike, velocity_au_d: npt.ArrayLike, days: npt.ArrayLike, gm: float = GM_SUN_AU3_D2
) -> tuple[FloatArray, FloatArray]:
    """Two-body motion of states by ``days`` (scalar or (n,), either sign): position and velocity, (n, 3).

    Raises InputError as :func:`state_to_cometary` does.
    """
    orbit = state_to_cometary(position_au, velocity_au_d, 0.0, gm)
    return elements_to_state(orbit, days, gm)


@np.errstate(all="ignore")
def perifocal_axes(elements: KeplerianElements | CometaryElements) -> tuple[FloatArray, FloatArray]:
    """Unit vectors of shape (n, 3): towards perihelion, and 90 degrees ahead of it along the motion."""
    sin_i, cos_i = _sin_cos(elements.i_deg)
    sin_node, cos_node = _sin_cos(elements.node_deg)
    sin_peri, cos_peri = _sin_cos(elements.peri_deg)
    toward = np.stack(
        [
            cos_node * cos_peri - sin_node * sin_peri * cos_i,
            sin_node * cos_peri + cos_node * sin_peri * cos_i,
            sin_peri * sin_i,
        ],
        axis=1,
    )
    ahead = np.stack(
        [
            -cos_node * sin_peri - sin_node * cos_peri * cos_i,
            -sin_node * sin_peri + cos_node * cos_peri * cos_i,
            cos_peri * sin_i,
        ],
        axis=1,
    )
    return toward, ahead


@np.errstate(all="ignore")
def orbit_normal(elements: KeplerianElements | CometaryElements) -> FloatArray:
    """Unit vectors of shape (n, 3) along the angular momentum."""
    sin_i, cos_i = _sin_cos(elements.i_deg)
    sin_node, cos_node = _sin_cos(elements.node_deg)
    return np.stack([sin_node * sin_i, -cos_node * sin_i, cos_i], axis=1)


@np.errstate(all="ignore")
def state_at_true_anomaly(
    elements: KeplerianElements | CometaryElements, true_anomaly_deg: npt.ArrayLike, gm: float = GM_SUN_AU3_D2
) -> tuple[FloatArray, FloatArray]:
    """Position (au) and velocity (au/d), shape (n, 3), where the orbit has these true anomalies (n,).

    On hyperbolas the anomaly must lie inside the asymptotes, else NaN.
    """
    sin_nu, cos_nu = _sin_cos(np.asarray(true_anomaly_deg, dtype=np.float64))
    parameter = elements.q_au * (1.0 + elements.e)
    r = parameter / (1.0 + elements.e * cos_nu)
    r = np.where(r > 0.0, r, np.nan)
    speed = np.sqrt(gm / parameter)
    toward, ahead = perifocal_axes(elements)
    position = (r * cos_nu)[:, None] * toward + (r * sin_nu)[:, None] * ahead
    velocity = (-speed * sin_nu)[:, None] * toward + (speed * (elements.e + cos_nu))[:, None] * ahead
    return position, velocity


def _osculating(
    position_au: npt.ArrayLike, velocity_au_d: npt.ArrayLike, gm: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """q (au), e, i, node, argument of perihelion (degrees), 1/a (1/au), days since perihelion."""
    position, velocity = _states(position_au, velocity_au_d)
    r = np.linalg.norm(position, axis=1)
    momentum = np.cross(position, velocity)
    h = np.linalg.norm(momentum, axis=1)
    straight = np.flatnonzero(h <= 1e-15 * r * np.linalg.norm(velocity, axis=1))
    if straight.size:
        raise InputError(f"state {straight[0]} moves along a line through the Sun: it has no elements")
    normal = momentum / h[:, None]

    alpha = 2.0 / r - np.sum(velocity**2, axis=1) / gm
    sigma = np.sum(position * velocity, axis=1) / np.sqrt(gm)
    toward = np.cross(velocity, momentum) / gm - position / r[:, None]
    e = np.linalg.norm(toward, axis=1)
    parameter = h * h / gm
    e = np.where(e < FLAT, 0.0, np.where(e < 0.1, e, np.sqrt(np.maximum(1.0 - alpha * parameter, 0.0))))
    q = parameter / (1.0 + e)

    sin_i = np.hypot(normal[:, 0], normal[:, 1])
    flat = sin_i < FLAT
    i = np.arctan2(np.where(flat, 0.0, sin_i), normal[:, 2])
    node = np.where(flat, 0.0, np.arctan2(normal[:, 0], -normal[:, 1]))
    to_node = np.stack([np.cos(node), np.sin(node), np.zeros_like(node)], axis=1)
    beyond_node = np.cross(normal, to_node)
    toward = np.where((e > 0.0)[:, None], toward, to_node)
    peri = np.arctan2(np.sum(toward * beyond_node, axis=1), np.sum(toward * to_node, axis=1))

    latitude = np.arctan2(np.sum(position * beyond_node, axis=1), np.sum(position * to_node, axis=1))
    s = _anomaly_of_state(e, alpha, sigma, r, latitude - peri)
    days = (q * s + e * s**3 * stumpff(alpha * s * s)[3]) / np.sqrt(gm)
    node_deg, peri_deg = np.remainder(np.degrees(node), 360.0), np.remainder(np.degrees(peri), 360.0)
    return q, e, np.degrees(i), node_deg, peri_deg, alpha, days


def _anomaly_of_state(
    e: FloatArray, alpha: FloatArray, sigma: FloatArray, r: FloatArray, true_rad: FloatArray
) -> FloatArray:
    """Universal anomaly of a state: from e s c1 = sigma and e c0 = 1 - r alpha.

    These two lose their digits where e is small; there the true anomaly serves, which has the same error as
    the direction of perihelion, so that their sum has none.
    """
    root = np.sqrt(np.abs(alpha))
    nonzero = np.where(root > 0.0, root, 1.0)
    some_e = np.where(e > 0.0, e, 1.0)
    below_one = np.minimum(e, 1.0)
    from_true = np.arctan2(
        np.sqrt(1.0 - below_one) * np.sin(0.5 * true_rad), np.sqrt(1.0 + below_one) * np.cos(0.5 * true_rad)
    )
    near_circle = 2.0 * np.remainder(from_true + 0.5 * np.pi, np.pi) - np.pi
    eccentric = np.where(e < 0.1, near_circle, np.arctan2(sigma * root, 1.0 - r * alpha))
    hyperbolic = np.arcsinh(sigma * root / some_e)
    return np.where(alpha == 0.0, sigma / some_e, np.where(alpha > 0.0, eccentric, hyperbolic) / nonzero)


def _states(position: npt.ArrayLike, velocity: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    r = np.atleast_2d(np.asarray(position, dtype=np.float64))
    v = np.atleast_2d(np.asarray(velocity, dtype=np.float64))
    if r.shape != v.shape or r.ndim != 2 or r.shape[1] != 3:
        raise InputError(f"states need arrays of shape (n, 3), not {r.shape} and {v.shape}")
    bad = np.flatnonzero(~(np.isfinite(r).all(axis=1) & np.isfinite(v).all(axis=1)))
    if bad.size:
        raise InputError(f"state {bad[0]} is not finite")
    return r, v


def _sin_cos(angle_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sine and cosine of degrees, exact at multiples of 90."""
    quarter = np.rint(angle_deg / 90.0)
    rest = np.radians(angle_deg - 90.0 * quarter)
    sin, cos = np.sin(rest), np.cos(rest)
    turn = np.where(np.isfinite(quarter), np.remainder(quarter, 4.0), 0.0)
    swap = (turn == 1.0) | (turn == 3.0)
    sine, cosine = np.where(swap, cos, sin), np.where(swap, sin, cos)
    return np.where(turn >= 2.0, -sine, sine), np.where((turn == 1.0) | (turn == 2.0), -cosine, cosine)
