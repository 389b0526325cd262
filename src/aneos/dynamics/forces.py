"""What acts on an object: the force model, named so that it can stand beside every result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aneos.dynamics.bodies import ASTEROIDS
from aneos.dynamics.kernels import kernel_versions
from aneos.errors import InputError

LARGEST_ASTEROIDS: Final = (1, 2, 4, 10, 704)
"""Ceres, Pallas, Vesta, Hygiea, Interamnia: the five that kete takes by itself."""
ALL_ASTEROIDS: Final = tuple(sorted(ASTEROIDS))


@dataclass(frozen=True, slots=True)
class ForceModel:
    """Sun, planets, Pluto and Moon (JPL DE440) always act; the rest can be left out.

    ``asteroids``: numbers of the perturbing asteroids, from the sixteen of JPL's sb441-n16. ``relativity``: first
    post-Newtonian terms with the Sun as source (Einstein-Infeld-Hoffmann). ``sun_j2``: the Sun's oblateness.
    ``earth_harmonics``: J2 to J4 of the Earth within 0.03 au. ``radiation_pressure``: whether A1, A2, A3 of the
    objects act (1/r^2; no shadow of the Earth, no Poynting-Robertson drag). Raises InputError for an asteroid that
    is not in the kernel.
    """

    asteroids: tuple[int, ...] = LARGEST_ASTEROIDS
    relativity: bool = True
    sun_j2: bool = True
    earth_harmonics: bool = True
    radiation_pressure: bool = True

    def __post_init__(self) -> None:
        unknown = [number for number in self.asteroids if number not in ASTEROIDS]
        if unknown:
            raise InputError(
                f"no asteroid {unknown[0]} in the kernel; there are {', '.join(map(str, ALL_ASTEROIDS))}",
                source="asteroids",
            )

    def to_dict(self) -> dict[str, Any]:
        """The record that goes with a result: what acted, and the kernels' versions."""
        return {
            "bodies": "Sun, Mercury to Neptune, Pluto, Moon",
            "asteroids": list(self.asteroids),
            "relativity": "first post-Newtonian, Sun as source" if self.relativity else None,
            "sun_j2": self.sun_j2,
            "earth_harmonics": "J2-J4" if self.earth_harmonics else None,
            "radiation_pressure": "A1, A2, A3 over r^2" if self.radiation_pressure else None,
            "kernels": kernel_versions(),
        }
