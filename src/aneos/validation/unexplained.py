"""The unexplained lane: what it could have seen, and the upper limit that follows from having seen nothing."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import chi2

from aneos.catalogue import Catalogue
from aneos.catalogue.measurements import with_measurements
from aneos.catalogue.schema import in_columns
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.evidence.prepared import prepare
from aneos.learning.ensemble import AnomalyEnsemble
from aneos.learning.features import features
from aneos.screening import assess
from aneos.validation.context import Context
from aneos.validation.rates import Rate
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]

PUSHES_M2KG: Final = (0.01, 0.3, 3.0, 30.0)
LEVELS: Final = (3e-4, 1e-3)
"""Chances of the anomaly ensemble from which an object is put on the list."""

INJECTED: Final = 1000
QUICK_INJECTED: Final = 200

STRANGE: Final = {
    "circular at 1 au, retrograde": ((0.97, 1.03), (0.0, 0.03), (150.0, 180.0)),
    "circular at 1 au, over the poles": ((0.97, 1.03), (0.0, 0.03), (60.0, 120.0)),
    "circular at 0.5 au": ((0.45, 0.55), (0.0, 0.03), (0.0, 20.0)),
    "grazing the Sun within 1 au": ((0.4, 0.6), (0.96, 0.99), (0.0, 30.0)),
    "circular at 2 au, retrograde": ((1.9, 2.1), (0.0, 0.03), (150.0, 180.0)),
    "keeping station beside the Earth": ((0.998, 1.002), (0.0, 0.005), (0.0, 0.1)),
}
"""Orbits that neither nature nor launches make, or that would need an engine: ranges of a (au), e and i (deg)."""


def run(context: Context) -> tuple[str, dict[str, Any]]:
    """The section's Markdown and its figures."""
    measured = with_measurements(context.catalogue).table
    pushed = measured.filter(pl.col("A1").is_not_null() | pl.col("amr_m2kg").is_not_null()).height
    seen = int((context.screened.table["class"] == "unexplained").sum())
    by_push, push_facts = _push_rows(context, pushed, seen)
    by_orbit, orbit_facts = _orbit_rows(context)
    listed = orbit_facts["listed"]
    text = "\n\n".join(
        [
            "## The unexplained lane and its upper limit",
            f"Objects of the catalogue called unexplained: {seen}. An upper limit is f < μ / (N ε) with "
            "the share ε of injected strange objects that the lane finds (the lower end of its interval), "
            "N objects searched, and μ the exact 95% limit on the mean of a Poisson count (3.0 where "
            "nothing is seen). No background is subtracted: what was listed and not explained away counts "
            "as found.",
            "### By the push of sunlight",
            f"The class speaks where a push has been measured, which is so for N = {pushed} objects only: "
            "no claim reaches further. Its efficiency is measured on catalogued bodies brighter than H 21 "
            "(too large for hardware) that are given a radial push measured at 10σ. Up to about 1 m²/kg "
            "the assumed dark comets explain any push, and the lane stays silent: an efficiency of 0 "
            "there is by construction.",
            table(
                ["radial push, as an area-to-mass ratio (m²/kg)", "called unexplained", "limit f"], by_push
            ),
            "### By the orbit alone",
            "The anomaly ensemble knows the catalogue and no hardware. It learns three fifths of the "
            f"catalogue and searches the other N = {orbit_facts['searched']}, whose own ranks give the "
            "chance. A rank cannot fall below 1/(N + 1), so a list with a false discovery rate of 10% "
            f"over {context.natural.height} objects must stay empty unless dozens stand out together: the "
            "*class* is silent here, by construction too. What can be bounded is the list by chance: "
            + "; ".join(
                f"{listed[f'{level:g}']} objects at a chance of {level:g} or less (that many by construction)"
                for level in LEVELS
            )
            + ".",
            table(
                [
                    "injected orbits",
                    *(f"found at {level:g}, limit" for level in LEVELS),
                ],
                by_orbit,
            ),
            "What keeps station beside the Earth on a circle hardly differs from the slowest natural "
            "orbits, and the ensemble does not see it. The last row says that it does not look for "
            "hardware either: simulated escapes resemble the catalogue.",
        ]
    )
    return text, {"called": seen, "measured": pushed, "pushed": push_facts, "orbit": orbit_facts}


