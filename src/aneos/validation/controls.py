"""Null controls: what must show nothing shows nothing. And what the unexplained lane could have seen."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.known import heliocentric_orbits
from aneos.catalogue import COLUMNS, Catalogue
from aneos.catalogue.measurements import load_measurements, with_measurements
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.learning.calibration import roc_auc
from aneos.learning.ensemble import AnomalyEnsemble
from aneos.learning.features import NAMES, check_leaks
from aneos.learning.training import TrainingSet, best_parameters, out_of_fold
from aneos.screening import assess, screen
from aneos.validation.context import Context
from aneos.validation.rates import Rate
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]

JUPITER_AU: Final = 5.2026
PUSHES_M2KG: Final = (0.01, 0.3, 3.0, 30.0)
ROTATIONS_DEG: Final = (45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0)


def run(context: Context) -> tuple[str, dict[str, Any]]:
    """The section's Markdown and its figures."""
    rows, facts = [], {}
    for name, control in (
        ("scrambled labels", _scrambled),
        ("planted leak", _planted_leak),
        ("comet-like orbits (T_J < 3)", _comet_like),
        ("A1 < 0 among measured naturals", _inward_naturals),
        ("registry AMR with the sign turned", _inward_registry),
        ("registry nodes rotated", _rotated),
    ):
        shown, passed, figures = control(context)
        rows.append([name, shown, "yes" if passed else "**no**"])
        facts[name] = {"passed": bool(passed), **figures}
    lane, figures = _unexplained(context)
    text = "\n\n".join(
        [
            "## Null controls",
            table(["control", "result", "as it should be"], rows),
            "Not run: shuffled launch dates belong to the line that traces an orbit back to a launch, which this "
            "report does "
            "not test; no comet catalogue travels with aNEOS, so comet-like orbits of the NEA catalogue stand in.",
            "## The unexplained lane and its upper limit",
            lane,
        ]
    )
    return text, {"controls": facts, "unexplained": figures}


def _scrambled(context: Context) -> tuple[str, bool, dict[str, Any]]:
    data = context.data
    order = np.random.default_rng([context.seed, 13]).permutation(data.y.size)
    false = TrainingSet(data.X, data.y[order], data.weight[order], data.fold, data.group, data.designation)
    _, raw = out_of_fold(false, best_parameters(false, context.seed, 1), context.seed)
    auc = roc_auc(raw, false.y, false.weight)
    effective = float(false.weight[false.y == 1.0].sum() ** 2 / (false.weight[false.y == 1.0] ** 2).sum())
    sigma = float(np.sqrt(1.0 / (12.0 * effective)))
    within = abs(auc - 0.5) < 3.0 * sigma
    return (
        f"ROC AUC {auc:.3f}, 0.5 ± {sigma:.3f} expected without skill",
        within,
        {"roc_auc": auc, "sigma": sigma},
    )


def _planted_leak(context: Context) -> tuple[str, bool, dict[str, Any]]:
    data = context.data
    planted = np.where(data.y == 1.0, 2700.0, np.nan)
    names = (*NAMES, "planted")
    X = np.column_stack([data.X, planted])
    caught = check_leaks(X[data.y == 1.0], X[data.y == 0.0], names)
    clean = check_leaks(data.X[data.y == 1.0], data.X[data.y == 0.0])
    shown = f"{'; '.join(caught) or 'not noticed'}; real features: {'; '.join(clean) or 'none leaks'}"
    return shown, bool(caught) and not clean, {"caught": caught, "real": clean}


def _comet_like(context: Context) -> tuple[str, bool, dict[str, Any]]:
    a, e, i = (context.natural[name].to_numpy() for name in ("a_au", "e", "i_deg"))
    tisserand = JUPITER_AU / a + 2.0 * np.cos(np.radians(i)) * np.sqrt(a / JUPITER_AU * (1.0 - e**2))
    chosen = set(context.natural.filter(pl.Series(tisserand < 3.0))["designation"].to_list())
    return _flagged_in_screen(context, chosen)


def _inward_naturals(context: Context) -> tuple[str, bool, dict[str, Any]]:
    measured = load_measurements()
    inward = measured.filter((pl.col("A1") < 0.0) & pl.col("checked"))["designation"].to_list()
    names = set(context.natural["designation"].to_list())
    report = assess(context.catalogue, [name for name in inward if name in names])
    wrong = sum("artificial" in item.object_class for item in report.assessments)
    rate = Rate(wrong, len(report.assessments))
    return f"called artificial: {rate}", wrong == 0, rate.to_dict()


