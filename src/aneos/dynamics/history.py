"""Patterns in an object's meetings with the Earth, each against what its natural look-alikes show.

Orbits that meet the Earth at all meet it in patterns: the synodic period alone makes them periodic, and commensurable
periods make them resonant. So a pattern says something only where the object shows more of it than natural objects
of like orbit do. Look-alikes have the semi-major axis, eccentricity and inclination of the nearest catalogued
near-Earth asteroids and random angles; the object's rank among them gives the p-value of each statistic, and Holm's
(1979) rule keeps the chance of any false signal below the level asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aneos.catalogue import Catalogue, load_bundled
from aneos.dynamics import native
from aneos.dynamics.clones import generator
from aneos.dynamics.coorbital import (
    STEP_DAYS,
    YEAR_DAYS,
    CoorbitalSpell,
    coorbital_spells,
    librating_days,
    relative_longitude_deg,
    spell_at,
)
from aneos.dynamics.encounters import EARTH_AU
from aneos.dynamics.engine import DEFAULT_FORCES
from aneos.dynamics.ephemeris import FIRST_JD, LAST_JD
from aneos.dynamics.forces import ForceModel
from aneos.dynamics.resonance import libration_gap_deg
from aneos.dynamics.states import States, concatenate
from aneos.errors import InputError
from aneos.orbits import KeplerianElements, state_to_elements

FloatArray = npt.NDArray[np.float64]

LOOK_ALIKES: Final = 199
LEVEL: Final = 0.05
SCALES: Final = (0.1, 0.1, 5.0)
"""Differences in a (au), e and i (degrees) that count alike when the nearest natural orbits are looked for."""
LEAST_ENCOUNTERS: Final = 4
"""With fewer approaches no periodicity is looked for."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One statistic, the higher the more of the pattern, and its rank among the look-alikes.

    ``p_value`` is (1 + look-alikes with at least as much) / (1 + look-alikes); ``adjusted_p`` is Holm's over all
    patterns; ``signal`` is ``adjusted_p`` <= the level.
    """

    name: str
    value: float
    unit: str
    null_median: float
    p_value: float
    adjusted_p: float
    signal: bool
    summary: str


@dataclass(frozen=True, slots=True, eq=False)
class EncounterPatterns:
    """The patterns of one object, its co-orbital state at its epoch and its states through the span."""

    patterns: tuple[Pattern, ...]
    state: CoorbitalSpell | None
    spells: tuple[CoorbitalSpell, ...]
    approaches_tdb_jd: FloatArray
    provenance: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Life:
    """What one object does through the span."""

    approaches: FloatArray
    captured_days: float
    elements: KeplerianElements | None


def encounter_patterns(
    state: States,
    look_alikes: States,
    *,
    first_tdb_jd: float = FIRST_JD,
    last_tdb_jd: float = LAST_JD,
    level: float = LEVEL,
    forces: ForceModel = DEFAULT_FORCES,
    threads: int | None = None,
) -> EncounterPatterns:
    """The patterns of one object (one row) between two epochs, tested against look-alikes at the same epoch.

    Raises InputError for more than one row, fewer than 19 look-alikes (no p-value below 0.05 could come out),
    different epochs, a level that is no probability, and epochs outside the kernels.
    """
    if len(state) != 1:
        raise InputError(f"one object is wanted, not {len(state)}", source="state")
    if len(look_alikes) < 19:
        raise InputError(
            f"{len(look_alikes)} look-alikes cannot give a p-value below 0.05", source="look_alikes"
        )
    if np.any(look_alikes.epoch_tdb_jd != state.epoch_tdb_jd[0]):
        raise InputError("look-alikes need the object's epoch", source="look_alikes")
    if not 0.0 < level < 1.0:
        raise InputError(f"the level must lie between 0 and 1, not {level}", source="level")
    lives = _lives(concatenate([state, look_alikes]), first_tdb_jd, last_tdb_jd, forces, threads)
    if lives[0].elements is None:
        raise InputError("the object does not last through the span: it collides or its state is not finite")
    spells = _spells(lives[0])
    return EncounterPatterns(
        _tested(_statistics(lives), level),
        spell_at(spells, float(state.epoch_tdb_jd[0])),
        tuple(spells),
        lives[0].approaches,
        {
            "forces": forces.to_dict(),
            "span_tdb_jd": [first_tdb_jd, last_tdb_jd],
            "look_alikes": len(look_alikes),
            "look_alikes_lost": sum(life.elements is None for life in lives[1:]),
            "level": level,
        },
    )


def false_signal_rate(
    look_alikes: States,
    *,
    first_tdb_jd: float = FIRST_JD,
    last_tdb_jd: float = LAST_JD,
    level: float = LEVEL,
    forces: ForceModel = DEFAULT_FORCES,
    threads: int | None = None,
) -> tuple[int, int]:
    """Each look-alike tested against all the others: how many show any signal, and how many were tested.

    Objects that do not last through the span are not tested but stay in the null. Raises InputError for fewer than
    20 look-alikes.
    """
    if len(look_alikes) < 20:
        raise InputError(f"{len(look_alikes)} look-alikes are too few", source="look_alikes")
    lives = _lives(look_alikes, first_tdb_jd, last_tdb_jd, forces, threads)
    statistics = _statistics(lives)
    tested = [row for row, life in enumerate(lives) if life.elements is not None]
    signals = 0
    for row in tested:
        first = {
            name: (unit, [values[row], *values[:row], *values[row + 1 :]])
            for name, (unit, values) in statistics.items()
        }
        signals += any(pattern.signal for pattern in _tested(first, level))
    return signals, len(tested)


def natural_look_alikes(
    elements: KeplerianElements,
    n: int = LOOK_ALIKES,
    *,
    seed: int = 0,
    catalogue: Catalogue | None = None,
) -> States:
    """``n`` natural objects of like orbit, at the epoch of ``elements`` (one row), without radiation pressure.

    Semi-major axis, eccentricity and inclination are those of the n nearest catalogued objects (the object itself
    left out), angles are random. Raises InputError for more than one row or a catalogue that is too small.
    """
    if len(elements) != 1:
        raise InputError(f"one orbit is wanted, not {len(elements)}", source="elements")
    natural = KeplerianElements.from_table((load_bundled() if catalogue is None else catalogue).table)
    distance = np.sqrt(
        ((natural.a_au - elements.a_au[0]) / SCALES[0]) ** 2
        + ((natural.e - elements.e[0]) / SCALES[1]) ** 2
        + ((natural.i_deg - elements.i_deg[0]) / SCALES[2]) ** 2
    )
    others = np.flatnonzero(np.isfinite(distance) & (distance > 1e-3) & (natural.e < 1.0))
    if others.size < n:
        raise InputError(f"the catalogue has {others.size} other orbits, not {n}", source="catalogue")
    chosen = natural.take(others[np.argsort(distance[others], kind="stable")[:n]])
    node, peri, mean = generator(seed, __name__).uniform(0.0, 360.0, (3, n))
    epoch = np.full(n, float(elements.epoch_tdb_jd[0]))
    return States.from_elements(
        KeplerianElements(chosen.a_au, chosen.e, chosen.i_deg, node, peri, mean, epoch)
    )


def periodicity(approaches_tdb_jd: FloatArray) -> float:
    """Largest Rayleigh power n R^2 of the approach times over trial periods of 1 to 60 years.

    R is the length of the mean of exp(2 pi i t / P). With fewer than four approaches 0: they are always periodic.
    """
    n = approaches_tdb_jd.size
    if n < LEAST_ENCOUNTERS:
        return 0.0
    span = (LAST_JD - FIRST_JD) / YEAR_DAYS
    frequencies = np.arange(1.0 / 60.0, 1.0, 0.25 / span)
    phases = 2.0 * np.pi * np.outer(frequencies, approaches_tdb_jd / YEAR_DAYS)
    return float(np.max(np.hypot(np.cos(phases).sum(axis=1), np.sin(phases).sum(axis=1)) ** 2) / n)


def _lives(states: States, first: float, last: float, forces: ForceModel, threads: int | None) -> list[_Life]:
    """Approaches, captures and elements of every row through the span."""
    n, epoch = len(states), float(states.epoch_tdb_jd[0])
    if not first < epoch < last:
        raise InputError(f"the epoch JD {epoch:.1f} lies outside the span {first:.1f} to {last:.1f}")
    sides = [np.arange(epoch, last, STEP_DAYS)[1:], np.arange(epoch, first, -STEP_DAYS)[1:]]
    paths: list[list[FloatArray]] = [[] for _ in range(n)]
    approaches: list[list[FloatArray]] = [[] for _ in range(n)]
    captured = np.zeros(n)
    for end, samples in zip((last, first), sides, strict=True):
        for part in native.integrate(
            states,
            end,
            forces,
            samples_tdb_jd=samples,
            within_au=(EARTH_AU, 0.0),
            captures=True,
            threads=threads,
        ):
            met = part.encounters[(part.encounters[:, 1] == 1.0) & (part.encounters[:, 2] == 0.0)]
            held = part.captures
            for k in range(len(part.rows)):
                row = part.offset + k
                paths[row].append(part.sampled[k])
                approaches[row].append(met[met[:, 0] == k, 3] + 2_451_545.0)
                captured[row] += np.abs(held[held[:, 0] == k, 2] - held[held[:, 0] == k, 1]).sum()
    start = native.barycentric(states)
    epochs = np.concatenate([sides[1][::-1], [epoch], sides[0]])
    return [
        _Life(
            np.sort(np.concatenate(approaches[row])),
            float(captured[row]),
            _elements(np.concatenate([paths[row][1][::-1], start[row : row + 1], paths[row][0]]), epochs),
        )
        for row in range(n)
    ]


def _elements(barycentric: FloatArray, epochs: FloatArray) -> KeplerianElements | None:
    if not np.isfinite(barycentric).all():
        return None
    position, velocity = native.to_heliocentric_ecliptic(barycentric, epochs)
    return state_to_elements(position, velocity, epochs)


def _spells(life: _Life) -> list[CoorbitalSpell]:
    if life.elements is None:
        return []
    return coorbital_spells(life.elements.epoch_tdb_jd, relative_longitude_deg(life.elements))


def _statistics(lives: list[_Life]) -> dict[str, tuple[str, list[float]]]:
    """Unit and values of every statistic, in the order of the lives."""
    return {
        "periodicity": ("", [periodicity(life.approaches) for life in lives]),
        "resonance": ("deg", [_gap(life) for life in lives]),
        "co-orbital": ("yr", [librating_days(_spells(life)) / YEAR_DAYS for life in lives]),
        "capture": ("d", [life.captured_days for life in lives]),
    }


def _gap(life: _Life) -> float:
    return 0.0 if life.elements is None else libration_gap_deg(life.elements)


def _tested(statistics: dict[str, tuple[str, list[float]]], level: float) -> tuple[Pattern, ...]:
    """Ranks of the first entry of each statistic among the others, and Holm's adjustment over all."""
    ranks = {}
    for name, (_, values) in statistics.items():
        null = np.array(values[1:])
        ranks[name] = (1.0 + np.sum(null >= values[0])) / (1.0 + null.size)
    order = sorted(ranks, key=lambda name: ranks[name])
    adjusted, running = {}, 0.0
    for position, name in enumerate(order):
        running = max(running, min(1.0, (len(order) - position) * ranks[name]))
        adjusted[name] = running
    return tuple(
        Pattern(
            name,
            values[0],
            unit,
            float(np.median(values[1:])),
            float(ranks[name]),
            float(adjusted[name]),
            bool(adjusted[name] <= level),
            _sentence(name, values[0], unit, ranks[name], adjusted[name] <= level),
        )
        for name, (unit, values) in statistics.items()
    )


def _sentence(name: str, value: float, unit: str, p_value: float, signal: bool) -> str:
    measured = f"{value:.3g} {unit}".strip()
    verdict = "more than its natural look-alikes" if signal else "no more than chance gives among look-alikes"
    return f"{name.capitalize()}: {measured}, {verdict} (p = {p_value:.3g})."
