"""Which known artificial object is this? The registry, integrated to the candidate's epoch, held against one orbit.

Every object that :mod:`aneos.artificial.registry_nodes` can place is carried there by n-body integration, about the
Earth or the Sun, with the covariance of its published orbit. The distance is Mahalanobis':

    D² = r' (C_candidate + C_known)^-1 r

with r the difference in six elements without singularity (about the Earth if the known object is bound to it). The
candidate is tried at two widths, as in :mod:`aneos.artificial.candidate_widths`: its elements at their word, which
leaves a floor, and ten times that.

The chance probability is that of any object of a scrambled registry, whose perihelion, node and phase are turned to
random places, telling as much as this one does: the likelihood ratio "same object" to "angles at random". Around its
best aligned orientation each known object's D² is a quadratic form in the three angles, so that the share of all
orientations within a bound is the volume of an ellipsoid; no semi-axis counts for more than half a turn.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.candidate_widths import FLOOR_A_AU, FLOOR_E, FLOOR_I, FLOOR_LONGITUDE_DEG, LOOSE
from aneos.artificial.chance import chance_of_any
from aneos.artificial.comparison import EXPECTED_SQUARE, NEAR_EARTH_DEG
from aneos.artificial.identify import MAX_CHANCE, MAX_DISTANCE
from aneos.artificial.known_tables import KnownObject
from aneos.artificial.registry_nodes import (
    Carried,
    bound_to_earth,
    carry_nodes,
    elements_of,
    load_nodes,
    nearest_nodes,
)
from aneos.artificial.registry_orbits import julian, why_none
from aneos.dynamics import States, body_states, check_span
from aneos.errors import InputError

__all__ = ["Coverage", "NBodyMatch", "coverage", "identify_state", "match_carried"]

FloatArray = npt.NDArray[np.float64]

FLOOR_SHARE: Final = 1e-3
"""Floor about the Earth: share of a, and of e, i, longitude in radians (fits of one object differ by as much)."""
_TURN: Final = 2.0 * np.pi


@dataclass(frozen=True, slots=True)
class NBodyMatch:
    """One known object beside the candidate.

    ``distance_sigma`` is D; ``chance_probability`` that of any object of a scrambled registry telling as much, times
    the two widths tried; ``identified`` where both are small enough. ``days_from_fit`` is how far the published orbit
    was carried, ``compared`` how many known objects could be placed then, ``centre`` about what they were compared.
    """

    object_id: str
    name: str
    cospar: str | None
    distance_sigma: float
    chance_probability: float
    fit_epoch_tdb_jd: float
    days_from_fit: float
    centre: str
    compared: int

    @property
    def identified(self) -> bool:
        """Whether this match names the object."""
        return self.distance_sigma <= MAX_DISTANCE and self.chance_probability <= MAX_CHANCE

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__} | {"identified": self.identified}


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many known objects an orbit of one epoch is held against, and how many not, by reason."""

    compared: int
    known: int
    not_compared: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


LOW: Final = "circle the Earth below 250,000 km (no states are stored)"
WITHOUT_ORBIT: Final = "have no published orbit that can be integrated"
NOT_IN_FLIGHT: Final = "were not in flight then"
NOT_FOLLOWED: Final = "are lost by then, could have manoeuvred, or lie outside 2005 to 2031"


def coverage(epoch_tdb_jd: float) -> Coverage:
    """What :func:`identify_state` compares at an epoch (TDB JD), and what it cannot, with the reasons."""
    nodes = load_nodes()
    there = set(nodes.object[nearest_nodes(nodes, float(check_span(epoch_tdb_jd)))].tolist())
    stored = set(nodes.object.tolist())
    reasons: Counter[str] = Counter()
    for number, item in enumerate(nodes.known):
        if number in there:
            continue
        if why_none(item) is not None:
            reasons[WITHOUT_ORBIT] += 1
        elif number not in stored:
            reasons[LOW] += 1
        elif (item.launch_date is not None and epoch_tdb_jd < julian(item.launch_date)) or (
            item.ends is not None and epoch_tdb_jd > julian(item.ends) + 1.0
        ):
            reasons[NOT_IN_FLIGHT] += 1
        else:
            reasons[NOT_FOLLOWED] += 1
    return Coverage(len(there), len(nodes.known), dict(reasons.most_common()))


