"""The massive bodies of the force model: identifiers, mass parameters, radii.

Mass parameters are those of JPL DE440/DE441 (Park et al. 2021, AJ 161, 105); radii those of the IAU working
group (Archinal et al. 2018, CMDA 130, 22), equatorial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aneos.constants import AU_KM, DAY_S, GM_EARTH_KM3_S2

KM3_S2: Final = DAY_S**2 / AU_KM**3
"""au^3/d^2 in one km^3/s^2."""


@dataclass(frozen=True, slots=True)
class Body:
    """A point mass: NAIF id in the planetary ephemeris, GM in au^3/d^2, radius in km."""

    name: str
    naif_id: int
    gm_au3_d2: float
    radius_km: float


SUN: Final = Body("Sun", 10, 132_712_440_041.279419 * KM3_S2, 695_700.0)
EARTH: Final = Body("Earth", 399, GM_EARTH_KM3_S2 * KM3_S2, 6378.1366)
MOON: Final = Body("Moon", 301, 4902.800118 * KM3_S2, 1737.4)
PLANETS: Final[tuple[Body, ...]] = (
    Body("Mercury", 1, 22_031.868551 * KM3_S2, 2440.53),
    Body("Venus", 2, 324_858.592 * KM3_S2, 6051.8),
    Body("Mars", 4, 42_828.375816 * KM3_S2, 3396.19),
    Body("Jupiter", 5, 126_712_764.1 * KM3_S2, 71_492.0),
    Body("Saturn", 6, 37_940_584.8418 * KM3_S2, 60_268.0),
    Body("Uranus", 7, 5_794_556.4 * KM3_S2, 25_559.0),
    Body("Neptune", 8, 6_836_527.10058 * KM3_S2, 24_764.0),
    Body("Pluto", 9, 975.5 * KM3_S2, 1188.3),
)
"""Planets other than the Earth; from Mars outwards the barycentre of the planet's system."""

ASTEROIDS: Final[dict[int, Body]] = {
    number: Body(name, 20_000_000 + number, gm, 0.5 * diameter_km)
    for number, name, gm, diameter_km in (
        (1, "Ceres", 1.3964518123081070e-13, 964.4),
        (2, "Pallas", 3.0471146330043200e-14, 545.0),
        (3, "Juno", 4.2823439677995011e-15, 246.6),
        (4, "Vesta", 3.8548000225257904e-14, 525.4),
        (7, "Iris", 2.5416014973471498e-15, 199.8),
        (10, "Hygiea", 1.2542530761640810e-14, 407.1),
        (15, "Eunomia", 4.5107799051436795e-15, 231.7),
        (16, "Psyche", 3.5445002842488978e-15, 222.0),
        (31, "Euphrosyne", 2.4067012218937576e-15, 267.1),
        (52, "Europa", 5.9824315264869841e-15, 303.9),
        (65, "Cybele", 2.0917175955133682e-15, 237.3),
        (87, "Sylvia", 4.8345606546105521e-15, 253.1),
        (88, "Thisbe", 2.6529436610356353e-15, 212.0),
        (107, "Camilla", 3.2191392075878588e-15, 210.4),
        (511, "Davida", 8.6836253492286545e-15, 270.3),
        (704, "Interamnia", 6.3110343420878887e-15, 306.3),
    )
}
"""The asteroids of JPL's sb441-n16 by number; diameters (km) from the JPL Small-Body Database."""
