"""``depth="full"``: what the quick lines leave undecided is integrated back to the launches.

Only objects whose quick class is not settled are traced: insufficient data, unexplained, or probably artificial but
not identified. The departure line is added to the others, and posterior and class follow from the sum. The registry,
integrated to the object's epoch, is asked once more for its name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, Final

import numpy as np

from aneos import assessment as rules
from aneos import screening
from aneos.artificial.departure_orbit import TracedOrbit, orbit_from_row
from aneos.artificial.departures import DepartureResult
from aneos.artificial.nbody_identify import NBodyMatch, identify_state
from aneos.assessment import Assessment, Identity, ObjectClass, Report
from aneos.astrometry import FitResult
from aneos.catalogue import Catalogue
from aneos.catalogue.measurements import with_measurements
from aneos.deep import Settings, departures_of, trace
from aneos.dynamics import OrbitUncertainty
from aneos.dynamics.ephemeris import TO_ECLIPTIC, body_states
from aneos.dynamics.uncertainty import CARTESIAN
from aneos.errors import InputError, RejectedRow
from aneos.evidence import departure as line
from aneos.evidence import identity
from aneos.observed import Observed
from aneos.sentences import figure

__all__ = ["UNDECIDED", "assess", "deepen", "orbit_of_fit"]

UNDECIDED: Final[tuple[ObjectClass, ...]] = ("insufficient_data", "unexplained", "probably_artificial")

Told = Callable[[str], None]


def assess(
    catalogue: Catalogue,
    objects: Catalogue,
    *,
    without: Collection[str] = (),
    prior: float = rules.DEFAULT_PRIOR,
    settings: Settings | None = None,
    tell: Told | None = None,
) -> Report:
    """:func:`aneos.screening.assess`, then the departures of what it leaves undecided.

    An object that cannot be traced keeps its quick assessment and stands in ``rejected`` with the reason.
    """
    chosen = settings or Settings()
    report = screening.assess(catalogue, objects, without=without, prior=prior)
    found = with_measurements(objects)
    rows = {row["designation"]: row for row in found.table.iter_rows(named=True)}

    def orbit(item: Assessment) -> TracedOrbit:
        return orbit_from_row(rows[item.designation], amr=chosen.amr, forces=chosen.forces)

    return deepen(report, orbit, chosen, tell=tell)


def deepen_observed(observed: Observed, settings: Settings, *, tell: Told | None = None) -> Observed:
    """The same for fits to observations: clones come from each fit's own covariance."""
    fits = {fit.designation: fit for fit in observed.fits}

    def orbit(item: Assessment) -> TracedOrbit:
        return orbit_of_fit(fits[item.designation], settings)

    return replace(observed, report=deepen(observed.report, orbit, settings, tell=tell))


def deepen(
    report: Report,
    orbit: Callable[[Assessment], TracedOrbit],
    settings: Settings,
    *,
    tell: Told | None = None,
) -> Report:
    """Add the departure line to every undecided assessment of a report; ``tell`` is called with each name."""
    out: list[Assessment] = []
    rejected = list(report.rejected)
    forces: dict[str, Any] = {}
    asked = report.signature["model"]["lines"]
    for item in report.assessments:
        if item.object_class not in UNDECIDED:
            out.append(item)
            continue
        if tell is not None:
            tell(f"tracing {item.designation} back to 1957")
        try:
            traced = orbit(item)
            result = trace(traced, settings)
            match = identify_state(traced.states) if identity.LINE in asked else None
        except InputError as error:
            out.append(item)
            rejected.append(RejectedRow(0, f"not traced: {error}", item.designation))
            continue
        forces = dict(result.provenance)
        out.append(with_identity(with_departure(item, result), match))
    lines = [*report.signature["model"]["lines"], line.LINE]
    model = report.signature["model"] | {
        "lines": lines,
        "depth": "full",
        "clones": settings.clones,
        "look_alikes": settings.look_alikes,
        "seed": settings.seed,
        "forces": forces,
    }
    return Report(report.signature | {"model": model}, tuple(out), tuple(rejected))