def _inward_registry(context: Context) -> tuple[str, bool, dict[str, Any]]:
    known = heliocentric_orbits().filter((pl.col("e") < 1.0) & pl.col("amr_m2kg").is_not_null())
    turned = known.select(*COLUMNS).with_columns(
        designation=pl.format("{} #{}", pl.col("designation"), pl.int_range(pl.len())),
        amr_m2kg=-pl.col("amr_m2kg"),
        amr_sigma_m2kg=pl.coalesce(pl.col("amr_sigma_m2kg"), 0.1 * pl.col("amr_m2kg")),
    )
    scored = screen(Catalogue(turned, context.catalogue.provenance), without=("identity",)).scored
    value = scored.lines["area_to_mass"].log10_bayes_factor
    rate = Rate(int(np.sum(value > 0.0)), len(value))
    return f"AMR line in favour of hardware: {rate}", rate.successes == 0, rate.to_dict()


def _rotated(context: Context) -> tuple[str, bool, dict[str, Any]]:
    known = heliocentric_orbits().filter(pl.col("e") < 1.0).select(*COLUMNS)
    turned = pl.concat(
        [
            known.with_columns(
                designation=pl.format(
                    "{} #{} turned {}", pl.col("designation"), pl.int_range(pl.len()), angle
                ),
                node_deg=(pl.col("node_deg") + angle) % 360.0,
                aliases=pl.lit(None, pl.List(pl.String)),
                name=pl.lit(None, pl.String),
            )
            for angle in (ROTATIONS_DEG[::3] if context.quick else ROTATIONS_DEG)
        ]
    )
    found = screen(Catalogue(turned, context.catalogue.provenance)).scored.known
    assert found is not None
    identified = sum(match is not None and match.identified for match in found.matches)
    rate = Rate(int(identified), turned.height)
    return f"identified as registry objects: {rate}", rate.interval[0] < 0.02, rate.to_dict()


def _flagged_in_screen(context: Context, names: set[str]) -> tuple[str, bool, dict[str, Any]]:
    ranked = context.screened.table
    chosen = ranked.filter(pl.col("designation").is_in(list(names)))
    wrong = int(chosen["class"].str.contains("artificial").sum())
    rate = Rate(wrong, chosen.height)
    return f"called artificial: {rate}", wrong == 0, rate.to_dict()


def _unexplained(context: Context) -> tuple[str, dict[str, Any]]:
    """How many objects could have been called unexplained, with what efficiency, and the limit that follows."""
    measured = with_measurements(context.catalogue)
    pushed = measured.table.filter(pl.col("A1").is_not_null() | pl.col("amr_m2kg").is_not_null())
    seen = int((context.screened.table["class"] == "unexplained").sum())
    rows, figures = [], []
    for amr in PUSHES_M2KG:
        rate = _pushed_and_too_large(context, amr)
        limit = 3.0 / (pushed.height * rate.value) if rate.value > 0.0 else float("inf")
        rows.append([f"{amr:g}", rate, "no limit" if limit >= 1.0 else f"{limit:.3f}"])
        figures.append(
            {"amr_m2kg": amr, "efficiency": rate.to_dict(), "limit": limit if limit < 1.0 else None}
        )
    found, rate = _by_anomaly(context)
    orbital = "no limit" if rate.value == 0.0 else f"{3.0 / (context.natural.height * rate.value):.1e}"
    header = ["radial push, as an area-to-mass ratio (m²/kg)", "called unexplained", "limit f < 3/(N ε)"]
    text = "\n\n".join(
        [
            f"Objects of the catalogue called unexplained: {seen}. The lane speaks where a push has been "
            "measured, which is "
            f"so for N = {pushed.height} objects only: no claim reaches further. Its efficiency ε is measured by "
            "giving "
            "catalogued bodies brighter than H 21 (too large for hardware) a radial push measured at 10σ. Up to "
            "1 m²/kg the assumed dark comets explain any push, and the lane stays silent:",
            table(header, rows),
            f"By orbit alone (the anomaly ensemble, false discovery rate 10% over {context.natural.height} objects): "
            f"{found} objects listed; efficiency for simulated escapes {rate}; limit {orbital}. A conformal p-value "
            "cannot "
            "fall below one over the number of held-out objects, which is what a search of a whole catalogue "
            "would need.",
        ]
    )
    return text, {
        "called": seen,
        "measured": pushed.height,
        "pushed": figures,
        "anomaly_found": found,
        "anomaly": rate.to_dict(),
    }


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


def _by_anomaly(context: Context) -> tuple[int, Rate]:
    from aneos.assessment import q_values

    data = context.data
    natural = data.y == 0.0
    calibrate = data.fold[natural] >= 3
    ensemble = AnomalyEnsemble.fit(data.X[natural], calibrate, seed=context.seed)
    p = ensemble.p_values(ensemble.score_samples(data.X[natural]))
    found = int(np.sum(q_values(p) <= 0.1))
    escaped = ensemble.p_values(ensemble.score_samples(data.X[~natural]))
    threshold = float(p[q_values(p) <= 0.1].max()) if found else 0.0
    return found, Rate(int(np.sum(escaped <= threshold)), escaped.size)
