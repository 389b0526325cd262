"""Patterns in a population of orbits: groups of alike orbits, and a beat in the times of their meetings with Earth.

Both are held against null catalogues, as Schunová et al. (2012, Icarus 220, 1050) did for families of NEAs: the same
orbits turned about the pole (for groups) or with other places on the orbit (for meetings). That keeps how surveys
select orbits and destroys what a common origin would leave.

Who looks at several statistics finds something by chance more often than by one. The chance of each is therefore
corrected for all of them: it is the share of null catalogues whose *most* extreme statistic is as extreme (the
single-step min-p rule of Westfall & Young 1993). :func:`search` also counts how often a further null catalogue would
be called significant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from aneos.errors import InputError
from aneos.orbits import KeplerianElements, earth_elements, southworth_hawkins

FloatArray = npt.NDArray[np.float64]

D_CUT: Final = 0.025
"""Orbits nearer than this in D_SH are linked. Small, so that a catalogue of 40,000 NEAs does not link up by chance."""

LEVEL: Final = 0.02
"""Corrected chance from which a pattern is called significant. Below the 5% that a catalogue without pattern may be
called significant in, because 150 null catalogues leave the true rate of a 2% test anywhere up to about 5%."""

FEWEST_NULLS: Final = 99
SMEAR_DEG: Final = 20.0
REACH_DAYS: Final = 25_000.0
"""Meetings longer ago than this are not dated: nothing artificial left before 1957."""

PERIODS_DAYS: Final = (300.0, 2000.0, 400)
"""From, to and how many trial periods of the beat (evenly spaced in frequency)."""

STATISTICS: Final = (
    ("largest group", f"members of the largest group linked below D_SH {D_CUT:g}"),
    ("linked pairs", f"pairs of orbits below D_SH {D_CUT:g}"),
    ("beat of meetings", "largest Rayleigh power of the dates of last meetings, slow orbits"),
)

SLOW_TISSERAND: Final = 2.97
"""Meetings are dated for orbits with an Earth Tisserand parameter above this (encounter speeds below about 5 km/s)."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One statistic: its value in the catalogue and its chance under the null.

    ``chance`` is of this statistic alone, ``p_value`` corrected for all that were looked at; ``false`` of ``checks``
    further null catalogues were called significant by it.
    """

    name: str
    meaning: str
    value: float
    null_median: float
    chance: float
    p_value: float
    false: int
    nulls: int
    checks: int

    @property
    def significant(self) -> bool:
        return self.p_value <= LEVEL

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape."""
        return {
            "name": self.name, "meaning": self.meaning, "value": self.value, "null_median": self.null_median,
            "chance": self.chance, "p_value": self.p_value, "significant": self.significant, "false": self.false,
            "nulls": self.nulls, "checks": self.checks,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patterns:
    """What :func:`search` found. ``groups`` names the members of each linked group of three or more; in ``false`` of
    ``checks`` further null catalogues any pattern at all was called significant."""

    patterns: tuple[Pattern, ...]
    groups: tuple[tuple[str, ...], ...]
    false: int
    checks: int

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape."""
        return {
            "patterns": [item.to_dict() for item in self.patterns],
            "groups": [list(group) for group in self.groups],
            "false": self.false,
            "checks": self.checks,
        }


def search(table: pl.DataFrame, *, nulls: int = 200, checks: int = 200, seed: int = 0) -> Patterns:
    """Look for groups and for a beat in a catalogue table.

    ``nulls`` null catalogues give the chance of each statistic, ``checks`` further ones the rate at which a catalogue
    without pattern is called significant. Raises InputError for fewer nulls than the level needs.
    """
    if nulls < FEWEST_NULLS or checks < 1:
        raise InputError(f"at least {FEWEST_NULLS} null catalogues and one check are needed", source="nulls")
    closed = table.filter((pl.col("e") < 1.0) & (pl.col("a_au") > 0.0))
    elements = KeplerianElements.from_table(closed)
    slow = elements.take(_slow(elements))
    rng = np.random.default_rng([seed, 23])
    value = np.array([*_group_statistics(elements), beat(slow)])
    drawn = np.array(
        [
            [*_group_statistics(smear_nodes(elements, rng)), beat(shuffle_places(slow, rng))]
            for _ in range(nulls + checks)
        ]
    )
    null, further = drawn[:nulls], drawn[nulls:]
    chance, corrected = corrected_chances(value, null)
    false = np.array([corrected_chances(row, null)[1] <= LEVEL for row in further])
    found = tuple(
        Pattern(
            name, meaning, float(value[k]), float(np.median(null[:, k])), float(chance[k]), float(corrected[k]),
            int(false[:, k].sum()), nulls, checks,
        )
        for k, (name, meaning) in enumerate(STATISTICS)
    )  # fmt: skip
    return Patterns(found, groups(closed), int(false.any(axis=1).sum()), checks)


def corrected_chances(value: FloatArray, null: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Chance of each statistic alone and corrected for all of them, shapes (k,), from ``null`` of shape (n, k).

    The catalogue is one of n + 1 exchangeable rows: each row's most extreme rank is compared, so a row without pattern
    gets a corrected chance below α in at most a share α of runs. Ties count as as extreme: the careful side.
    """
    rows = np.vstack([value, null])
    ordered = np.sort(rows, axis=0)
    share = np.column_stack(
        [
            1.0 - np.searchsorted(ordered[:, k], rows[:, k], side="left") / len(rows)
            for k in range(rows.shape[1])
        ]
    )
    most = share.min(axis=1)
    corrected = np.array([np.mean(most <= chance + 1e-12) for chance in share[0]])
    return np.asarray(share[0]), corrected


def groups(table: pl.DataFrame, fewest: int = 3) -> tuple[tuple[str, ...], ...]:
    """Designations of each group of ``fewest`` or more orbits linked below :data:`D_CUT`, the largest first."""
    labels = _labels(table.height, pairs_below(KeplerianElements.from_table(table)))
    names = table["designation"].to_list()
    sizes = np.bincount(labels)
    chosen = sorted(np.flatnonzero(sizes >= fewest), key=lambda label: -sizes[label])
    return tuple(tuple(names[row] for row in np.flatnonzero(labels == label)) for label in chosen)


def pairs_below(elements: KeplerianElements, cut: float = D_CUT) -> npt.NDArray[np.intp]:
    """Index pairs (m, 2) of orbits with D_SH (Southworth & Hawkins 1963) below ``cut``.

    The distance in (q, e, direction of the angular momentum) never exceeds D_SH, so a tree over those five numbers
    finds every candidate and the criterion itself is computed for few.
    """
    i, node = np.radians(elements.i_deg), np.radians(elements.node_deg)
    pole = (np.sin(i) * np.sin(node), -np.sin(i) * np.cos(node), np.cos(i))
    points = np.column_stack([elements.q_au, elements.e, *pole])
    near = cKDTree(points).query_pairs(cut, output_type="ndarray").astype(np.intp)
    if len(near) == 0:
        return np.asarray(near, dtype=np.intp)
    distance = southworth_hawkins(elements.take(near[:, 0]), elements.take(near[:, 1]))
    return np.asarray(near[distance < cut], dtype=np.intp)


def beat(elements: KeplerianElements) -> float:
    """Largest Rayleigh power over trial periods of the dates when each orbit last had the Earth's mean longitude."""
    dates = last_meetings(elements)
    if dates.size < 2:
        return 0.0
    low, high, count = PERIODS_DAYS
    frequencies, step = np.linspace(1.0 / high, 1.0 / low, count, retstep=True)
    since = dates - dates.mean()
    turn, phase = np.exp(2j * np.pi * step * since), np.exp(2j * np.pi * frequencies[0] * since)
    power = 0.0
    for _ in range(count):
        power = max(power, float(np.abs(phase.sum()) ** 2))
        phase *= turn
    return power / dates.size


def last_meetings(elements: KeplerianElements) -> FloatArray:
    """TDB Julian dates at which orbits last shared the Earth's mean longitude, on two-body motion, shape (m,).

    Orbits whose last meeting lies more than :data:`REACH_DAYS` back are left out.
    """
    earth = earth_elements(elements.epoch_tdb_jd)
    ahead = _mean_longitude(elements) - _mean_longitude(earth)
    rate = elements.mean_motion_deg_d - earth.mean_motion_deg_d
    since = np.where(rate >= 0.0, np.remainder(ahead, 360.0), np.remainder(-ahead, 360.0))
    with np.errstate(divide="ignore"):
        days = since / np.abs(rate)
    return np.asarray((elements.epoch_tdb_jd - days)[days < REACH_DAYS])


def smear_nodes(elements: KeplerianElements, rng: np.random.Generator) -> KeplerianElements:
    """A null catalogue for groups: every orbit turned about the pole by a random angle of some :data:`SMEAR_DEG`.

    Small enough to keep the seasons of surveys and the crowding of perihelia that the planets cause, large enough to
    part orbits of a common origin. Near-circular orbits in the ecliptic hardly change, in the null as in the sky.
    """
    turned = elements.node_deg + SMEAR_DEG * rng.standard_normal(len(elements))
    return KeplerianElements(
        elements.a_au, elements.e, elements.i_deg, np.remainder(turned, 360.0), elements.peri_deg,
        elements.mean_anomaly_deg, elements.epoch_tdb_jd,
    )  # fmt: skip


def shuffle_places(elements: KeplerianElements, rng: np.random.Generator) -> KeplerianElements:
    """A null catalogue for meetings: places on the orbit drawn anew, evenly, all else kept."""
    return KeplerianElements(
        elements.a_au, elements.e, elements.i_deg, elements.node_deg, elements.peri_deg,
        rng.uniform(0.0, 360.0, len(elements)), elements.epoch_tdb_jd,
    )  # fmt: skip


def describe(found: Patterns) -> str:
    """The Markdown of a report."""
    lines = [
        "## Patterns in the population",
        "Orbits alike beyond chance, and a beat in the dates of their meetings with the Earth, against null catalogues "
        "of the same orbits, turned about the pole or with other places on the orbit. *Corrected* is the chance that "
        "the most extreme of all these statistics is as extreme in a catalogue without pattern; a pattern is called "
        f"significant where that is at most {LEVEL:g}.",
        "| statistic | catalogue | null median | chance alone | corrected | significant |",
        "|---|---|---|---|---|---|",
    ]
    for item in found.patterns:
        lines.append(
            f"| {item.meaning} | {item.value:.4g} | {item.null_median:.4g} | {item.chance:.3g} | {item.p_value:.3g} "
            f"| {'yes' if item.significant else 'no'} |"
        )
    shown = "; ".join(", ".join(group) for group in found.groups[:5]) or "none"
    head, rows = lines[:2], lines[2:]
    return "\n\n".join(
        [*head, "\n".join(rows), f"Groups of three or more: {len(found.groups)}. The largest: {shown}."]
    )


def _group_statistics(elements: KeplerianElements) -> tuple[float, float]:
    pairs = pairs_below(elements)
    return float(np.bincount(_labels(len(elements), pairs)).max(initial=0)), float(len(pairs))


def _labels(n: int, pairs: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.intp)


def _slow(elements: KeplerianElements) -> npt.NDArray[np.bool_]:
    root = np.sqrt(elements.a_au * (1.0 - elements.e**2))
    return np.asarray(1.0 / elements.a_au + 2.0 * root * np.cos(np.radians(elements.i_deg)) > SLOW_TISSERAND)


def _mean_longitude(elements: KeplerianElements) -> FloatArray:
    return np.asarray(elements.node_deg + elements.peri_deg + elements.mean_anomaly_deg)
