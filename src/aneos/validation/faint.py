"""Beyond the catalogue: what the screen says of natural objects to H 31 and of fragments of the Moon."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.assessment import posterior
from aneos.evidence import area_to_mass, orbit, physical
from aneos.evidence.prepared import prepare
from aneos.learning.calibration import BetaCalibration, unmix
from aneos.learning.features import features
from aneos.learning.model import CONTAMINATION
from aneos.learning.posterior import joined
from aneos.populations.faint import draw_faint, draw_lunar
from aneos.validation.context import Context
from aneos.validation.lanes import MODES, Mixed
from aneos.validation.pushes import with_solid_push
from aneos.validation.rates import Rate, above
from aneos.validation.recovery import BUDGET
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]

DRAWN: Final = 10_000
QUICK_DRAWN: Final = 2_000


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