def upper_limit(count: int, level: float = 0.95) -> float:
    """Exact one-sided upper limit on the mean of a Poisson count (Garwood 1936); 3.0 for none at 95%."""
    return float(0.5 * chi2.ppf(level, 2.0 * (count + 1)))


def strange_orbits(kind: str, n: int, seed: int, epoch_tdb_jd: float) -> pl.DataFrame:
    """``n`` orbits of a kind of :data:`STRANGE` in the catalogue's columns; angles drawn evenly."""
    a, e, i = STRANGE[kind]
    rng = np.random.default_rng([seed, 43, list(STRANGE).index(kind)])
    given = {
        "designation": [f"strange {k}" for k in range(n)],
        "epoch_tdb_jd": np.full(n, epoch_tdb_jd),
        "a_au": rng.uniform(*a, n),
        "e": rng.uniform(*e, n),
        "i_deg": rng.uniform(*i, n),
        **{name: rng.uniform(0.0, 360.0, n) for name in ("node_deg", "peri_deg", "mean_anomaly_deg")},
    }
    return in_columns(pl.DataFrame(given))


def _push_rows(context: Context, searched: int, seen: int) -> tuple[list[list[object]], list[dict[str, Any]]]:
    rows: list[list[object]] = []
    facts = []
    for amr in PUSHES_M2KG:
        rate = _pushed_and_too_large(context, amr)
        limit = _limit(seen, searched, rate)
        rows.append([f"{amr:g}", rate, _shown(limit)])
        facts.append({"amr_m2kg": amr, "efficiency": rate.to_dict(), "limit": limit})
    return rows, facts


def _orbit_rows(context: Context) -> tuple[list[list[object]], dict[str, Any]]:
    data, n = context.data, QUICK_INJECTED if context.quick else INJECTED
    natural = data.y == 0.0
    searched = data.fold[natural] >= 3
    ensemble = AnomalyEnsemble.fit(data.X[natural], searched, seed=context.seed)
    p = ensemble.p_values(ensemble.score_samples(data.X[natural][searched]))
    listed = {f"{level:g}": int(np.sum(p <= level)) for level in LEVELS}
    epoch = float(np.median(context.natural["epoch_tdb_jd"].to_numpy()))
    rows: list[list[object]] = []
    facts: dict[str, Any] = {"searched": int(searched.sum()), "listed": listed, "kinds": {}}
    kinds = {name: features(prepare(strange_orbits(name, n, context.seed, epoch))) for name in STRANGE}
    for name, X in {**kinds, "simulated escapes of hardware": data.X[~natural]}.items():
        found = ensemble.p_values(ensemble.score_samples(X))
        cells: list[object] = [name]
        for level in LEVELS:
            rate = Rate(int(np.sum(found <= level)), found.size)
            limit = _limit(listed[f"{level:g}"], int(searched.sum()), rate)
            cells.append(f"{rate}, {_shown(limit)}")
            facts["kinds"].setdefault(name, []).append(
                {"level": level, "efficiency": rate.to_dict(), "limit": limit}
            )
        rows.append(cells)
    return rows, facts


def _limit(count: int, searched: int, efficiency: Rate) -> float | None:
    """The limit on the share, with the lower end of the efficiency's interval; None where it says nothing."""
    low = efficiency.interval[0]
    limit = upper_limit(count) / (searched * low) if low > 0.0 and searched else np.inf
    return float(limit) if limit < 1.0 else None


def _shown(limit: float | None) -> str:
    return "no limit" if limit is None else f"f < {limit:.1e}"


def _pushed_and_too_large(context: Context, amr_m2kg: float) -> Rate:
    rng = np.random.default_rng([context.seed, 17])
    large = context.natural.filter((pl.col("H") < 21.0) & pl.col("H").is_not_null())
    chosen = large[np.sort(rng.choice(large.height, size=200 if context.quick else 1000, replace=False))]
    pushed = chosen.with_columns(
        amr_m2kg=pl.lit(amr_m2kg),
        amr_sigma_m2kg=pl.lit(0.1 * amr_m2kg),
        A1=pl.lit(amr_m2kg * A1_PER_AMR_AU_D2),
    )
    report = assess(context.catalogue, Catalogue(pushed, context.catalogue.provenance), without=("identity",))
    called = sum(item.object_class == "unexplained" for item in report.assessments)
    return Rate(called, len(report.assessments))
