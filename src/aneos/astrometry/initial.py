"""First orbits, about the Sun or about the Earth alike: a scan in distance, then growth over the arc.

A short piece of the arc fixes direction and angular rates well, distance and radial speed badly (the admissible
region of Milani et al. 2004, CMDA 90, 57). So the distance is stepped from Earth's surface to 6 au (systematic
ranging: Chesley 2005; Farnocchia et al. 2015, Icarus 258, 18), and at each the other five unknowns are fitted on the
full n-body trajectory, Earth and Sun both pulling: no choice of a central body is made. The good distances are kept
side by side while the arc grows outward, until the data decide between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aneos.astrometry.arc import Arc, IntArray
from aneos.astrometry.least_squares import WITH_A1, Prior, Solution, solve
from aneos.astrometry.prediction import GM_EARTH_AU3_D2
from aneos.constants import AU_KM, AU_PER_DAY_KMS, GM_SUN_AU3_D2
from aneos.dynamics.fitting import FloatArray, PropagationError

NEAREST_AU: Final = 7000.0 / AU_KM
FARTHEST_AU: Final = 6.0
STEPS: Final = 30
DISTANCE_TOLERANCE: Final = 0.02
SEED_OBSERVATIONS: Final = 10
"""Most observations used in the scan; more cost time and tell nothing new."""

MOST_IN_GROWTH: Final = 120
KEPT: Final = 6
GROW: Final = 1.0
"""An arc grows by this part of its length on either side, or to the next observation."""

GROUPS_AT_ONCE: Final = 3
"""Groups of observations tried together on one side before growth stops there."""

MISFIT_LIMIT: Final = 20.0
"""Median χ² over its expectation from which an orbit does not describe the observations at all."""

BELONGING: Final = 0.4
"""Part of the observations added in one step that must fit: one bad group beside a good one does not stop growth."""

WORSE_BY: Final = 60.0
A1_PRIOR_AU_D2: Final = 1.0e-5
"""σ of A1 about zero while it is not yet determined: 44 m²/kg, the heaviest known debris' AMR."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An orbit that fits a piece of the arc: rows [first, last) of the arc."""

    solution: Solution
    first: int
    last: int
    fitted: IntArray | None = None
    """Rows of the arc that the solution's residuals are of, where they are not all of them."""

    @property
    def rows(self) -> IntArray:
        return np.arange(self.first, self.last)


def first_orbits(arc: Arc) -> list[Candidate]:
    """Orbits that fit the best observed short piece of the arc, best first, one for each stretch of distances."""
    first, last = seed_window(arc)
    rows = thinned(np.arange(first, last))
    piece = arc.take(rows)
    middle = len(piece) // 2
    epoch = float(piece.time[middle])
    found: list[tuple[float, float, Solution]] = []
    for distance in np.geomspace(NEAREST_AU, FARTHEST_AU, STEPS):
        solution = fixed_distance(piece, middle, epoch, float(distance))
        if solution is not None:
            found.append((solution.cost, float(distance), solution))
    best = min((cost for cost, _, _ in found), default=np.inf)
    kept = [item for item in found if item[0] < best + WORSE_BY + 2.0 * best]
    return [Candidate(item[2], first, last) for item in _spread(kept)]


def seed_window(arc: Arc) -> tuple[int, int]:
    """First and last (exclusive) row of the piece of the arc that is scanned: the best observed day, or as many days
    as give six observations."""
    optical = np.flatnonzero(arc.optical)
    wanted = min(6, optical.size)
    for span in (1.0, 3.0, 10.0, 30.0, 90.0, 1e9):
        best: tuple[float, int, int] | None = None
        for start in optical:
            stop = int(np.searchsorted(arc.time, arc.time[start] + span, side="right"))
            inside = optical[(optical >= start) & (optical < stop)]
            length = float(arc.time[inside[-1]] - arc.time[inside[0]])
            if inside.size >= wanted and length > 0.003:
                score = min(inside.size, 30) * np.sqrt(length)
                if best is None or score > best[0]:
                    best = (float(score), int(inside[0]), int(inside[-1]) + 1)
        if best is not None:
            return best[1], best[2]
    return int(optical[0]), int(optical[-1]) + 1


def thinned(rows: IntArray, most: int = SEED_OBSERVATIONS) -> IntArray:
    """At most ``most`` of the rows, both ends kept, evenly spread."""
    if rows.size <= most:
        return rows
    return np.unique(rows[np.round(np.linspace(0, rows.size - 1, most)).astype(np.intp)])


def fixed_distance(piece: Arc, middle: int, epoch: float, distance: float) -> Solution | None:
    """The orbit through a given topocentric distance (au) at one observation; None where there is none."""
    state = straight_line(piece, middle, distance)
    prior = distance_prior(piece, middle, distance)
    try:
        return solve(
            piece, epoch, np.concatenate([state, np.zeros(3)]), robust=True, prior=prior, max_steps=7
        )
    except PropagationError:
        return None


