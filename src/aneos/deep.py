"""What costs n-body integration, for single objects: where it came from, and which known object it is.

The quick screen never integrates. Here an orbit (a file's, a catalogue object's, a registry object's, or one fitted
to observations) is traced back to the launches; ``deepen`` adds that to assessments that the quick lines left
undecided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from aneos import assessment as rules
from aneos.artificial import known
from aneos.artificial.departure_files import read_orbits
from aneos.artificial.departure_orbit import TracedOrbit, orbit_from_known, orbit_from_row
from aneos.artificial.departures import DepartureResult, departures
from aneos.artificial.known_tables import KnownObject
from aneos.artificial.launches import FIRST_LAUNCH_JD
from aneos.assessment import Assessment, Departure, ObjectClass, Report
from aneos.catalogue import Provenance, load_bundled, select
from aneos.dynamics import ForceModel, OrbitUncertainty
from aneos.errors import InputError, RejectedRow, UnknownDesignationError
from aneos.evidence import departure as line

__all__ = ["Settings", "Traced", "trace", "trace_file", "trace_named"]

INFORMATIVE: Final = 0.5
"""Share of the expected agreement that must fall in the known past before the line alone may call a body natural."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How an orbit is traced: see :func:`aneos.artificial.departures.departures`."""

    clones: int = 1000
    look_alikes: int = 200
    seed: int = 0
    amr: tuple[float, float] | None = None
    launches: Path | None = None
    until_tdb_jd: float = FIRST_LAUNCH_JD
    threads: int | None = None
    forces: ForceModel = field(default_factory=ForceModel)


@dataclass(frozen=True, slots=True)
class Traced:
    """The report in the shape of every command, and the full result of each assessment in the same order."""

    report: Report
    results: tuple[DepartureResult, ...]


def trace(orbit: Mapping[str, Any] | OrbitUncertainty | TracedOrbit, settings: Settings) -> DepartureResult:
    """Trace one orbit. Raises InputError as :func:`aneos.artificial.departures.departures` does."""
    return departures(
        orbit,
        clones=settings.clones,
        lookalikes=settings.look_alikes,
        seed=settings.seed,
        amr=None if isinstance(orbit, TracedOrbit) else settings.amr,
        launches=settings.launches,
        forces=settings.forces,
        until_tdb_jd=settings.until_tdb_jd,
        threads=settings.threads,
    )


def trace_file(path: Path, settings: Settings, *, prior: float = rules.DEFAULT_PRIOR) -> Traced:
    """Trace every orbit of a file (:func:`aneos.artificial.departure_files.read_orbits`).

    A row that cannot be traced stands in ``rejected`` and does not stop the others.
    """
    found = read_orbits(path)
    results: list[DepartureResult] = []
    rejected = list(found.rejected)
    for row, uncertainty in zip(found.rows, found.uncertainties, strict=True):
        try:
            orbit = orbit_from_row(row, amr=settings.amr, uncertainty=uncertainty, forces=settings.forces)
            results.append(trace(orbit, settings))
        except InputError as error:
            number = row.get("source_line")
            name = str(row.get("designation") or "") or None
            rejected.append(RejectedRow(int(number or 0), str(error), name, str(row.get("source") or path)))
    return _traced(results, settings, prior, found.provenance, rejected)


def trace_named(designation: str, settings: Settings, *, prior: float = rules.DEFAULT_PRIOR) -> Traced:
    """Trace an object of the catalogue or, from its last published orbit, of the registry of artificial objects.

    Raises UnknownDesignationError for a name that neither knows, InputError where no orbit of it can be traced.
    """
    orbit, provenance = orbit_of(designation, settings)
    return _traced([trace(orbit, settings)], settings, prior, provenance, [])


def orbit_of(designation: str, settings: Settings) -> tuple[TracedOrbit, tuple[Provenance, ...]]:
    """The orbit that a name stands for, and where it comes from."""
    try:
        chosen = select(load_bundled(), designation)
    except UnknownDesignationError:
        item = known.find(designation)
        if item is None:
            raise
        return _of_known(item, settings), ()
    row = chosen.table.row(0, named=True)
    return orbit_from_row(row, amr=settings.amr, forces=settings.forces), chosen.provenance


