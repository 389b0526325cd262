"""The orbit and physical lines where the observations leave the orbit open: an average over all orbits they allow.

A few positions allow orbits of very different speed and size. The line of the best of them alone would take the luck
of a fit for a sign: three positions of an asteroid may fit best with an orbit that drifts along with the Earth. So the
Bayes factor is the mean of those of many orbits drawn from the uncertainty, each weighted by how many natural bodies
have it, which is the Bayes factor of the observations themselves. Draws are even in position and velocity, where
natural bodies have the density per volume of their speed at the Earth (``NaturalOrbits.velocity_density``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from aneos.astrometry.calendar import julian_date_of_iso
from aneos.astrometry.result import ELEMENTS, FitResult, to_ecliptic
from aneos.astrometry.rivals import Rival, weights
from aneos.catalogue.schema import in_columns
from aneos.dynamics.fitting import EARTH_ID, SUN_ID, body_state
from aneos.evidence import orbit, physical
from aneos.evidence.base import Evidence, FloatArray
from aneos.evidence.prepared import prepare
from aneos.orbits.twobody import state_to_elements
from aneos.populations.natural import load_natural_orbits

OPEN_FROM: Final = 0.003
"""σ of e, or of a in au, from which an orbit is open: the speed at the Earth is then uncertain by 0.1 km/s, half the
width of the slowest ways of leaving."""

DRAWS: Final = 600
LEAST: Final = 60
"""Closed orbits about the Sun that must be among the draws."""


def is_open(fit: FitResult) -> bool:
    """Whether the observations leave the orbit so open that one orbit does not stand for it."""
    variance = np.diag(fit.element_covariance)
    return bool(np.any(~np.isfinite(variance[:2])) or np.sqrt(np.max(variance[:2])) > OPEN_FROM)


def averaged(fit: FitResult, lines: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """The lines, with the orbit's and the physical one's (where measured) averaged over the orbits that are allowed;
    as they are where hardly any of those is closed about the Sun."""
    table = allowed_orbits(fit)
    if table.height < LEAST:
        return lines
    prepared = prepare(table)
    share = load_natural_orbits().velocity_density(prepared.encounters.speed_kms)
    share = share / share.sum()
    values = {orbit.LINE: orbit.score(prepared).log10_bayes_factor}
    if fit.H is not None:
        values[physical.LINE] = physical.score(prepared).log10_bayes_factor
    return tuple(
        _averaged(item, values[item.line], share)
        if item.line in values and item.status == "measured"
        else item
        for item in lines
    )


def allowed_orbits(fit: FitResult, count: int = DRAWS) -> pl.DataFrame:
    """Orbits drawn from the uncertainty of a fit, rivals included, as rows of the catalogue table with their own H;
    those that are not closed about the Sun are left out."""
    rng = np.random.default_rng(20_260_101)
    parts = fit.alternatives or (Rival(0.0, 0.0, fit.state, fit.covariance),)
    drawn = []
    for part, number in zip(parts, rng.multinomial(count, weights(parts)), strict=True):
        value, axes = np.linalg.eigh(part.covariance[:6, :6])
        width = axes * np.sqrt(np.maximum(value, 0.0))
        drawn.append(part.state + rng.standard_normal((number, 6)) @ width.T)
    states = np.concatenate(drawn)
    turn = to_ecliptic()
    about_sun = states - body_state(SUN_ID, fit.epoch_tdb_jd)
    orbits = state_to_elements(about_sun[:, :3] @ turn.T, about_sun[:, 3:] @ turn.T, fit.epoch_tdb_jd)
    rows = pl.DataFrame({name: getattr(orbits, name) for name in ELEMENTS}).with_columns(
        epoch_tdb_jd=pl.lit(fit.epoch_tdb_jd), H=pl.Series(_magnitudes(fit, states), dtype=pl.Float64)
    )
    return in_columns(rows).filter((pl.col("e") < 1.0) & (pl.col("a_au") > 0.0))


def _magnitudes(fit: FitResult, states: FloatArray) -> FloatArray:
    """H (n,) that the same brightness gives on other orbits: farther is larger. NaN where the fit has none."""
    if fit.H is None:
        return np.full(len(states), np.nan)
    middle = 0.5 * (julian_date_of_iso(fit.first_utc) + julian_date_of_iso(fit.last_utc))
    lag = middle - fit.epoch_tdb_jd

    def size(body: int, at: FloatArray) -> FloatArray:
        apart = at - body_state(body, fit.epoch_tdb_jd)
        return np.asarray(np.linalg.norm(apart[..., :3] + lag * apart[..., 3:], axis=-1))

    ratio = (
        size(EARTH_ID, states) / size(EARTH_ID, fit.state) * size(SUN_ID, states) / size(SUN_ID, fit.state)
    )
    return np.asarray(fit.H - 5.0 * np.log10(np.maximum(ratio, 1e-6)))


def _averaged(item: Evidence, values: FloatArray, share: FloatArray) -> Evidence:
    """A line with the weighted mean of the Bayes factors, its sampling error and the line's own slack."""
    factors = 10.0**values
    mean = float(share @ factors)
    error = float(np.sqrt(np.sum((share * (factors - mean)) ** 2)))
    value = float(np.log10(mean))
    below, above = (abs(end - item.log10_bayes_factor) for end in item.interval)
    sampling = 1.645 * error / mean / np.log(10.0)
    return replace(
        item,
        log10_bayes_factor=value,
        interval=(value - float(np.hypot(below, sampling)), value + float(np.hypot(above, sampling))),
        summary=f"{item.summary} The observations allow many orbits; averaged over {values.size} of them.",
        inputs=dict(item.inputs)
        | {
            "averaged_over_orbits": int(values.size),
            "log10_bayes_factor_of_best_orbit": item.log10_bayes_factor,
        },
    )
