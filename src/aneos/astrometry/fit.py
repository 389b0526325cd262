"""Orbits from observation tables: one object or many, in parallel.

For each object: first orbits over all distances, growth over the arc, choice of the model of the push, rejection of
outliers, search for signs of steering, quality. Temporary names in one file are tried as one object first: surveys
rename what they do not recognise.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import polars as pl

from aneos.astrometry.arc import Arc, make_arc
from aneos.astrometry.calendar import iso_time
from aneos.astrometry.geocentric import (
    bound_probabilities,
    geocentric_orbit,
    geocentric_state,
    named_probabilities,
)
from aneos.astrometry.initial import Candidate, first_orbits, grow_together
from aneos.astrometry.least_squares import Solution
from aneos.astrometry.magnitude import absolute_magnitude
from aneos.astrometry.manoeuvres import Kick, Piece, find_kick, pieces, quiet_piece
from aneos.astrometry.models import FREE, Choice, area_to_mass, choose_model, sign_of
from aneos.astrometry.outlook import Outlook, outlook
from aneos.astrometry.parallel import each, processes_for
from aneos.astrometry.quality import (
    POOR_CHI2,
    count_nights,
    flags_of,
    residual_table,
    rms_arcsec,
    station_table,
)
from aneos.astrometry.result import FitFailure, FitResult
from aneos.astrometry.rivals import TEMPERATURE, Rival, geocentric_sigmas, mixed
from aneos.astrometry.steadiness import Steadiness, steadiness
from aneos.astrometry.table import Observations, conform
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.dynamics.fitting import FloatArray, PropagationError, propagate_with_partials, tdb_to_utc
from aneos.errors import InputError, RejectedRow

Fit = FitResult | FitFailure

LEAST_OBSERVATIONS: Final = 3
LEAST_SPAN_DAYS: Final = 1e-4
ASTEROIDS_FROM_DAYS: Final = 200.0
"""Arc from which the pull of the main-belt asteroids is added to the force model."""

LINKED_AT_MOST: Final = 12
LINKED_FRACTION: Final = 0.8
HOPELESS_CHI2: Final = 400.0
"""Reduced χ² from which a fit is none: positions are then twenty σ off on average."""

OUT_OF_THE_EARTH: Final = 12.0
"""χ² that the prior belief costs an orbit that left the Earth's surface within its last revolution."""

LOOK_BACK_DAYS: Final = 40.0

SIDEWAYS: Final = ("A1+A2", "A1+A2+A3")

FEW_FOR_RIVALS: Final = 60
RIVAL: Final = 12.0
TEMPORARY: Final = re.compile(r"(?!\d+$|\d{4} [A-Z]{2}\d*$|[A-Z]/|\d+[PDI]$|\d{4} (?:P-L|T-[123])$).+")


def fit_observations(
    observations: Observations | pl.DataFrame,
    *,
    workers: int | None = None,
    link: bool = True,
    progress: Callable[[str], None] | None = None,
) -> list[Fit]:
    """Fit every object of a table of observations; one result or failure each, in order of appearance.

    ``workers`` processes (default: all cores; 1 keeps everything in this process). ``link`` tries the temporary names
    of a file as one object. ``progress`` is called with each designation as it is done. Few objects are fitted in this
    process all the same (:mod:`aneos.astrometry.parallel`); scripts that fit more need the usual
    ``if __name__ == "__main__":`` of multiprocessing.
    """
    table = observations.table if isinstance(observations, Observations) else conform(observations)
    if not table.height:
        raise InputError("there are no observations to fit")
    groups = [(str(name[0]), group) for name, group in table.group_by("object", maintain_order=True)]
    if link:
        linked, groups = _linked(groups)
    else:
        linked = []
    results = list(linked)
    count = processes_for(len(groups), sum(group.height for _, group in groups), workers)
    for result in each(_fit_group, groups, count):
        results.append(result)
        if progress is not None:
            progress(result.designation)
    order = {name: index for index, name in enumerate(table["object"].unique(maintain_order=True).to_list())}
    return sorted(results, key=lambda result: order[_first_name(result)])


def fit_one(table: pl.DataFrame, designation: str | None = None) -> FitResult:
    """Fit all rows of a table as one object. Raises InputError where no orbit can be found."""
    rows = conform(table)
    name = designation or str(rows["object"][0])
    result = _fit_group((name, rows))
    if isinstance(result, FitFailure):
        raise InputError(result.reason, source=result.designation)
    return result


