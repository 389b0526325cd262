"""Orbital geometry over whole arrays: in go elements (degrees, au, days), out come states, distances, speeds.

Heliocentric, mean ecliptic and equinox of J2000, epochs as TDB Julian dates; float64 arrays of shape (n,) or
(n, 3). No table, file or network is touched; rows that are no orbit come out as NaN, and
:func:`check_elements` says why.

- ``elements``, ``twobody``, ``kepler``: containers, states, Kepler's equation, motion of two bodies
- ``earth``: the orbit of the Earth-Moon barycentre
- ``moid``, ``encounter``: minimum orbit intersection distance, speed and direction there
"""

from aneos.orbits.earth import earth_elements
from aneos.orbits.elements import (
    CometaryElements,
    KeplerianElements,
    check_elements,
    cometary_to_keplerian,
    keplerian_to_cometary,
)
from aneos.orbits.encounter import (
    EncounterGeometry,
    encounter_geometry,
    opik_speed_kms,
    synodic_period_yr,
    tangency_au,
    tisserand_earth,
    v_z_kms,
)
from aneos.orbits.moid import MoidResult, earth_moid, moid
from aneos.orbits.twobody import (
    elements_to_state,
    propagate_state,
    state_at_true_anomaly,
    state_to_cometary,
    state_to_elements,
)

__all__ = [
    "CometaryElements",
    "EncounterGeometry",
    "KeplerianElements",
    "MoidResult",
    "check_elements",
    "cometary_to_keplerian",
    "earth_elements",
    "earth_moid",
    "elements_to_state",
    "encounter_geometry",
    "keplerian_to_cometary",
    "moid",
    "opik_speed_kms",
    "propagate_state",
    "state_at_true_anomaly",
    "state_to_cometary",
    "state_to_elements",
    "synodic_period_yr",
    "tangency_au",
    "tisserand_earth",
    "v_z_kms",
]
