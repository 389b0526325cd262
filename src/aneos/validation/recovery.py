"""Injection and recovery: simulated escapes as surveys would report them, put into the real catalogue and ranked.

Each injection is a simulated escape with a size drawn from the population, kept where the survey model would have
found it at that size; H with an error, and an area-to-mass ratio with the error that its arc allows where the arc is
long enough to measure one. Its classifier has not seen its launch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.assessment import posterior
from aneos.catalogue import COLUMNS, Catalogue
from aneos.evidence import area_to_mass, orbit, physical
from aneos.evidence.base import EvidenceColumns
from aneos.evidence.prepared import prepare
from aneos.learning.posterior import OrbitBy, joined
from aneos.validation.context import BUDGETS, LN10, Context
from aneos.validation.lanes import MODES, Mixed
from aneos.validation.pushes import amr_sigma
from aneos.validation.rates import Rate, above
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]

WANTED: Final = 10_000
QUICK_WANTED: Final = 2_000
H_ERROR: Final = 0.4
BUDGET: Final = 30

EDGES: Final = {
    "H": (25.0, 26.0, 27.0, 28.0, 29.0, 31.0, 33.0),
    "encounter speed (km/s)": (0.0, 0.6, 1.1, 2.0, 3.0, 4.0, 5.5, 40.0),
    "area-to-mass ratio (m²/kg)": (0.0, 0.005, 0.01, 0.02, 0.05, 0.3, 1000.0),
}


@dataclass(frozen=True)
class Injections:
    """``table`` in the catalogue's columns; ``source`` the row of the simulated escape behind each, shape (n,)."""

    table: pl.DataFrame
    source: npt.NDArray[np.intp]
    tried: int

    def __len__(self) -> int:
        return self.table.height


def inject(context: Context) -> Injections:
    """At least :data:`WANTED` injections that the survey model would have found."""
    rng = np.random.default_rng([context.seed, 11])
    escapes, wanted = context.escapes, QUICK_WANTED if context.quick else WANTED
    share = context.escapes.weight / context.escapes.weight.sum()
    sizes = escapes.table["H"].to_numpy()
    limit = escapes.table["faintest_H"].to_numpy()
    faintest = np.sort(sizes)
    source = rng.choice(len(escapes), size=wanted, p=share)
    # Of the sizes of the population, one of those at which this orbit would have been found.
    visible = np.searchsorted(faintest, limit[source], side="right")
    H = faintest[(rng.random(wanted) * visible).astype(np.intp)]
    amr, arc = (escapes.table[name].cast(pl.Float64).to_numpy()[source] for name in ("amr_m2kg", "arc_days"))
    sigma = amr_sigma(arc)
    measured = np.isfinite(sigma)
    told = amr + np.where(measured, sigma, 0.0) * rng.standard_normal(wanted)
    base = escapes.table.select(*COLUMNS)[source]
    found = base.with_columns(
        designation=pl.format("injection {}", pl.int_range(pl.len())),
        H=pl.Series(H + H_ERROR * rng.standard_normal(wanted)),
        amr_m2kg=pl.Series(np.where(measured, told, np.nan)).fill_nan(None),
        amr_sigma_m2kg=pl.Series(np.where(measured, sigma, np.nan)).fill_nan(None),
        diameter_km=pl.lit(None, pl.Float64),
        albedo=pl.lit(None, pl.Float64),
    )
    return Injections(found, source, wanted)


