"""Orbital geometry over whole arrays: in go elements (degrees, au, days), out come states, distances, speeds.

Heliocentric, mean ecliptic and equinox of J2000, epochs as TDB Julian dates; float64 arrays of shape (n,) or
(n, 3). No table, file or network is touched; rows that are no orbit come out as NaN, and
:func:`check_elements` says why.

- ``elements``, ``twobody``, ``kepler``: containers, states, Kepler's equation, motion of two bodies
- ``earth``: the orbit of the Earth-Moon barycentre
- ``moid``, ``encounter``: minimum orbit intersection distance, speed and direction there
- ``similarity``: D criteria between orbits; ``physical``: size from brightness, rendezvous speed change
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
from aneos.orbits.moid import MoidResult, all_minima, earth_moid, mutual_moid
from aneos.orbits.physical import albedo_from_diameter, diameter_km, rendezvous_delta_v_kms
from aneos.orbits.similarity import drummond, jopek, similarity_matrix, southworth_hawkins
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
    "albedo_from_diameter",
    "all_minima",
    "check_elements",
    "cometary_to_keplerian",
    "diameter_km",
    "drummond",
    "earth_elements",
    "earth_moid",
    "elements_to_state",
    "encounter_geometry",
    "jopek",
    "keplerian_to_cometary",
    "mutual_moid",
    "opik_speed_kms",
    "propagate_state",
    "rendezvous_delta_v_kms",
    "similarity_matrix",
    "southworth_hawkins",
    "state_at_true_anomaly",
    "state_to_cometary",
    "state_to_elements",
    "synodic_period_yr",
    "tangency_au",
    "tisserand_earth",
    "v_z_kms",
]
