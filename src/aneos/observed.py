"""From observations to assessments: fit, then weigh the lines that the fit allows.

An object bound to the Earth has no orbit about the Sun to speak of: there the short-arc line takes the place of the
orbit and identity lines, which share its geometry. The same holds where the arc leaves the distance open. A known
artificial object that stands where this one was seen gives an identity line of its own, if it outweighs the orbit's.
An orbit that is known, but poorly, is weighed over all the orbits that the observations allow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import polars as pl

from aneos import assessment as rules
from aneos import screening
from aneos.artificial.sky_tracks import registry_tracks
from aneos.assessment import Assessment, Identity, Missing, Report
from aneos.astrometry import (
    FitFailure,
    FitResult,
    Observations,
    digest2_classes,
    fit_observations,
    systematic_ranging,
)
from aneos.astrometry.outlook import Outlook
from aneos.astrometry.short_arc import Digest2, Ranging
from aneos.astrometry.sky_match import SkyMatch, Track, match_tracks
from aneos.catalogue import Catalogue, load_bundled
from aneos.errors import InputError, RejectedRow
from aneos.evidence import open_orbit, short_arc, sky_identity
from aneos.evidence.area_to_mass import forecast
from aneos.evidence.base import Evidence

BOUND_FROM: Final = 0.5
SHORT_DAYS: Final = 3.0
"""Arcs shorter than this are also ranged and classed by digest2."""

IDENTITY_SIGMA_AU: Final = 0.05
"""σ of the semi-major axis beyond which an orbit about the Sun can be matched with anything."""

GEOMETRY_LINES: Final = ("orbit", "identity")


@dataclass(frozen=True, slots=True)
class Observed:
    """What observations gave: the report in the shape of every command, and the fits behind it."""

    report: Report
    fits: tuple[FitResult, ...]
    failures: tuple[FitFailure, ...]
    observations: Observations
    sky_matches: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The report's JSON shape with completeness, failures and matches on the sky added."""
        return self.report.to_dict() | {
            "observations": self.observations.to_dict(),
            "failures": [failure.to_dict() for failure in self.failures],
            "sky_matches": self.sky_matches,
        }