def identify_state(candidate: States, *, covariance: FloatArray | None = None) -> NBodyMatch | None:
    """The best match of one orbit (one row, heliocentric ecliptic), None where no known object lies within 18 widths.

    ``covariance`` (6, 6) is that of position and velocity (au, au/d); without it the floors stand alone. Raises
    InputError for more than one row, a state that is not finite, an epoch outside the kernels, a covariance of another
    shape or not finite.
    """
    if len(candidate) != 1 or not np.isfinite(candidate.position_au).all():
        raise InputError("one finite state is wanted", source="orbit")
    if covariance is not None and (covariance.shape != (6, 6) or not np.isfinite(covariance).all()):
        raise InputError("a finite 6 by 6 matrix is wanted", source="covariance")
    epoch = float(check_span(candidate.epoch_tdb_jd[0]))
    nodes = load_nodes()
    return match_carried(candidate, carry_nodes(nodes, nearest_nodes(nodes, epoch), epoch), covariance)


def match_carried(
    candidate: States, known: Carried, covariance: FloatArray | None = None
) -> NBodyMatch | None:
    """The same against objects that were carried to the candidate's epoch already."""
    if not len(known):
        return None
    found = [_trial(candidate, known, factor, covariance) for factor in (1.0, LOOSE)]
    best = min(found, key=lambda item: (not item.near, item.chance))
    if not np.isfinite(best.distance):
        return None
    row = best.row
    item: KnownObject = known.known[int(known.object[row])]
    fit = float(known.fit_epoch_tdb_jd[row])
    return NBodyMatch(
        item.id,
        item.name,
        item.cospar,
        best.distance,
        min(1.0, 2.0 * best.chance),
        fit,
        float(candidate.epoch_tdb_jd[0]) - fit,
        "Earth" if known.geocentric[row] else "Sun",
        len(known),
    )


# -- below: steps ----------------------------------------------------------------------------------

_REACH: Final = 18.0


@dataclass(frozen=True, slots=True)
class _Trial:
    row: int
    distance: float
    chance: float

    @property
    def near(self) -> bool:
        return self.distance <= MAX_DISTANCE


def _trial(candidate: States, known: Carried, factor: float, covariance: FloatArray | None) -> _Trial:
    n = len(known)
    own = {
        bool(flag): _own(candidate, bool(flag), factor, covariance) for flag in np.unique(known.geocentric)
    }
    distance, aligned = np.full(n, np.inf), np.full(n, np.inf)
    peak, logdet = np.full(n, -np.inf), np.full(n, np.inf)
    precision = np.zeros((n, 3, 3))
    ranges = _phase_ranges(candidate, known)
    for row in range(n):
        mine = own[bool(known.geocentric[row])]
        if mine is None:
            continue
        elements, width = mine
        other = known.elements[row]
        joint = width + known.covariance[row]
        residual = elements - other
        residual[5] = (residual[5] + np.pi) % _TURN - np.pi
        distance[row] = _length(residual, joint)
        least, matrix = _aligned(elements, other, width, known.covariance[row])
        aligned[row], precision[row] = least, matrix
        logdet[row] = float(np.linalg.slogdet(matrix + np.eye(3) / np.pi**2)[1])
        peak[row] = np.log(_TURN**2 * ranges[row]) + 0.5 * logdet[row] - 1.5 * np.log(_TURN)
    inside = distance <= _REACH
    if not inside.any():
        return _Trial(-1, np.inf, 1.0)
    near = distance <= max(MAX_DISTANCE, float(distance.min()))
    row = int(np.argmax(np.where(near, peak - 0.5 * distance**2, -np.inf)))
    level = peak[row] - 0.5 * max(float(distance[row]) ** 2, EXPECTED_SQUARE)
    bound = 2.0 * (peak - level)
    shares = np.array([_share(bound[k] - aligned[k], precision[k], bound[k], ranges[k]) for k in range(n)])
    return _Trial(row, float(distance[row]), chance_of_any(shares))


