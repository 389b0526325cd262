"""Beyond the catalogue: what the screen says of natural objects to H 31 and of fragments of the Moon."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.assessment import posterior
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.evidence import area_to_mass, orbit, physical
from aneos.evidence.prepared import prepare
from aneos.learning.calibration import BetaCalibration, unmix
from aneos.learning.features import features
from aneos.learning.model import CONTAMINATION
from aneos.learning.posterior import joined
from aneos.orbits import diameter_km
from aneos.populations.faint import draw_faint, draw_lunar
from aneos.validation.context import Context
from aneos.validation.lanes import MODES, Mixed
from aneos.validation.rates import Rate, above
from aneos.validation.recovery import BUDGET, amr_sigma
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]

DRAWN: Final = 10_000
QUICK_DRAWN: Final = 2_000
DENSITY_KG_M3: Final = 2500.0
ALBEDO: Final = 0.15


def run(context: Context, mixed: Mixed) -> tuple[str, dict[str, Any]]:
    """The section's Markdown and its figures."""
    n = QUICK_DRAWN if context.quick else DRAWN
    epoch = float(context.natural["epoch_tdb_jd"].median())  # type: ignore[arg-type]
    lenders = context.natural.filter((pl.col("H") > 25.0) & pl.col("arc_days").is_not_null())
    populations = {
        "NEAs of H 25 to 31": draw_faint(lenders, n, context.seed),
        "fragments of the Moon": draw_lunar(lenders, n, context.seed, epoch),
    }
    parameters = context.nested[0]
    booster = context.data.fit(parameters, context.seed)
    calibration = BetaCalibration.fit(context.raw, context.data.y, context.data.weight)
    rows, facts = [], []
    for name, objects in populations.items():
        pushed = with_solid_push(objects, context.seed)
        prepared = prepare(pushed)
        lines = {
            "orbit": orbit.score(prepared),
            "area_to_mass": area_to_mass.score(prepared).columns,
            "physical": physical.score(prepared),
        }
        raw = booster.score_samples(features(prepared))
        classifier = unmix(calibration.log_ratio(raw), CONTAMINATION)
        for by in MODES:
            total = joined(lines, classifier, by).log10_bayes_factor
            _, natural = mixed.total("identity withheld", by)
            alarms = above(total, natural) < BUDGET
            probable = posterior(total, mixed.natural_scored.prior) >= 0.5
            measured = prepared.column("amr_m2kg")
            unmeasured = ~np.isfinite(measured)
            rates = {
                "as high as the first 30": Rate(int(alarms.sum()), alarms.size),
                "of them without AMR": Rate(int((alarms & unmeasured).sum()), int(unmeasured.sum())),
                "with AMR": Rate(int((alarms & ~unmeasured).sum()), int((~unmeasured).sum())),
                "P ≥ 0.5": Rate(int(probable.sum()), probable.size),
            }
            rows.append([name, by, *map(str, rates.values())])
            facts.append({"population": name, "orbit_by": by} | {k: r.to_dict() for k, r in rates.items()})
    header = [
        "population",
        "orbit judged by",
        "score as high as the first 30",
        "without AMR",
        "with AMR",
        "P ≥ 0.5",
    ]
    text = "\n\n".join(
        [
            "## Beyond the catalogue: H to 31 and fragments of the Moon (extrapolation)",
            f"**An extrapolation, not a measurement.** {n} bodies each: NEAs on the orbits of catalogued "
            "ones of H 25 to 28 with sizes that go on by the slope of bolides, and lunar ejecta with "
            "encounter speeds below 3 km/s and precessed orbits (`aneos.populations.faint` states every "
            "assumption). They get arcs of catalogued faint NEAs, and where the arc is long enough the "
            "push of a solid body of their size with the error of that arc. Counted as false alarms are "
            "those that score as high as the thirtieth catalogued object, identity withheld.",
            table(header, rows),
            "Fragments of the Moon leave the Earth as slowly as hardware does: by orbit alone they are "
            "not told from it, and a slow, faint object without an area-to-mass ratio may be one. How "
            "many there are is not known, so no prior for them is used.",
        ]
    )
    return text, {"drawn": n, "rates": facts}


def with_solid_push(objects: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Objects with the area-to-mass ratio of solid bodies of their size, measured where the arc allows.

    AMR = 1.5 / (ρ D) with a density of 2500 kg/m³ and an albedo of 0.15.
    """
    rng = np.random.default_rng([seed, 41])
    size_m = 1e3 * diameter_km(objects["H"].fill_null(18.0).to_numpy(), ALBEDO)
    truth = 1.5 / (DENSITY_KG_M3 * size_m)
    sigma = amr_sigma(objects["arc_days"].cast(pl.Float64).fill_null(0.0).to_numpy())
    told = np.where(np.isfinite(sigma), truth + sigma * rng.standard_normal(truth.size), np.nan)
    return objects.with_columns(
        amr_m2kg=pl.Series(told).fill_nan(None),
        amr_sigma_m2kg=pl.Series(sigma).fill_nan(None),
        A1=pl.Series(told * A1_PER_AMR_AU_D2).fill_nan(None),
    )
