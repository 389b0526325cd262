"""Physical constants, with their sources. Units stand in the names."""

from typing import Final

AU_KM: Final = 149_597_870.7
"""Astronomical unit in km (IAU 2012 Resolution B2, exact)."""

DAY_S: Final = 86_400.0

GM_SUN_AU3_D2: Final = 0.295_912_208_284_119_6e-3
"""Heliocentric gravitational parameter in au³/d² (JPL DE440; Park et al. 2021, AJ 161, 105)."""

GM_EARTH_KM3_S2: Final = 398_600.435_507
"""Geocentric gravitational parameter in km³/s² (JPL DE440; Park et al. 2021)."""

EARTH_SPEED_KMS: Final = 29.784_691_8
"""Speed of a body on a circular heliocentric orbit of 1 au in km/s: sqrt(GM_sun / 1 au)."""

AU_PER_DAY_KMS: Final = AU_KM / DAY_S
"""One au per day in km/s."""

J2000_TDB_JD: Final = 2_451_545.0

OBLIQUITY_J2000_DEG: Final = 84381.448 / 3600.0
"""Obliquity of the ecliptic at J2000 in degrees (IAU 1976, as used by JPL Horizons and the MPC)."""

A1_PER_AMR_AU_D2: Final = 2.265e-7
"""Radial non-gravitational parameter A1 (au/d²) for an area-to-mass ratio of 1 m²/kg: solar constant over
the speed of light at 1 au, all light absorbed, falling off as 1/r²."""