def _own(
    candidate: States, geocentric: bool, factor: float, covariance: FloatArray | None
) -> tuple[FloatArray, FloatArray] | None:
    """Elements (6,) and covariance (6, 6) of the candidate about a body; None where it has no ellipse there."""
    if geocentric and not bound_to_earth(candidate)[0]:
        return None
    elements = elements_of(candidate, np.array([geocentric]))[0]
    if not np.isfinite(elements).all():
        return None
    if geocentric:
        floor = FLOOR_SHARE * np.array([elements[0], 1.0, 1.0, 1.0, 1.0, 5.0])
    else:
        floor = np.array([FLOOR_A_AU, FLOOR_E, FLOOR_E, FLOOR_I, FLOOR_I, np.radians(FLOOR_LONGITUDE_DEG)])
    width = np.diag((factor * floor) ** 2)
    if covariance is not None:
        from aneos.artificial.registry_nodes import cartesian_slope

        slope = cartesian_slope(candidate, np.array([geocentric]))
        width = width + slope @ covariance @ slope.T
    return elements, width


def _length(residual: FloatArray, matrix: FloatArray) -> float:
    scale = np.sqrt(np.diag(matrix))
    scaled = np.linalg.solve(matrix / np.outer(scale, scale) + 1e-9 * np.eye(6), residual / scale)
    return float(np.sqrt(max(float(scaled @ (residual / scale)), 0.0)))


def _aligned(
    own: FloatArray, other: FloatArray, width: FloatArray, covariance: FloatArray
) -> tuple[float, FloatArray]:
    """Least D² over all orientations of the known orbit, and the precision (3, 3) of the three angles there."""
    turn = np.eye(6)
    turned = other.copy()
    for first in (1, 3):
        angle = np.arctan2(own[first + 1], own[first]) - np.arctan2(other[first + 1], other[first])
        c, s = np.cos(angle), np.sin(angle)
        turn[first : first + 2, first : first + 2] = [[c, -s], [s, c]]
        turned[first : first + 2] = turn[first : first + 2, first : first + 2] @ other[first : first + 2]
    turned[5] = own[5]
    joint = width + turn @ covariance @ turn.T
    scale = np.sqrt(np.diag(joint))
    weight = np.linalg.inv(joint / np.outer(scale, scale) + 1e-9 * np.eye(6)) / np.outer(scale, scale)
    slope = np.zeros((6, 3))
    slope[1, 0], slope[2, 0] = -turned[2], turned[1]
    slope[3, 1], slope[4, 1] = -turned[4], turned[3]
    slope[5, 2] = 1.0
    residual = own - turned
    matrix = slope.T @ weight @ slope
    pull = slope.T @ weight @ residual
    least = float(residual @ weight @ residual - pull @ np.linalg.solve(matrix + np.eye(3) / np.pi**2, pull))
    return max(least, 0.0), np.asarray(matrix)


def _share(room: float, precision: FloatArray, bound: float, phase_range: float) -> float:
    """Share of all orientations in which a quadratic form of three angles stays below ``room``."""
    if not (np.isfinite(room) and room > 0.0):
        return 0.0
    values = np.maximum(np.linalg.eigvalsh(precision), 0.0) + max(bound, room) / np.pi**2
    volume = 4.0 / 3.0 * np.pi * float(np.prod(np.sqrt(room / values)))
    return float(min(1.0, volume / (_TURN**2 * phase_range)))


def _phase_ranges(candidate: States, known: Carried) -> FloatArray:
    """Range (n,) of longitudes in which the phase is random: all of them about the Earth; about the Sun those no
    farther from the Earth than the farther of the two, since what is found and launched is near the Earth."""
    earth = body_states("Earth", candidate.epoch_tdb_jd)
    place = np.concatenate([known.states.position_au, candidate.position_au])
    longitude = np.arctan2(place[:, 1], place[:, 0]) - np.arctan2(earth[0][0, 1], earth[0][0, 0])
    away = np.abs((longitude + np.pi) % _TURN - np.pi)
    half = np.maximum(np.maximum(away[:-1], away[-1]), np.radians(NEAR_EARTH_DEG))
    return np.asarray(np.where(known.geocentric, _TURN, np.minimum(2.0 * half, _TURN)))
