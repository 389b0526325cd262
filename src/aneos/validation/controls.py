"""Null controls: what must show nothing shows nothing."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.known import heliocentric_orbits
from aneos.catalogue import COLUMNS, Catalogue
from aneos.catalogue.measurements import load_measurements
from aneos.learning.calibration import roc_auc
from aneos.learning.features import NAMES, check_leaks
from aneos.learning.training import TrainingSet, best_parameters, out_of_fold
from aneos.orbits import KeplerianElements, earth_elements
from aneos.screening import assess, screen
from aneos.validation.context import Context
from aneos.validation.rates import Rate
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]

JUPITER_AU: Final = 5.2026
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
        ("shuffled launch dates", _shuffled_launches),
    ):
        shown, passed, figures = control(context)
        rows.append([name, shown, "yes" if passed else "**no**"])
        facts[name] = {"passed": bool(passed), **figures}
    text = "\n\n".join(
        [
            "## Null controls",
            table(["control", "result", "as it should be"], rows),
            "Shuffled launch dates: a body that left the Earth was beside it then, so counting its "
            "synodic periods back from today's place gives a whole number at its own launch more often "
            "than at that of another (two-body motion; a tenth by chance). How well a real object is "
            "traced to its launch is measured in [Departures](departures.md). No comet catalogue travels "
            "with aNEOS, so comet-like orbits of the NEA catalogue stand in for comets.",
        ]
    )
    return text, facts


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


def _shuffled_launches(context: Context) -> tuple[str, bool, dict[str, Any]]:
    """Simulated escapes that were beside the Earth at their own launch, and at launches dealt out anew."""
    elements = KeplerianElements.from_table(context.escapes.table)
    launched = context.escapes.table["launch_jd"].to_numpy()
    shuffled = np.random.default_rng([context.seed, 19]).permutation(launched)
    own, other = (
        Rate(int(beside_earth(elements, dates).sum()), launched.size) for dates in (launched, shuffled)
    )
    shown = f"beside the Earth at its own launch: {own}; at another's: {other}; by chance 0.1"
    passed = own.interval[0] > 0.2 and abs(other.value - 0.1) < 0.02
    return shown, passed, {"own": own.to_dict(), "shuffled": other.to_dict()}


def beside_earth(elements: KeplerianElements, dates_tdb_jd: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether each orbit led the Earth by a whole number of turns, within a twentieth, at its date; shape (n,)."""
    earth = earth_elements(elements.epoch_tdb_jd)
    ahead = sum(
        sign * (orbit.node_deg + orbit.peri_deg + orbit.mean_anomaly_deg)
        for sign, orbit in ((1, elements), (-1, earth))
    )
    gained = (elements.mean_motion_deg_d - earth.mean_motion_deg_d) * (elements.epoch_tdb_jd - dates_tdb_jd)
    turns = (ahead - gained) / 360.0
    return np.asarray(np.abs(turns - np.round(turns)) < 0.05)
