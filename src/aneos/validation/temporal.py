"""Temporal freeze: what a classifier with the knowledge of 1 January of a year says of later discoveries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import log_expit

from aneos.evidence import orbit
from aneos.learning.calibration import pr_auc
from aneos.learning.features import features
from aneos.validation.context import LN10, THREADS, Context, fit_and_calibrate, real_hardware
from aneos.validation.rates import Rate, above, by_group
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]

YEARS: Final = tuple(range(2001, 2026))
QUICK_YEARS: Final = (2005, 2020)
BUDGET: Final = 30
SEARCH: Final = 2
"""Sets of hyper-parameters tried within the knowledge of each year."""


def run(context: Context) -> tuple[str, dict[str, Any]]:
    """The section's Markdown and its figures."""
    data, hardware = context.data, real_hardware()
    discovered = np.concatenate(
        [np.full(len(context.escapes), 9999), discovery_year(context.natural["designation"])]
    )
    launched = np.concatenate(
        [
            (context.escapes.table["launch_jd"].to_numpy() - 2_451_544.5) / 365.25 + 2000.0,
            np.full(context.natural.height, np.inf),
        ]
    )
    X = features(hardware.prepared)
    generative = orbit.score(hardware.prepared).log10_bayes_factor * LN10

    def frozen(year: int) -> dict[str, Any] | None:
        known = np.where(data.y == 1.0, launched < year, discovered < year)
        later = (data.y == 0.0) & (discovered >= year)
        test = hardware.year >= year
        if len(np.unique(data.fold[known & (data.y == 1.0)])) < data.fold.max() + 1 or not test.any():
            return None
        parameters = context.search(known, SEARCH)
        booster, calibration = fit_and_calibrate(data.take(known), parameters, context.seed)
        natural = calibration.log_ratio(booster.score_samples(data.X[later]))
        found = calibration.log_ratio(booster.score_samples(X[test]))
        launches = tuple(np.array(hardware.launch)[test])
        fresh = np.array([_launch_year(tag) >= year for tag in launches])
        label = np.concatenate([np.ones(found.size), np.zeros(natural.size)])
        weight = np.concatenate([_per_launch(launches), np.ones(natural.size)])
        budget = BUDGET * natural.size / context.natural.height
        old = context.generative[later]
        return {
            "year": year,
            "escapes_known": int((known & (data.y == 1.0)).sum()),
            "catalogue_known": int((known & (data.y == 0.0)).sum()),
            "later_natural": int(later.sum()),
            "later_hardware": int(test.sum()),
            "of_launches_after_the_freeze": int(fresh.sum()),
            "hardware_bits": float(np.average(log_expit(found), weights=_per_launch(launches)) / np.log(2.0)),
            "natural_bits": float(np.mean(log_expit(-natural)) / np.log(2.0)),
            "generative_hardware_bits": float(
                np.average(log_expit(generative[test]), weights=_per_launch(launches)) / np.log(2.0)
            ),
            "generative_natural_bits": float(np.mean(log_expit(-old)) / np.log(2.0)),
            "pr_auc_3e-4": pr_auc(np.concatenate([found, natural]), label, weight, 3e-4),
            "recall": Rate(int(np.sum(above(found, natural) < budget)), int(test.sum())),
            "leakers": _leakers(above(found, natural) < budget, hardware.leaker[test], launches),
        }

    context.generative, context.data  # noqa: B018 - computed before the threads share them
    with ThreadPoolExecutor(THREADS) as pool:
        found_items = list(pool.map(frozen, QUICK_YEARS if context.quick else YEARS))
    rows, facts = [], []
    for item in (item for item in found_items if item is not None):
        rows.append(
            [
                item["year"], item["escapes_known"], item["catalogue_known"], item["later_natural"],
                item["later_hardware"],
                item["of_launches_after_the_freeze"],
                f"{0.5 * (item['hardware_bits'] + item['natural_bits']):.3f}",
                f"{0.5 * (item['generative_hardware_bits'] + item['generative_natural_bits']):.3f}",
                f"{item['pr_auc_3e-4']:.3f}", str(item["recall"]),
                str(item["leakers"]),
            ]
        )  # fmt: skip
        facts.append({**item, **{key: item[key].to_dict() for key in ("recall", "leakers")}})
    header = [
        "year", "escapes known", "NEAs known", "NEAs later", "hardware orbits later", "launched later",
        "log score (bits)", "generative line", "PR-AUC at 3e-4", f"recall at a rate of {BUDGET} alerts",
        "leakers, by launch",
    ]  # fmt: skip
    text = "\n\n".join(
        [
            "## Temporal freeze",
            "Trained, hyper-parameters and calibration included, on launches before and NEAs "
            "designated before 1 January of each year, tested on what was found later, by orbit alone. "
            "Orbits are those published, which for most hardware are of the apparition it was found in; "
            "for NEAs they are today's. Simulated launches stand on their orbits of 2025 whatever the "
            "year. The hardware of recent years was mostly launched after the freeze, so this also leaves "
            "launches out. Recall counts orbits, several of one object; the log score weighs launches "
            "alike.",
            table(header, rows),
        ]
    )
    return text, {"years": facts}


def discovery_year(designation: pl.Series) -> npt.NDArray[np.intp]:
    """Year of each provisional designation ("2011 WE", "A898 PA"), shape (n,); 0 where there is none."""
    text = designation.str.replace("^A", "1")
    year = text.str.extract(r"^(\d{4}) ", 1).cast(pl.Int64, strict=False)
    survey = designation.str.contains(r"^\d{4} (P-L|T-[123])$")
    return (
        year.fill_null(0)
        .to_frame("year")
        .with_columns(year=pl.when(survey).then(1960).otherwise(pl.col("year")))["year"]
        .to_numpy()
    )


def _leakers(
    recalled: npt.NDArray[np.bool_], leaker: npt.NDArray[np.bool_], launches: tuple[str, ...]
) -> Rate:
    return by_group(recalled[leaker], tuple(tag for tag, slow in zip(launches, leaker, strict=True) if slow))


def _launch_year(tag: str) -> int:
    return int(tag[:4]) if tag[:4].isdecimal() and tag[4:5] == "-" and len(tag) == 8 else 0


def _per_launch(launches: tuple[str, ...]) -> FloatArray:
    names = np.array(launches)
    return np.array([1.0 / np.sum(names == name) for name in names])
