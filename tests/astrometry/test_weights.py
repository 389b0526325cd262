from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aneos.astrometry.table import conform
from aneos.astrometry.weights import over_observation_factors, station_sigma_arcsec, uncertainties

JD_2016, JD_2010 = 2_457_400.5, 2_455_200.5


@pytest.mark.parametrize(
    ("station", "jd", "mode", "catalogue", "sigma"),
    [
        ("703", JD_2010, "C", "r", 1.0),
        ("703", JD_2016, "C", "q", 0.8),
        ("F51", JD_2016, "C", "t", 0.2),
        ("G96", JD_2016, "C", "q", 0.5),
        ("568", JD_2016, "C", "U", 0.1),
        ("568", JD_2016, "C", "o", 0.5),
        ("T12", JD_2016, "C", "V", 0.1),
        ("ZZZ", JD_2016, "C", "q", 1.0),
        ("ZZZ", JD_2016, "C", None, 1.5),
        ("ZZZ", 2_430_000.5, None, None, 5.0),
        ("ZZZ", 2_440_000.5, None, None, 2.5),
    ],
)
def test_sigmas_are_those_of_veres_and_others(
    station: str, jd: float, mode: str | None, catalogue: str | None, sigma: float
) -> None:
    assert station_sigma_arcsec(station, jd, mode, catalogue, None) == sigma


def test_many_positions_of_a_night_share_their_errors() -> None:
    days = np.concatenate([np.linspace(0.2, 0.3, 9), [1.2, 1.3]])
    table = conform(pl.DataFrame({"jd_utc": JD_2016 + days, "station": ["G96"] * 11}))
    assert over_observation_factors(table) == pytest.approx([1.5] * 9 + [1.0] * 2)


def test_reported_uncertainties_are_kept_but_not_below_the_floor() -> None:
    frame = pl.DataFrame(
        {
            "jd_utc": [JD_2016, JD_2016],
            "station": ["G96", "G96"],
            "sigma_ra_arcsec": [0.7, 0.001],
            "sigma_dec_arcsec": [0.6, 0.001],
        }
    )
    ra, dec, _, _ = uncertainties(conform(frame))
    assert ra.tolist() == [0.7, 0.1]
    assert dec.tolist() == [0.6, 0.1]