def _first_name(result: Fit) -> str:
    return result.names[0] if isinstance(result, FitResult) else result.designation


def _linked(groups: list[tuple[str, pl.DataFrame]]) -> tuple[list[Fit], list[tuple[str, pl.DataFrame]]]:
    """Temporary names fitted as one object where that works, and what is left to fit by name."""
    temporary = [group for group in groups if TEMPORARY.fullmatch(group[0])]
    if not 2 <= len(temporary) <= LINKED_AT_MOST:
        return [], groups
    merged = pl.concat([table for _, table in temporary])
    result = _fit_group((temporary[0][0], merged))
    fitted = merged.filter(~pl.col("superseded"))
    if isinstance(result, FitFailure) or result.n_used < LINKED_FRACTION * fitted.height:
        return [], groups
    if not result.converged or result.reduced_chi2 > POOR_CHI2:
        return [], groups
    used = set(result.residuals.filter(pl.col("used"))["object"].unique().to_list())
    if used != set(fitted["object"].unique().to_list()):
        return [], groups
    return [result], [group for group in groups if group not in temporary]


def _fit_group(group: tuple[str, pl.DataFrame]) -> Fit:
    """Fit one object; a failure is a value, not an exception, so that the others go on."""
    designation, table = group
    began = time.perf_counter()
    rejected: list[RejectedRow] = []
    try:
        arc, rejected = make_arc(table)
        return _fit_arc(designation, table, arc, rejected, began)
    except (InputError, PropagationError) as error:
        reason = error.reason if isinstance(error, InputError) else str(error)
        return FitFailure(designation, reason, table.height, tuple(rejected))


def _fit_arc(
    designation: str, table: pl.DataFrame, arc: Arc, rejected: list[RejectedRow], began: float
) -> FitResult:
    optical = int(arc.optical.sum())
    if optical < LEAST_OBSERVATIONS:
        raise InputError(f"{optical} usable optical observations; an orbit needs {LEAST_OBSERVATIONS}")
    if arc.span_days < LEAST_SPAN_DAYS:
        raise InputError("all observations are of one instant: there is no motion to fit")
    asteroids = arc.span_days > ASTEROIDS_FROM_DAYS
    candidates = grow_together(arc, first_orbits(arc), asteroids)
    if not candidates:
        raise InputError("no orbit about the Earth or the Sun fits these observations")
    best = _in_flight(candidates)
    whole = arc
    arc = arc.take(best.rows)
    choice = choose_model(arc, best.solution, asteroids)
    if choice.best.reduced_chi2 > HOPELESS_CHI2:
        raise InputError(
            f"the best orbit leaves {rms_arcsec(arc, choice.best):.0f} arcsec: these observations are not of one "
            "object, or have wrong times or stations"
        )
    kick, found = _steering(arc, choice)
    return _result(
        designation, table, whole, arc, best, candidates, choice, kick, found, rejected, asteroids, began
    )


def _in_flight(candidates: list[Candidate]) -> Candidate:
    """The best candidate, or one nearly as good that does not come out of the Earth within its last revolution."""
    for candidate in candidates:
        if candidate.solution.cost > candidates[0].solution.cost + OUT_OF_THE_EARTH:
            break
        if is_in_flight(candidate.solution):
            return candidate
    return candidates[0]


def is_in_flight(solution: Solution) -> bool:
    """Whether an orbit does not come out of the Earth within its last revolution (or day, where it has none)."""
    period = geocentric_orbit(solution.epoch, solution.state, np.zeros((6, 6))).get("period_days", 1.0)
    try:
        carried(solution, solution.epoch - float(np.clip(1.1 * period, 1.0, LOOK_BACK_DAYS)))
    except PropagationError:
        return False
    return True


def _steering(arc: Arc, choice: Choice) -> tuple[Kick | None, tuple[Piece, ...]]:
    solution = choice.solutions.get("A1")
    if solution is None or choice.push is None or choice.chosen == "A2":
        return None, ()
    found = find_kick(arc, solution, choice.best.used)
    if found is None:
        return None, ()
    kick, before, after = found
    return kick, pieces(arc, choice.solutions[choice.push], before, after)