def with_departure(item: Assessment, result: DepartureResult) -> Assessment:
    """An assessment with the departure line added; the interval widens as independent errors do."""
    evidence = line.from_result(result)
    value = evidence.log10_bayes_factor
    total = item.log10_bayes_factor + value
    low, high = (_logit(end, item.prior) - item.log10_bayes_factor for end in item.interval)
    below, above = np.hypot(low, evidence.interval[0] - value), np.hypot(high, evidence.interval[1] - value)
    probability, lo, hi = (
        float(rules.posterior(x, item.prior)) for x in (total, total - below, total + above)
    )
    word = _class(item, probability, result)
    missing = tuple(entry for entry in item.missing if entry.line != line.LINE)
    return replace(
        item,
        object_class=word,
        probability_artificial=probability,
        interval=(lo, hi),
        log10_bayes_factor=total,
        evidence=(*item.evidence, evidence),
        departures=departures_of(result),
        missing=missing,
        verdict=f"{_changed(item, word, probability)}{evidence.summary}",
    )


def with_identity(item: Assessment, match: NBodyMatch | None) -> Assessment:
    """An assessment that names the known object whose integrated orbit it is, where the quick line named none.

    The match is told among the inputs of the departure line. As everywhere, an object is called known only where the
    other lines leave it a posterior of at least ARTIFICIAL_FROM.
    """
    told = None if match is None else match.to_dict()
    *others, last = item.evidence
    evidence = (*others, replace(last, inputs=dict(last.inputs) | {"n_body_match": told}))
    if match is None or not match.identified or item.identity is not None:
        return replace(item, evidence=evidence)
    named = Identity(match.name, match.cospar, match.chance_probability)
    if item.probability_artificial < rules.ARTIFICIAL_FROM:
        verdict = f"The integrated orbit of {match.name} is within {match.distance_sigma:.1f} widths. {item.verdict}"
        return replace(item, evidence=evidence, identity=named, verdict=verdict)
    title = match.name if match.cospar is None else f"{match.name} ({match.cospar})"
    verdict = (
        f"Known artificial object: integrated to its epoch, {title} is there within {match.distance_sigma:.1f} widths; "
        f"a match this good has a chance probability of {figure(match.chance_probability)}. {last.summary}"
    )
    return replace(item, evidence=evidence, identity=named, object_class="known_artificial", verdict=verdict)


def orbit_of_fit(fit: FitResult, settings: Settings) -> TracedOrbit:
    """A fit's state and covariance about the Sun, with the forces that were fitted."""
    sun_r, sun_v = body_states("Sun", fit.epoch_tdb_jd, centre=None, frame="equatorial")
    turn = np.eye(9)
    turn[:3, :3] = turn[3:6, 3:6] = TO_ECLIPTIC
    values = turn @ np.concatenate(
        [fit.state - np.concatenate([sun_r, sun_v], axis=None), fit.nongravitational]
    )
    matrix = turn @ fit.covariance @ turn.T
    fitted = [number for number in range(3) if fit.covariance[6 + number, 6 + number] > 0.0]
    keep = [*range(6), *(6 + number for number in fitted)] if 0 in fitted else list(range(6))
    labels = (*CARTESIAN, "A1", "A2", "A3")
    uncertainty = OrbitUncertainty(
        fit.epoch_tdb_jd, tuple(labels[number] for number in keep), values[keep], matrix[np.ix_(keep, keep)]
    )
    row = fit.to_row()
    if settings.amr is None and 0 not in fitted:
        # A push that the chosen model does without is not known: it is drawn as far as the arc leaves room.
        row = {
            name: value
            for name, value in row.items()
            if name[:2] not in ("A1", "A2", "A3") and name[:3] != "amr"
        }
    return orbit_from_row(
        row, amr=None if 0 in fitted else settings.amr, uncertainty=uncertainty, forces=settings.forces
    )


# -- below: steps ----------------------------------------------------------------------------------


def _logit(probability: float, prior: float) -> float:
    """log10 Bayes factor that a posterior stands for."""
    p = min(max(probability, 1e-15), 1.0 - 1e-15)
    return float(np.log10(p / (1.0 - p)) - np.log10(prior / (1.0 - prior)))


def _class(item: Assessment, probability: float, result: DepartureResult) -> ObjectClass:
    """A launch that stands out explains the unexplained; else the posterior decides."""
    if item.object_class == "unexplained" and result.probable is None:
        return "unexplained"
    if probability >= rules.ARTIFICIAL_FROM:
        return "probably_artificial"
    return "natural" if probability < rules.NATURAL_BELOW else "insufficient_data"


def _changed(item: Assessment, word: ObjectClass, probability: float) -> str:
    if word == item.object_class:
        return f"{item.verdict} Traced back (P(artificial) = {figure(probability)}): "
    return f"{word.replace('_', ' ').capitalize()} once traced back (P(artificial) = {figure(probability)}). "
