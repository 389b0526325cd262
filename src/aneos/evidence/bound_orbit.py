"""Orbits whose epoch finds the object beside the Earth: what the orbit line can say of them.

Inside the Earth's Hill sphere elements about the Sun describe the moment, not the orbit. Of an object that is bound
there, the orbit line weighs that it is bound, with the shares of the short-arc line (:mod:`aneos.evidence.short_arc`);
of one that passes by, the sentence says how near the Earth is. The identity line compares places and velocities with
the registry integrated to that epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.identify import Match
from aneos.artificial.nbody_identify import NBodyMatch
from aneos.constants import AU_KM, AU_PER_DAY_KMS, GM_EARTH_KM3_S2
from aneos.evidence.base import Evidence, EvidenceColumns, FloatArray, missing, not_applicable
from aneos.evidence.identity import COVERAGE, COVERAGE_INTERVAL, LINE, IdentityScore
from aneos.evidence.prepared import Prepared
from aneos.orbits import KeplerianElements, earth_elements, elements_to_state

LOOKED_AT_AU: Final = 0.012
"""Distance from the Earth's mean place (good to 2e-4 au) within which the ephemeris is asked; wider than the Hill
sphere."""

LEAST_ARC_DAYS: Final = 1.0
"""Arcs below this leave open whether an object is bound, whatever their best orbit says."""

MOST_COMPARED: Final = 50
"""Objects of a table that are compared with the integrated registry, which takes 0.03 s each."""

LEAST_CHANCE: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """The rows (m,) whose object is within the Hill sphere at its epoch: distance from the Earth's centre, whether its
    elements are bound there, and bound tightly (inside the Moon's orbit), and whether the arc is long enough for that
    to be believed (a day at least, or not given: elements are then taken at their word)."""

    rows: npt.NDArray[np.intp]
    distance_au: FloatArray
    bound: npt.NDArray[np.bool_]
    tight: npt.NDArray[np.bool_]
    sure: npt.NDArray[np.bool_]

    def place(self, row: int) -> int | None:
        """Where a row of the table stands among these; None where it is not beside the Earth."""
        found = np.flatnonzero(self.rows == row)
        return int(found[0]) if found.size else None


def beside_the_earth(prepared: Prepared) -> Beside:
    """Which objects stand within the Earth's Hill sphere at the epoch of their elements (1900 to 2100)."""
    rows = np.flatnonzero(prepared.encounters.moid_au < LOOKED_AT_AU)
    position, velocity = elements_to_state(KeplerianElements.from_table(prepared.table[rows]))
    epoch = prepared.column("epoch_tdb_jd")[rows]
    moments, which = np.unique(epoch, return_inverse=True)
    mean_earth, _ = elements_to_state(earth_elements(moments))
    near = np.linalg.norm(position - mean_earth[which], axis=1) < LOOKED_AT_AU
    if not near.any():
        return Beside(rows[near], np.empty(0), near[near], near[near], near[near])
    sure = ~(prepared.column("arc_days")[rows] < LEAST_ARC_DAYS)
    return _measured(rows[near], position[near], velocity[near], epoch[near], sure[near])


def _measured(
    rows: npt.NDArray[np.intp],
    position: FloatArray,
    velocity: FloatArray,
    epoch: FloatArray,
    sure: npt.NDArray[np.bool_],
) -> Beside:
    """Distances and energies from the ephemeris; epochs that it does not have are left out."""
    from aneos.astrometry.geocentric import HILL_RADIUS_AU, TIGHT_KM2_S2
    from aneos.dynamics import body_states
    from aneos.dynamics.ephemeris import FIRST_JD, LAST_JD

    known = (epoch >= FIRST_JD) & (epoch <= LAST_JD)
    rows, sure = rows[known], sure[known]
    position, velocity, epoch = position[known], velocity[known], epoch[known]
    earth_r, earth_v = body_states("Earth", epoch)
    distance = np.linalg.norm(position - earth_r, axis=1)
    inside = distance < HILL_RADIUS_AU
    speed = np.linalg.norm(velocity - earth_v, axis=1) * AU_PER_DAY_KMS
    energy = 0.5 * speed**2 - GM_EARTH_KM3_S2 / np.maximum(distance * AU_KM, 1.0)
    rows, distance, energy, sure = rows[inside], distance[inside], energy[inside], sure[inside]
    return Beside(rows, distance, energy < 0.0, energy < TIGHT_KM2_S2, sure)


def orbit_columns(columns: EvidenceColumns, beside: Beside) -> EvidenceColumns:
    """The orbit line with the bound objects weighed as such; not measured where the arc leaves open that they are."""
    if not beside.bound.any():
        return columns
    from aneos.evidence import short_arc

    names = ("measured", "log10_bayes_factor", "lo", "hi")
    values = {name: getattr(columns, name).copy() for name in names}
    for place in np.flatnonzero(beside.bound):
        row, state = beside.rows[place], short_arc.states_of(1.0, float(beside.tight[place]))
        told = (
            [short_arc.log10_ratio(state, end) for end in (None, 0, 1)] if beside.sure[place] else [0.0] * 3
        )
        for name, value in zip(names, (beside.sure[place], *told), strict=True):
            values[name][row] = value
    return replace(columns, **values)


def p_values(p_orbit: FloatArray, beside: Beside) -> FloatArray:
    """The orbit line's p-values (n,) with those of the bound objects: the share of natural bodies that are bound so."""
    if not beside.bound.any():
        return p_orbit
    from aneos.evidence import short_arc

    out = p_orbit.copy()
    wide, tight = short_arc.natural_shares()
    share = np.where(beside.tight, tight, wide)
    out[beside.rows[beside.bound]] = np.where(beside.sure, share, np.nan)[beside.bound]
    return out


Found = Mapping[int, NBodyMatch | None]
"""What :func:`compared_there` found, by row of the table; rows that were not compared are absent."""


def compared_there(prepared: Prepared, beside: Beside) -> Found:
    """The best match of the objects beside the Earth (the first :data:`MOST_COMPARED`) with the registry, integrated
    to their epoch and compared about the Earth or the Sun; None where nothing is near.

    In a whole catalogue only those that are bound: of the others the place at the epoch is an accident."""
    from aneos.artificial.nbody_identify import identify_state
    from aneos.dynamics import States

    found: dict[int, NBodyMatch | None] = {}
    rows = beside.rows if len(prepared) <= MOST_COMPARED else beside.rows[beside.bound]
    for row in rows[:MOST_COMPARED]:
        elements = KeplerianElements.from_table(prepared.table[[int(row)]])
        found[int(row)] = identify_state(States.from_elements(elements))
    return found


def identity_columns(known: IdentityScore, beside: Beside, found: Found) -> EvidenceColumns:
    """The identity line with what was found beside the Earth; bound objects without a match are not measured."""
    columns = known.columns
    if beside.rows.size == 0:
        return columns
    values = {name: getattr(columns, name).copy() for name in ("measured", "log10_bayes_factor", "lo", "hi")}
    for place, row in enumerate(beside.rows):
        match, other = found.get(int(row)), known.matches[row]
        if match is not None and match.identified:
            told: tuple[bool, float, float, float] = (True, *_weight(match.chance_probability))
        elif beside.bound[place] and not (other is not None and other.identified):
            told = (False, 0.0, 0.0, 0.0)
        else:
            continue
        for name, value in zip(("measured", "log10_bayes_factor", "lo", "hi"), told, strict=True):
            values[name][row] = value
    return replace(columns, **values)


def matches(known: IdentityScore, found: Found) -> list[Match | NBodyMatch | None]:
    """The match of every row: that beside the Earth where it names the object, else that of the orbits."""
    out: list[Match | NBodyMatch | None] = list(known.matches)
    for row, match in found.items():
        if match is not None and match.identified:
            out[row] = match
    return out


def explain_identity(columns: EvidenceColumns, row: int, found: Found) -> Evidence | None:
    """The identity line of an object beside the Earth; None where the comparison of orbits stands."""
    match = found.get(row)
    if match is not None and match.identified:
        title = match.name if match.cospar is None else f"{match.name} ({match.cospar})"
        text = (
            f"Integrated to this epoch, {title} is at this place with this velocity within {match.distance_sigma:.1f} "
            f"widths; a scrambled registry matches as well with probability {match.chance_probability:.0e}."
        )
        interval = (float(columns.lo[row]), float(columns.hi[row]))
        inputs = {"from": "n-body", "coverage": COVERAGE} | match.to_dict()
        return Evidence(LINE, "measured", float(columns.log10_bayes_factor[row]), interval, text, inputs)
    if columns.measured[row]:
        return None
    done = "none of those that can be placed then matches" if row in found else "too many were given"
    return not_applicable(
        LINE,
        f"It is bound to the Earth at its epoch, where elements about the Sun identify nothing; of known objects, "
        f"integrated to that epoch, {done}.",
    )


def explain_orbit(line: Evidence, beside: Beside, place: int) -> Evidence:
    """The orbit line's sentence for an object beside the Earth."""
    distance = float(beside.distance_au[place])
    inputs = {**line.inputs, "earth_distance_at_epoch_au": distance}
    if not beside.bound[place]:
        caution = (
            f"{line.summary} At its epoch the Earth is {distance:.4f} au away and bends the orbit: the elements hold "
            "for that moment only."
        )
        return replace(line, summary=caution, inputs=inputs)
    if not beside.sure[place]:
        text = (
            f"Its elements are bound to the Earth at their epoch, {distance:.4f} au away, but less than a day of "
            "observations leaves that open; the observations themselves can be assessed."
        )
        return missing(line.line, text, inputs)
    tight = bool(beside.tight[place])
    inputs |= {"bound_to_earth": True, "tightly_bound": tight}
    telling = (
        "inside the Moon's orbit, where no natural body is captured"
        if tight
        else "as natural bodies are for months, about one catalogued in twenty thousand"
    )
    summary = f"It is bound to the Earth at its epoch, {distance:.4f} au away, {telling}."
    return replace(line, summary=summary, inputs=inputs)


def _weight(chance: float) -> tuple[float, float, float]:
    """log10 Bayes factor of a match by its chance probability, with its 90% interval.

    1/(2 sqrt(p)) is evidence that a p-value p gives without further assumptions (the calibrator of Vovk & Wang 2021,
    Annals of Statistics 49, 1736): less than the likelihood ratio would. The coverage of the registry enters as for
    orbits about the Sun.
    """
    factor = 0.5 / np.sqrt(max(chance, LEAST_CHANCE))
    middle, low, high = (
        float(np.log10((1.0 - share) + share * factor)) for share in (COVERAGE, *COVERAGE_INTERVAL)
    )
    return middle, min(low, middle), max(high, middle)
