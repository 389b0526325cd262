"""The catalogue-wide run: every cheap line for every object, a posterior, p- and q-values, a ranked list.

In: a :class:`~aneos.catalogue.Catalogue`. Out: :class:`ScreenResult`, of which the first objects are explained.
The null populations ship with the package, so a file of one object and a whole catalogue get the same answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl

from aneos import assessment as rules
from aneos.artificial.identify import Match
from aneos.artificial.nbody_identify import NBodyMatch
from aneos.assessment import LINES as LINES
from aneos.assessment import Assessment, Identity, Missing, ObjectClass, Report
from aneos.catalogue import Catalogue
from aneos.catalogue.measurements import with_measurements
from aneos.catalogue.schema import COLUMNS
from aneos.errors import InputError, RejectedRow
from aneos.evidence import area_to_mass, bound_orbit, identity, orbit, physical
from aneos.evidence.base import Evidence, EvidenceColumns, FloatArray
from aneos.evidence.prepared import Prepared, prepare
from aneos.populations.natural import load_natural_orbits
from aneos.sentences import verdict

LEAST_PERIHELION_AU: Final = 1e-6
"""150 km from the Sun's centre; the Sun's radius is 0.0047 au."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Scored:
    """All lines over one table, and what follows from them; arrays of shape (n,)."""

    prepared: Prepared
    lines: dict[str, EvidenceColumns]
    amr: area_to_mass.AreaToMassColumns | None
    known: identity.IdentityScore | None
    prior: float
    log10_bayes_factor: FloatArray
    lo: FloatArray
    hi: FloatArray
    p_value: FloatArray
    beside: bound_orbit.Beside
    found: bound_orbit.Found
    matches: list[Match | NBodyMatch | None]

    @cached_property
    def probability(self) -> FloatArray:
        return rules.posterior(self.log10_bayes_factor, self.prior)


@dataclass(frozen=True)
class ScreenResult:
    """A screened catalogue in rank order.

    ``table`` has one row per object; ``order[k]`` is the row of ``scored`` that holds rank k + 1. ``summary`` counts
    classes and alerts. ``rejected`` are the records that no line can judge, with reasons.
    """

    table: pl.DataFrame
    summary: dict[str, Any]
    signature: dict[str, Any]
    rejected: tuple[RejectedRow, ...]
    scored: Scored = field(repr=False)
    order: np.ndarray[Any, np.dtype[np.intp]] = field(repr=False)
    q_value: FloatArray = field(repr=False)
    classes: np.ndarray[Any, np.dtype[np.str_]] = field(repr=False)

    def report(self, top: int | None = None) -> Report:
        """Full assessments, with evidence and sentences, of the first ``top`` objects (all by default)."""
        chosen = self.order if top is None else self.order[:top]
        assessments = tuple(
            _assessment(self.scored, int(row), rank, float(self.q_value[row]), str(self.classes[row]))
            for rank, row in enumerate(chosen, 1)
        )
        return Report(self.signature, assessments, self.rejected)

    def assessment(self, designation: str) -> Assessment:
        """The assessment of one object of the table, by its exact designation."""
        found = np.flatnonzero((self.scored.prepared.table["designation"] == designation).to_numpy())
        if found.size == 0:
            raise InputError(f"no object {designation!r} in the screened table")
        row = int(found[0])
        rank = int(np.flatnonzero(self.order == row)[0]) + 1
        return _assessment(self.scored, row, rank, float(self.q_value[row]), str(self.classes[row]))


def screen(
    catalogue: Catalogue,
    *,
    without: Collection[str] = (),
    fdr: float = 0.1,
    prior: float = rules.DEFAULT_PRIOR,
    progress: Progress | None = None,
) -> ScreenResult:
    """Screen every object of a catalogue and rank it, the most probably artificial first.

    ``without`` leaves lines out; ``fdr`` is the false discovery rate of the alert list. ``progress`` is called with
    (step, done, total). Raises InputError for an unknown line, a rate or a prior out of range.
    """
    _check(without, fdr)
    started = time.perf_counter()
    catalogue = with_measurements(_about_the_sun(catalogue))
    table, hyperbolic = _inside(catalogue.table)
    scored = _score(table, without, rules.check_prior(prior), progress)
    q = rules.q_values(scored.p_value)
    classes = _classes(scored, q <= rules.NULL_REJECTED_BELOW)
    order = np.lexsort((scored.p_value, -scored.log10_bayes_factor))
    alert = q <= fdr
    elapsed = time.perf_counter() - started
    summary = {
        "objects": table.height,
        "classes": {name: int(np.count_nonzero(classes == name)) for name in rules.CLASSES},
        "alerts": int(np.count_nonzero(alert)),
        "fdr": fdr,
        "prior": prior,
        "lines": [line for line in LINES if line not in without],
        "rejected": len(catalogue.rejected) + len(hyperbolic),
        "seconds": round(elapsed, 3),
        "objects_per_second": round(table.height / elapsed) if table.height else 0,
    }
    return ScreenResult(
        table=_ranked_table(scored, q, classes, alert, order),
        summary=summary,
        signature=make_signature(catalogue, without, prior),
        rejected=(*catalogue.rejected, *hyperbolic),
        scored=scored,
        order=order,
        q_value=q,
        classes=classes,
    )


