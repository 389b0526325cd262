"""Real motion: orbits go in, states at other epochs, clones and encounters come out.

Heliocentric, mean ecliptic and equinox of J2000, au and au/d, epochs as TDB Julian dates from 1900 to 2100. Planets
and Moon come from JPL DE440, sixteen asteroids from sb441-n16; nothing is ever downloaded.

- ``states``: objects and clones as typed columns, with A1, A2, A3
- ``forces``, ``ephemeris``, ``kernels``: what acts, where it is, where that is written
- ``engine``: propagation by the compiled integrator of this room, or by kete behind the same interface
- ``encounters``: every approach to the Earth and the Moon, captures and collisions
- ``uncertainty``, ``clones``: a covariance in the coordinates it comes in, and draws from it
- ``assumed``: a covariance where none was published, from the MPC's U parameter and the arc
- ``history``, ``coorbital``, ``resonance``: patterns of the encounters of one object against its look-alikes
"""

from aneos.dynamics.assumed import assumed_uncertainty
from aneos.dynamics.clones import Clones, draw_clones
from aneos.dynamics.encounters import (
    Captures,
    EncounterHistory,
    Encounters,
    find_encounters,
    iter_encounters,
)
from aneos.dynamics.engine import Propagated, Trajectories, propagate, sample
from aneos.dynamics.ephemeris import body_states, check_span
from aneos.dynamics.forces import ALL_ASTEROIDS, LARGEST_ASTEROIDS, ForceModel
from aneos.dynamics.history import (
    EncounterPatterns,
    Pattern,
    encounter_patterns,
    false_signal_rate,
    natural_look_alikes,
)
from aneos.dynamics.states import States, concatenate
from aneos.dynamics.uncertainty import CovarianceLike, OrbitUncertainty

__all__ = [
    "ALL_ASTEROIDS",
    "LARGEST_ASTEROIDS",
    "Captures",
    "Clones",
    "CovarianceLike",
    "EncounterHistory",
    "EncounterPatterns",
    "Encounters",
    "ForceModel",
    "OrbitUncertainty",
    "Pattern",
    "Propagated",
    "States",
    "Trajectories",
    "assumed_uncertainty",
    "body_states",
    "check_span",
    "concatenate",
    "draw_clones",
    "encounter_patterns",
    "false_signal_rate",
    "find_encounters",
    "iter_encounters",
    "natural_look_alikes",
    "propagate",
    "sample",
]
