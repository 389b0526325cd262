"""Candidates beside known objects at the candidates' own epochs: distances in widths.

    D² = (Δa/σ_a)² + |Δe|²/σ_e² + |Δi|²/σ_i² + (Δλ/σ_λ)²

with the e and i vectors and the mean longitude λ of :mod:`aneos.artificial.trajectories`, and the widths of
both orbits added in quadrature. D² of a true pair follows chi-square with six degrees of freedom as far as
the widths are right.

Which of several objects within a few widths agrees best is decided by the likelihood ratio "same object"
against "angles at random": exp(-D²/2) times what the three angles alone can tell at best, the product of the
peaks of three von Mises densities over the uniform one. An object whose place is hardly known can come close
in D, but never tell much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import i0e

from aneos.artificial.candidate_widths import candidate_widths, trials_that_count
from aneos.artificial.chance import chance_of_any, chance_of_one
from aneos.artificial.places import Places, places_of, registry_places
from aneos.artificial.trajectories import Equinoctial, Trajectory, Widths, equinoctial, load_trajectories
from aneos.orbits import KeplerianElements, earth_elements

FloatArray = npt.NDArray[np.float64]

REACH: Final = 18.0
"""Pairs farther apart than this, in widths, are not looked at more closely."""

NEAR_EARTH_DEG: Final = 20.0
"""Of the near-Earth asteroids seen since 2025 on orbits of 0.9 to 1.15 au, 39% lie within this longitude of the
Earth (11% if phases were uniform), so phases are scrambled within a range that allows for it."""

BLOCK: Final = 50_000
"""So many candidates are held against all known objects at once, not to take more memory than the answer does."""

EXPECTED_SQUARE: Final = 6.0
"""Mean D² of a true pair. Better agreement counts as this good only: no chance probability goes to zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """All n candidates against all m known objects.

    ``distance`` has shape (trials, m, n): D under each set of candidate widths in ``widths`` (two or three, see
    :mod:`aneos.artificial.candidate_widths`); infinite beyond REACH, NaN where the candidate has no ellipse
    or the known object no known place at that epoch. ``places`` holds each known object at the distinct
    epochs, ``day`` (n,) which of these is each candidate's, and ``trials`` (n,) how many sets count for each.
    """

    trajectories: tuple[Trajectory, ...]
    distance: FloatArray
    candidates: Equinoctial
    widths: tuple[Widths, ...]
    epoch_tdb_jd: FloatArray
    day: npt.NDArray[np.int_]
    places: Places
    trials: npt.NDArray[np.int_]

    @property
    def compared(self) -> npt.NDArray[np.int_]:
        """How many known objects each candidate could be compared with, shape (n,)."""
        return np.asarray((~np.isnan(self.distance[0])).sum(axis=0))

    @property
    def nearest(self) -> FloatArray:
        """Least D of each candidate, shape (n,); infinite where none lies within REACH."""
        known = np.where(np.isnan(self.distance), np.inf, self.distance)
        return np.asarray(known.min(axis=(0, 1), initial=np.inf))

    def known_at(self, row: int) -> npt.NDArray[np.bool_]:
        """Which known objects can be placed at a candidate's epoch, shape (m,)."""
        return np.asarray(~np.isnan(self.distance[0, :, row]))


