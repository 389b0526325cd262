"""Observations of a body that never was: a trajectory seen by real observatories, with noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.astrometry.arc import make_arc
from aneos.astrometry.calendar import iso_time
from aneos.astrometry.prediction import predict
from aneos.astrometry.table import conform
from aneos.constants import A1_PER_AMR_AU_D2, AU_KM, AU_PER_DAY_KMS
from aneos.dynamics.fitting import EARTH_ID, body_state

FloatArray = npt.NDArray[np.float64]
EPOCH = 2_461_060.5
STATIONS = ("703", "W68", "Q63", "G96", "T08", "F51")


def geocentric(
    position_km: tuple[float, float, float], velocity_kms: tuple[float, float, float]
) -> FloatArray:
    """Barycentric state at EPOCH of a body with this geocentric equatorial one."""
    relative = np.concatenate([np.array(position_km) / AU_KM, np.array(velocity_kms) / AU_PER_DAY_KMS])
    return np.asarray(body_state(EARTH_ID, EPOCH) + relative, dtype=np.float64)


def observe(
    state: FloatArray,
    days: FloatArray,
    *,
    amr: float = 0.0,
    a2: float = 0.0,
    noise: float = 0.2,
    seed: int = 1,
) -> pl.DataFrame:
    """Positions of the body at EPOCH + days from the stations in turn, ``noise`` arcsec on each axis."""
    blank = conform(
        pl.DataFrame(
            {
                "jd_utc": EPOCH + days,
                "station": [STATIONS[i % len(STATIONS)] for i in range(days.size)],
                "ra_deg": np.zeros(days.size),
                "dec_deg": np.zeros(days.size),
            }
        )
    )
    arc, _ = make_arc(blank)
    push = np.array([amr * A1_PER_AMR_AU_D2, a2, 0.0])
    ra, dec = np.zeros(days.size), np.zeros(days.size)
    # The residual against a wrong direction is the way to the right one; a few turns of that converge.
    for _ in range(30):
        seen = blank.with_columns(ra_deg=pl.Series(ra % 360.0), dec_deg=pl.Series(dec))
        arc, _ = make_arc(seen)
        off = np.degrees(predict(arc, EPOCH, state, push).residual)
        ra = ra - np.clip(off[:, 0], -60, 60) / np.maximum(np.cos(np.radians(dec)), 0.2)
        dec = np.clip(dec - off[:, 1], -89.0, 89.0)
    assert np.max(np.abs(off)) < 1e-9
    rng = np.random.default_rng(seed)
    scatter = rng.normal(0.0, noise / 3600.0, (2, days.size))
    return blank.with_columns(
        object=pl.lit("synthetic"),
        ra_deg=pl.Series(ra % 360.0 + scatter[0] / np.cos(np.radians(dec))),
        dec_deg=pl.Series(dec + scatter[1]),
        sigma_ra_arcsec=pl.lit(max(noise, 0.1)),
        sigma_dec_arcsec=pl.lit(max(noise, 0.1)),
        sigma_time_s=pl.lit(0.0),
        time_utc=pl.Series([iso_time(jd) for jd in blank["jd_utc"]]),
    )
