"""Minimum orbit intersection distance (MOID): the global minimum, certified.

Branch and bound in a compiled kernel (``_moid.c`` tells the method). Unlike a scan (Wisniowski & Rickman
2013, Acta Astron. 63, 293) it cannot overlook a minimum, and unlike the roots of the 16th-degree polynomial
(Gronchi 2005, Celest. Mech. Dyn. Astron. 93, 295; Baluev & Mikryukov 2019, Astron. Comput. 27, 11) it does
not degenerate on nearly circular, nearly coplanar orbits, where spent stages live. It serves elliptic,
parabolic and hyperbolic orbits against an elliptic reference.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from aneos.errors import InputError
from aneos.orbits import _moid
from aneos.orbits.earth import earth_elements
from aneos.orbits.elements import CometaryElements, FloatArray, KeplerianElements
from aneos.orbits.twobody import state_at_true_anomaly

TOLERANCE_AU = 1e-9
"""No point of the two orbits is nearer than the returned MOID by more than this (150 m)."""

CHUNK = 1024


@dataclass(frozen=True, slots=True, eq=False)
class MoidResult:
    """MOIDs of n orbits, shape (n,) unless said otherwise.

    ``moid_au`` is NaN where the elements are no orbit, infinite where the MOID was proven to exceed
    ``max_distance_au``; the geometry is NaN in both cases. ``lower_bound_au`` is proven: no points of the
    orbits are nearer. Positions have shape (n, 3), ecliptic J2000, heliocentric. Rows of two or more equal
    minima give one of them.
    """

    moid_au: FloatArray
    lower_bound_au: FloatArray
    true_anomaly_deg: FloatArray
    reference_true_anomaly_deg: FloatArray
    position_au: FloatArray
    reference_position_au: FloatArray

    def __len__(self) -> int:
        return int(self.moid_au.shape[0])


def earth_moid(
    elements: KeplerianElements | CometaryElements,
    *,
    max_distance_au: float = np.inf,
    threads: int | None = None,
) -> MoidResult:
    """MOID with the Earth-Moon barycentre's mean orbit at each row's epoch.

    Raises InputError for a negative ``max_distance_au``. ``threads`` defaults to the number of processors.
    """
    return mutual_moid(
        elements, earth_elements(elements.epoch_tdb_jd), max_distance_au=max_distance_au, threads=threads
    )


@np.errstate(all="ignore")
def mutual_moid(
    elements: KeplerianElements | CometaryElements,
    reference: KeplerianElements | CometaryElements,
    *,
    max_distance_au: float = np.inf,
    tolerance_au: float = TOLERANCE_AU,
    threads: int | None = None,
) -> MoidResult:
    """MOID of each orbit with an elliptic reference orbit (one for all, or one for each row).

    Only the shapes of the orbits matter, not their epochs. Rows that are no orbit, or whose reference is no
    ellipse, give NaN. Raises InputError where the lengths do not fit or a limit is out of range.
    """
    if not max_distance_au >= 0.0:
        raise InputError(f"max_distance_au must be 0 or more, not {max_distance_au}")
    if not tolerance_au > 0.0:
        raise InputError(f"tolerance_au must be positive, not {tolerance_au}")
    if len(reference) not in (1, len(elements)):
        raise InputError(f"{len(elements)} orbits cannot be paired with {len(reference)} reference orbits")
    rows, references = _rows(elements), _rows(reference)
    out = np.empty((len(elements), 5))

    def run(start: int) -> None:
        part = slice(start, start + CHUNK)
        against = references if len(reference) == 1 else references[part]
        _moid.solve(rows[part], against, max_distance_au, tolerance_au, out[part])

    starts = range(0, len(elements), CHUNK)
    workers = min(threads or os.cpu_count() or 1, len(starts))
    if workers > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, starts))
    else:
        for start in starts:
            run(start)

    return _result(elements, reference, out)


@np.errstate(all="ignore")
def all_minima(
    elements: KeplerianElements | CometaryElements,
    reference: KeplerianElements | CometaryElements,
    samples: int = 3072,
) -> MoidResult:
    """Every local minimum of the distance between one orbit and one elliptic reference, nearest first.

    Orbits that come close at both of their mutual nodes have two; up to four are known for ellipses (Gronchi
    2005). They are sought along each ellipse of the two among ``samples`` points, with the nearest point of
    the other: a scan, unlike :func:`mutual_moid`, in which minima within a sample of each other pass for one.
    ``lower_bound_au`` is NaN. Raises InputError for more than one orbit, and for rows that are no orbit.
    """
    if len(elements) != 1 or len(reference) != 1:
        raise InputError(f"all_minima takes one pair of orbits, not {len(elements)} and {len(reference)}")
    out = _scan(elements, reference, samples)
    if elements.e[0] < 1.0:
        out = np.concatenate([out, _scan(reference, elements, samples)[:, [0, 2, 1, 3, 4]]])
    if not len(out):
        raise InputError(
            "the distance has no minimum: one of the two is no orbit, or it is the same all along"
        )
    out = _distinct(out[np.argsort(out[:, 0])])
    out[:, 3] = np.nan
    return _result(elements, reference, out)


def _scan(
    along: KeplerianElements | CometaryElements, ellipse: KeplerianElements | CometaryElements, samples: int
) -> FloatArray:
    """Kernel rows of the local minima found along one orbit, shape (k, 5)."""
    out = np.empty((64, 5))
    return out[: _moid.all_minima(_rows(along), _rows(ellipse), samples, out)]


def _distinct(out: FloatArray) -> FloatArray:
    """The rows whose anomalies differ from those of every row before."""
    kept: list[int] = []
    for row in range(len(out)):
        gap = np.abs(np.remainder(out[kept, 1:3] - out[row, 1:3] + np.pi, 2.0 * np.pi) - np.pi)
        if not np.any(np.all(gap < 1e-6, axis=1)):
            kept.append(row)
    return out[kept]


def _result(
    elements: KeplerianElements | CometaryElements,
    reference: KeplerianElements | CometaryElements,
    out: FloatArray,
) -> MoidResult:
    true, reference_true = np.degrees(out[:, 1]), np.degrees(out[:, 2])
    position = state_at_true_anomaly(elements, true)[0]
    reference_position = state_at_true_anomaly(reference, reference_true)[0]
    return MoidResult(out[:, 0], out[:, 3], true, reference_true, position, reference_position)


def _rows(elements: KeplerianElements | CometaryElements) -> FloatArray:
    """Rows of q, e, i, node and argument of perihelion for the kernel (au, radians)."""
    angles = (np.radians(getattr(elements, name)) for name in ("i_deg", "node_deg", "peri_deg"))
    return np.ascontiguousarray(np.stack([elements.q_au, elements.e, *angles], axis=1))