# -- below: steps ----------------------------------------------------------------------------------


def _of_known(item: KnownObject, settings: Settings) -> TracedOrbit:
    """The last published orbit that is complete; of several of one arc the one with most observations."""
    reasons = []
    order = sorted(item.orbits, key=lambda orbit: (str(orbit.arc_end), orbit.n_obs or 0), reverse=True)
    for orbit in order:
        try:
            traced = orbit_from_known(item, orbit, forces=settings.forces)
        except InputError as error:
            reasons.append(error.reason)
            continue
        if settings.amr is None:
            return traced
        raise InputError(
            "the registry's orbit has its own push: give --elements to try another", source="--amr"
        )
    raise InputError(reasons[0] if reasons else "has no published orbit", source=item.name)


def _traced(
    results: Sequence[DepartureResult],
    settings: Settings,
    prior: float,
    provenance: Sequence[Provenance],
    rejected: Sequence[RejectedRow],
) -> Traced:
    rules.check_prior(prior)
    assessments = tuple(_assessment(result, prior, len(results)) for result in results)
    forces = results[0].provenance if results else {}
    report = Report(signature(settings, prior, provenance, forces), assessments, tuple(rejected))
    return Traced(report, tuple(results))


def signature(
    settings: Settings, prior: float, provenance: Sequence[Provenance], forces: Mapping[str, Any]
) -> dict[str, Any]:
    """Who answered, with which forces, kernels and seed."""
    from aneos import __version__

    model = {
        "lines": [line.LINE],
        "prior": prior,
        "depth": "full",
        "clones": settings.clones,
        "look_alikes": settings.look_alikes,
        "seed": settings.seed,
        "forces": dict(forces),
    }
    return {
        "source": "aNEOS",
        "version": __version__,
        "model": model,
        "catalogue": [item.to_dict() for item in provenance],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def departures_of(result: DepartureResult) -> tuple[Departure, ...]:
    """The launches of a result in the shape that all commands share."""
    return tuple(
        Departure(item.launch, item.date, item.score, item.chance_probability) for item in result.candidates
    )


def _assessment(result: DepartureResult, prior: float, tested: int) -> Assessment:
    """The line alone: a launch makes an object probably artificial only where the posterior says so."""
    evidence = line.from_result(result, tested)
    ends = (evidence.log10_bayes_factor, *evidence.interval)
    probability, low, high = (float(rules.posterior(value, prior)) for value in ends)
    return Assessment(
        designation=result.orbit.designation,
        rank=None,
        object_class=_class(result, probability),
        probability_artificial=probability,
        interval=(low, high),
        prior=prior,
        log10_bayes_factor=evidence.log10_bayes_factor,
        p_value=None,
        q_value=None,
        evidence=(evidence,),
        departures=departures_of(result),
        orbit=_orbit(result.orbit),
        verdict=evidence.summary,
    )


def _class(result: DepartureResult, probability: float) -> ObjectClass:
    if probability >= rules.ARTIFICIAL_FROM:
        return "probably_artificial"
    missed = result.reach_fraction == 0.0 and result.known_share >= INFORMATIVE
    return "natural" if missed and probability < rules.NATURAL_BELOW else "insufficient_data"


def _orbit(orbit: TracedOrbit) -> dict[str, Any]:
    """The elements that were traced, and their widths where they have any in these coordinates."""
    elements = orbit.states.elements()
    names = ("epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
    out: dict[str, Any] = {"frame": "ecliptic J2000", "origin": "Sun"}
    out |= {name: float(getattr(elements, name)[0]) for name in names}
    out |= {"H": orbit.H if np.isfinite(orbit.H) else None}
    for number, name in enumerate(("A1", "A2", "A3")):
        sigma = float(orbit.force_sigma[number])
        out[name] = float(getattr(orbit.states, name)[0]) if np.isfinite(sigma) else None
        out[f"{name}_sigma"] = sigma if np.isfinite(sigma) else None
    fitted = orbit.uncertainty
    out["covariance"] = (
        None
        if fitted is None
        else {
            "labels": list(fitted.labels),
            "centre": fitted.centre,
            "frame": fitted.frame,
            "matrix": fitted.matrix.tolist(),
            "assumed": fitted.assumed,
        }
    )
    return out
