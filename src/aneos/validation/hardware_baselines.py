"""Simple rules on real hardware: what a plain cut, a fitted push or an isolation forest alone would have found."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.catalogue.measurements import with_measurements
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.learning.detectors import ForestDetector
from aneos.learning.features import features
from aneos.validation.context import BUDGETS, Context, Hardware
from aneos.validation.rates import Rate, above, by_group
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]

SIGMAS = 5.0


def baselines_on_hardware(context: Context, hardware: Hardware) -> tuple[str, dict[str, Any]]:
    """A table of recall by launch at each budget of alerts, and the figures."""
    data = context.data
    natural = data.X[data.y == 0.0]
    known = features(hardware.prepared)
    forest = ForestDetector(random_state=context.seed).fit(natural)
    scores = {
        "U + i cut (S statistic)": (_cut(known), _cut(natural)),
        "isolation forest alone": (forest.score_samples(known), forest.score_samples(natural)),
    }
    rows, facts = [], {}
    for name, (found, against) in scores.items():
        higher, rates = above(found, against), {}
        for kind, chosen in (("leakers", hardware.leaker), ("direct", ~hardware.leaker)):
            tags = tuple(tag for tag, part in zip(hardware.launch, chosen, strict=True) if part)
            for budget in BUDGETS:
                rates[f"{kind} at {budget}"] = by_group(higher[chosen] < budget, tags)
        rows.append([name, *map(str, rates.values())])
        facts[name] = {key: rate.to_dict() for key, rate in rates.items()}
    header = ["rule", *(f"{kind} at {budget}" for kind in ("leakers", "direct") for budget in BUDGETS)]
    flagged, false = _pushed(hardware), _pushed_naturals(context)
    facts["|A1| > 5σ"] = {"hardware": flagged.to_dict(), "naturals": false.to_dict()}
    text = (
        f"{table(header, rows)}\n\nThe rule |A1| > {SIGMAS:g}σ needs a fitted push with its error: of the "
        f"launches whose objects have one it flags {flagged}, and of the catalogued bodies that have one, "
        f"all natural as far as is known, {false}: sunlight pushes small rocks measurably too, so a push "
        "alone is no sign of hardware."
    )
    return text, facts


def _cut(X: FloatArray) -> FloatArray:
    return np.asarray(-((X[:, 0] / 0.8) ** 2 + (X[:, 3] / 0.15) ** 2))


def _pushed(hardware: Hardware) -> Rate:
    amr, sigma = hardware.prepared.area_to_mass()
    given = np.isfinite(amr) & np.isfinite(sigma) & (sigma > 0.0)
    tags = tuple(tag for tag, part in zip(hardware.launch, given, strict=True) if part)
    return by_group(np.abs(amr[given]) > SIGMAS * sigma[given], tags) if given.any() else Rate(0, 0)


def _pushed_naturals(context: Context) -> Rate:
    measured = with_measurements(context.catalogue).table.with_columns(
        push=pl.coalesce("A1", pl.col("amr_m2kg") * A1_PER_AMR_AU_D2),
        error=pl.coalesce("A1_sigma", pl.col("amr_sigma_m2kg") * A1_PER_AMR_AU_D2),
    )
    given = measured.filter(pl.col("push").is_not_null() & (pl.col("error") > 0.0))
    return Rate(int((given["push"].abs() > SIGMAS * given["error"]).sum()), given.height)
