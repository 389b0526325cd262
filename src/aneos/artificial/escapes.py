"""A simulated population of escaped hardware: real launches, plausible departures, true dynamics to the present.

Each object is drawn from a launch of the curated list. What went to another planet leaves on a hyperbola of the
published energy, along or against the Earth's motion as its destination demands; what went to the Moon or a Lagrange
point starts on its transfer ellipse, and the Moon and the Sun decide whether it leaks out, hits something or stays.
A recipe of kind "leaks" follows what dwelt for years in a distant orbit and at last crosses the Sun-Earth Lagrange
regions L1 or L2: it starts there, nearly at rest in the frame that turns with the Earth. Light pressure acts
throughout. The draw of object k depends on (seed, k) alone, so runs resume and chunks may be computed anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.launches import Launch, load_launches
from aneos.constants import A1_PER_AMR_AU_D2, AU_KM, DAY_S, GM_EARTH_KM3_S2
from aneos.dynamics import ForceModel, Propagated, States, body_states, propagate
from aneos.errors import InputError
from aneos.orbits import diameter_km

FloatArray = npt.NDArray[np.float64]
Executor = Literal["local", "dask"]
Kind = Literal["departures", "leaks"]

REFERENCE_TDB_JD: Final = 2_461_000.5
"""Epoch of the population: that of the bundled catalogue's elements (2025-11-21)."""

CHUNK: Final = 250
FORCES: Final = ForceModel(asteroids=(), sun_j2=False, earth_harmonics=False)
SETTLING_DAYS: Final = 150.0
"""How long a stage may take to leave the Earth-Moon system; later leaks are not followed from their launch on, but
drawn at the Lagrange regions (kind "leaks")."""
BOUND_WITHIN_KM: Final = 3.0e6
EARTH_RADIUS_KM: Final = 6378.137

INNER: Final = (
    "Venera", "Vega", "Mariner 1", "Mariner 2", "Mariner 5", "Mariner 10", "Pioneer Venus", "Magellan", "Akatsuki",
    "MESSENGER", "BepiColombo", "Helios", "Parker", "Solar Orbiter", "Ulysses", "Venus", "Zond-1", "Galileo",
    "Cassini", "Kosmos-96", "Kosmos-167", "Kosmos-359", "Kosmos-482",
)  # fmt: skip
"""Payload names that leave against the Earth's motion: Venus, Mercury or the Sun first."""

ASYMPTOTE_SCATTER_DEG: Final = (20.0, 12.0)
"""1-sigma scatter of the departure asymptote about the Earth's motion, in and out of the ecliptic: launch windows
of weeks, transfers of both types, declination limits of launch sites."""
C3_STAGE_SCATTER: Final = 0.02
"""Relative difference of speed between a stage and its payload: collision avoidance and blow-down."""
APOGEE_SCATTER_DEG: Final = 10.0
"""How far from the Moon (or the Lagrange point) the apogee of a transfer points, 1 sigma."""
TRANSLUNAR_KM: Final = (3.6e5, 4.6e5)
"""Range of apogee heights for lunar launches whose conic is not published."""
LAGRANGE_FROM_KM: Final = 7.0e5

LAGRANGE_KM: Final = 1.497e6
"""Distance of L1 and L2 from the Earth: (m_Earth+Moon / 3 m_Sun)^(1/3) au, the mean of both."""
LEAK_SCATTER_KM: Final = (1.0e5, 3.0e5, 1.5e5)
"""1-sigma scatter about L1 or L2 along the Sun line, along the Earth's motion and out of the ecliptic: the size of
the libration orbits in use."""
LEAK_SCATTER_KMS: Final = (0.10, 0.10, 0.05)
"""1-sigma scatter of the velocity in the turning frame, same axes: libration orbits of that size, twice a year."""
DWELL_DAYS: Final = (30.0, 7300.0)
"""From launch to leak, evenly in the logarithm."""
LEAKED_BEFORE_DAYS: Final = 200.0

