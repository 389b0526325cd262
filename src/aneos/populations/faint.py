"""Natural objects fainter than the catalogue knows, to H 31, and fragments of the Moon: an extrapolation.

No survey has measured either population and no published model covers them, so both parts are assumptions, to be
quoted as such wherever they are used. They are for comparison: nothing is trained on them and no verdict rests on them.

- ``faint``: orbits of catalogued NEAs of H 25 to 28, a little shaken, with sizes that go on by N(> D) ~ D^-2.7, the
  slope of bolides (Brown et al. 2002). That small bodies move on the orbits of larger ones is assumed.
- ``lunar``: ejecta that left the Earth-Moon system with little speed and have met the Earth since. The encounter speed
  is drawn from the tail of a steep distribution above zero and the direction evenly over the sphere; node, apsis and
  place are drawn anew, because they precess within 10^4 to 10^5 years while the encounter speed is conserved.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.catalogue.schema import in_columns
from aneos.constants import AU_PER_DAY_KMS
from aneos.errors import InputError
from aneos.orbits import KeplerianElements, earth_elements, elements_to_state, state_to_elements

FloatArray = npt.NDArray[np.float64]

PARENTS_H: Final = (25.0, 28.0)
RANGE_H: Final = (25.0, 31.0)
SLOPE: Final = 2.7 / 5.0
"""d log10 N / dH of N(> D) ~ D^-2.7 (Brown et al. 2002, Nature 420, 294, metre-sized bolides)."""

SHAKE_KMS: Final = 0.1
"""1-sigma error that is added to each velocity component, so that no catalogued orbit is used twice."""

LUNAR_SPEED_KMS: Final = 0.8
LUNAR_FASTEST_KMS: Final = 3.0
"""Scale and cut of the Rayleigh distribution of speeds at infinity: most ejecta that escape the Moon (2.38 km/s) leave
the Earth with less than its escape speed from the Moon."""


def draw_faint(parents: pl.DataFrame, n: int, seed: int) -> pl.DataFrame:
    """``n`` NEAs of H 25 to 31 in the catalogue's columns, drawn from the ``parents`` of H 25 to 28.

    Raises InputError where no parent has such an H.
    """
    pool = parents.filter(pl.col("H").is_between(*PARENTS_H) & (pl.col("e") < 1.0))
    if pool.height == 0:
        raise InputError(
            f"no catalogued object of H {PARENTS_H[0]:g} to {PARENTS_H[1]:g} to draw from", source="parents"
        )
    rng = np.random.default_rng([seed, 31])
    chosen = pool[rng.integers(pool.height, size=2 * n)]
    position, velocity = elements_to_state(KeplerianElements.from_table(chosen))
    shaken = velocity + SHAKE_KMS / AU_PER_DAY_KMS * rng.standard_normal(velocity.shape)
    elements = state_to_elements(position, shaken, chosen["epoch_tdb_jd"].to_numpy())
    keep = np.flatnonzero((elements.e < 1.0) & (elements.a_au > 0.0))[:n]
    return _table("FAINT", elements.take(keep), _magnitudes(rng, keep.size), chosen[keep])


def draw_lunar(arcs_of: pl.DataFrame, n: int, seed: int, epoch_tdb_jd: float) -> pl.DataFrame:
    """``n`` lunar fragments of H 25 to 31 in the catalogue's columns; arcs and U are lent by rows of ``arcs_of``."""
    rng = np.random.default_rng([seed, 37])
    epochs = epoch_tdb_jd - rng.uniform(0.0, 365.25, n)
    position, velocity = elements_to_state(earth_elements(epochs))
    highest = 1.0 - np.exp(-0.5 * (LUNAR_FASTEST_KMS / LUNAR_SPEED_KMS) ** 2)
    speed = LUNAR_SPEED_KMS * np.sqrt(-2.0 * np.log1p(-highest * rng.random(n)))
    direction = rng.standard_normal((n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    left = state_to_elements(position, velocity + direction * (speed / AU_PER_DAY_KMS)[:, None], epochs)
    node, peri, anomaly = rng.uniform(0.0, 360.0, (3, n))
    elements = KeplerianElements(left.a_au, left.e, left.i_deg, node, peri, anomaly, np.full(n, epoch_tdb_jd))
    return _table("LUNAR", elements, _magnitudes(rng, n), arcs_of[rng.integers(arcs_of.height, size=n)])


def _magnitudes(rng: np.random.Generator, n: int) -> FloatArray:
    low, high = RANGE_H
    span = 10.0 ** (SLOPE * (high - low)) - 1.0
    return np.asarray(low + np.log10(1.0 + span * rng.random(n)) / SLOPE)


def _table(name: str, elements: KeplerianElements, H: FloatArray, lent: pl.DataFrame) -> pl.DataFrame:
    columns = ("epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
    table = pl.DataFrame(
        {"designation": [f"{name}-{k:05d}" for k in range(len(elements))]}
        | {column: getattr(elements, column) for column in columns}
        | {"H": H}
    ).with_columns(lent["U"], lent["arc_days"], lent["n_obs"])
    return in_columns(table)