def assess_observations(
    observations: Observations,
    *,
    without: Collection[str] = (),
    prior: float = rules.DEFAULT_PRIOR,
    workers: int | None = None,
    tracks: Sequence[Track] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Observed:
    """Fit and assess every object of a file of observations.

    ``tracks`` are ephemerides of known artificial objects to be matched on the sky, by default those of the registry.
    p- and q-values do not count a match on the sky. Objects that give no orbit stand in ``failures`` and, with the
    reason, in the report's ``rejected``. Raises InputError as the readers and the screen do.
    """
    rules.check_prior(prior)
    results = fit_observations(observations, workers=workers, progress=progress)
    fits = tuple(result for result in results if isinstance(result, FitResult))
    failures = tuple(result for result in results if isinstance(result, FitFailure))
    known = registry_tracks() if tracks is None else tracks
    sky = [_on_the_sky(_rows_of(fit, observations.table), known) for fit in fits]
    assessments = tuple(
        _assessed(fit, _rows_of(fit, observations.table), matches, without, prior)
        for fit, matches in zip(fits, sky, strict=True)
    )
    shown = {
        fit.designation: [match.to_dict() for match in found] for fit, found in zip(fits, sky, strict=True)
    }
    rejected = (
        *observations.rejected,
        *(row for fit in fits for row in fit.rejected),
        *(row for failure in failures for row in failure.rejected),
        *(_as_rejected(failure, observations.table) for failure in failures),
    )
    empty = Catalogue(fits[0].to_table() if fits else pl.DataFrame(), observations.provenance)
    signature = screening.make_signature(empty, without, prior)
    return Observed(Report(signature, assessments, rejected), fits, failures, observations, shown)


def _rows_of(fit: FitResult, table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("object").is_in(list(fit.names)))


def _on_the_sky(table: pl.DataFrame, tracks: Sequence[Track]) -> list[SkyMatch]:
    return match_tracks(table, tracks) if (table["kind"] == "optical").any() else []


def _assessed(
    fit: FitResult,
    table: pl.DataFrame,
    matches: Sequence[SkyMatch],
    without: Collection[str],
    prior: float,
) -> Assessment:
    ranging, classes = _short(fit, table)
    line = short_arc.explain(fit, ranging, classes, matches)
    bound, _, _ = short_arc.bound_probability(fit, ranging)
    geocentric = bound is not None and bound >= BOUND_FROM
    alone = geocentric or "distance open" in fit.flags or fit.elements["e"] >= 1.0
    left_out = set(without) | (set(GEOMETRY_LINES) if alone else set())
    if float(np.sqrt(fit.element_covariance[0, 0])) > IDENTITY_SIGMA_AU:
        left_out.add("identity")
    base = _screened(fit, left_out, prior)
    open_ = base is not None and open_orbit.is_open(fit)
    if base is not None and open_:
        base = replace(base, evidence=open_orbit.averaged(fit, base.evidence), p_value=None, q_value=None)
    sky = None if "identity" in without else sky_identity.explain(matches)
    if not alone:
        quiet = replace(line, status="not applicable", log10_bayes_factor=0.0, interval=(0.0, 0.0))
        evidence = (*(base.evidence if base else ()), quiet)
        return _named(_finished(base, fit, evidence, prior, recompute=open_), fit, sky)
    evidence = (*(base.evidence if base else ()), line)
    return _named(_finished(base, fit, evidence, prior, recompute=True), fit, sky)


def _named(item: Assessment, fit: FitResult, sky: tuple[Evidence, SkyMatch] | None) -> Assessment:
    """The assessment with the sky's identity line in place of the orbit's, where it says more than that."""
    if sky is None:
        return item
    line, match = sky
    of_orbit = next((one for one in item.evidence if one.line == line.line), None)
    weight = of_orbit.log10_bayes_factor if of_orbit is not None and of_orbit.status == "measured" else None
    if item.identity is not None and weight is not None and weight >= line.log10_bayes_factor:
        return item
    line = replace(line, inputs=dict(line.inputs) | {"orbit_log10_bayes_factor_not_counted": weight})
    evidence = (*(one for one in item.evidence if one.line != line.line), line)
    measured = [one for one in evidence if one.status == "measured"]
    total = item.log10_bayes_factor - (weight or 0.0) + line.log10_bayes_factor
    probability, lo, hi = (float(rules.posterior(x, item.prior)) for x in _ends(measured, total))
    known = probability >= rules.ARTIFICIAL_FROM
    word = "known_artificial" if known else item.object_class
    if word == "natural" and probability >= rules.NATURAL_BELOW:
        word = "insufficient_data"
    return replace(
        item,
        object_class=word,
        probability_artificial=probability,
        interval=(lo, hi),
        log10_bayes_factor=total,
        evidence=evidence,
        identity=Identity(match.name, match.cospar, match.chance_probability),
        verdict=_verdict(fit, word, probability, evidence),
    )


def _ends(measured: Sequence[Evidence], total: float) -> tuple[float, float, float]:
    """The total and its ends, the errors of the lines being independent."""
    below = float(np.sqrt(sum((item.log10_bayes_factor - item.interval[0]) ** 2 for item in measured)))
    above = float(np.sqrt(sum((item.interval[1] - item.log10_bayes_factor) ** 2 for item in measured)))
    return total, total - below, total + above


def _short(fit: FitResult, table: pl.DataFrame) -> tuple[Ranging | None, Digest2 | None]:
    """Ranging and digest2 for short arcs; None where they do not apply."""
    if fit.arc_days > SHORT_DAYS:
        return None, None
    ranging: Ranging | None = None
    classes: Digest2 | None = None
    if "distance open" in fit.flags:
        try:
            ranging = systematic_ranging(table)
        except InputError:
            ranging = None
    optical = table.filter((pl.col("kind") == "optical") & ~pl.col("superseded"))
    if optical.height >= 2:
        try:
            classes = digest2_classes(optical)
        except InputError:
            classes = None
    return ranging, classes


def _screened(fit: FitResult, without: Collection[str], prior: float) -> Assessment | None:
    """The lines that rest on the row of the catalogue table; None where no orbit about the Sun is closed."""
    if fit.elements["e"] >= 1.0 or set(without) >= set(screening.LINES):
        return None
    objects = Catalogue(fit.to_table(), ())
    report = screening.assess(load_bundled(), objects, without=tuple(without), prior=prior)
    return report.assessments[0] if report.assessments else None


def _finished(
    base: Assessment | None,
    fit: FitResult,
    evidence: tuple[Evidence, ...],
    prior: float,
    *,
    recompute: bool = False,
) -> Assessment:
    orbit = fit.to_dict()
    missing = tuple(item for item in base.missing if item.line != "area_to_mass") if base else ()
    missing = (*missing, *_push_forecast(fit))
    if base is not None and not recompute:
        return replace(base, evidence=evidence, orbit=orbit, missing=missing)
    measured = [item for item in evidence if item.status == "measured"]
    total = sum(item.log10_bayes_factor for item in measured)
    probability, lo, hi = (float(rules.posterior(value, prior)) for value in _ends(measured, total))
    push = next((item for item in measured if item.line == "area_to_mass"), None)
    inputs = push.inputs if push is not None else {}
    bond = next((item for item in measured if item.line == short_arc.LINE), None)
    bound = bond is not None and bond.log10_bayes_factor > 3.0
    p, q = (None, None) if base is None else (base.p_value, base.q_value)
    if bond is not None:
        p, q = _tail(short_arc.p_natural(bond), inputs.get("p_natural"))
    word = rules.classify(
        np.array([probability]),
        identified=np.array([base is not None and base.object_class == "known_artificial"]),
        natural_rejected=np.array([bound]),
        artificial_rejected=np.array([float(inputs.get("p_artificial", 1.0)) < 0.01]),
        informed=np.array([push is not None or any(item.line == "orbit" for item in measured)]),
        natural_measured=np.array([push is not None and push.log10_bayes_factor <= rules.MEASURED_NATURAL]),
    )[0]
    return Assessment(
        designation=fit.designation,
        rank=None,
        object_class=str(word),  # type: ignore[arg-type]
        probability_artificial=probability,
        interval=(lo, hi),
        prior=prior,
        log10_bayes_factor=float(total),
        p_value=p,
        q_value=q,
        evidence=evidence,
        missing=missing,
        identity=base.identity if base is not None else None,
        orbit=orbit,
        verdict=_verdict(fit, str(word), probability, evidence),
    )


def _tail(p_bound: float, p_push: float | None) -> tuple[float, float]:
    """p- and q-value where the short-arc line stands for the orbit: of its own, with the push's where measured."""
    both = np.array([[p_bound], [np.nan if p_push is None else p_push]])
    p = rules.combine_independent(both)
    return float(p[0]), float(screening.q_against_reference(p)[0])


def _push_forecast(fit: FitResult) -> tuple[Missing, ...]:
    """When the area-to-mass line becomes decisive, where it is not yet."""
    from datetime import UTC, date, datetime

    sigma = fit.push.get("amr_sigma_m2kg")
    if sigma is not None and sigma < 0.0136 / 5.0:
        return ()
    today = datetime.now(UTC).date()
    if fit.outlook is not None and fit.outlook.nights:
        return (_from_outlook(fit.outlook, today.isoformat()),)
    needs, day = forecast(fit.arc_days, date.fromisoformat(fit.last_utc[:10]), today)
    return (Missing("area_to_mass", needs, day),)


def _from_outlook(coming: Outlook, today: str) -> Missing:
    """The nights that the line needs, from the forecast; the date is null where it has passed or never comes."""
    last, night = coming.nights[-1], coming.decisive
    if night is None:
        needs = (
            f"more than the nights until {last.when[:10]} in which it can be seen: with them σ(AMR) would be "
            f"{last.sigma_amr_m2kg:.1e} m²/kg"
        )
        return Missing("area_to_mass", needs, None)
    day = night.when[:10]
    needs = (
        f"positions until {day} ({night.days:.0f} days more than these observations): σ(AMR) is then forecast to be "
        f"{night.sigma_amr_m2kg:.1e} m²/kg"
    )
    return Missing("area_to_mass", needs, day if day >= today else None)


def _verdict(fit: FitResult, word: str, probability: float, evidence: tuple[Evidence, ...]) -> str:
    speaking = [item.summary for item in evidence if item.status == "measured"]
    head = f"{fit.designation}: {word.replace('_', ' ')}, probability artificial {probability:.2g}."
    return " ".join([head, *speaking])


def _as_rejected(failure: FitFailure, table: pl.DataFrame) -> RejectedRow:
    rows = table.filter(pl.col("object") == failure.designation)
    line = rows["source_line"][0] if rows.height else None
    return RejectedRow(int(line or 0), f"no orbit: {failure.reason}", failure.designation, rows["source"][0])


__all__ = ["Observed", "assess_observations"]
