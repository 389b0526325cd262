"""The orbit that the Earth's neighbourhood is measured from: the Earth-Moon barycentre's mean ellipse.

Heliocentric mean elements in the ecliptic and equinox of J2000, as polynomials of time, after Simon et al.
1994, A&A 282, 663, section 5.8 (the same series as in the IAU SOFA routine ``plan94``). They leave out the
periodic perturbations by the planets (at most 1.3e-4 au between 1900 and 2100) and the 4670 km circle of the
Earth about the barycentre, neither of which belongs to a minimum orbit intersection distance. Made for the
years 1000 to 3000.

JPL publishes MOIDs with the *osculating* orbit of the Earth's centre at the epoch instead, which swings with
the month: its MOIDs differ from those with the mean orbit by some 1.5e-4 au (1.5e-3 at most). Given that orbit
as the reference, ``mutual_moid`` reproduces them to their last digit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aneos.constants import J2000_TDB_JD
from aneos.orbits.elements import FloatArray, KeplerianElements

A_AU = 1.000_001_017_8

_ARCSEC = 1.0 / 3600.0
_E = (0.016_708_634_2, -0.000_420_365_4, -0.000_012_673_4)
_MEAN_LONGITUDE = (100.466_456_83, 1_295_977_422.834_29 * _ARCSEC, -2.044_11 * _ARCSEC)
_PERIHELION_LONGITUDE = (102.937_348_08, 11_612.352_90 * _ARCSEC, 53.275_77 * _ARCSEC)
_INCLINATION = (0.0, 469.972_89 * _ARCSEC, -3.350_53 * _ARCSEC)
_NODE = (174.873_175_77, -8_679.270_34 * _ARCSEC, 15.341_91 * _ARCSEC)


@np.errstate(all="ignore")
def earth_elements(epoch_tdb_jd: npt.ArrayLike) -> KeplerianElements:
    """Mean elements of the Earth-Moon barycentre at TDB Julian dates, a scalar or an array of shape (n,)."""
    epoch = np.atleast_1d(np.asarray(epoch_tdb_jd, dtype=np.float64))
    millennia = (epoch - J2000_TDB_JD) / 365_250.0
    node = _polynomial(_NODE, millennia)
    perihelion = _polynomial(_PERIHELION_LONGITUDE, millennia)
    i = _polynomial(_INCLINATION, millennia)
    before_j2000 = i < 0.0  # a negative inclination is the same plane seen from the other node
    i, node = np.abs(i), np.where(before_j2000, node + 180.0, node)
    return KeplerianElements(
        np.full_like(epoch, A_AU),
        _polynomial(_E, millennia),
        i,
        np.remainder(node, 360.0),
        np.remainder(perihelion - node, 360.0),
        np.remainder(_polynomial(_MEAN_LONGITUDE, millennia) - perihelion, 360.0),
        epoch,
    )


def _polynomial(coefficients: tuple[float, float, float], t: FloatArray) -> FloatArray:
    constant, rate, bend = coefficients
    return constant + t * (rate + t * bend)
