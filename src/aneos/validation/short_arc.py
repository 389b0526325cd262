"""digest2 as a baseline: one tracklet of an hour, taken when each object is brightest, before any orbit is known."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.astrometry import digest2_classes
from aneos.astrometry.stations import observer_states
from aneos.dynamics import body_states
from aneos.dynamics.ephemeris import TO_ECLIPTIC
from aneos.learning.calibration import log_score, roc_auc
from aneos.learning.survey import brightest_epochs
from aneos.orbits import KeplerianElements, elements_to_state
from aneos.validation.context import Context
from aneos.validation.held_out import isotonic
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]

STATION: Final = "F51"
TAKEN: Final = 300
QUICK_TAKEN: Final = 60
MINUTES: Final = (0.0, 20.0, 40.0, 60.0)
ERROR_ARCSEC: Final = 0.2
FAINT_H: Final = 24.0
MAGNITUDE: Final = 20.0
TDB_MINUS_UTC_DAYS: Final = 69.184 / 86_400.0


def run(context: Context) -> tuple[str, dict[str, Any]]:
    """The section's Markdown and its figures."""
    n = QUICK_TAKEN if context.quick else TAKEN
    rng = np.random.default_rng([context.seed, 53])
    share = context.escapes.weight / context.escapes.weight.sum()
    escapes = context.escapes.table[rng.choice(len(context.escapes), size=n, p=share)]
    faint = context.natural.filter(pl.col("H") > FAINT_H)
    natural = faint[np.sort(rng.choice(faint.height, size=n, replace=False))]
    label = np.concatenate([np.ones(n), np.zeros(n)])
    scores = [tracklet_scores(objects, rng) for objects in (escapes, natural)]
    neo = np.concatenate(scores)
    seen = np.isfinite(neo)
    weight, fold = np.ones(2 * n), np.arange(2 * n) % 5
    ratio = isotonic(neo[seen], label[seen], weight[seen], fold[seen])
    rows = np.concatenate([context.row_of(escapes["designation"]), context.row_of(natural["designation"])])[
        seen
    ]
    facts: dict[str, Any] = {
        "objects": int(seen.sum()),
        "roc_auc": roc_auc(neo[seen], label[seen], weight[seen]),
        "log_score_bits": log_score(ratio, label[seen], weight[seen]),
        "median_neo_score": [float(np.nanmedian(score)) for score in scores],
        "classifier_log_score_bits": log_score(context.classifier[rows], label[seen], weight[seen]),
        "classifier_roc_auc": roc_auc(context.classifier[rows], label[seen], weight[seen]),
    }
    text = "\n\n".join(
        [
            "## Short arcs: digest2 as a baseline",
            f"{n} simulated escapes and {n} catalogued NEAs fainter than H {FAINT_H:g}, each with one "
            f"tracklet of four positions within an hour from {STATION}, errors of {ERROR_ARCSEC:g} arcsec, "
            "at the date within 2001 to 2025 when it is brightest 60° or more from the Sun (two-body "
            "motion, true topocentric places). digest2 asks whether a tracklet is a near-Earth object and "
            "not whether it is artificial, so no skill is expected of its NEO score here; the classifier "
            "needs an orbit, which digest2 does not.",
            table(
                ["judge", "log score (bits)", "ROC AUC"],
                [
                    [
                        "digest2, NEO score of one tracklet",
                        f"{facts['log_score_bits']:.3f}",
                        f"{facts['roc_auc']:.3f}",
                    ],
                    [
                        "classifier, orbit known, same objects",
                        f"{facts['classifier_log_score_bits']:.3f}",
                        f"{facts['classifier_roc_auc']:.3f}",
                    ],
                ],
            ),
            f"Median NEO score: escapes {facts['median_neo_score'][0]:.0f}, catalogued NEAs "
            f"{facts['median_neo_score'][1]:.0f}.",
        ]
    )
    return text, facts


def tracklet_scores(objects: pl.DataFrame, rng: np.random.Generator) -> FloatArray:
    """digest2's NEO score of a tracklet of each object, shape (n,); NaN where an orbit is never far from the Sun."""
    elements = KeplerianElements.from_table(objects)
    epochs = brightest_epochs(elements)
    out = np.full(len(elements), np.nan)
    for row in np.flatnonzero(np.isfinite(epochs)):
        observations = tracklet(elements.take(np.array([row])), float(epochs[row]), rng)
        out[row] = digest2_classes(observations).neo
    return out


def tracklet(one: KeplerianElements, epoch_tdb_jd: float, rng: np.random.Generator) -> pl.DataFrame:
    """Four places of one object in the columns that digest2 needs; light time and aberration are left out."""
    times = epoch_tdb_jd + np.array(MINUTES) / 1440.0
    nowhere = ("x_km", "y_km", "z_km", "lon_deg", "lat_deg", "alt_m")
    seen = pl.DataFrame(
        {"jd_utc": times - TDB_MINUS_UTC_DAYS, "station": [STATION] * len(MINUTES)}
    ).with_columns(pl.lit(None, pl.Float64).alias(f"observer_{name}") for name in nowhere)
    sun = body_states("Sun", times, centre=None, frame="equatorial")[0]
    place = np.vstack([elements_to_state(one, float(time))[0] for time in times]) @ TO_ECLIPTIC + sun
    away = place - observer_states(seen, times)[:, :3]
    error = ERROR_ARCSEC / 3600.0 * rng.standard_normal((2, len(MINUTES)))
    dec = np.degrees(np.arcsin(away[:, 2] / np.linalg.norm(away, axis=1)))
    ra = np.degrees(np.arctan2(away[:, 1], away[:, 0])) + error[0] / np.cos(np.radians(dec))
    return seen.with_columns(
        ra_deg=pl.Series(np.remainder(ra, 360.0)),
        dec_deg=pl.Series(dec + error[1]),
        mag=pl.lit(MAGNITUDE),
        band=pl.lit("V"),
    )