def assess(
    catalogue: Catalogue,
    objects: Catalogue | Sequence[str],
    *,
    without: Collection[str] = (),
    prior: float = rules.DEFAULT_PRIOR,
) -> Report:
    """Assess single objects: those of an elements file, or designations of ``catalogue``.

    q-values are those the object would get if it joined the reference catalogue. Raises
    UnknownDesignationError for a designation that the catalogue lacks.
    """
    _check(without, 0.1)
    given = objects if isinstance(objects, Catalogue) else _find_all(catalogue, objects)
    chosen = with_measurements(_about_the_sun(given))
    table, hyperbolic = _inside(chosen.table)
    scored = _score(table, without, rules.check_prior(prior), None)
    q = q_against_reference(scored.p_value)
    classes = _classes(scored, q <= rules.NULL_REJECTED_BELOW)
    assessments = tuple(
        _assessment(scored, row, None, float(q[row]), str(classes[row])) for row in range(table.height)
    )
    signature = make_signature(chosen, without, prior)
    return Report(signature, assessments, (*chosen.rejected, *hyperbolic))


def make_signature(catalogue: Catalogue, without: Collection[str], prior: float) -> dict[str, Any]:
    """Who answered, with what: travels with every result."""
    from aneos import __version__

    lines = [line for line in LINES if line not in without]
    return {
        "source": "aNEOS",
        "version": __version__,
        "model": {
            "lines": lines,
            "prior": prior,
            "null": load_natural_orbits().catalogue,
            "depth": "quick",
        },
        "catalogue": catalogue.signature(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _check(without: Collection[str], fdr: float) -> None:
    for line in without:
        if line not in LINES:
            raise InputError(
                f"no line of evidence is called {line!r}; there are {', '.join(LINES)}", source="without"
            )
    if not 0.0 < fdr < 1.0:
        raise InputError(
            f"the false discovery rate must lie strictly between 0 and 1, not {fdr}", source="fdr"
        )


def _about_the_sun(catalogue: Catalogue) -> Catalogue:
    """The catalogue with rows about the Earth or on the equator, as its own columns say, converted or rejected."""
    if all(name in COLUMNS for name in catalogue.table.columns):
        return catalogue
    from aneos.artificial.orbit_tables import on_the_sun

    return on_the_sun(catalogue)


def _inside(table: pl.DataFrame) -> tuple[pl.DataFrame, list[RejectedRow]]:
    """Elliptic orbits that miss the Sun's centre, and the others rejected with their reason."""
    bound = (table["e"] < 1.0) & (table["a_au"] * (1.0 - table["e"]) > LEAST_PERIHELION_AU)
    if bound.null_count() == 0 and bound.all():
        return table, []
    outside = table.filter(~bound)
    rejected = [
        RejectedRow(
            row["source_line"] or 0,
            f"orbit with e = {row['e']:.6g} is not elliptic: outside the screen, which compares closed orbits"
            if not row["e"] < 1.0
            else f"orbit with e = {row['e']:.12g} leads through the centre of the Sun",
            row["designation"],
            row["source"],
        )
        for row in outside.select("source_line", "e", "designation", "source").iter_rows(named=True)
    ]
    return table.filter(bound), rejected


def _score(table: pl.DataFrame, without: Collection[str], prior: float, progress: Progress | None) -> Scored:
    steps = ["geometry", *(line for line in LINES if line not in without), "posterior"]
    done = 0

    def step(name: str) -> None:
        nonlocal done
        if progress is not None:
            progress(name, done, len(steps))
        done += 1

    step("geometry")
    prepared = prepare(table)
    beside = bound_orbit.beside_the_earth(prepared)
    lines: dict[str, EvidenceColumns] = {}
    p_lines: list[FloatArray] = []
    amr = known = None
    found: bound_orbit.Found = {}
    matches: list[Match | NBodyMatch | None] = [None] * table.height
    if "orbit" not in without:
        step("orbit")
        lines["orbit"] = bound_orbit.orbit_columns(orbit.score(prepared), beside)
        p_lines.append(bound_orbit.p_values(orbit.p_values(prepared.encounters), beside))
    if "area_to_mass" not in without:
        step("area_to_mass")
        amr = area_to_mass.score(prepared)
        lines["area_to_mass"] = amr.columns
        p_lines.append(amr.p_natural)
    if "identity" not in without:
        step("identity")
        known = identity.score_and_match(table)
        found = bound_orbit.compared_there(prepared, beside)
        lines["identity"] = bound_orbit.identity_columns(known, beside, found)
        matches = bound_orbit.matches(known, found)
    if "physical" not in without:
        step("physical")
        lines["physical"] = physical.score(prepared)
    step("posterior")
    n = table.height
    total = sum((line.log10_bayes_factor for line in lines.values()), np.zeros(n))
    below = np.sqrt(sum(((line.log10_bayes_factor - line.lo) ** 2 for line in lines.values()), np.zeros(n)))
    above = np.sqrt(sum(((line.hi - line.log10_bayes_factor) ** 2 for line in lines.values()), np.zeros(n)))
    p_value = rules.combine_independent(np.array(p_lines)) if p_lines else np.full(n, np.nan)
    if known is not None:
        chances = [np.nan if match is None else match.chance_probability for match in matches]
        chance = np.array(chances, np.float64)
        p_value = np.where(np.isnan(chance), p_value, np.minimum(2.0 * np.fmin(p_value, chance), 1.0))
    if progress is not None:
        progress("done", len(steps), len(steps))
    return Scored(
        prepared,
        lines,
        amr,
        known,
        prior,
        total,
        total - below,
        total + above,
        p_value,
        beside,
        found,
        matches,
    )


def _classes(
    scored: Scored, natural_rejected: np.ndarray[Any, np.dtype[np.bool_]]
) -> np.ndarray[Any, np.dtype[np.str_]]:
    n = len(scored.prepared)
    H, diameter = scored.prepared.column("H"), scored.prepared.column("diameter_km")
    too_large = (diameter > physical.LARGEST_HARDWARE_KM) | (
        (H < physical.BRIGHTEST_HARDWARE_H) & ~np.isfinite(diameter)
    )
    artificial_rejected = too_large.copy()
    if "physical" not in scored.lines:
        artificial_rejected[:] = False
    if scored.amr is not None:
        artificial_rejected |= scored.amr.p_artificial < 1e-3
        natural_rejected = natural_rejected & ~(scored.amr.p_inert > 0.01)
    natural_measured = np.zeros(n, dtype=np.bool_)
    for name in ("area_to_mass", "physical"):
        if name in scored.lines:
            natural_measured |= scored.lines[name].log10_bayes_factor <= rules.MEASURED_NATURAL
    identified = np.array([match is not None and match.identified for match in scored.matches], np.bool_)
    informed = np.zeros(n, dtype=np.bool_)
    for name in ("orbit", "area_to_mass", "physical"):
        if name in scored.lines:
            informed |= scored.lines[name].measured
    return rules.classify(
        scored.probability,
        informed=informed,
        identified=identified,
        natural_rejected=natural_rejected,
        artificial_rejected=artificial_rejected,
        natural_measured=natural_measured,
    )


def q_against_reference(p_value: FloatArray) -> FloatArray:
    """q of each object as if it alone joined the reference catalogue, from the null's expected counts.

    As Benjamini and Hochberg have it, the least rate at which the object is listed: one of larger p among the expected
    ones may list it at a lower rate than its own p does.
    """
    n = load_natural_orbits().n_reference
    expected = p_value * n
    own = p_value * (n + 1) / (1.0 + np.floor(expected))
    next_one = np.ceil(expected) * (n + 1) / n / (1.0 + np.ceil(expected))
    return np.asarray(np.minimum(np.where(expected > 0.0, np.minimum(own, next_one), own), 1.0))


def _find_all(catalogue: Catalogue, designations: Sequence[str]) -> Catalogue:
    from aneos.catalogue.designations import find_index

    rows = [find_index(catalogue, designation) for designation in designations]
    return Catalogue(catalogue.table[rows], catalogue.provenance)


def _ranked_table(
    scored: Scored,
    q: FloatArray,
    classes: np.ndarray[Any, np.dtype[np.str_]],
    alert: np.ndarray[Any, np.dtype[np.bool_]],
    order: np.ndarray[Any, np.dtype[np.intp]],
) -> pl.DataFrame:
    prepared = scored.prepared
    columns: dict[str, Any] = {
        "rank": np.arange(1, len(prepared) + 1),
        "designation": prepared.table["designation"].gather(order),
        "class": classes[order],
        "probability_artificial": scored.probability[order],
        "prob_lo": rules.posterior(scored.lo, scored.prior)[order],
        "prob_hi": rules.posterior(scored.hi, scored.prior)[order],
        "log10_bayes_factor": scored.log10_bayes_factor[order],
        "p_value": scored.p_value[order],
        "q_value": q[order],
        "alert": alert[order],
        "v_encounter_kms": prepared.speed_kms[order],
        "moid_au": prepared.encounters.moid_au[order],
    }
    for name in ("i_deg", "a_au", "e", "H"):
        columns[name] = prepared.table[name].gather(order)
    for line, values in scored.lines.items():
        columns[f"bf_{line}"] = values.log10_bayes_factor[order]
    columns["source"] = prepared.table["source"].gather(order)
    return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


def _assessment(scored: Scored, row: int, rank: int | None, q: float, object_class: str) -> Assessment:
    prepared = scored.prepared
    evidence = _explain(scored, row)
    found = scored.matches[row]
    match = None
    if found is not None and found.identified:
        match = Identity(found.name, found.cospar, found.chance_probability)
    probability = float(scored.probability[row])
    lo, hi = (float(rules.posterior(end[row], scored.prior)) for end in (scored.lo, scored.hi))
    p = float(scored.p_value[row])
    name: ObjectClass = next(item for item in rules.CLASSES if item == object_class)
    missing = _missing(scored, row, evidence)
    record = prepared.table.row(row, named=True)
    return Assessment(
        designation=record["designation"],
        rank=rank,
        object_class=name,
        probability_artificial=probability,
        interval=(lo, hi),
        prior=scored.prior,
        log10_bayes_factor=float(scored.log10_bayes_factor[row]),
        p_value=p if np.isfinite(p) else None,
        q_value=q if np.isfinite(q) else None,
        evidence=evidence,
        identity=match,
        missing=missing,
        orbit=_orbit(record),
        verdict=verdict(name, probability, evidence, match, missing, record),
    )


def _explain(scored: Scored, row: int) -> tuple[Evidence, ...]:
    prepared, out = scored.prepared, []
    place = scored.beside.place(row)
    for line, columns in scored.lines.items():
        if line == "orbit":
            said = orbit.explain(prepared, row, columns)
            out.append(said if place is None else bound_orbit.explain_orbit(said, scored.beside, place))
        elif line == "area_to_mass" and scored.amr is not None:
            out.append(area_to_mass.explain(prepared, row, scored.amr))
        elif line == "identity" and scored.known is not None:
            there = None if place is None else bound_orbit.explain_identity(columns, row, scored.found)
            out.append(there or identity.explain_scored(prepared.table, row, scored.known)[0])
        elif line == "physical":
            out.append(physical.explain(prepared, row, columns))
    return tuple(out)


def _missing(scored: Scored, row: int, evidence: tuple[Evidence, ...]) -> tuple[Missing, ...]:
    out = []
    status = {item.line: item.status for item in evidence}
    record = scored.prepared.table.row(row, named=True)
    if status.get("area_to_mass") == "missing":
        arc = None if record["arc_days"] is None else float(record["arc_days"])
        out.append(
            Missing(
                "area_to_mass",
                *area_to_mass.forecast(arc, record["last_observation"], datetime.now(UTC).date()),
            )
        )
    if status.get("physical") == "missing":
        out.append(Missing("physical", "an absolute magnitude; a spectrum or colours would decide"))
    elif not record.get("spectral_type") and scored.probability[row] >= rules.NATURAL_BELOW:
        out.append(Missing("physical", "a spectrum or colours: paint and metal look like no asteroid"))
    if scored.probability[row] >= rules.NATURAL_BELOW:
        out.append(Missing("departure", "a back-propagation to launch with the orbit's covariance"))
    return tuple(out)


def _orbit(record: dict[str, Any]) -> dict[str, Any]:
    """Elements and quality of what was used, null where unknown."""
    names = (
        "epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "H", "U", "arc_days",
        "arc_is_lower_bound", "n_obs", "n_oppositions", "rms_arcsec", "amr_m2kg", "amr_sigma_m2kg", "A1", "A1_sigma",
        "A2", "A2_sigma", "A3", "A3_sigma", "diameter_km", "albedo", "rotation_h", "source",
    )  # fmt: skip
    out: dict[str, Any] = {"frame": "ecliptic J2000", "origin": "Sun", "covariance": None}
    out |= {name: record[name] for name in names}
    last = record["last_observation"]
    out["last_observation"] = None if last is None else last.isoformat()
    return out