def compare(table: pl.DataFrame, *, trajectories: Sequence[Trajectory] | None = None) -> Comparison:
    """Distances D of every row of a catalogue table from every known object, at the row's epoch.

    Needs the catalogue's element columns; raises InputError where one is absent. ``trajectories`` default to
    the bundled registry.
    """
    known = tuple(load_trajectories() if trajectories is None else trajectories)
    elements = KeplerianElements.from_table(table)
    usable = (elements.e >= 0.0) & (elements.e < 1.0) & (elements.a_au > 0.0)
    for name in ("i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "epoch_tdb_jd"):
        usable &= np.isfinite(getattr(elements, name))
    candidates, widths = equinoctial(elements), candidate_widths(table, elements)
    epochs = np.where(usable, elements.epoch_tdb_jd, 0.0)
    days, day = np.unique(epochs, return_inverse=True)
    places = registry_places(days) if trajectories is None else places_of(known, days)
    distance = np.empty((len(widths), len(known), len(elements)))
    for trial, own in enumerate(widths):
        _gated(candidates, own, places, day, out=distance[trial])
    distance[:, :, ~usable] = np.nan
    return Comparison(known, distance, candidates, widths, epochs, day, places, trials_that_count(table))


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """One candidate with each of the n known objects whose place is known at its epoch.

    ``index`` are their positions among the trajectories; ``sigma`` the joint widths (n,).
    """

    index: npt.NDArray[np.int_]
    fit_epoch_tdb_jd: FloatArray
    candidate: Equinoctial
    known: Equinoctial
    sigma: Widths
    earth_longitude_deg: float

    @property
    def phase_range_deg(self) -> FloatArray:
        """Range of longitudes in which the phase is taken as random, (n,): see NEAR_EARTH_DEG."""
        own = np.abs(_turn(self.candidate.longitude_deg - self.earth_longitude_deg))
        other = np.abs(_turn(self.known.longitude_deg - self.earth_longitude_deg))
        return np.asarray(2.0 * np.maximum(np.maximum(own, other), NEAR_EARTH_DEG))

    @property
    def distance(self) -> FloatArray:
        """D of each pair, (n,)."""
        return _distance(self.candidate, self.known, self.sigma)

    @property
    def delta_a(self) -> FloatArray:
        """Δa in widths, (n,)."""
        return np.asarray((self.candidate.a_au - self.known.a_au) / self.sigma.a_au)

    @property
    def longitude_deg(self) -> FloatArray:
        """Mean longitude, candidate minus known, in [-180, 180)."""
        return _turn(self.candidate.longitude_deg - self.known.longitude_deg)

    def lengths(self, name: str) -> tuple[FloatArray, FloatArray]:
        """Lengths of the candidate's and the known objects' ``e_vector`` or ``i_vector``, each (n,)."""
        one, two = getattr(self.candidate, name), getattr(self.known, name)
        return np.linalg.norm(one, axis=1), np.linalg.norm(two, axis=1)

    def turn(self, name: str) -> FloatArray:
        """Angle between the two vectors in radians, (n,)."""
        one, two = getattr(self.candidate, name), getattr(self.known, name)
        cross = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
        return np.asarray(np.abs(np.arctan2(cross, np.sum(one * two, axis=1))))

    @property
    def peak(self) -> FloatArray:
        """Log of the likelihood ratio that perfect agreement would have, (n,): how much the angles can tell."""
        e, i = self.lengths("e_vector"), self.lengths("i_vector")
        concentrations = (
            e[0] * e[1] / self.sigma.e**2,
            i[0] * i[1] / self.sigma.i**2,
            1.0 / np.radians(self.sigma.longitude_deg) ** 2,
        )
        share = self.phase_range_deg / 360.0
        return np.asarray(np.log(share) - sum(np.log(i0e(c)) for c in concentrations))

    @property
    def log_ratio(self) -> FloatArray:
        """Log of the likelihood ratio "same object" to "angles at random", (n,)."""
        return np.asarray(self.peak - 0.5 * self.distance**2)

    def chance(self, place: int) -> float:
        """Probability that any object of a scrambled registry has a likelihood ratio as high as this pair's."""
        peak = self.peak
        level = peak[place] - 0.5 * max(float(self.distance[place]) ** 2, EXPECTED_SQUARE)
        each = chance_of_one(
            np.sqrt(2.0 * np.maximum(peak - level, 0.0)),
            self.delta_a,
            self.lengths("e_vector"),
            self.lengths("i_vector"),
            self.sigma.e,
            self.sigma.i,
            self.sigma.longitude_deg,
            self.phase_range_deg,
        )
        return chance_of_any(each)

    def residuals(self, place: int) -> tuple[dict[str, float], dict[str, float]]:
        """Differences and widths of one pair, in au and degrees."""
        e_vector = self.candidate.e_vector[place] - self.known.e_vector[place]
        i_vector = self.candidate.i_vector[place] - self.known.i_vector[place]
        difference = {
            "a_au": float(self.candidate.a_au[place] - self.known.a_au[place]),
            "e_vector": float(np.linalg.norm(e_vector)),
            "i_vector_deg": float(np.degrees(np.linalg.norm(i_vector))),
            "mean_longitude_deg": float(self.longitude_deg[place]),
        }
        sigma = {
            "a_au": float(self.sigma.a_au[place]),
            "e_vector": float(self.sigma.e[place]),
            "i_vector_deg": float(np.degrees(self.sigma.i[place])),
            "mean_longitude_deg": float(self.sigma.longitude_deg[place]),
        }
        return difference, sigma


def pairs_at(comparison: Comparison, row: int, trial: int = 0) -> Pairs:
    """One candidate, under one set of its widths, beside every object that it could be compared with."""
    index = np.flatnonzero(comparison.known_at(row))
    orbits, widths, fits = comparison.places.take(index, comparison.day[row])
    same = np.full(len(index), row)
    joint = _joint(comparison.widths[trial].take(same), widths)
    earth = earth_elements(comparison.epoch_tdb_jd[row])
    earth_longitude = float((earth.node_deg + earth.peri_deg + earth.mean_anomaly_deg)[0])
    return Pairs(index, fits, comparison.candidates.take(same), orbits, joint, earth_longitude)


def _gated(
    candidates: Equinoctial, own: Widths, places: Places, day: npt.NDArray[np.int_], *, out: FloatArray
) -> None:
    """D of all candidates from every object into ``out`` (m, n); those too far in a alone are not computed."""
    for start in range(0, len(candidates), BLOCK):
        part = slice(start, start + BLOCK)
        a_au = places.orbit.a_au[:, day[part]]
        out[:, part] = np.where(np.isnan(a_au), np.nan, np.inf)
        with np.errstate(invalid="ignore"):
            width = np.hypot(own.a_au[part], places.widths.a_au[:, day[part]])
            which, row = np.nonzero(np.abs(candidates.a_au[part] - a_au) <= REACH * width)
        if row.size:
            row += start
            orbit, widths, _ = places.take(which, day[row])
            exact = _distance(candidates.take(row), orbit, _joint(own.take(row), widths))
            out[which, row] = np.where(exact <= REACH, exact, np.inf)


def _distance(candidates: Equinoctial, known: Equinoctial, joint: Widths) -> FloatArray:
    square = ((candidates.a_au - known.a_au) / joint.a_au) ** 2
    square += np.sum((candidates.e_vector - known.e_vector) ** 2, axis=1) / joint.e**2
    square += np.sum((candidates.i_vector - known.i_vector) ** 2, axis=1) / joint.i**2
    square += (_turn(candidates.longitude_deg - known.longitude_deg) / joint.longitude_deg) ** 2
    return np.asarray(np.sqrt(square))


def _joint(one: Widths, two: Widths) -> Widths:
    return Widths(
        np.hypot(one.a_au, two.a_au),
        np.hypot(one.e, two.e),
        np.hypot(one.i, two.i),
        np.hypot(one.longitude_deg, two.longitude_deg),
    )


def _turn(degrees: FloatArray) -> FloatArray:
    return np.remainder(degrees + 180.0, 360.0) - 180.0