def _result(
    designation: str,
    table: pl.DataFrame,
    whole: Arc,
    arc: Arc,
    best: Candidate,
    candidates: list[Candidate],
    choice: Choice,
    kick: Kick | None,
    found: tuple[Piece, ...],
    rejected: list[RejectedRow],
    asteroids: bool,
    began: float,
) -> FitResult:
    solution = choice.best
    scale = max(1.0, solution.reduced_chi2)
    epoch, state, covariance = at_report_epoch(solution, float(arc.time[solution.used][-1]))
    covariance = covariance * scale
    bound = bound_probabilities(geocentric_state(epoch, state), covariance[:6, :6])
    others = rivals(best, candidates, epoch) if len(arc) <= FEW_FOR_RIVALS else []
    parts = (Rival(float(solution.prediction.distance[0]), 0.0, state, covariance), *others)
    if others:
        covariance, bound = mixed(parts, epoch)
    nights = count_nights(arc)
    flags = flags_of(arc, solution, nights)
    steady = _steadiness(arc, choice)
    if len(arc) < len(whole):
        outside = len(whole) - len(arc)
        flags.append(
            (
                "arc cut",
                f"{outside} observations before or after the fitted arc belong to no orbit that fits it: "
                "another object, or a large manoeuvre",
            )
        )
        rejected = rejected + _outside(whole, best)
    flags.extend(_push_flags(choice, kick, found, steady))
    for note in arc.notes:
        flags.append(("conflicting positions", note))
    residuals = residual_table(arc, solution)
    magnitude = absolute_magnitude(arc, solution.prediction.distance, arc.direction)
    coming = None
    if "distance open" not in dict(flags):
        coming = _outlook(arc, choice, None if magnitude is None else magnitude[0])
    transverse = None
    if "A2" in choice.solutions:
        along = choice.solutions["A2"]
        sigma = math.sqrt(along.covariance[7, 7] * max(1.0, along.reduced_chi2))
        transverse = (float(along.nongravitational[1]), sigma)
    if others:
        places = ", ".join(f"{rival.distance_au:.2g}" for rival in others)
        flags.append(
            (
                "ambiguous",
                f"orbits at {places} au fit nearly as well; the uncertainty covers them "
                f"(χ² divided by {TEMPERATURE:g}: residuals of one tracklet go together)",
            )
        )
    return FitResult(
        designation=designation,
        names=tuple(str(name) for name in table["object"].unique(maintain_order=True)),
        epoch_tdb_jd=epoch,
        state=state,
        nongravitational=solution.nongravitational.copy(),
        covariance=covariance,
        model=choice.chosen,
        push=_push(choice, kick, found),
        costs={name: float(cost) for name, cost in choice.costs.items()},
        transverse=transverse,
        converged=solution.converged,
        rms_arcsec=rms_arcsec(arc, solution),
        reduced_chi2=solution.reduced_chi2,
        n_obs=table.height,
        n_used=int(solution.used.sum()),
        n_radar=int(np.sum(~arc.optical & solution.used)),
        arc_days=arc.span_days,
        nights=nights,
        first_utc=iso_time(tdb_to_utc(float(arc.time[0]))),
        last_utc=iso_time(tdb_to_utc(float(arc.time[-1]))),
        H=None if magnitude is None else magnitude[0],
        H_scatter=None if magnitude is None else magnitude[1],
        geocentric=geocentric_orbit(epoch, state, covariance[:6, :6])
        | named_probabilities(bound)
        | geocentric_sigmas(parts, epoch),
        residuals=residuals,
        stations=station_table(residuals),
        kick=kick,
        pieces=found,
        steadiness=steady,
        outlook=coming,
        alternatives=parts,
        flags=tuple(word for word, _ in flags),
        remarks=tuple(sentence for _, sentence in flags),
        rejected=tuple(rejected),
        seconds=time.perf_counter() - began,
        force_model="Sun (relativity, J2), planets, Moon, Earth J2, A1-A3"
        + (", main-belt asteroids" if asteroids else ""),
    )


def rivals(best: Candidate, candidates: list[Candidate], epoch: float) -> list[Rival]:
    """Candidates whose χ² is within :data:`RIVAL` of the best and that do not come out of the Earth."""
    found = []
    for item in candidates:
        excess = item.solution.cost - best.solution.cost
        if item is best or excess > RIVAL or not is_in_flight(item.solution):
            continue
        try:
            state, covariance = carried(item.solution, epoch)
        except PropagationError:
            continue
        distance = float(item.solution.prediction.distance[0])
        found.append(Rival(distance, float(excess), state, covariance))
    return found


