"""How often would a natural object have been where a launch was? Look-alikes of the object, traced back like it.

Slow natural objects fill the space of velocities relative to the Earth evenly (:mod:`aneos.populations.natural`). So
look-alikes are drawn evenly about the object's own place and velocity at its first observation, far more widely
than its errors; each is as close to the Earth and as slow as the object is, and none was launched. Their approaches
to the Earth give the rate at which chance brings a natural object within a distance R of the Earth on a given
date. Close passages being rare, the rate within R is scaled from passages within a larger R0 by the cross-section

    (R/R0)² (v0² + 2 GM (1/R - 1/R0)) / v0²,

v0 being the speed at R0 (conservation of angular momentum; directions even).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.departure_clones import natural_pushes
from aneos.artificial.departure_history import CloneHistory, trace_back
from aneos.artificial.departure_orbit import TracedOrbit
from aneos.constants import AU_KM, GM_EARTH_KM3_S2
from aneos.dynamics import ForceModel, States, propagate
from aneos.dynamics.clones import generator

FloatArray = npt.NDArray[np.float64]

SPREAD_AU: Final = 0.01
SPREAD_AU_D: Final = 0.3 / 1731.456837
"""Width of the look-alikes about the object: 0.01 au and 0.3 km/s in each component. Surveys find small objects
within some hundredths of an au, and 0.3 km/s changes the synodic period by years."""
REACH_AU: Final = 0.03
"""R0: approaches within three Hill radii are counted."""
LEAST_SPEED_KMS: Final = 0.1
PER_BIN: Final = 15
"""Approaches in one bin of time, from which a rate is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Lookalikes:
    """n look-alikes and their k approaches to the Earth within R0, latest first: time (TDB JD), speed at R0 and energy.

    ``edges_tdb_jd`` (b + 1,), latest first, bound bins of time of at least PER_BIN approaches each.
    """

    n: int
    epoch_tdb_jd: FloatArray
    speed_kms: FloatArray
    c3_km2s2: FloatArray
    row: npt.NDArray[np.int64]
    distance_km: FloatArray
    edges_tdb_jd: FloatArray

    def share_within(self, radius_km: float) -> FloatArray:
        """Probability (k,) that an approach within R0 with that speed comes within ``radius_km``."""
        reach = REACH_AU * AU_KM
        focus = 2.0 * GM_EARTH_KM3_S2 * max(1.0 / radius_km - 1.0 / reach, 0.0)
        return np.minimum((radius_km / reach) ** 2 * (1.0 + focus / self.speed_kms**2), 1.0)

    def bins(self) -> npt.NDArray[np.int_]:
        """The bin of each approach, (k,)."""
        count = self.edges_tdb_jd.size - 1
        return np.clip(
            np.searchsorted(-self.edges_tdb_jd, -self.epoch_tdb_jd, side="right") - 1, 0, count - 1
        )

    def bin_of(self, times_tdb_jd: FloatArray) -> npt.NDArray[np.int_]:
        """The bin of any date; dates outside belong to the nearest bin."""
        count = self.edges_tdb_jd.size - 1
        found = np.searchsorted(-self.edges_tdb_jd, -times_tdb_jd, side="right") - 1
        return np.clip(found, 0, count - 1)

    @property
    def days(self) -> FloatArray:
        """Length of each bin in days."""
        return np.maximum(-np.diff(self.edges_tdb_jd), 1.0)


def draw_lookalikes(
    orbit: TracedOrbit,
    n: int,
    until_tdb_jd: float,
    *,
    seed: int,
    forces: ForceModel,
    threads: int | None = None,
) -> Lookalikes:
    """Trace ``n`` natural look-alikes of an orbit back to ``until_tdb_jd``; the same seed gives the same ones."""
    random = generator(seed, __name__)
    start = orbit.states
    seen = orbit.first_seen_tdb_jd
    if float(start.epoch_tdb_jd[0]) != seen:
        arrived = propagate(start, seen, forces=forces)
        start = arrived.states if arrived.done.all() else start
    epoch = float(start.epoch_tdb_jd[0])
    states = States(
        start.position_au + SPREAD_AU * random.standard_normal((n, 3)),
        start.velocity_au_d + SPREAD_AU_D * random.standard_normal((n, 3)),
        np.full(n, epoch),
        natural_pushes(orbit.H, n, random),
        np.zeros(n),
        np.zeros(n),
    )
    history = trace_back(
        states, until_tdb_jd, within_au=REACH_AU, forces=forces, threads=threads, while_known=False
    )
    return approaches_of(history, epoch)


def approaches_of(history: CloneHistory, since_tdb_jd: float) -> Lookalikes:
    """The approaches of traced look-alikes, in bins of time."""
    met = history.encounters
    order = np.argsort(-met.epoch_tdb_jd, kind="stable")
    met = met.take(order)
    reach = REACH_AU * AU_KM
    square = met.speed_kms**2 - 2.0 * GM_EARTH_KM3_S2 * (1.0 / met.distance_km - 1.0 / reach)
    edges = [since_tdb_jd]
    for number in range(PER_BIN, len(met), PER_BIN):
        edges.append(float(met.epoch_tdb_jd[number - 1]))
    if len(edges) > 1 and len(met) - (len(edges) - 1) * PER_BIN < PER_BIN:
        edges.pop()
    edges.append(history.until_tdb_jd)
    return Lookalikes(
        history.n,
        met.epoch_tdb_jd,
        np.sqrt(np.maximum(square, LEAST_SPEED_KMS**2)),
        2.0 * met.energy_km2s2,
        met.row,
        met.distance_km,
        np.array(edges),
    )
