"""What a page draws of fits: residuals and the track on the sky, as columns of numbers."""

from __future__ import annotations

from typing import Any

import polars as pl

from aneos.observed import Observed

RESIDUALS = ("time_utc", "station", "kind", "east_arcsec", "north_arcsec", "used", "source_line")
TRACK = ("time_utc", "ra_deg", "dec_deg", "mag")


def fit_series(observed: Observed) -> list[dict[str, Any]]:
    """For each fitted object its ``designation``, ``residuals`` and ``track``, each a mapping of column to list.

    Residuals are observed minus computed in arcsec, ``east_arcsec`` times the cosine of the declination; the track is
    what was observed, ICRF degrees, in order of time. Values that an observation does not have (radar) are null.
    """
    table = observed.observations.table
    out = []
    for fit in observed.fits:
        own = table.filter(pl.col("object").is_in(list(fit.names)) & (pl.col("kind") == "optical"))
        own = own.sort("jd_utc")
        out.append(
            {
                "designation": fit.designation,
                "residuals": fit.residuals.sort("time_utc").select(RESIDUALS).to_dict(as_series=False),
                "track": own.select(name for name in TRACK if name in own.columns).to_dict(as_series=False),
            }
        )
    return out
