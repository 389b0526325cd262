"""Kepler's equation and two-body motion for every eccentricity.

One equation serves ellipses, parabolas and hyperbolas alike. With the universal anomaly ``s`` counted from
perihelion, and alpha = 1/a = (1 - e)/q,

    sqrt(GM) (t - t_p) = q s + e s^3 c3(alpha s^2),     r = q + e s^2 c2(alpha s^2),

where c_k are Stumpff's functions. No term cancels as e goes to 1. On an ellipse s = sqrt(a) E, on a
hyperbola s = sqrt(-a) H, on a parabola s = sqrt(2 q) tan(nu/2).

References: Stumpff 1959, Himmelsmechanik I; Battin 1999, An Introduction to the Mathematics and Methods of
Astrodynamics, ch. 4; Conway 1986, Celest. Mech. 39, 199 (Laguerre's iteration for Kepler's equation).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aneos.constants import GM_SUN_AU3_D2

FloatArray = npt.NDArray[np.float64]

MAX_ITERATIONS = 60

HUGE = 1e9
"""Perihelion distances (au) beyond this or below its inverse, and greater eccentricities, are overflow."""

HUGE_ANOMALY = 1e100
"""Mean anomalies and times beyond this would overflow when squared."""


@np.errstate(all="ignore")
def eccentric_anomaly(mean_anomaly_rad: npt.ArrayLike, e: npt.ArrayLike) -> FloatArray:
    """Eccentric anomaly E of an ellipse: E - e sin E = M.

    Both arguments broadcast; M may have any size and sign, E lies in the same revolution. NaN where e is
    outside [0, 1) or M is not finite.
    """
    mean, ecc = _broadcast(mean_anomaly_rad, e)
    valid = (ecc >= 0.0) & (ecc < 1.0) & np.isfinite(mean)
    ecc = np.where(valid, ecc, 0.0)
    turns, rest = _split_turns(np.where(valid, mean, 0.0))
    out = turns + _solve(1.0 - ecc, ecc, np.ones_like(ecc), rest)
    return np.where(valid, out, np.nan)


@np.errstate(all="ignore")
def hyperbolic_anomaly(mean_anomaly_rad: npt.ArrayLike, e: npt.ArrayLike) -> FloatArray:
    """Hyperbolic anomaly H: e sinh H - H = M. NaN where e <= 1, e > 1e9, |M| > 1e100 or M is not finite."""
    mean, ecc = _broadcast(mean_anomaly_rad, e)
    valid = (ecc > 1.0) & (ecc < HUGE) & (np.abs(mean) < HUGE_ANOMALY)
    ecc = np.where(valid, ecc, 2.0)
    out = _solve(ecc - 1.0, ecc, -np.ones_like(ecc), np.where(valid, mean, 0.0))
    return np.where(valid, out, np.nan)


@np.errstate(all="ignore")
def true_anomaly(mean_anomaly_rad: npt.ArrayLike, e: npt.ArrayLike) -> FloatArray:
    """True anomaly in (-pi, pi] from the mean anomaly of an ellipse, parabola or hyperbola, in radians.

    For e = 1 the mean anomaly is sqrt(GM / (2 q^3)) (t - t_p), the right-hand side of Barker's equation
    D + D^3/3 = M with D = tan(nu/2). NaN where e < 0 or an argument is not finite.
    """
    mean, ecc = _broadcast(mean_anomaly_rad, e)
    out = np.full(mean.shape, np.nan)
    valid = np.isfinite(mean) & np.isfinite(ecc)
    ellipse = valid & (ecc >= 0.0) & (ecc < 1.0)
    parabola = valid & (ecc == 1.0)
    hyperbola = valid & (ecc > 1.0)
    half = 0.5 * eccentric_anomaly(_split_turns(mean[ellipse])[1], ecc[ellipse])
    out[ellipse] = 2.0 * np.arctan2(
        np.sqrt(1.0 + ecc[ellipse]) * np.sin(half), np.sqrt(1.0 - ecc[ellipse]) * np.cos(half)
    )
    out[parabola] = 2.0 * np.arctan(barker(mean[parabola]))
    half = 0.5 * hyperbolic_anomaly(mean[hyperbola], ecc[hyperbola])
    ratio = np.sqrt((ecc[hyperbola] + 1.0) / (ecc[hyperbola] - 1.0))
    out[hyperbola] = 2.0 * np.arctan(ratio * np.tanh(half))
    return out


def barker(mean_anomaly_rad: npt.ArrayLike) -> FloatArray:
    """Root D = tan(nu/2) of Barker's equation D + D^3/3 = M, in closed form."""
    mean = np.asarray(mean_anomaly_rad, dtype=np.float64)
    return np.asarray(2.0 * np.sinh(np.arcsinh(1.5 * mean) / 3.0))


@np.errstate(all="ignore")
def universal_anomaly(
    q_au: npt.ArrayLike, e: npt.ArrayLike, days_since_perihelion: npt.ArrayLike, gm: float = GM_SUN_AU3_D2
) -> FloatArray:
    """Universal anomaly s (au^0.5) after perihelion for any conic; arguments broadcast.

    On an ellipse the time is first reduced to the nearest perihelion, so |s| <= pi sqrt(a). NaN where
    q <= 0, e < 0 or an argument is not finite (or so large that its square is not).
    """
    q, ecc, days = _broadcast(q_au, e, days_since_perihelion)
    valid = (q * HUGE > 1.0) & (q < HUGE) & (ecc >= 0.0) & (ecc < HUGE) & (np.abs(days) < HUGE_ANOMALY)
    q, ecc, days = np.where(valid, q, 1.0), np.where(valid, ecc, 0.0), np.where(valid, days, 0.0)
    alpha = (1.0 - ecc) / q
    time = np.sqrt(gm) * days
    period = np.where(alpha > 0.0, 2.0 * np.pi / np.maximum(alpha, 0.0) ** 1.5, np.inf)
    bound = np.isfinite(period)
    finite_period = np.where(bound, period, 1.0)
    time = np.where(bound, time - finite_period * np.rint(time / finite_period), time)
    return np.where(valid, _solve(q, ecc, alpha, time), np.nan)