def run(context: Context, mixed: Mixed) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The section's Markdown, its figures, and what the pictures need."""
    injections = inject(context)
    prepared = prepare(injections.table)
    amr = area_to_mass.score(prepared)
    lines = {
        "orbit": orbit.score(prepared),
        "area_to_mass": amr.columns,
        "physical": physical.score(prepared),
    }
    classifier = context.classifier[injections.source] / LN10
    rank, found, probable, totals = {}, {}, {}, {}
    for by in MODES:
        totals[by] = joined(lines, classifier, by).log10_bayes_factor
        _, natural = mixed.total("identity withheld", by)
        rank[by] = above(totals[by], natural)
        found[by] = rank[by] < BUDGET
        probable[by] = posterior(totals[by], mixed.natural_scored.prior) >= 0.5
    recalled = {
        by: {budget: _rate(rank[by] < budget, injections.source) for budget in BUDGETS} for by in MODES
    }
    overall = [
        [by, *map(str, recalled[by].values()), str(_rate(probable[by], injections.source))] for by in MODES
    ]
    keys = {
        "H": prepared.column("H"),
        "encounter speed (km/s)": prepared.speed_kms,
        "area-to-mass ratio (m²/kg)": context.escapes.table["amr_m2kg"].to_numpy()[injections.source],
    }
    tables, facts = [], {}
    for name, values in keys.items():
        rows, figures = _binned(name, values, found, injections.source)
        tables += [
            f"By {name}:",
            table([name, "injections", *(f"recall, orbit by {by}" for by in MODES)], rows),
        ]
        facts[name] = figures
    measured = int(np.isfinite(prepared.column("amr_m2kg")).sum())
    text = "\n\n".join(
        [
            "## Injection and recovery",
            f"{len(injections)} injections from {len(np.unique(injections.source))} simulated escapes, each found "
            "by the "
            f"survey model at its size; {measured} with an arc long enough for an area-to-mass ratio. Identity is "
            f"withheld: no simulated object is in the registry. Recalled: fewer than {BUDGET} catalogued objects "
            "score as "
            "high. Injections of one escape are no independent trials, so intervals count escapes.",
            table(
                ["orbit judged by", *(f"recall at {budget}" for budget in BUDGETS), "P(artificial) ≥ 0.5"],
                overall,
            ),
            *tables,
            "The area-to-mass ratio is measured no better than the arc allows; below fifteen days it is not measured:",
            _by_arc(lines, found, injections, prepared.column("arc_days")),
        ]
    )
    rates = {"recall": found, "probable": probable}
    summary = {
        by: {name: _rate(success[by], injections.source).to_dict() for name, success in rates.items()}
        | {f"recall_{budget}": rate.to_dict() for budget, rate in recalled[by].items()}
        for by in MODES
    }
    return text, {"injections": len(injections), "overall": summary, "bins": facts}, {"recovery": facts}


def _rate(success: npt.NDArray[np.bool_], source: npt.NDArray[np.intp]) -> Rate:
    """The rate over injections with as many trials as there are distinct escapes."""
    trials = len(np.unique(source))
    return Rate(round(float(success.mean()) * trials), trials) if success.size else Rate(0, 0)


def _binned(
    name: str, values: FloatArray, found: dict[OrbitBy, npt.NDArray[np.bool_]], source: npt.NDArray[np.intp]
) -> tuple[list[list[object]], list[dict[str, Any]]]:
    rows: list[list[object]] = []
    figures = []
    for low, high in zip(EDGES[name][:-1], EDGES[name][1:], strict=True):
        chosen = (values >= low) & (values < high)
        rates = {by: _rate(found[by][chosen], source[chosen]) for by in MODES}
        rows.append([f"{low:g} to {high:g}", int(chosen.sum()), *map(str, rates.values())])
        figures.append(
            {"from": low, "to": high, "injections": int(chosen.sum())}
            | {by: rate.to_dict() for by, rate in rates.items()}
        )
    return rows, figures


def _by_arc(
    lines: dict[str, EvidenceColumns],
    found: dict[OrbitBy, npt.NDArray[np.bool_]],
    injections: Injections,
    arc: FloatArray,
) -> str:
    rows = []
    for low, high in ((0.0, 15.0), (15.0, 30.0), (30.0, 60.0), (60.0, 1e5)):
        chosen = (arc >= low) & (arc < high)
        rates = [str(_rate(found[by][chosen], injections.source[chosen])) for by in MODES]
        median = (
            float(np.median(lines["area_to_mass"].log10_bayes_factor[chosen]))
            if chosen.any()
            else float("nan")
        )
        rows.append([f"{low:g} to {high:g}", int(chosen.sum()), f"{median:.2f}", *rates])
    return table(
        ["arc (days)", "injections", "median log10 BF of AMR", *(f"recall, orbit by {by}" for by in MODES)],
        rows,
    )


def as_catalogue(injections: Injections, context: Context) -> Catalogue:
    """The injections as a catalogue of their own."""
    return Catalogue(injections.table, context.catalogue.provenance)
