"""Observations to upload: a body near the Earth that never was, as ADES gives them."""

from __future__ import annotations

import numpy as np

from tests.astrometry.synthetic import geocentric, observe

STATE = geocentric((5_000_000.0, -2_500_000.0, 1_000_000.0), (0.9, 0.4, -0.2))
"""Slow beside the Earth, as what was launched from it is."""
AREA_TO_MASS_M2_KG = 0.02
COLUMNS = (
    "provID",
    "trkSub",
    "mode",
    "stn",
    "obsTime",
    "ra",
    "dec",
    "rmsRA",
    "rmsDec",
    "mag",
    "band",
    "astCat",
)


def observed_file() -> str:
    """Twelve positions over 45 days, from six stations, pushed by sunlight."""
    days = np.array([start + step for start in (0.0, 5.0, 20.0, 45.0) for step in (0.0, 0.02, 0.04)])
    rows = observe(STATE, days, amr=AREA_TO_MASS_M2_KG).iter_rows(named=True)
    lines = [
        f"|STACK01|CCD|{row['station']}|{row['time_utc']}|{row['ra_deg']:.7f}|{row['dec_deg']:.7f}"
        "|0.2|0.2|24.1|V|Gaia2"
        for row in rows
    ]
    return "\n".join(["# version=2022", "|".join(COLUMNS), *lines, ""])
