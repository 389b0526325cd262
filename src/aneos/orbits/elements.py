"""Orbital elements as typed columns, and which of them describe an orbit at all.

Heliocentric, mean ecliptic and equinox of J2000, epochs in TDB; lengths in au, angles in degrees. Every
container holds float64 arrays of one shape (n,), and never checks on its own: :func:`check_elements` says
what is wrong with which row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.constants import AU_KM, GM_SUN_AU3_D2
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]

EPOCH_RANGE_JD = (1_721_425.5, 3_182_029.5)
"""Epochs from the year 1 to the year 4000; others are taken for a mistake (an MJD, say, or a time)."""

SUN_RADIUS_AU = 695_700.0 / AU_KM
"""Nominal radius of the Sun (IAU 2015 Resolution B3) in au."""

LARGEST_AU = 1e7
"""Fifty parsecs: semi-major axes and perihelia beyond it are a mistake or an overflow, not an orbit."""


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Arrays of one shape (n,): what the two containers below share."""

    def __post_init__(self) -> None:
        values = {
            f.name: np.atleast_1d(np.asarray(getattr(self, f.name), dtype=np.float64)) for f in fields(self)
        }
        shapes = {v.shape for v in values.values()}
        try:
            shape = np.broadcast_shapes(*shapes)
        except ValueError as error:
            raise InputError(f"element arrays differ in shape: {sorted(shapes)}") from error
        if len(shape) != 1:
            raise InputError(f"element arrays must have one dimension, not {len(shape)}")
        for name, value in values.items():
            object.__setattr__(self, name, np.broadcast_to(value, shape))

    def __len__(self) -> int:
        return int(getattr(self, fields(self)[0].name).shape[0])

    def take(self, rows: npt.ArrayLike | slice) -> Self:
        """The rows given by indices, a boolean mask or a slice."""
        index = rows if isinstance(rows, slice) else np.asarray(rows)
        return type(self)(*(np.atleast_1d(getattr(self, f.name)[index]) for f in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class KeplerianElements(_Columns):
    """Osculating Keplerian elements of n orbits. Hyperbolas have a < 0 and e > 1; a parabola has none."""

    a_au: FloatArray
    e: FloatArray
    i_deg: FloatArray
    node_deg: FloatArray
    peri_deg: FloatArray
    mean_anomaly_deg: FloatArray
    epoch_tdb_jd: FloatArray

    @classmethod
    def from_table(cls, table: pl.DataFrame) -> Self:
        """Elements of a catalogue table (columns of ``aneos.catalogue.schema``); nulls become NaN.

        Raises InputError where a column is absent.
        """
        names = [f.name for f in fields(cls)]
        absent = [name for name in names if name not in table.columns]
        if absent:
            raise InputError(f"the table lacks the element columns {', '.join(absent)}")
        return cls(*(table[name].cast(pl.Float64).to_numpy() for name in names))

    @property
    @np.errstate(all="ignore")
    def q_au(self) -> FloatArray:
        """Perihelion distance a (1 - e)."""
        return np.asarray(self.a_au * (1.0 - self.e))

    @property
    @np.errstate(all="ignore")
    def aphelion_au(self) -> FloatArray:
        """Aphelion distance a (1 + e); infinite on hyperbolas."""
        return np.where(self.e < 1.0, self.a_au * (1.0 + self.e), np.inf)

    @property
    @np.errstate(all="ignore")
    def mean_motion_deg_d(self) -> FloatArray:
        """Mean motion sqrt(GM / |a|^3) in degrees a day."""
        return np.degrees(np.sqrt(GM_SUN_AU3_D2 / np.abs(self.a_au) ** 3))

    @property
    @np.errstate(all="ignore")
    def period_days(self) -> FloatArray:
        """Orbital period in days; infinite on hyperbolas."""
        return np.where(self.e < 1.0, 360.0 / self.mean_motion_deg_d, np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class CometaryElements(_Columns):
    """Elements counted from perihelion, valid for every conic (e = 1 too)."""

    q_au: FloatArray
    e: FloatArray
    i_deg: FloatArray
    node_deg: FloatArray
    peri_deg: FloatArray
    tp_tdb_jd: FloatArray
    epoch_tdb_jd: FloatArray


@np.errstate(all="ignore")
def keplerian_to_cometary(elements: KeplerianElements, gm: float = GM_SUN_AU3_D2) -> CometaryElements:
    """Perihelion distance and the perihelion passage nearest to the epoch. ``gm`` in au^3/d^2."""
    return CometaryElements(
        elements.q_au,
        elements.e,
        elements.i_deg,
        elements.node_deg,
        elements.peri_deg,
        elements.epoch_tdb_jd - days_since_perihelion(elements, gm),
        elements.epoch_tdb_jd,
    )


@np.errstate(all="ignore")
def days_since_perihelion(elements: KeplerianElements, gm: float = GM_SUN_AU3_D2) -> FloatArray:
    """Days from the nearest perihelion passage to the epoch of the elements (negative before it)."""
    mean = elements.mean_anomaly_deg
    nearest = np.where(elements.e < 1.0, np.remainder(mean + 180.0, 360.0) - 180.0, mean)
    return np.asarray(np.radians(nearest) * np.sqrt(np.abs(elements.a_au) ** 3 / gm))


@np.errstate(all="ignore")
def cometary_to_keplerian(elements: CometaryElements, gm: float = GM_SUN_AU3_D2) -> KeplerianElements:
    """Semi-major axis and mean anomaly (0 to 360 degrees on ellipses) at the epoch. ``gm`` in au^3/d^2.

    Raises InputError for a parabola, which has neither.
    """
    parabola = np.flatnonzero(elements.e == 1.0)
    if parabola.size:
        raise InputError(f"row {parabola[0]} is a parabola (e = 1): it has no semi-major axis")
    a = elements.q_au / (1.0 - elements.e)
    mean = np.degrees(np.sqrt(gm / np.abs(a) ** 3) * (elements.epoch_tdb_jd - elements.tp_tdb_jd))
    mean = np.where(elements.e < 1.0, np.remainder(mean, 360.0), mean)
    return KeplerianElements(
        a, elements.e, elements.i_deg, elements.node_deg, elements.peri_deg, mean, elements.epoch_tdb_jd
    )


@np.errstate(all="ignore")
def check_elements(elements: KeplerianElements) -> list[str | None]:
    """Why each row describes no orbit; None where it does.

    Hyperbolas (e > 1, a < 0) pass: they are orbits, though no near-Earth asteroid has one.
    """
    reasons: list[str | None] = [None] * len(elements)
    for wrong, reason in _faults(elements):
        for row in np.flatnonzero(wrong):
            if reasons[row] is None:
                reasons[row] = reason(int(row))
    return reasons


def _faults(elements: KeplerianElements) -> list[tuple[npt.NDArray[np.bool_], Callable[[int], str]]]:
    """Each fault in the order of reporting: where it is, and the sentence for a row."""
    a, e, i = elements.a_au, elements.e, elements.i_deg
    low, high = EPOCH_RANGE_JD
    faults: list[tuple[npt.NDArray[np.bool_], Callable[[int], str]]] = []
    for f in fields(elements):
        values: FloatArray = getattr(elements, f.name)
        faults.append((~np.isfinite(values), _not_finite(f.name, values)))
    faults += [
        (e < 0.0, lambda row: f"e = {e[row]:g} is negative"),
        (e == 1.0, lambda row: "e = 1: a parabola has no semi-major axis"),
        (
            (e > 1.0) & (a >= 0.0),
            lambda row: f"e = {e[row]:g} is hyperbolic, but a_au = {a[row]:g} is not negative",
        ),
        (
            (e < 1.0) & (a <= 0.0),
            lambda row: f"e = {e[row]:g} is elliptic, but a_au = {a[row]:g} is not positive",
        ),
        (
            (np.abs(a) > LARGEST_AU) | (elements.q_au > LARGEST_AU),
            lambda row: f"a_au = {a[row]:g} with e = {e[row]:g} is no orbit about the Sun",
        ),
        (
            elements.q_au < SUN_RADIUS_AU,
            lambda row: f"perihelion at {elements.q_au[row]:g} au lies inside the Sun",
        ),
        ((i < 0.0) | (i > 180.0), lambda row: f"i_deg = {i[row]:g} lies outside 0 to 180"),
        (
            (elements.epoch_tdb_jd < low) | (elements.epoch_tdb_jd > high),
            lambda row: f"epoch_tdb_jd = {elements.epoch_tdb_jd[row]:.10g} is no date of the years 1 to 4000",
        ),
    ]
    return faults


def _not_finite(name: str, values: FloatArray) -> Callable[[int], str]:
    return lambda row: f"{name} is missing or not finite ({values[row]:g})"
