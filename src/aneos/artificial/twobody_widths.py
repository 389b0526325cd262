"""How far two-body motion may be trusted: an orbit carried over years, with widths that grow.

Near the Earth an object is pulled by more than the Sun. The velocity that the Earth can give it on the way is
at most the integral of GM/d² along the path; that over the orbital speed bounds the relative change of the
elements. The rest (other planets, radiation pressure of compact bodies) adds about 5e-5 a year. Against
integrated orbits of the registry these widths hold 95% of the errors within about one sigma, and within two
for objects that stay inside the Hill sphere (docs/registry.md).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aneos.constants import AU_KM, DAY_S, GM_EARTH_KM3_S2, GM_SUN_AU3_D2
from aneos.orbits import KeplerianElements, earth_elements, elements_to_state

FloatArray = npt.NDArray[np.float64]

GM_EARTH_AU3_D2 = GM_EARTH_KM3_S2 * DAY_S**2 / AU_KM**3
OTHERS_PER_YEAR = 5e-5
"""Relative change of the elements in a year by all that is not the Earth."""
SAMPLES = 256
CLOSEST_AU = 5e-4
"""Distances below this count as this: the path itself is not known better."""


def carried(
    columns: FloatArray, widths: FloatArray, start_tdb_jd: FloatArray, epoch_tdb_jd: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Comparison columns (n, 6) moved from their epochs to others, and their widths (n, 4) grown.

    Columns are a (au), two components each of the e and i vectors, and the mean longitude (degrees); widths
    as in :class:`aneos.artificial.trajectories.Widths`.
    """
    days = epoch_tdb_jd - start_tdb_jd
    motion = np.degrees(np.sqrt(GM_SUN_AU3_D2 / columns[:, 0] ** 3))
    moved = columns.copy()
    moved[:, 5] = columns[:, 5] + motion * days
    share = earth_budget(columns, start_tdb_jd, days) + OTHERS_PER_YEAR * np.abs(days) / 365.25
    grown = np.empty_like(widths)
    grown[:, 0] = np.hypot(widths[:, 0], 2.0 * columns[:, 0] * share)
    grown[:, 1] = np.hypot(widths[:, 1], 2.0 * share)
    grown[:, 2] = np.hypot(widths[:, 2], 0.5 * share)
    drift = 1.5 * motion * np.abs(days) * grown[:, 0] / columns[:, 0]
    grown[:, 3] = np.sqrt(widths[:, 3] ** 2 + drift**2 + np.degrees(2.0 * share) ** 2)
    return moved, grown


def earth_budget(columns: FloatArray, start_tdb_jd: FloatArray, days: FloatArray) -> FloatArray:
    """Integral of GM/d² along the two-body path over the mean orbital speed, shape (n,).

    Whole synodic periods are not resolved better than by 256 samples; for the years that matter here the
    object drifts past the Earth slowly, or else the passage is too fast to change it much.
    """
    share = np.linspace(0.0, 1.0, SAMPLES)[:, None]
    epochs = start_tdb_jd + share * days
    speed = np.sqrt(GM_SUN_AU3_D2 / columns[:, 0])
    position = _positions(columns, start_tdb_jd, epochs)
    earth = elements_to_state(earth_elements(epochs.ravel()))[0].reshape(*epochs.shape, 3)
    distance = np.maximum(np.linalg.norm(position - earth, axis=2), CLOSEST_AU)
    pull = GM_EARTH_AU3_D2 / distance**2
    return np.asarray(np.trapezoid(pull, axis=0) / (SAMPLES - 1) * np.abs(days) / speed)


def _positions(columns: FloatArray, start: FloatArray, epochs: FloatArray) -> FloatArray:
    """Two-body positions of n orbits at (s, n) epochs, shape (s, n, 3)."""
    a, k, h, q, p, longitude = columns.T
    perihelion, node = np.degrees(np.arctan2(h, k)), np.degrees(np.arctan2(p, q))
    i = np.degrees(2.0 * np.arcsin(np.clip(np.hypot(q, p) / 2.0, 0.0, 1.0)))
    shape = epochs.shape
    rows = [a, np.hypot(k, h), i, node, perihelion - node, longitude - perihelion, start]
    flat = KeplerianElements(*(np.broadcast_to(row, shape).ravel() for row in rows))
    return elements_to_state(flat, epochs.ravel())[0].reshape(*shape, 3)