@np.errstate(all="ignore")
def stumpff(psi: npt.ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Stumpff's functions c0, c1, c2, c3 of psi (any sign), without cancellation near zero."""
    x = np.asarray(psi, dtype=np.float64)
    flat = np.atleast_1d(x).ravel()
    out = np.full((4, flat.size), np.nan)
    small = np.abs(flat) < 1.0
    out[:, small] = _stumpff_series(flat[small])
    wide = flat >= 1.0
    root = np.sqrt(flat[wide])
    sine = np.sin(root) / root
    out[:, wide] = np.cos(root), sine, 2.0 * (np.sin(0.5 * root) / root) ** 2, (1.0 - sine) / flat[wide]
    wide = flat <= -1.0
    root = np.sqrt(-flat[wide])
    sine = np.sinh(root) / root
    out[:, wide] = np.cosh(root), sine, 2.0 * (np.sinh(0.5 * root) / root) ** 2, (1.0 - sine) / flat[wide]
    c0, c1, c2, c3 = out.reshape(4, *x.shape)
    return c0, c1, c2, c3


def _stumpff_series(psi: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    c2, c3 = np.ones_like(psi), np.ones_like(psi)
    for k in range(9, 0, -1):
        c2 = 1.0 - psi * c2 / ((2 * k + 1) * (2 * k + 2))
        c3 = 1.0 - psi * c3 / ((2 * k + 2) * (2 * k + 3))
    c2, c3 = c2 / 2.0, c3 / 6.0
    return 1.0 - psi * c2, 1.0 - psi * c3, c2, c3


def _solve(q: FloatArray, e: FloatArray, alpha: FloatArray, time: FloatArray) -> FloatArray:
    """Root s of q s + e s^3 c3(alpha s^2) = time, by Laguerre's iteration kept inside a bracket.

    The left side rises everywhere (its slope is the distance from the focus), so the root is single; by
    symmetry only time >= 0 is solved. On ellipses ``time`` must lie within half a period. Convergence is
    cubic: a step below 1e-7 of s leaves an error far below rounding.
    """
    shape = time.shape
    q, e, alpha, time = (x.ravel() for x in (q, e, alpha, time))
    out = np.zeros_like(time)
    rows = np.flatnonzero(time)
    q, e, alpha, m = q[rows], e[rows], alpha[rows], np.abs(time[rows])
    low, high, s = _bracket(q, e, alpha, m)
    for _ in range(MAX_ITERATIONS):
        if not rows.size:
            return out.reshape(shape)
        _, c1, c2, c3 = stumpff(alpha * s * s)
        residual = q * s + e * s**3 * c3 - m
        slope = q + e * s * s * c2
        low = np.where(residual <= 0.0, s, low)
        high = np.where(residual >= 0.0, s, high)
        root = np.sqrt(np.abs(16.0 * slope * slope - 20.0 * residual * e * s * c1))
        new = s - 5.0 * residual / (slope + root)
        new = np.where((new < low) | (new > high), 0.5 * (low + high), new)
        done = (np.abs(new - s) <= 1e-7 * s) | (high - low <= 4e-16 * s)
        out[rows[done]] = np.copysign(new[done], time[rows[done]])
        rows = rows[~done]
        q, e, alpha, m, low, high, s = (x[~done] for x in (q, e, alpha, m, low, high, new))
    raise ArithmeticError(f"Kepler's equation did not converge: q = {q[0]}, e = {e[0]}, time = {m[0]}")


def _bracket(
    q: FloatArray, e: FloatArray, alpha: FloatArray, m: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Ends that enclose the root for m >= 0, and a start between them.

    The cubic q s + e s^3/6 = m lies below the root on ellipses and above it on hyperbolas, since c3 falls.
    """
    scale = np.sqrt(2.0 * q / e)
    bend = 1.5 * m / (q * scale)
    cubic = np.where(bend > 1e-9, 2.0 * scale * np.sinh(np.arcsinh(bend) / 3.0), m / q)
    root = np.sqrt(np.abs(alpha))
    ellipse_top = np.minimum(np.pi, (m * root**3) + e) / root
    from_sinh = np.arcsinh(m * root**3 / e) / root
    sinh_top = np.arcsinh(m * root**3 / e + cubic * root / e) / root
    ellipse, hyperbola = alpha > 0.0, alpha < 0.0
    cubic = np.where(hyperbola, np.fmin(cubic, sinh_top), cubic)
    low = np.where(ellipse, np.minimum(cubic, ellipse_top), np.where(hyperbola, 0.0, cubic))
    low = np.where(hyperbola, np.minimum(np.nan_to_num(from_sinh), cubic), low)
    high = np.where(ellipse, ellipse_top, cubic)
    start = np.where(hyperbola, np.where(low * root > 1.0, low, cubic), low)
    widen = 1e-12
    return low * (1.0 - widen), high * (1.0 + widen), start


def _split_turns(angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Whole turns (radians) and the rest in [-pi, pi]."""
    rest = np.remainder(angle + np.pi, 2.0 * np.pi) - np.pi
    small = np.abs(angle) <= np.pi
    rest = np.where(small, angle, rest)
    return np.where(small, 0.0, angle - rest), rest


def _broadcast(*arrays: npt.ArrayLike) -> tuple[FloatArray, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in arrays)))
