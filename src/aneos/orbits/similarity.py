"""How alike two orbits are: the D criteria of meteor astronomy, in which 0 means the same orbit.

All compare shape and orientation, not the place along the orbit. Pairs below about 0.2 (Southworth & Hawkins,
Jopek) or 0.105 (Drummond) are customarily called associated, but among 40,000 near-Earth orbits chance alone
brings many pairs closer: a criterion needs controls.

References: Southworth & Hawkins 1963, Smithson. Contrib. Astrophys. 7, 261; Drummond 1981, Icarus 45, 545;
Jopek 1993, Icarus 106, 603.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from aneos.errors import InputError
from aneos.orbits.elements import CometaryElements, FloatArray, KeplerianElements

Orbits = KeplerianElements | CometaryElements
Criterion = Literal["southworth_hawkins", "drummond", "jopek"]


@np.errstate(all="ignore")
def southworth_hawkins(one: Orbits, other: Orbits) -> FloatArray:
    """D_SH of each pair, shape (n,); a single orbit on either side is held against all of the other.

    D^2 = (de)^2 + (dq)^2 + (2 sin I/2)^2 + ((e1 + e2)/2 2 sin P/2)^2 with q in au, I the angle between the
    orbital planes and P the difference of the perihelia's longitudes counted from the mutual node. Raises
    InputError where the lengths do not fit.
    """
    return _southworth_hawkins(*_pair(one, other))


@np.errstate(all="ignore")
def drummond(one: Orbits, other: Orbits) -> FloatArray:
    """D_D of each pair, shape (n,): differences of e and q relative to their sums, and angles over 180 degrees.

    D^2 = (de/(e1+e2))^2 + (dq/(q1+q2))^2 + (I/180)^2 + ((e1+e2)/2 theta/180)^2, theta the angle between the
    lines of apsides. Two circles differ by nothing in e. Raises InputError as southworth_hawkins does.
    """
    return _drummond(*_pair(one, other))


@np.errstate(all="ignore")
def jopek(one: Orbits, other: Orbits) -> FloatArray:
    """D_H of each pair, shape (n,): D_SH with the difference of q taken relative to the sum, as in D_D.

    Raises InputError as southworth_hawkins does.
    """
    return _jopek(*_pair(one, other))


@np.errstate(all="ignore")
def similarity_matrix(one: Orbits, other: Orbits, criterion: Criterion = "southworth_hawkins") -> FloatArray:
    """The criterion between every orbit of ``one`` and every orbit of ``other``, shape (n, m).

    Memory grows as n m (8 bytes each, and some ten such arrays for a moment): call it in blocks for large
    tables. Raises InputError for an unknown criterion.
    """
    if criterion not in _CRITERIA:
        raise InputError(f"unknown criterion {criterion!r}: choose one of {', '.join(_CRITERIA)}")
    return _CRITERIA[criterion](_angles(one)[:, :, None], _angles(other)[:, None, :])


def _southworth_hawkins(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((other[0] - one[0]) ** 2 + _shape_and_angles(one, other)))


def _jopek(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(
        np.sqrt(((other[0] - one[0]) / (other[0] + one[0])) ** 2 + _shape_and_angles(one, other))
    )


def _drummond(one: FloatArray, other: FloatArray) -> FloatArray:
    e_sum = one[1] + other[1]
    e_part = (other[1] - one[1]) / np.where(e_sum > 0.0, e_sum, 1.0)
    q_part = (other[0] - one[0]) / (other[0] + one[0])
    planes = 2.0 * np.arcsin(np.minimum(0.5 * np.sqrt(_plane_chord_squared(one, other)), 1.0))
    apsides = 2.0 * np.arcsin(np.minimum(0.5 * np.sqrt(_apsis_chord_squared(one, other)), 1.0))
    angle_part = (planes / np.pi) ** 2 + (0.5 * e_sum * apsides / np.pi) ** 2
    return np.asarray(np.sqrt(e_part**2 + q_part**2 + angle_part))


def _shape_and_angles(one: FloatArray, other: FloatArray) -> FloatArray:
    """The terms in e, I and P that D_SH and D_H share."""
    planes = _plane_chord_squared(one, other)
    _, e1, i1, node1, peri1 = one
    _, e2, i2, node2, peri2 = other
    turn = _wrapped(node2 - node1)
    cos_half_plane = np.sqrt(np.maximum(1.0 - 0.25 * planes, 0.0))
    sine = np.cos(0.5 * (i1 + i2)) * np.sin(0.5 * turn) / cos_half_plane
    sine = np.where(cos_half_plane > 0.0, np.clip(sine, -1.0, 1.0), 0.0)
    apsides = 2.0 * np.sin(0.5 * (peri2 - peri1 + 2.0 * np.arcsin(sine)))
    return np.asarray((e2 - e1) ** 2 + planes + (0.5 * (e1 + e2) * apsides) ** 2)


def _plane_chord_squared(one: FloatArray, other: FloatArray) -> FloatArray:
    """(2 sin I/2)^2: squared distance between the tips of the two unit normals."""
    i1, i2, turn = one[2], other[2], _wrapped(other[3] - one[3])
    tilt, swing = 2.0 * np.sin(0.5 * (i2 - i1)), 2.0 * np.sin(0.5 * turn)
    return np.asarray(tilt**2 + np.sin(i1) * np.sin(i2) * swing**2)


def _apsis_chord_squared(one: FloatArray, other: FloatArray) -> FloatArray:
    """Squared distance between the tips of the unit vectors towards the two perihelia."""
    x1, y1, z1 = _perihelion(one)
    x2, y2, z2 = _perihelion(other)
    return np.asarray((x2 - x1) ** 2 + (y2 - y1) ** 2 + (z2 - z1) ** 2)


def _perihelion(orbit: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    _, _, i, node, peri = orbit
    along, across = np.cos(peri), np.sin(peri) * np.cos(i)
    return (
        along * np.cos(node) - across * np.sin(node),
        along * np.sin(node) + across * np.cos(node),
        np.sin(peri) * np.sin(i),
    )


def _pair(one: Orbits, other: Orbits) -> tuple[FloatArray, FloatArray]:
    if len(one) != len(other) and 1 not in (len(one), len(other)):
        raise InputError(f"{len(one)} orbits cannot be paired with {len(other)}")
    return _angles(one), _angles(other)


def _angles(orbits: Orbits) -> FloatArray:
    """Rows q, e, i, node, argument of perihelion (au, radians), shape (5, n)."""
    angles = (np.radians(getattr(orbits, name)) for name in ("i_deg", "node_deg", "peri_deg"))
    return np.stack([orbits.q_au, orbits.e, *angles])


def _wrapped(angle: FloatArray) -> FloatArray:
    return np.asarray(np.remainder(angle + np.pi, 2.0 * np.pi) - np.pi)


_CRITERIA: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "southworth_hawkins": _southworth_hawkins,
    "drummond": _drummond,
    "jopek": _jopek,
}
