"""From observations to an orbit and an area-to-mass ratio.

In: files or text of observations (MPC 80-column, ADES PSV and XML, JPL radar tables), or a table of one's own.
Out: for each object a :class:`FitResult` (orbit with covariance, A1 to A3, residuals, flags), whose ``to_row`` is a
row of the catalogue table; for a night or less the probability that the object is bound to the Earth, digest2's
classes, and matches with known ephemerides on the sky.
"""

from aneos.astrometry.fit import fit_observations, fit_one
from aneos.astrometry.reading import parse_observations, read_observations
from aneos.astrometry.result import FitFailure, FitResult
from aneos.astrometry.short_arc import digest2_classes, systematic_ranging
from aneos.astrometry.sky_match import SkyMatch, Track, match_tracks
from aneos.astrometry.table import Observations, conform

__all__ = [
    "FitFailure",
    "FitResult",
    "Observations",
    "SkyMatch",
    "Track",
    "conform",
    "digest2_classes",
    "fit_observations",
    "fit_one",
    "match_tracks",
    "parse_observations",
    "read_observations",
    "systematic_ranging",
]
