"""aNEOS's own integrator, called in chunks on all cores: the bridge to the compiled kernel.

The kernel (``_nbody.c``) carries many objects at once with a Gauss-Radau scheme of order 15 and searches each
step's own polynomial for encounters. Here rows are brought to its units, cut into chunks so that memory does not
grow with the number of objects, and brought back. The order of rows, the size of chunks and the number of threads
do not change any result.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.constants import J2000_TDB_JD
from aneos.dynamics import _nbody
from aneos.dynamics.bodies import SUN
from aneos.dynamics.ephemeris import TO_ECLIPTIC, body_states, check_span, load_field
from aneos.dynamics.forces import ForceModel
from aneos.dynamics.states import States
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]

CHUNK: Final = 128
"""Objects carried together by one thread."""
TOLERANCE: Final = 1e-8
"""Size of the step polynomial's last term against the acceleration (Rein & Spiegel 2015). Over 54 years nine
near-Earth orbits of ten differ by less than 10 m from those at 1e-10; chaotic ones by kilometres (docs/dynamics.md)."""
SHORTEST_STEP_DAYS: Final = 2.0**-12
"""About 20 s: a fortieth of the free-fall time at the Earth's surface."""

DONE: Final = 1
STRUCK: Final = 2
FAILED: Final = 3
_COLUMNS: Final = 14


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What the kernel returns for a run of rows that starts at ``offset``; ICRF axes, au and au/d.

    ``rows``: (k, 14) with the barycentric state last reached, A1 to A3, start, time reached (days from J2000),
    status, body struck, number of steps. ``sampled``: (k, m, 6), barycentric. ``encounters`` (j, 10): clone, body,
    kind, time, place and velocity relative to the body. ``captures`` (j, 6): clone, begin, end, least distance,
    turns, open ends.
    """

    offset: int
    rows: FloatArray
    sampled: FloatArray
    encounters: FloatArray
    captures: FloatArray


def integrate(
    states: States,
    end_tdb_jd: float,
    forces: ForceModel,
    *,
    samples_tdb_jd: FloatArray | None = None,
    within_au: tuple[float, float] = (0.0, 0.0),
    captures: bool = False,
    chunk: int = CHUNK,
    threads: int | None = None,
) -> Iterator[Chunk]:
    """Carry all rows to one epoch, yielding chunks in the order of the rows.

    Every row must start on the same side of ``end_tdb_jd``. ``samples_tdb_jd`` are further epochs, in the order in
    which they are passed; ``within_au`` are the distances from the Earth and the Moon below which minima are
    recorded (0: only collisions are). Rows that are not finite are not carried and have status FAILED. Raises
    InputError for epochs outside the kernels and for rows on both sides of the end.
    """
    starts = states.epoch_tdb_jd
    finite = np.isfinite(starts)
    check_span(starts[finite], "epoch")
    end = float(check_span(end_tdb_jd, "end of the integration"))
    if (starts[finite] < end).any() and (starts[finite] > end).any():
        raise InputError("rows start before and after the end of the integration; carry them separately")
    samples = np.empty(0) if samples_tdb_jd is None else check_span(samples_tdb_jd, "sampled epoch")
    sign = -1.0 if (starts[finite] > end).any() else 1.0
    field = load_field(forces.asteroids)
    terms = (int(forces.relativity), int(forces.sun_j2), int(forces.earth_harmonics))

    def work(offset: int) -> Chunk:
        part = states.take(slice(offset, offset + chunk))
        rows = _rows(part, forces)
        sampled = np.full((len(part), samples.size, 6), np.nan)
        met, held = _nbody.integrate(
            field.tracks,
            field.columns,
            terms,
            rows,
            end - J2000_TDB_JD,
            np.ascontiguousarray(sign * (samples - J2000_TDB_JD)),
            sampled,
            within_au,
            int(captures),
            TOLERANCE,
            SHORTEST_STEP_DAYS,
        )
        encounters = np.frombuffer(met).reshape(-1, 10)
        return Chunk(offset, rows, sampled, encounters, np.frombuffer(held).reshape(-1, 6))

    offsets = range(0, len(states), chunk)
    workers = max(1, min(threads or available_cores(), len(offsets)))
    if workers == 1:
        yield from map(work, offsets)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from _in_order(pool, work, offsets, 2 * workers)


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def to_heliocentric_ecliptic(states: FloatArray, epochs_tdb_jd: FloatArray) -> tuple[FloatArray, FloatArray]:
    """States (k, 6) along ICRF axes to heliocentric ecliptic position and velocity, (k, 3) each."""
    position = np.full((states.shape[0], 3), np.nan)
    velocity = np.full_like(position, np.nan)
    known = np.isfinite(states).all(axis=1) & np.isfinite(epochs_tdb_jd)
    sun_r, sun_v = body_states(SUN.name, epochs_tdb_jd[known], centre=None, frame="equatorial")
    position[known] = (states[known, :3] - sun_r) @ TO_ECLIPTIC.T
    velocity[known] = (states[known, 3:] - sun_v) @ TO_ECLIPTIC.T
    return position, velocity


def barycentric(states: States) -> FloatArray:
    """Barycentric positions and velocities (n, 6) along ICRF axes."""
    out = np.concatenate([states.position_au @ TO_ECLIPTIC, states.velocity_au_d @ TO_ECLIPTIC], axis=1)
    known = np.isfinite(states.epoch_tdb_jd)
    sun_r, sun_v = body_states(SUN.name, states.epoch_tdb_jd[known], centre=None, frame="equatorial")
    out[known] += np.concatenate([sun_r, sun_v], axis=1)
    return out


def _rows(states: States, forces: ForceModel) -> FloatArray:
    """The kernel's rows: barycentric states along ICRF axes."""
    rows = np.zeros((len(states), _COLUMNS))
    rows[:, :6] = barycentric(states)
    if forces.radiation_pressure:
        rows[:, 6], rows[:, 7], rows[:, 8] = states.A1, states.A2, states.A3
    rows[:, 9] = states.epoch_tdb_jd - J2000_TDB_JD
    return rows


def _in_order(pool: ThreadPoolExecutor, work: object, offsets: range, ahead: int) -> Iterator[Chunk]:
    """Results in the order of the offsets, with no more than ``ahead`` of them waiting."""
    pending: list[Future[Chunk]] = []
    for offset in offsets:
        pending.append(pool.submit(work, offset))  # type: ignore[arg-type]
        if len(pending) >= ahead:
            yield pending.pop(0).result()
    for future in pending:
        yield future.result()