def at_report_epoch(solution: Solution, last: float) -> tuple[float, FloatArray, FloatArray]:
    """Epoch, state and covariance at the midnight (TDB) nearest to the last observation, or, where the trajectory
    meets the Earth before that, at the last observation."""
    midnight = float(round(last - 0.5) + 0.5)
    try:
        return midnight, *carried(solution, midnight)
    except PropagationError:
        return last, *carried(solution, last)


def carried(solution: Solution, epoch: float) -> tuple[FloatArray, FloatArray]:
    """State (6,) and covariance (9, 9) of a solution at another epoch, linearly."""
    states, partials = propagate_with_partials(
        solution.epoch, solution.state, np.array([epoch]), solution.nongravitational, solution.asteroids
    )
    transition = np.eye(9)
    transition[:6] = partials[0]
    return states[0], np.asarray(transition @ solution.covariance @ transition.T)


def _outside(whole: Arc, best: Candidate) -> list[RejectedRow]:
    rows = [row for row in range(len(whole)) if not best.first <= row < best.last]
    table = whole.table[rows]
    return [
        RejectedRow(int(line or 0), "lies outside the part of the arc that one orbit fits", name, source)
        for line, name, source in table.select("source_line", "object", "source").iter_rows()
    ]


def _push(choice: Choice, kick: Kick | None, found: tuple[Piece, ...]) -> dict[str, Any]:
    """AMR and its tests. Where a kick is called for and no steady sideways push explains it as well, A1 over the whole
    arc is bent by the kick: then the AMR is that of the quiet piece, or none."""
    push = area_to_mass(choice)
    if kick is None or choice.chosen in SIDEWAYS:
        return push
    quiet = quiet_piece(found)
    value = None if quiet is None else quiet.amr_m2kg
    sigma = None if quiet is None else quiet.amr_sigma_m2kg
    if value is None or sigma is None:
        return push | dict.fromkeys(("amr_m2kg", "amr_sigma_m2kg", "A1", "A1_sigma"), None) | {"model": None}
    ratio = value / sigma
    return {
        "model": "A1 on the quiet piece",
        "amr_m2kg": value,
        "amr_sigma_m2kg": sigma,
        "A1": value * A1_PER_AMR_AU_D2,
        "A1_sigma": sigma * A1_PER_AMR_AU_D2,
        "against_zero_sigma": ratio,
        "sign": sign_of(ratio),
    }


def _steadiness(arc: Arc, choice: Choice) -> Steadiness | None:
    if choice.push is None or choice.chosen in ("gravity", "A2"):
        return None
    return steadiness(arc, choice.solutions[choice.push], choice.best.used)


def _outlook(arc: Arc, choice: Choice, magnitude: float | None) -> Outlook | None:
    model = choice.push or "A1"
    solution = choice.solutions.get(model, choice.best)
    try:
        return outlook(arc, solution, FREE[model], magnitude)
    except PropagationError:
        return None


def _push_flags(
    choice: Choice, kick: Kick | None, found: tuple[Piece, ...], steady: Steadiness | None
) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    if steady is not None and steady.unsteady:
        out.append(("push not steady", steady.sentence()))
    elif steady is not None and steady.kick_does_as_well:
        out.append(("push or kick", steady.sentence()))
    if kick is not None:
        sentence = (
            f"A1 alone leaves a misfit between parts of the arc (χ² falls by {kick.gain:.0f}) that a kick of "
            f"{kick.speed_ms:.2g} m/s between {kick.after} and {kick.before} takes away"
        )
        if kick.alternatives:
            sentence += f", or one in {kick.alternatives} other gaps"
        if choice.chosen in SIDEWAYS:
            sentence += f"; a steady sideways push ({choice.push}) explains it as well"
        out.append(("manoeuvre suspected", sentence))
        quiet = quiet_piece(found)
        if quiet is not None and quiet.amr_m2kg is not None and quiet.amr_sigma_m2kg is not None:
            out.append(
                (
                    "quiet piece",
                    f"from {quiet.begin} to {quiet.end} alone: AMR {quiet.amr_m2kg:.3g} ± {quiet.amr_sigma_m2kg:.1g} "
                    f"m²/kg ({quiet.used} of {quiet.observations} observations)",
                )
            )
    if choice.chosen in SIDEWAYS:
        out.append(("sideways push", f"the data ask for {choice.push}: A1 is read from that model"))
    if choice.chosen == "A2":
        out.append(
            (
                "transverse push",
                "A2 alone describes the push: thermal recoil or outgassing, not light pressure",
            )
        )
    return out