BULK: Final = ((0.85, 0.0136, 0.30), (0.10, 0.0136, 0.45), (0.05, 0.3, 0.7))
"""Weight, median (m²/kg) and scatter (dex) of the area-to-mass ratio: published fits of distant hardware."""
DIAMETER_KM: Final = (0.0015, 0.012)
ALBEDO: Final = (0.05, 0.7)


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a population depends on. ``n`` draws; ``launched_before_jd`` freezes the launch list in time.

    ``kind`` "departures" follows stages from their launch, "leaks" from their passage of a Lagrange region.
    """

    n: int
    seed: int
    reference_tdb_jd: float = REFERENCE_TDB_JD
    launched_before_jd: float = REFERENCE_TDB_JD - 180.0
    kind: Kind = "departures"


def simulate(
    recipe: Recipe,
    folder: Path,
    *,
    workers: int = 1,
    executor: Executor = "local",
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """The population, computed chunk by chunk; finished chunks in ``folder`` are taken up, not computed again.

    Returns one row per draw: designation, launch, regime, fate ("escaped", "bound", "struck Earth", "struck Moon",
    "struck other", "failed"), heliocentric elements at the reference epoch, H, amr_m2kg, diameter_km, albedo.
    ``executor="dask"`` hands chunks to a ``dask.distributed`` scheduler. Raises InputError for an empty recipe, a
    folder that holds another recipe's chunks, or an absent dask.
    """
    if recipe.n <= 0:
        raise InputError(f"a population needs at least one object, not {recipe.n}", source="n")
    folder.mkdir(parents=True, exist_ok=True)
    _claim(folder, recipe)
    starts = list(range(0, recipe.n, CHUNK))
    todo = [start for start in starts if not _part(folder, start).exists()]
    done = len(starts) - len(todo)
    if progress is not None:
        progress(done, len(starts))
    for _ in _run(recipe, folder, todo, workers, executor, scheduler):
        done += 1
        if progress is not None:
            progress(done, len(starts))
    return pl.concat([pl.read_parquet(_part(folder, start)) for start in starts])


def compute_chunk(recipe: Recipe, start: int) -> pl.DataFrame:
    """Draw and integrate the objects ``start`` to ``start + CHUNK`` of a recipe."""
    launches = [item for item in load_launches() if item.jd_utc < recipe.launched_before_jd]
    count = min(CHUNK, recipe.n - start)
    if recipe.kind == "leaks":
        limit, mark = recipe.reference_tdb_jd - LEAKED_BEFORE_DAYS, "L"
        draws = [draw_leak(launches, recipe.seed, start + k, limit) for k in range(count)]
    else:
        mark = ""
        draws = [draw(launches, recipe.seed, start + k) for k in range(count)]
    states = States(
        np.array([item.position_au for item in draws]),
        np.array([item.velocity_au_d for item in draws]),
        np.array([item.epoch_tdb_jd for item in draws]),
        np.array([item.amr_m2kg * A1_PER_AMR_AU_D2 for item in draws]),
        np.zeros(count),
        np.zeros(count),
    )
    position, velocity, fate = _carry(states, recipe.reference_tdb_jd)
    final = States(
        position, velocity, np.full(count, recipe.reference_tdb_jd), states.A1, states.A2, states.A3
    )
    elements = final.elements()
    return pl.DataFrame(
        {
            "designation": [f"SIM-{recipe.seed}-{mark}{start + k:06d}" for k in range(count)],
            "launch": [item.launch for item in draws],
            "vehicle": [item.vehicle for item in draws],
            "regime": [item.regime for item in draws],
            "launch_jd": [item.launch_jd for item in draws],
            "fate": fate,
            "epoch_tdb_jd": np.full(count, recipe.reference_tdb_jd),
            "a_au": elements.a_au,
            "e": elements.e,
            "i_deg": elements.i_deg,
            "node_deg": elements.node_deg,
            "peri_deg": elements.peri_deg,
            "mean_anomaly_deg": elements.mean_anomaly_deg,
            "H": [item.H for item in draws],
            "amr_m2kg": [item.amr_m2kg for item in draws],
            "diameter_km": [item.diameter_km for item in draws],
            "albedo": [item.albedo for item in draws],
        }
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """One object as it leaves: heliocentric ecliptic state at ``epoch_tdb_jd``, and what it is like."""

    launch: str
    vehicle: str
    regime: str
    launch_jd: float
    epoch_tdb_jd: float
    position_au: FloatArray
    velocity_au_d: FloatArray
    amr_m2kg: float
    H: float
    diameter_km: float
    albedo: float


def draw(launches: Sequence[Launch], seed: int, index: int) -> Drawn:
    """Object ``index`` of a seed: every launch is equally likely."""
    rng = np.random.default_rng([seed, index])
    launch = launches[int(rng.integers(len(launches)))]
    if launch.regime == "escape":
        epoch, offset, velocity = _hyperbola(launch, launches, rng)
    else:
        epoch, offset, velocity = _transfer(launch, rng)
    return _drawn(launch, launch.regime, epoch, offset, velocity, rng)


def draw_leak(launches: Sequence[Launch], seed: int, index: int, before_jd: float) -> Drawn:
    """Leak ``index`` of a seed, at L1 or L2 before ``before_jd``: every distant launch is equally likely.

    Raises InputError where no distant launch is old enough.
    """
    rng = np.random.default_rng([seed, index, 1])
    distant = [
        item for item in launches if item.regime == "distant" and item.jd_utc + DWELL_DAYS[0] < before_jd
    ]
    if not distant:
        raise InputError("no launch of a distant orbit is old enough to have leaked", source="launches")
    launch = distant[int(rng.integers(len(distant)))]
    longest = min(DWELL_DAYS[1], before_jd - launch.jd_utc)
    epoch = launch.jd_utc + float(np.exp(rng.uniform(np.log(DWELL_DAYS[0]), np.log(longest))))
    earth, earth_velocity = body_states("Earth", epoch)
    outward = earth[0] / np.linalg.norm(earth[0])
    north = np.cross(earth[0], earth_velocity[0])
    turning = north / float(earth[0] @ earth[0])
    north /= np.linalg.norm(north)
    axes = np.array([outward, np.cross(north, outward), north])
    place = np.array([LAGRANGE_KM * float(rng.choice([-1.0, 1.0])), 0.0, 0.0])
    offset = (place + np.array(LEAK_SCATTER_KM) * rng.standard_normal(3)) @ axes
    velocity = (
        np.cross(turning, offset) / DAY_S + (np.array(LEAK_SCATTER_KMS) * rng.standard_normal(3)) @ axes
    )
    return _drawn(launch, "leak", epoch, offset, velocity, rng)


def _drawn(
    launch: Launch,
    regime: str,
    epoch: float,
    offset: FloatArray,
    velocity: FloatArray,
    rng: np.random.Generator,
) -> Drawn:
    """Size, albedo and area-to-mass ratio; geocentric km and km/s become heliocentric au and au/d."""
    earth, earth_velocity = body_states("Earth", epoch)
    low, high = np.log(DIAMETER_KM)
    size, albedo = float(np.exp(rng.uniform(low, high))), float(np.exp(rng.uniform(*np.log(ALBEDO))))
    return Drawn(
        launch=launch.launch,
        vehicle=launch.vehicle,
        regime=regime,
        launch_jd=launch.jd_utc,
        epoch_tdb_jd=epoch,
        position_au=earth[0] + offset / AU_KM,
        velocity_au_d=earth_velocity[0] + velocity * DAY_S / AU_KM,
        amr_m2kg=_area_to_mass(rng),
        H=5.0 * float(np.log10(diameter_km(0.0, albedo) / size)),
        diameter_km=size,
        albedo=albedo,
    )


def _hyperbola(
    launch: Launch, launches: Sequence[Launch], rng: np.random.Generator
) -> tuple[float, FloatArray, FloatArray]:
    """Epoch, geocentric position (km) and velocity (km/s) a million km out on the departure asymptote."""
    c3 = launch.c3_km2s2
    if c3 is None or c3 <= 0.0:
        known = [item.c3_km2s2 for item in launches if item.c3_km2s2 is not None and item.c3_km2s2 > 0.0]
        c3 = float(known[int(rng.integers(len(known)))])
    v_inf = np.sqrt(c3) * (1.0 + C3_STAGE_SCATTER * float(rng.standard_normal()))
    inward = (launch.payload or launch.mission or "").startswith(INNER)
    _, earth_velocity = body_states("Earth", launch.jd_utc)
    along = earth_velocity[0] / np.linalg.norm(earth_velocity[0]) * (-1.0 if inward else 1.0)
    turn, tilt = np.radians(ASYMPTOTE_SCATTER_DEG) * rng.standard_normal(2)
    side = np.array([-along[1], along[0], 0.0])
    plane = np.cos(turn) * along + np.sin(turn) * side
    direction = np.cos(tilt) * plane + np.sin(tilt) * np.array([0.0, 0.0, 1.0])
    direction /= np.linalg.norm(direction)
    start_km = 1.0e6
    speed = float(np.sqrt(v_inf**2 + 2.0 * GM_EARTH_KM3_S2 / start_km))
    return launch.jd_utc + start_km / speed / DAY_S, direction * start_km, direction * speed


def _transfer(launch: Launch, rng: np.random.Generator) -> tuple[float, FloatArray, FloatArray]:
    """Epoch, geocentric position (km) and velocity (km/s) at the perigee of the transfer ellipse."""
    apogee_km = _apogee(launch, rng)
    perigee, apogee = EARTH_RADIUS_KM + 200.0, EARTH_RADIUS_KM + apogee_km
    half_period = np.pi * np.sqrt((0.5 * (perigee + apogee)) ** 3 / GM_EARTH_KM3_S2) / DAY_S
    epoch = launch.jd_utc + 0.05
    if apogee_km >= LAGRANGE_FROM_KM:
        target = -body_states("Earth", epoch)[0][0] * float(rng.choice([-1.0, 1.0]))
    else:
        target = body_states("Moon", epoch + half_period, centre="Earth")[0][0]
    direction = target / np.linalg.norm(target) + np.radians(APOGEE_SCATTER_DEG) * rng.standard_normal(3)
    direction /= np.linalg.norm(direction)
    aside = np.cross(direction, rng.standard_normal(3))
    aside /= np.linalg.norm(aside)
    if aside[0] * -direction[1] + aside[1] * direction[0] > 0.0:
        aside = -aside
    speed = float(np.sqrt(2.0 * GM_EARTH_KM3_S2 * apogee / (perigee * (perigee + apogee))))
    return epoch, -direction * perigee, aside * speed


def _apogee(launch: Launch, rng: np.random.Generator) -> float:
    """Apogee height in km: the published conic's, else a translunar one; the stage's own differs by a per cent."""
    published = None
    if launch.c3_km2s2 is not None and launch.c3_km2s2 < 0.0:
        published = -2.0 * GM_EARTH_KM3_S2 / launch.c3_km2s2 - 2.0 * EARTH_RADIUS_KM - 200.0
    chosen = float(rng.uniform(*TRANSLUNAR_KM)) if published is None or published < 1.5e5 else published
    return min(chosen * (1.0 + 0.02 * float(rng.standard_normal())), 1.6e6)


def _area_to_mass(rng: np.random.Generator) -> float:
    weights = np.array([item[0] for item in BULK])
    _, median, scatter = BULK[int(rng.choice(len(BULK), p=weights))]
    return float(median * 10.0 ** (scatter * rng.standard_normal()))


def _carry(states: States, target: float) -> tuple[FloatArray, FloatArray, list[str]]:
    """Positions, velocities (NaN unless escaped) and fates at the target epoch.

    Objects still bound to the Earth :data:`SETTLING_DAYS` after their launch are not followed further.
    """
    n = len(states)
    position, velocity = np.full((n, 3), np.nan), np.full((n, 3), np.nan)
    fate = ["failed"] * n
    for row in range(n):
        one = states.take(slice(row, row + 1))
        stop = min(float(one.epoch_tdb_jd[0]) + SETTLING_DAYS, target)
        early = propagate(one, stop, forces=FORCES, threads=1)
        fate[row] = _fate(early, stop)
        if fate[row] != "escaped" or stop == target:
            late = early
        else:
            late = propagate(early.states, target, forces=FORCES, threads=1)
            fate[row] = _fate(late, target)
        if fate[row] == "escaped":
            position[row], velocity[row] = late.states.position_au[0], late.states.velocity_au_d[0]
    return position, velocity, fate


def _fate(reached: Propagated, epoch_tdb_jd: float) -> str:
    if reached.status[0] == "collision":
        return f"struck {reached.struck[0]}" if reached.struck[0] in ("Earth", "Moon") else "struck other"
    if reached.status[0] != "done":
        return "failed"
    earth, earth_velocity = body_states("Earth", epoch_tdb_jd)
    distance = float(np.linalg.norm(reached.states.position_au[0] - earth[0])) * AU_KM
    speed = float(np.linalg.norm(reached.states.velocity_au_d[0] - earth_velocity[0])) * AU_KM / DAY_S
    bound = distance < BOUND_WITHIN_KM and 0.5 * speed**2 < GM_EARTH_KM3_S2 / distance
    return "bound" if bound else "escaped"


def _run(
    recipe: Recipe, folder: Path, todo: Sequence[int], workers: int, executor: Executor, scheduler: str | None
) -> Iterator[int]:
    if executor == "dask":
        try:
            from dask.distributed import Client
            from dask.distributed import as_completed as arrived
        except ImportError as error:
            raise InputError(
                "dask.distributed is not installed: pip install 'aneos[dask]'", source="executor"
            ) from error
        with Client(scheduler) as client:  # type: ignore[no-untyped-call,unused-ignore]
            futures = {client.submit(compute_chunk, recipe, start, pure=False): start for start in todo}
            for future in arrived(futures):  # type: ignore[no-untyped-call,unused-ignore]
                _store(folder, futures[future], future.result())
                yield futures[future]
        return
    if executor != "local":
        raise InputError(f"no executor {executor!r}; there are local and dask", source="executor")
    if workers <= 1:
        for start in todo:
            _store(folder, start, compute_chunk(recipe, start))
            yield start
        return
    with ProcessPoolExecutor(workers) as pool:
        futures = {pool.submit(compute_chunk, recipe, start): start for start in todo}
        for future in as_completed(futures):
            _store(folder, futures[future], future.result())
            yield futures[future]


def _claim(folder: Path, recipe: Recipe) -> None:
    mark, text = folder / "recipe.json", json.dumps(asdict(recipe), sort_keys=True)
    if mark.exists() and mark.read_text(encoding="utf-8") != text:
        raise InputError("holds the chunks of another recipe; choose an empty folder", source=folder)
    mark.write_text(text, encoding="utf-8")


def _part(folder: Path, start: int) -> Path:
    return folder / f"chunk-{start:07d}.parquet"


def _store(folder: Path, start: int, table: pl.DataFrame) -> None:
    path = _part(folder, start)
    temporary = path.with_suffix(".tmp")
    table.write_parquet(temporary)
    temporary.replace(path)