def straight_line(piece: Arc, middle: int, distance: float) -> FloatArray:
    """State (6,) of a body seen from every observer at one distance, its path bent by Earth and Sun only."""
    place = piece.observer[:, :3] + distance * piece.direction
    lag = piece.time - piece.time[middle]
    here = place[middle]
    pull = np.zeros(3)
    for body, gm in ((piece.earth[middle], GM_EARTH_AU3_D2), (piece.sun[middle], GM_SUN_AU3_D2)):
        away = here - body[:3]
        pull -= gm * away / max(float(np.linalg.norm(away)), NEAREST_AU) ** 3
    unbent = place - 0.5 * pull * lag[:, None] ** 2
    design = np.stack([np.ones_like(lag), lag], axis=1)
    solution, *_ = np.linalg.lstsq(design, unbent, rcond=None)
    return np.concatenate([solution[0], solution[1]])


def distance_prior(piece: Arc, middle: int, distance: float) -> Prior:
    """Holds the distance at one observation, and keeps the radial speed within what bodies have."""
    observer, along = piece.observer[middle], piece.direction[middle]
    near = np.sqrt(2.0 * GM_EARTH_AU3_D2 / distance)
    usual = min(near + 4.0 / AU_PER_DAY_KMS, 25.0 / AU_PER_DAY_KMS)
    earth = piece.earth[middle]

    def prior(parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        slope = np.zeros((2, 9))
        slope[0, :3] = along / (DISTANCE_TOLERANCE * distance)
        slope[1, 3:6] = along / usual
        offset = parameters[:3] - observer[:3]
        radial = parameters[3:6] - earth[3:]
        return np.array(
            [
                (float(offset @ along) - distance) / (DISTANCE_TOLERANCE * distance),
                float(radial @ along) / usual,
            ]
        ), slope

    return prior


def speed_prior(arc: Arc, epoch: float) -> Prior:
    """Keeps an orbit that the data leave open within the solar system: σ of 25 km/s about the Earth's velocity on
    the line of sight, and of :data:`A1_PRIOR_AU_D2` on A1."""
    row = int(np.argmin(np.abs(arc.time - epoch)))
    along, earth = arc.direction[row], arc.earth[row]
    usual = 25.0 / AU_PER_DAY_KMS

    def prior(parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        slope = np.zeros((4, 9))
        slope[0, 3:6] = along / usual
        slope[1:, 6:] = np.eye(3) / A1_PRIOR_AU_D2
        value = np.concatenate(
            [[float((parameters[3:6] - earth[3:]) @ along) / usual], parameters[6:] / A1_PRIOR_AU_D2]
        )
        return value, slope

    return prior


def _spread(found: list[tuple[float, float, Solution]]) -> list[tuple[float, float, Solution]]:
    """The local minima over distance and, between them, the best of each stretch: at most :data:`KEPT`."""
    if len(found) <= KEPT:
        return sorted(found, key=lambda item: item[0])
    costs = np.array([cost for cost, _, _ in found])
    minima = [
        index
        for index in range(len(found))
        if costs[index] <= costs[max(index - 1, 0)] and costs[index] <= costs[min(index + 1, len(found) - 1)]
    ]
    chosen = sorted(minima, key=lambda index: costs[index])[: KEPT // 2]
    for index in np.round(np.linspace(0, len(found) - 1, KEPT - len(chosen))).astype(int):
        if index not in chosen:
            chosen.append(int(index))
    return sorted((found[index] for index in chosen), key=lambda item: item[0])


def grow_together(arc: Arc, candidates: list[Candidate], asteroids: bool = False) -> list[Candidate]:
    """Carry candidates outward over the arc side by side, dropping those that the data leave behind.

    Growth stops on a side where no orbit fits what comes next (a large manoeuvre, or another object): the candidates
    then cover less than the whole arc. Best first; empty where nothing fits.
    """
    current = _refit(arc, candidates, asteroids)
    left, right = True, True
    while current and (left or right):
        first, last = current[0].first, current[0].last
        window = next_window(arc, first, last, left=left, right=right)
        if window == (first, last):
            break
        grown = _refit(arc, [Candidate(item.solution, *window) for item in current], asteroids)
        if grown and _fits(grown[0], current[0]):
            current = grown
            continue
        moved = False
        for side in ("left", "right"):
            if not (left if side == "left" else right):
                continue
            window = (first, last)
            for _ in range(GROUPS_AT_ONCE):
                wider = neighbouring_group(arc, *window, side)
                if wider == window:
                    break
                window = wider
                grown = _refit(arc, [Candidate(item.solution, *window) for item in current], asteroids)
                if grown and _fits(grown[0], current[0]):
                    current, moved = grown, True
                    break
            if moved:
                break
            if side == "left":
                left = False
            else:
                right = False
        if not moved and not (left or right):
            break
    return current


def _refit(arc: Arc, candidates: list[Candidate], asteroids: bool) -> list[Candidate]:
    return _alive([fitted for item in candidates if (fitted := _refined(arc, item, asteroids)) is not None])


def _fits(grown: Candidate, before: Candidate) -> bool:
    """Whether a longer arc still fits: no worse than before but for noise, and what was added belongs to it."""
    if misfit(grown.solution) > max(MISFIT_LIMIT, 3.0 * misfit(before.solution)):
        return False
    rows = grown.rows if grown.fitted is None else grown.fitted
    added = (rows < before.first) | (rows >= before.last)
    if not added.any():
        return True
    limit = MISFIT_LIMIT * max(1.0, misfit(before.solution))
    return bool(np.mean(grown.solution.chi2[added] < limit) >= BELONGING)


def next_window(arc: Arc, first: int, last: int, *, left: bool = True, right: bool = True) -> tuple[int, int]:
    """The rows after one step of growth: the arc made longer by its own length on the open sides, or, across a gap,
    by the nearer of the neighbouring groups of observations."""
    begin, end = float(arc.time[first]), float(arc.time[last - 1])
    reach = max(GROW * (end - begin), 0.05)
    new_first = int(np.searchsorted(arc.time, begin - reach, side="left")) if left else first
    new_last = int(np.searchsorted(arc.time, end + reach, side="right")) if right else last
    if (new_first, new_last) != (first, last):
        return new_first, new_last
    before = begin - arc.time[first - 1] if left and first > 0 else np.inf
    after = arc.time[last] - end if right and last < len(arc) else np.inf
    if np.isinf(before) and np.isinf(after):
        return first, last
    return neighbouring_group(arc, first, last, "left" if before <= after else "right")


def neighbouring_group(arc: Arc, first: int, last: int, side: str) -> tuple[int, int]:
    """The rows with the next group of observations on one side added."""
    if side == "left":
        if first == 0:
            return first, last
        gap = float(arc.time[first] - arc.time[first - 1])
        edge = float(arc.time[first - 1]) - max(0.5, 0.02 * gap)
        return int(np.searchsorted(arc.time, edge, side="left")), last
    if last == len(arc):
        return first, last
    gap = float(arc.time[last] - arc.time[last - 1])
    edge = float(arc.time[last]) + max(0.5, 0.02 * gap)
    return first, int(np.searchsorted(arc.time, edge, side="right"))


def _refined(arc: Arc, item: Candidate, asteroids: bool) -> Candidate | None:
    """Fit a candidate to its rows: gravity first, A1 too where gravity alone leaves a misfit over days."""
    rows = thinned(item.rows, MOST_IN_GROWTH)
    piece = arc.take(rows)
    start, epoch = item.solution.parameters, item.solution.epoch
    prior = speed_prior(piece, epoch)
    try:
        solution = solve(
            piece,
            epoch,
            start,
            free=item.solution.free,
            robust=True,
            prior=prior,
            asteroids=asteroids,
            max_steps=25,
        )
        if not item.solution.free[6] and piece.span_days > 1.0 and misfit(solution) > 2.0:
            freer = solve(
                piece, epoch, solution.parameters, free=WITH_A1, robust=True, prior=prior, asteroids=asteroids,
                max_steps=25,
            )  # fmt: skip
            if freer.cost < 0.7 * solution.cost:
                solution = freer
    except PropagationError:
        return None
    return Candidate(solution, item.first, item.last, rows)


def misfit(solution: Solution) -> float:
    """Median χ² of the observations over that of a normal sample (1.39): 1 for a good fit, whatever the outliers."""
    return float(np.median(solution.chi2[solution.used])) / 1.386


def _alive(items: list[Candidate]) -> list[Candidate]:
    """Candidates worth carrying on: not far behind the best, and not the same orbit twice."""
    items = sorted(items, key=lambda item: item.solution.cost)
    kept: list[Candidate] = []
    for item in items:
        if kept and item.solution.cost > kept[0].solution.cost + WORSE_BY + kept[0].solution.cost:
            break
        if any(_same(item.solution, other.solution) for other in kept):
            continue
        kept.append(item)
    return kept


def _same(one: Solution, other: Solution) -> bool:
    if bool(one.free[6]) != bool(other.free[6]):
        return False
    apart = np.abs(one.state - other.state)
    size = np.sqrt(np.maximum(np.diag(one.covariance)[:6], 0.0)) + 1e-12
    return bool(np.all(apart < 0.3 * size))
